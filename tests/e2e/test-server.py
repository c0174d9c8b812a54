#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The profiler's object and its thread, in each of QEMU's programs.

Whatever a test makes of the process, stuck, in the background or not yet up,
a client that connects only then must be answered.
"""

import contextlib
import json
import os
import re
import signal
import socket
import stat
import threading

import counters
import processes
import qemu
import tap
from qmp import Qmp, QmpError
from tap import check, equal, test, wait_for, within

# the server drops who does not negotiate after 10 s, who does not read
# after 30 s
DROP_DEADLINE_S = 90

# of the profiler's thread, at what is stuck: more than it takes to be seen
LOOKS = 50

# an old instant, converted from the CPU's clock anew for each reply
CLOCK_ERROR_NS = 10000

BARE_MACHINE = ["-machine", "none", "-display", "none", "-nodefaults"]


def query(path):
    """What a client that connects now gets to see."""
    with Qmp(path) as profiler:
        return profiler.command("query-event-loops")


def main_loop(reply):
    """The main loop of a reply."""
    loops = [loop for loop in reply["loops"] if loop["name"] == "main-loop"]
    equal(len(loops), 1, "number of main loops")
    return loops[0]


def system(name, *options):
    """A qemu-system that is profiled, and its monitor: process, paths."""
    profiler = processes.path(f"{name}.prof")
    monitor = processes.path(f"{name}.qmp")
    process = processes.start(
        [qemu.program("qemu-system-x86_64")] + BARE_MACHINE +
        ["-object", f"event-loop-profiler,id=prof0,socket.type=unix,"
                    f"socket.path={profiler}",
         "-qmp", f"unix:{monitor},server=on,wait=off"] + list(options))
    return process, profiler, monitor


@contextlib.contextmanager
def background(argv, pid_file):
    """Runs a program that goes to the background: its process ID."""
    processes.check_run(argv)
    with open(pid_file, encoding="ascii") as file:
        pid = int(file.read())
    try:
        yield pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        wait_for("end of the background process",
                 lambda: not os.path.exists(f"/proc/{pid}"))


def refused(argv, *reasons):
    """Runs a program that must refuse its options in one line."""
    status, _out, err = processes.run(argv)
    equal(status, 1, f"exit status of {' '.join(argv)}")
    equal(len(err.splitlines()), 1, f"number of lines of {err!r}")
    for reason in reasons:
        check(reason in err, f"{err!r} does not say {reason!r}")


def image(name="disk.raw", size=1 << 20):
    """A disk image."""
    path = processes.path(name)
    with open(path, "wb") as file:
        file.truncate(size)
    return path


# The ways to create it


@test("-object with key=value, JSON, and object-add all work")
def ways_to_create():
    path = processes.path("ways.prof")
    daemon = qemu.program("qemu-storage-daemon")
    properties = {"qom-type": "event-loop-profiler", "id": "prof0",
                  "stall-threshold": 40,
                  "socket": {"type": "unix", "path": path}}
    for value in (f"event-loop-profiler,id=prof0,stall-threshold=40,"
                  f"socket.type=unix,socket.path={path}",
                  json.dumps(properties)):
        process = processes.start([daemon, "--object", value])
        qemu.connect(process, path).close()
        equal(query(path)["stall-threshold-ns"], 40000000, "threshold")
        process.terminate()
        equal(process.wait(tap.DEADLINE_S), 0, "exit status")
        check(not os.path.exists(path), "the socket is still there")

    storage = qemu.StorageDaemon("ways", profiler=False)
    with qemu.connect(storage.process, storage.monitor_socket) as monitor:
        for _ in range(2):
            monitor.command("object-add", **properties)
            equal(query(path)["pid"], storage.process.pid, "pid")
            client = Qmp(path)
            monitor.command("object-del", id="prof0")
            check(not os.path.exists(path), "the socket is still there")
            try:
                client.read()
                check(False, "the connection is still there")
            except (EOFError, ConnectionResetError):
                pass
            client.close()


@test("an ordinary monitor answers the same, and says what is missing")
def ordinary_monitor():
    storage = qemu.StorageDaemon("ordinary", profiler=False)
    with qemu.connect(storage.process, storage.monitor_socket) as monitor:
        try:
            monitor.command("query-event-loops")
            check(False, "an answer without a profiler")
        except QmpError as error:
            equal(error.error_class, "GenericError", "class")
            check(error.desc.startswith("no event-loop profiler"), error.desc)
        monitor.command("object-add", id="prof0",
                        qom_type="event-loop-profiler")
        reply = monitor.command("query-event-loops", histograms=True)
        equal(reply["pid"], storage.process.pid, "pid")
        main_loop(reply)
        monitor.command("qom-set", path="/objects/prof0",
                        property="stall-threshold", value=250)
        equal(monitor.command("query-event-loops")["stall-threshold-ns"],
              250000000, "threshold")


@test("the machine's name and state are told")
def name_and_state():
    process, profiler, monitor = system("named", "-name", "two words", "-S")
    qemu.connect(process, profiler).close()
    with qemu.connect(process, monitor) as qmp:
        reply = query(profiler)
        equal(reply["vm-name"], "two words", "name")
        equal(reply["run-state"], "prelaunch", "state")
        qmp.command("cont")
        equal(query(profiler)["run-state"], "running", "state")
    processes.kill(process)


@test("object-add works before the machine is made")
def preconfig():
    path = processes.path("preconfig.prof")
    monitor = processes.path("preconfig.qmp")
    process = processes.start(
        [qemu.program("qemu-system-x86_64")] + BARE_MACHINE +
        ["-preconfig", "-qmp", f"unix:{monitor},server=on,wait=off"])
    with qemu.connect(process, monitor) as qmp:
        qmp.command("object-add", qom_type="event-loop-profiler", id="prof0",
                    socket={"type": "unix", "path": path})
        equal(query(path)["pid"], process.pid, "pid")
        equal(qmp.command("query-event-loops")["pid"], process.pid, "pid")
        qmp.command("x-exit-preconfig")
        equal(query(path)["pid"], process.pid, "pid")
    processes.kill(process)


@test("a start that hangs can be seen")
def hanging_start():
    fifo = processes.path("fifo")
    os.mkfifo(fifo)
    # the block layer opens the file before there is a monitor
    process, profiler, _monitor = system(
        "hanging", "-blockdev",
        f"driver=file,node-name=disk0,filename={fifo},read-only=on")
    qemu.connect(process, profiler).close()
    equal(query(profiler)["pid"], process.pid, "pid")
    processes.kill(process)


# Stuck


def stands_in_open(pid):
    """Whether the main thread waits in open(), for who opens the other end."""
    with open(f"/proc/{pid}/wchan", encoding="utf-8") as file:
        return file.read() in ("wait_for_partner", "pipe_wait", "fifo_open")


def wake_ups(pid):
    """How often its threads have gone to sleep, all together."""
    total = 0
    for thread_id in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread_id}/status",
                  encoding="utf-8") as file:
            total += int(re.search(r"^voluntary_ctxt_switches:\t(\d+)$",
                                   file.read(), re.MULTILINE)[1])
    return total


@test("a monitor hears of a stall that was seen without a socket")
def stall_without_socket():
    fifo = processes.path("stall.fifo")
    os.mkfifo(fifo)
    storage = qemu.StorageDaemon("watched", profiler=False)
    with qemu.connect(storage.process, storage.monitor_socket) as monitor:
        monitor.command("object-add", id="prof0", stall_threshold=20,
                        qom_type="event-loop-profiler")
        monitor.send("blockdev-add", driver="file", node_name="fifo0",
                     filename=fifo, read_only=True)
        # when the main loop stands in open(), and for how long, is its affair
        wait_for("open()", lambda: stands_in_open(storage.pid))
        before = wake_ups(storage.pid)
        wait_for("looks at it", lambda: wake_ups(storage.pid) > before + LOOKS)
        with open(fifo, "wb"):
            try:
                monitor.answer()
            except QmpError:
                pass
        stall = monitor.event("EVENT_LOOP_STALL")["data"]["stall"]
        equal(stall["loop"], "main-loop", "loop")
        # nobody asked meanwhile
        equal(stall["ongoing"], True, "whether it was seen as it went on")


@test("a client that connects when the main loop is stuck is answered")
def stuck_main_loop():
    other = processes.path("stuck.oob")
    process, profiler, monitor = system(
        "stuck", "-qmp", f"unix:{other},server=on,wait=off")
    path = processes.path("stuck.chardev")
    with qemu.connect(process, monitor) as qmp, \
            qemu.connect(process, other, negotiate=False) as out_of_band:
        out_of_band.command("qmp_capabilities", enable=["oob"])
        qmp.send("chardev-add", id="c0", backend={
            "type": "socket", "data": {
                "addr": {"type": "unix", "data": {"path": path}},
                "server": True, "wait": True}})
        processes.wait_for_socket(process, path)

        def is_stuck():
            loop = main_loop(query(profiler))
            return loop["stack"] and loop["state"] == "dispatching"

        wait_for("stuck main loop", is_stuck)
        first = main_loop(query(profiler))
        for _ in range(10):
            loop = main_loop(query(profiler))
            equal(loop["iterations"], first["iterations"], "iterations")
            equal(counters.stack_of(loop), counters.stack_of(first),
                  "running dispatches")
            within(-CLOCK_ERROR_NS, loop["stack"][0]["since-ns"] -
                   first["stack"][0]["since-ns"],
                   CLOCK_ERROR_NS, "change of the dispatch's start")

        # an ordinary monitor can only answer who was there before
        out_of_band.socket.sendall(b'{"exec-oob": "query-event-loops"}')
        equal(counters.stack_of(main_loop(out_of_band.answer())),
              counters.stack_of(first), "running dispatches")

        # it goes on when somebody connects there
        with socket.socket(socket.AF_UNIX) as chardev:
            chardev.connect(path)
            qmp.answer()
    wait_for("main loop that goes on", lambda: main_loop(
        query(profiler))["iterations"] > first["iterations"])
    processes.kill(process)


@test("a stopped client costs the others nothing")
def stopped_client():
    storage = qemu.StorageDaemon("stopped")
    with Qmp(storage.socket) as deaf, storage.profiler() as profiler:
        # a thread writes, for the server stops to read at some point
        def flood():
            with contextlib.suppress(OSError):
                deaf.socket.sendall(b'{"execute": "query-commands"}' * 100000)

        writer = threading.Thread(target=flood)
        writer.start()
        for _ in range(100):
            profiler.command("query-event-loops", histograms=True)
        deaf.socket.shutdown(socket.SHUT_RDWR)
        writer.join()


@test("who does not speak, and who does not read, is dropped")
def drops():
    storage = qemu.StorageDaemon("drops")
    with Qmp(storage.socket, DROP_DEADLINE_S, negotiate=False) as silent, \
            Qmp(storage.socket, DROP_DEADLINE_S) as deaf, \
            Qmp(storage.socket) as idle:
        deaf.socket.setblocking(False)

        def is_dropped():
            # more and more requests, until their replies fill the socket
            try:
                while True:
                    deaf.socket.send(b'{"execute": "query-commands"}')
            except BlockingIOError:
                return False
            except (BrokenPipeError, ConnectionResetError):
                return True

        check(not is_dropped(), "dropped at once")
        with contextlib.suppress(EOFError):
            silent.read()
            check(False, "a message to who is silent")
        wait_for("drop", is_dropped, DROP_DEADLINE_S, pause_s=0.2)
        # who has nothing to say stays
        idle.command("query-version")


@test("one connection too many is refused with a reason")
def too_many():
    path = processes.path("many.prof")
    process = processes.start(
        [qemu.program("qemu-storage-daemon"), "--object",
         f"event-loop-profiler,id=prof0,max-connections=2,"
         f"socket.type=unix,socket.path={path}"])
    with qemu.connect(process, path) as first, Qmp(path):
        with socket.socket(socket.AF_UNIX) as third:
            third.settimeout(tap.DEADLINE_S)
            third.connect(path)
            reply = json.loads(third.makefile().read())
        equal(reply["error"]["class"], "GenericError", "class")
        check("too many connections" in reply["error"]["desc"], reply)
        first.command("query-event-loops")
    wait_for("free place", lambda: qemu.connect(process, path) or True)
    processes.kill(process)


# In the background


@test("qemu-storage-daemon --daemonize keeps the thread")
def daemonized_storage():
    path, pid_file = processes.path("bg.prof"), processes.path("bg.pid")
    with background([qemu.program("qemu-storage-daemon"), "--daemonize",
                     "--pidfile", pid_file] + qemu.profiler_options(path),
                    pid_file) as pid:
        equal(query(path)["pid"], pid, "pid")
    check(not os.path.exists(path), "the socket is still there")


@test("qemu-system -daemonize keeps the thread, and a relative path")
def daemonized_system():
    path, pid_file = processes.path("sys.prof"), processes.path("sys.pid")
    program = os.path.abspath(qemu.program("qemu-system-x86_64"))
    directory = os.getcwd()
    os.chdir(processes.directory())
    try:
        with background([program] + BARE_MACHINE +
                        ["-daemonize", "-pidfile", pid_file] +
                        qemu.profiler_options("sys.prof"), pid_file) as pid:
            equal(query(path)["pid"], pid, "pid")
    finally:
        os.chdir(directory)
    check(not os.path.exists(path), "the socket is still there")


@test("qemu-nbd --fork keeps the thread")
def forked_nbd():
    path, pid_file = processes.path("nbd.prof"), processes.path("nbd.pid")
    with background([qemu.program("qemu-nbd"), "--fork", "--persistent",
                     "--pid-file", pid_file, "--format", "raw",
                     "--socket", processes.path("nbd.sock")] +
                    qemu.profiler_options(path) + [image()], pid_file) as pid:
        reply = query(path)
        equal(reply["pid"], pid, "pid")
        check("run-state" not in reply, "qemu-nbd has a run state")
        equal(main_loop(reply)["thread-id"], pid, "the main loop's thread")
    check(not os.path.exists(path), "the socket is still there")


# The other tools


@test("qemu-img and qemu-io have it, too")
def tools():
    path = processes.path("img.prof")
    bench = processes.start(
        [qemu.program("qemu-img"), "bench"] + qemu.profiler_options(path) +
        ["-c", str(1 << 30), "-d", "8", "-s", "4k", "--image-opts",
         "driver=null-aio,size=1G"])
    qemu.connect(bench, path).close()
    wait_for("dispatches", lambda: main_loop(query(path))["dispatches"] > 100)
    equal(query(path)["pid"], bench.pid, "pid")
    processes.kill(bench)

    # the path that was left behind is no obstacle
    process = processes.start(
        [qemu.program("qemu-io")] + qemu.profiler_options(path) +
        ["-c", "sleep 1000000", "--image-opts", "driver=null-co,size=1M"])

    def answered_by_qemu_io():
        try:
            return query(path)["pid"] == process.pid
        except (ConnectionRefusedError, FileNotFoundError):
            return False

    wait_for("answer of qemu-io", answered_by_qemu_io)
    processes.kill(process)

    processes.check_run(
        [qemu.program("qemu-img"), "create", "-f", "raw"] +
        qemu.profiler_options(path) + [processes.path("new.raw"), "1M"])
    check(not os.path.exists(path), "the socket is still there")


# What does not work


@test("bad options are refused in one line")
def bad_options():
    daemon = [qemu.program("qemu-storage-daemon"), "--object"]
    kind = "event-loop-profiler,id=prof0"
    path = processes.path("bad.prof")
    where = f"{kind},socket.type=unix,socket.path="

    refused(daemon + [f"{kind},colour=red"], "'colour' is unexpected")
    refused(daemon + [f"{kind},stall-threshold=0"], "stall-threshold")
    refused(daemon + [f"{where}{path},max-connections=0"], "max-connections")
    refused(daemon + [f"{where}{path},max-connections=x"], "max-connections")
    refused(daemon + [f"{kind},socket.type=carrier-pigeon"], "carrier-pigeon")
    refused(daemon + [f"{where}{path}/missing"], f"{path}/missing",
            "No such file or directory")
    refused(daemon + [f"{where}{path},tls-creds=tls0"], "'tls0'")
    refused(daemon + [f"{where}{path},tls-authz=auth0"], "tls-creds")
    refused(daemon + [where + path, "--object",
                      "event-loop-profiler,id=prof1"], "'prof0'")
    check(not os.path.exists(path), "the socket is still there")

    # a path that is too long comes with a hint
    status, _out, err = processes.run(daemon + [where + "/tmp/" + "x" * 120])
    equal(status, 1, "exit status")
    check("too long" in err, err)


@test("a file, and a socket that is in use, are left alone")
def left_alone():
    daemon = [qemu.program("qemu-storage-daemon"), "--object"]
    path = image("precious")
    where = "event-loop-profiler,id=prof0,socket.type=unix,socket.path="
    refused(daemon + [where + path], "is not a socket", path)
    equal(os.path.getsize(path), 1 << 20, "size of the file")

    storage = qemu.StorageDaemon("owner")
    refused(daemon + [where + storage.socket], "is in use", storage.socket)
    equal(query(storage.socket)["pid"], storage.process.pid, "pid")


@test("a start that fails leaves no socket behind")
def failed_start():
    path = processes.path("failed.prof")
    status, _out, _err = processes.run(
        [qemu.program("qemu-system-x86_64")] + BARE_MACHINE +
        qemu.profiler_options(path) + ["-device", "no-such-device"])
    equal(status, 1, "exit status")
    check(not os.path.exists(path), "the socket is still there")


@test("the umask says who may connect")
def permissions():
    daemon = qemu.program("qemu-storage-daemon")
    path = processes.path("umask.prof")
    for mask in (0o077, 0o027):
        before = os.umask(mask)
        try:
            process = processes.start([daemon] + qemu.profiler_options(path))
        finally:
            os.umask(before)
        qemu.connect(process, path).close()
        equal(stat.S_IMODE(os.stat(path).st_mode), 0o777 & ~mask, "mode")
        process.terminate()
        process.wait(tap.DEADLINE_S)


if __name__ == "__main__":
    tap.main()
