#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A QEMU without the patches: what the host knows of its threads."""

import functools
import os
import re
import shutil

import client
import processes
import qemu
import tap
from guest import SCRIPT
from tap import check, equal, test, wait_for
from terminal import Terminal

QUICK = ("--no-sample", "-n", "1", "-d", "0.1")


class Plain:
    """A VM of an unpatched QEMU that does not run: two vCPUs, iothreads.

    It has the number @pid if nobody else has.
    """

    def __init__(self, name, names_threads=True, pid=None):
        self.name = f"{name}-{os.getpid()}"
        self.monitor_socket = processes.path(f"{name}.qmp")
        executable = qemu.program("qemu-system-x86_64", baseline=True)
        machine = processes.check_run(
            [SCRIPT, "options", os.path.dirname(executable)],
            timeout_s=300).splitlines()
        names = ",debug-threads=on" if names_threads else ""
        if pid:
            # One that begins just now may still be quicker to have it
            with open("/proc/sys/kernel/ns_last_pid", "w") as file:
                file.write(str(pid - 1))
        self.process = processes.start([
            executable, "-name", self.name + names, *machine,
            "-S", "-smp", "2",
            "-qmp", f"unix:{self.monitor_socket},server=on,wait=off",
            "-object", "iothread,id=iothread0",
            "-object", "iothread,id=iothread1"])
        self.pid = self.process.pid
        self.monitor().close()

    def monitor(self):
        """The connection to the monitor; it has one at a time."""
        return qemu.connect(self.process, self.monitor_socket)

    def stop(self):
        """Ends it."""
        processes.kill(self.process)


@functools.lru_cache(maxsize=None)
def named():
    """One whose threads have names."""
    return Plain("named")


def sample(target, *options):
    """One sample, and its threads by name."""
    document, = client.samples(*QUICK, *options, str(target))
    return document, {loop["loop"]: loop for loop in document["loops"]}


@test("threads are there by their role, by PID and by name")
def roles():
    vm = named()
    for target in (vm.pid, vm.name):
        document, threads = sample(target)
        equal((document["host_only"], document["pid"], document["vm_name"],
               document["sources"]), (True, vm.pid, vm.name, []), "sample")
        check({"main-loop", "iothread0", "iothread1"} <= set(threads),
              f"no iothread among {list(threads)}")
        vcpus = [name for name in threads
                 if re.fullmatch(r"CPU [01]/(TCG|KVM)", name)]
        check(vcpus, f"no vCPU among {list(threads)}")
        equal(list(threads)[0], "main-loop", "first thread")
        equal(threads["main-loop"]["thread_id"], vm.pid, "main loop's thread")
        # one of a pool may end at any time
        wait_for("all threads", lambda: {
            thread["thread_id"] for thread in sample(target)[0]["loops"]} ==
            {int(tid) for tid in os.listdir(f"/proc/{vm.pid}/task")})


@test("a thread's state, and what it does in the kernel")
def threads_at_rest():
    def at_rest():
        _, threads = sample(named().pid)
        loop = threads["main-loop"]
        return (loop["thread_state"] == "S" and loop["wchan"] and
                re.match(r"ppoll\(\d+ fds\)$", loop["syscall"] or "") and
                threads)

    # a look may fall into the moment in which it is awake
    threads = wait_for("main loop in ppoll", at_rest)
    for thread in threads.values():
        for key in ("cpu_percent", "run_queue_percent", "last_cpu",
                    "voluntary_switches_per_second",
                    "involuntary_switches_per_second"):
            check(thread[key] is not None, f"{key} of {thread['loop']}")
        for key in ("state", "dispatch_percent", "p99_ns",
                    "dispatches_per_second"):
            equal(thread[key], None, f"{key} of {thread['loop']}")


@test("what is missing, and how it can be had, is in text")
def text():
    vm = named()
    status, out, err = client.run("-b", *QUICK, vm.name)
    equal((status, err), (0, ""), "status and complaint")
    heads = re.findall(r"^LOOP .*$", out, re.MULTILINE)
    equal([head.split() for head in heads],
          [["LOOP", "TID", "S", "CPU%", "RUNQ%", "VCSW/S", "ICSW/S", "WCHAN",
            "SYSCALL"]], "tables")
    check(re.search(rf"^main-loop +{vm.pid} +[SR] ", out, re.MULTILINE),
          f"no main loop in {out}")
    check("built without the profiler" in out, f"no reason in {out}")
    check("--enable" not in out, f"a remedy that is none in {out}")
    check("debug-threads" not in out, f"names are asked for in {out}")


@test("threads that have no names are told from each other by number alone")
def unnamed():
    vm = Plain("unnamed", names_threads=False)
    document, _ = sample(vm.name)
    equal(document["loops"][0]["loop"], "main-loop", "first thread")
    equal({loop["loop"] for loop in document["loops"][1:]},
          {"qemu-system-x86"}, "names")
    check(len(document["loops"]) >= 4, "not all threads are there")
    check(any("debug-threads=on" in note for note in document["notes"]),
          f"notes {document['notes']}")
    vm.stop()


@test("a main loop that is stuck shows where")
def stuck():
    fifo = processes.path("host.fifo")
    os.mkfifo(fifo)
    vm = Plain("stuck")
    with vm.monitor() as monitor:
        monitor.send("pmemsave", val=0, size=4096, filename=fifo)
        wait_for("main loop in openat", lambda: re.match(
            "open", sample(vm.name)[1]["main-loop"]["syscall"] or ""))
        with open(fifo, "rb") as file:
            while file.read(1 << 16):
                pass
        monitor.answer()
    vm.stop()


@test("a target that is no such QEMU gives one line")
def no_target():
    client.check_failure(client.run("-b", str(os.getpid())), "is no QEMU",
                         str(os.getpid()))
    client.check_failure(client.run("-b", named().monitor_socket),
                         "lacks the event loop profiler's patches")


@test("its end is told")
def end():
    vm = Plain("ended")
    reader = client.start("-b", "-o", "json", "-d", "0.1", vm.name)
    wait_for("sample", lambda: processes.output(reader))
    vm.stop()
    equal(reader.wait(tap.DEADLINE_S), 1, "status")
    client.check_failure((1, "", processes.output(reader, "stderr")),
                         "has ended", str(vm.pid))
    client.documents(processes.output(reader))


@test("another user sees what that user may, and which permission is missing")
def other_user():
    copy = processes.path("qemu-aiotop")
    shutil.copy(client.program(), copy)
    os.chmod(copy, 0o755)
    os.chmod(processes.directory(), 0o711)
    status, out, err = processes.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy,
         "-b", "-o", "json", *QUICK, str(named().pid)])
    equal((status, err), (0, ""), "status and complaint")
    document, = client.documents(out)
    loop = document["loops"][0]
    equal((loop["loop"], loop["syscall"]), ("main-loop", None), "main loop")
    check(loop["thread_state"] and loop["cpu_percent"] is not None,
          f"what anybody may know is not there: {loop}")
    check(any("CAP_SYS_PTRACE" in note for note in document["notes"]),
          f"notes {document['notes']}")


def leave(terminal, key="Q"):
    """Ends the program in a terminal, and closes that."""
    terminal.send(key)
    wait_for("prompt", lambda: (terminal.pump(), terminal.foreground() ==
                                terminal.shell.pid)[1])
    equal(terminal.status(), 0, "status")
    terminal.close()


@test("the screen shows it, its end, and another one of its name")
def screen():
    vm = Plain("screen")
    terminal = Terminal(columns=120)
    terminal.run(f"{client.program()} --no-sample -d 0.1 {vm.name}")
    terminal.wait_for(r"\d+ threads, not profiled")
    terminal.wait_for(rf"^ *main-loop +{vm.pid} .*ppoll\(\d+ fds\)")
    terminal.wait_for(r"^ *iothread0 .*ppoll")
    terminal.wait_for(r"^ *CPU 0/")
    terminal.wait_for("built without the profiler")
    terminal.send("\r")
    terminal.wait_for("thread state S")
    terminal.send("\x1b")
    terminal.wait_for("SYSCALL")
    vm.stop()
    terminal.wait_for("Connection lost")
    again = Plain("screen")
    terminal.wait_for(rf"^ *main-loop +{again.pid} ")
    leave(terminal)
    again.stop()


def open_vm(terminal, pid):
    """Watches one of all QEMUs of the host."""
    terminal.wait_for("all QEMUs of this host")
    terminal.wait_for(rf"^\S+ +{pid} ")
    terminal.send(f"/^{pid}$\r")
    terminal.wait_for("FILTERED")
    terminal.send("\r")


@test("it is opened from the view of the host, which Esc leads back to")
def picks():
    others = [Plain("picked"), named()]
    terminal = Terminal(columns=120, lines=40)
    terminal.run(f"{client.program()} --no-sample -d 0.1")
    open_vm(terminal, others[0].pid)
    terminal.wait_for(rf"^ *main-loop +{others[0].pid} ")
    terminal.send("\x1b")
    terminal.wait_for("all QEMUs of this host")
    terminal.send("\x1b")
    terminal.wait_for(rf"^\S+ +{others[1].pid} +unprofiled ")
    leave(terminal)
    others[0].stop()


def with_number(pid, name):
    """A Plain whose process has this number, which nobody has now."""
    def attempt():
        vm = Plain(name, pid=pid)
        if vm.pid == pid:
            return vm
        vm.stop()
        os.remove(vm.monitor_socket)
        return None

    return wait_for(f"process {pid}", attempt)


@test("another process with its number is not taken for it")
def number_again():
    first = Plain("first")
    terminal = Terminal(columns=160, lines=40)
    terminal.run(f"{client.program()} --no-sample -d 0.1 {first.pid}")
    terminal.wait_for(rf"^ *main-loop +{first.pid} ")
    first.stop()
    terminal.wait_for("Connection lost")
    second = with_number(first.pid, "second")
    terminal.wait_for(rf"process {first.pid} has ended, and another QEMU has"
                      " its number: V shows all there are")
    terminal.send("V")
    open_vm(terminal, first.pid)
    terminal.wait_for(rf"second-\d+ .*pid {first.pid} ")
    leave(terminal)
    second.stop()


@test("a /proc that does not answer keeps no key waiting")
def hung_proc():
    fifo = processes.path("comm")
    file = f"/proc/{named().pid}/comm"
    os.mkfifo(fifo)
    # Nobody writes to it, so that who opens it waits
    processes.check_run(["mount", "--bind", fifo, file])
    try:
        for target, says in (("", "Looking for the QEMUs of this host .*: /proc"
                              " does not answer"),
                             (f"--timeout 0.5 {named().name}",
                              f"{named().name} is looked for on this host, and"
                              " /proc has not answered within 0.5 s")):
            terminal = Terminal(columns=160)
            terminal.run(f"{client.program()} {target}")
            terminal.wait_for(says)
            terminal.send("h")
            terminal.wait_for("Keys")
            terminal.send("q")
            terminal.wait_until_gone("Keys")
            leave(terminal, "q")
        client.check_failure(
            client.run("-b", "--timeout", "50ms", named().name), "/proc")
    finally:
        processes.check_run(["umount", file])


if __name__ == "__main__":
    # The list, and who is the only one, depend on all QEMUs that there are
    processes.be_alone()
    tap.main()
