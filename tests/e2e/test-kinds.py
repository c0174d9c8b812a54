#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a main loop that does not go on waits for: each kind made for real.

Each is its own twin: as long as it has waited for less than the threshold,
nothing is said of it.
"""

import contextlib
import functools
import json
import os
import socket
import time

import counters
import hold
import processes
import qemu
import tap
from findings import check_critical, check_nothing, check_nothing_until, find
from tap import equal, test, wait_for
from vm import FOR_EVER, IMAGE_BYTES, disk, nbd_server, spinning_firmware, vm

STALL_MS = 3000
IOTHREAD = "iothread0"


def check_kind(kind, awaited, hang, *words, name="kind", options=(), apart=(),
               **more):
    """What is said in a hang, and that nothing is before it is one.

    @apart: classes of what is done to bring it about
    """
    with vm(name, *options, stall_ms=STALL_MS, **more) as running:
        running.monitor().close()
        if more.get("paused", True):
            # else a thread may have waited for another one since its start
            with running.profiler() as profiler:
                counters.quiet(profiler, "main-loop")
        over = time.monotonic() + STALL_MS / 1000
        with hang(running):
            check_nothing_until(running.socket, over, *apart)
            finding = find(running.socket, kind, *words, loop="main-loop")
            equal(finding["awaited"], awaited, "what is waited for")


@contextlib.contextmanager
def sent(running, command, **arguments):
    with running.monitor() as monitor:
        monitor.send(command, **arguments)
        yield monitor


@contextlib.contextmanager
def with_request(running, command, **arguments):
    """The same, while a request is in flight that does not end."""
    with running.monitor() as monitor:
        running.ask(monitor, "aio_read 0 4k")
        monitor.send(command, **arguments)
        yield


@contextlib.contextmanager
def with_request_and_job(running):
    """A job that is over changes the graph, while such a request is there."""
    with running.monitor() as monitor:
        monitor.command("block-stream", job_id="job", device="other",
                        auto_finalize=False)
        wait_for("end of the job", lambda: monitor.command(
            "query-jobs")[0]["status"] == "pending")
        running.ask(monitor, "aio_read 0 4k")
        monitor.send("job-finalize", id="job")
        yield


@contextlib.contextmanager
def without_vcpu(running, command, **arguments):
    """The same, while the vCPU is at work, and then is stopped there."""
    with running.monitor() as monitor:
        cpu, = monitor.command("query-cpus-fast")

        def works():
            with running.profiler() as profiler:
                thread, = (thread for thread in
                           counters.read(profiler)["threads"]
                           if thread["thread-id"] == cpu["thread-id"])
            return thread["cpu-ns"] > 100_000_000

        wait_for("vCPU that is at work", works)
        with hold.frozen(running.process, cpu["thread-id"]):
            monitor.send(command, **arguments)
            yield


def thread_of(running, loop):
    with running.profiler() as profiler:
        return counters.loop_of(counters.read(profiler), loop)["thread-id"]


@contextlib.contextmanager
def without_iothread(running, command, **arguments):
    with hold.frozen(running.process, thread_of(running, IOTHREAD)), \
            running.monitor() as monitor:
        monitor.send(command, **arguments)
        yield


@test("callback-stuck: a file that is not opened")
def file():
    path = processes.path("kind.fifo")
    os.mkfifo(path)

    def fifo(running):
        return sent(running, "blockdev-add", driver="file", node_name="fifo",
                    filename=path, read_only=True)

    check_kind("callback-stuck", "file", fifo, "blockdev-add", path)


@test("callback-stuck: a peer that does not answer")
def peer():
    path, server = nbd_server("kind")
    processes.stop(server)

    def helper(running):
        # it is none, but is asked as if it were one
        return sent(running, "object-add", qom_type="pr-manager-helper",
                    id="helper", path=path)

    check_kind("callback-stuck", "peer", helper, "object-add",
               f"of process {server.pid} (qemu-nbd)")
    processes.kill(server)


@test("callback-stuck: a client that does not come")
def channel():
    path = processes.path("kind.sock")

    def server(running):
        return sent(running, "chardev-add", id="c", backend={
            "type": "socket", "data": {
                "addr": {"type": "unix", "data": {"path": path}},
                "server": True, "wait": True}})

    check_kind("callback-stuck", "channel", server, "chardev-add")


@test("callback-stuck: a server that takes a connection and says nothing")
def connection():
    path = processes.path("silent.nbd")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()

        def silent(running):
            return sent(running, "blockdev-add", driver="nbd",
                        node_name="nbd", server={"type": "unix", "path": path})

        check_kind("callback-stuck", "channel", silent, "blockdev-add",
                   "nbd_do_establish_connection")


@test("guest-stopped: a disk that fails, and one whose VM is paused")
def guest_stopped():
    failing = ("-blockdev", "blkdebug,node-name=n,image.driver=null-co,"
               f"image.size={IMAGE_BYTES},inject-error.0.event=none",
               "-device", "virtio-blk-pci,drive=n,id=vd0,cyls=16,heads=16,"
               "secs=63,rerror=stop")
    with vm("failing", *failing, paused=False) as running, \
            running.monitor() as monitor:
        monitor.command("stop")
        check_nothing(running.socket)
        monitor.command("cont")
        running.ask(monitor, "aio_read 0 4k")
        find(running.socket, "guest-stopped", "io-error", "query-block")
        check_critical(running.socket, "guest-stopped")


@test("callback-stuck: RCU's readers, one of which is stopped")
def rcu():
    def reader(running):
        return without_vcpu(running, "device_add", driver="nonsense")

    check_kind("callback-stuck", "rcu", reader, "device_add", "RCU", "CPU 0",
               apart=["stopped"], firmware=spinning_firmware(), paused=False)


@test("callback-stuck, nested-wait: a vCPU that does not stop")
def vcpus():
    for kind, command in (("callback-stuck", "stop"), ("nested-wait", "quit")):
        check_kind(kind, "vcpus", functools.partial(without_vcpu,
                                                    command=command), "CPU 0",
                   name=command, apart=["stopped"],
                   firmware=spinning_firmware(), paused=False)


@test("callback-stuck: a thread that does not end")
def thread():
    def deleted(running):
        return without_iothread(running, "object-del", id=IOTHREAD)

    check_kind("callback-stuck", "thread", deleted, "object-del", IOTHREAD,
               apart=["stopped"],
               options=["-object", f"iothread,id={IOTHREAD}"])


@test("stopped: an iothread, which had nothing to do")
def idle_thread():
    with vm("idle", "-object", f"iothread,id={IOTHREAD}") as running:
        running.monitor().close()
        check_nothing(running.socket)
        with hold.frozen(running.process, thread_of(running, IOTHREAD)):
            find(running.socket, "stopped", "(state t)", "TracerPid",
                 loop=IOTHREAD)
            check_critical(running.socket, "stopped")
        check_nothing(running.socket)


@test("callback-stuck: a mutex, whose owner is stopped")
def mutex():
    path = processes.path("kind.hmp")

    @contextlib.contextmanager
    def owned(running):
        with qemu.connect(running.process, running.monitor_socket,
                          negotiate=False) as monitor, \
                socket.socket(socket.AF_UNIX) as human:
            monitor.command("qmp_capabilities", enable=["oob"])
            human.connect(path)
            # it is answered in a thread of the monitors, which has the lock
            with hold.held(running.process, "qemu_chr_fe_write",
                           [thread_of(running, "mon_iothread")],
                           lambda: monitor.socket.sendall(json.dumps(
                               {"exec-oob": "query-event-loops",
                                "id": 1}).encode())):
                # an event has to be sent to that monitor, too
                human.sendall(b"cont\n")
                yield

    check_kind("callback-stuck", "mutex", owned, "mutex", "mon_iothread",
               options=["-monitor", f"unix:{path},server=on,wait=off"])


@test("callback-stuck: the graph lock, with a request in flight")
def graph_lock():
    # most other commands drain all nodes before
    check_kind("callback-stuck", "graph-lock", with_request_and_job,
               "job-finalize", "node n",
               options=[*disk(FOR_EVER), "-blockdev",
                        "null-co,node-name=other"])


@test("callback-stuck, nested-wait: requests in flight")
def requests():
    for kind, command in (("callback-stuck", "stop"),
                          ("nested-wait", "system_reset"),
                          ("nested-wait", "quit")):
        check_kind(kind, "requests", functools.partial(with_request,
                                                       command=command),
                   "node n", name=command, options=disk(FOR_EVER))


if __name__ == "__main__":
    tap.main()
