#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What QEMU waits for, in its callbacks and outside of them, by its name."""

import contextlib
import signal

import counters
import hold
import processes
import qemu
import tap
from guest import Guest
from tap import check, equal, test, wait_for
from vm import nbd_server, spinning_firmware

# A request takes so long that everything else waits for it, for ever
SLOW_NS = 1_000_000_000_000
SLOW_DISK = ["-blockdev", "driver=null-co,node-name=slow,size=1048576,"
                          f"latency-ns={SLOW_NS}",
             # with a geometry of its own, which else is read from the disk
             "-device", "virtio-blk-pci,id=slow0,drive=slow,cyls=16,heads=16,"
                        "secs=63"]


@contextlib.contextmanager
def started(name, options):
    """A VM of its own; @options may have it run."""
    guest = Guest(name, ["idle"], options)
    try:
        guest.monitor().close()
        yield guest
    finally:
        guest.stop()


def read(monitor, device):
    """A request to a disk that nobody waits for."""
    monitor.command("human-monitor-command", command_line=
                    f'qemu-io -d {device}/virtio-backend "aio_read 0 4k"')


def running(guest, name="main-loop"):
    """What runs in a loop, outermost first, in a few words each."""
    with guest.profiler() as profiler:
        loop = counters.loop_of(counters.read(profiler), name)
    return [counters.describe(*counters.sources_of(loop, id=source_id))
            for source_id in counters.stack_of(loop)]


def wait_until_in(guest, what):
    """What runs in the main loop, once something that begins so does."""
    def look():
        stack = running(guest)
        return any(frame.startswith(what) for frame in stack) and stack

    return wait_for(what, look)


def vcpu_of(monitor):
    """The thread of the only vCPU."""
    cpu, = monitor.command("query-cpus-fast")
    return cpu["thread-id"]


@test("a reset waits for a request, outside of all callbacks")
def reset():
    with started("reset", ["-S", *SLOW_DISK]) as guest, \
            guest.monitor() as monitor:
        read(monitor, "slow0")
        monitor.send("system_reset")
        what = ("wait bdrv_do_drained_begin "
                "bdrv_drain_poll_top_level(bs, parent)")
        equal(wait_until_in(guest, what)[0], what, "outermost that runs")

        def stalled():
            with guest.profiler() as profiler:
                return [stall for stall in counters.read(profiler)["stalls"]
                        if stall.get("name") == "bdrv_do_drained_begin"]

        stall, = wait_for("stall", stalled)
        equal((stall["cause"], stall["kind"], stall["loop"]),
              ("dispatch", "wait", "main-loop"), "stall")


@test("a command that is a coroutine is named where it waits")
def coroutine_command():
    path, nbd = nbd_server("waits")
    with started("resize", [
            "-S", "-object", "iothread,id=iothread2",
            "-blockdev", "driver=nbd,node-name=nbd,server.type=unix,"
                         f"server.path={path}",
            "-device", "virtio-blk-pci,id=nbd0,drive=nbd,"
                       "iothread=iothread2"]) as guest, \
            guest.monitor() as monitor:
        processes.stop(nbd)
        read(monitor, "nbd0")
        monitor.send("block_resize", node_name="nbd", size=1 << 20)
        stack = wait_until_in(guest, "wait ")
        check(stack[0].startswith("bh ") and
              stack[0].endswith(" block_resize"), stack)
        nbd.send_signal(signal.SIGCONT)
    processes.kill(nbd)


@test("a command of the human monitor is named")
def human_command():
    with started("human", ["-S", *SLOW_DISK]) as guest, \
            guest.monitor() as monitor:
        monitor.send("human-monitor-command", command_line=
                     'qemu-io -d slow0/virtio-backend "read 0 4k"')
        stack = wait_until_in(guest, "wait blk_p")
        equal(stack[:2], ["bh do_qmp_dispatch_bh human-monitor-command",
                          "glib handle_hmp_command qemu-io"],
              "outermost that run")


@test("RCU's readers, and vCPUs, are waited for")
def vcpus():
    with started("vcpus", ["-bios", spinning_firmware()]) as guest, \
            guest.monitor() as monitor:
        vcpu = vcpu_of(monitor)

        def cpu_ns():
            with guest.profiler() as profiler:
                thread, = (thread for thread in
                           counters.read(profiler)["threads"]
                           if thread["thread-id"] == vcpu)
            return thread["cpu-ns"]

        def wait_for_work():
            before = cpu_ns()
            wait_for("vCPU that is at work",
                     lambda: cpu_ns() > before + 100_000_000)

        wait_for_work()
        with hold.frozen(guest.process, vcpu):
            monitor.send("stop")
            stack = wait_until_in(guest, "wait pause_all_vcpus vCPUs")
            equal(stack[0], "bh do_qmp_dispatch_bh stop",
                  "outermost that runs")
        monitor.answer()
        monitor.command("cont")
        wait_for_work()
        # nothing else would ever make it leave its critical section
        with hold.frozen(guest.process, vcpu):
            monitor.send("device_add", driver="nonsense")
            stack = wait_until_in(guest, "wait drain_call_rcu RCU readers")
            equal(stack[0], "bh do_qmp_dispatch_bh device_add",
                  "outermost that runs")


@test("threads are called as QEMU calls them, and have their CPU time")
def threads():
    with started("threads", ["-bios", spinning_firmware()]) as guest:
        with guest.monitor() as monitor:
            vcpu = vcpu_of(monitor)
        with open(f"/proc/{guest.pid}/task/{vcpu}/comm") as comm:
            check("CPU" not in comm.read(), "the host knows the name, too")

        def snapshot():
            with guest.profiler() as profiler:
                return counters.read(profiler)

        def thread_of(snapshot):
            thread, = (thread for thread in snapshot["threads"]
                       if thread["thread-id"] == vcpu)
            return thread

        first = snapshot()
        equal(thread_of(first)["name"], "CPU 0/TCG", "name of the vCPU")
        names = {thread["name"]: thread["thread-id"]
                 for thread in first["threads"]}
        equal(names["main-loop"], guest.pid, "thread of the main loop")
        for name in ("iothread0", "iothread1"):
            equal(names[name], counters.loop_of(first, name)["thread-id"],
                  f"thread of {name}")
        check("call_rcu" in names, names)
        check("call_rcu" not in [loop["name"] for loop in first["loops"]],
              "it is a loop because it waits for readers")
        wait_for("vCPU's name with the big lock", lambda: any(
            thread["name"] == "CPU 0/TCG" and thread["thread-id"] == vcpu
            for thread in snapshot()["bql"]["threads"]))
        wait_for("more CPU time", lambda: thread_of(snapshot())["cpu-ns"] >
                 thread_of(first)["cpu-ns"])


@test("a chardev that connects again and again has its name")
def reconnect():
    with started("reconnect", [
            "-S", "-chardev", "socket,id=c0,server=off,reconnect-ms=1,"
                              f"path={processes.path('nowhere')}"]) as guest:
        def rows():
            with guest.profiler() as profiler:
                loop = counters.loop_of(counters.read(profiler), "main-loop")
            return [counters.sources_of(loop, kind="glib", **source)
                    for source in (
                        {"name": "socket_reconnect_timeout", "label": "c0"},
                        {"name": "qio_task_thread_result",
                         "label": "tcp_chr_connect_client_task"})]

        wait_for("timer and task, called often", lambda: all(
            found and found[0]["calls"] > 3 for found in rows()))


@test("a job's coroutine has its name")
def job():
    def sources(guest):
        with guest.profiler() as profiler:
            loop = counters.loop_of(counters.read(profiler), "main-loop")
        return counters.sources_of(loop, kind="coroutine",
                                   name="job_co_entry", label="job0")

    with started("job", ["-S"]) as guest, guest.monitor() as monitor:
        monitor.command("blockdev-add", driver="null-co", node_name="a",
                        size=1 << 20)
        monitor.command("blockdev-add", driver="null-co", node_name="b",
                        size=1 << 20)
        monitor.command("blockdev-mirror", job_id="job0", device="a",
                        target="b", sync="full")
        wait_for("entry of the job", lambda: sources(guest))


if __name__ == "__main__":
    tap.main()
