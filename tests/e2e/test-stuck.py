#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A VM whose main loop is stuck for real, with the big lock in its hands.

The profiler must answer whoever connects then, and the client must show what
the main loop is stuck in, and for how long.
"""

import contextlib
import functools
import os
import re
import signal
import socket
import time

import client
import counters
import processes
import qemu
import tap
from findings import OF_THE_HOST
from guest import Guest
from terminal import Terminal
from tap import check, equal, test, wait_for, within
from vm import nbd_server


# two instants that are not further apart are one, converted from the
# profiler's clock twice
SAME_NS = 1_000_000
# how fast or slowly that clock may go
CLOCK_RATE = 1.001


@functools.lru_cache(maxsize=None)
def vm():
    """A VM that is not started: it is stuck without a guest too."""
    guest = Guest("stuck", ["idle"], ["-S"])
    guest.monitor().close()
    return guest


def main_loop(guest):
    """The main loop, as it is shown to one who has just connected."""
    with guest.profiler() as profiler:
        return counters.loop_of(counters.read(profiler), "main-loop")


def is_stuck(before):
    """Whether the main loop has been in one dispatch for a while."""
    loop = main_loop(vm())
    if loop["state"] != "dispatching" or not loop["stack"]:
        return None
    since = loop["stack"][0]["since-ns"]
    if (not before or
            counters.stack_of(loop) != counters.stack_of(before) or
            abs(since - before["stack"][0]["since-ns"]) > SAME_NS):
        before.update(loop, first_seen=time.monotonic_ns())
        return None
    age = time.monotonic_ns() - since
    return loop if age > 300_000_000 else None


@contextlib.contextmanager
def stuck(command, release, **arguments):
    """Within it the main loop is stuck in a command of the monitor.

    Afterwards the time of that dispatch is compared with the time outside.
    """
    guest = vm()
    before = {}
    with guest.monitor() as monitor:
        start = time.monotonic_ns()
        monitor.send(command, **arguments)
        try:
            loop = wait_for("stuck main loop", lambda: is_stuck(before))
            yield loop
            least = time.monotonic_ns() - before["first_seen"]
        finally:
            release()
        with contextlib.suppress(Exception):
            monitor.answer()  # whether it has succeeded is no matter
        monitor.command("query-version")
        most = time.monotonic_ns() - start
        with guest.profiler() as profiler:
            after = counters.loop_of(counters.quiet(profiler, "main-loop"),
                                     "main-loop")
            source, = counters.sources_of(after, id=counters.stack_of(loop)[0])
        # that of an earlier test may have been longer
        earlier, = counters.sources_of(loop, id=counters.stack_of(loop)[0])
        within(max(least / CLOCK_RATE, earlier["max-ns"]), source["max-ns"],
               max(most * CLOCK_RATE, earlier["max-ns"]),
               f"longest dispatch of {source['name']}")
        within(source["max-ns"], source["total-ns"], after["dispatch-ns"],
               f"all dispatches of {source['name']}")


def check_stuck(loop):
    """That QEMU and the client say what the main loop is stuck in."""
    guest = vm()
    running, = counters.sources_of(loop, id=counters.stack_of(loop)[-1])
    again = main_loop(guest)
    equal((again["state"], counters.stack_of(again)),
          ("dispatching", counters.stack_of(loop)),
          "state and stack")
    check(again["dispatch-ns"] > loop["dispatch-ns"],
          "the dispatch in progress does not count")
    same, = counters.sources_of(again, id=running["id"])
    check(same["total-ns"] > running["total-ns"],
          "the dispatch in progress does not count for its source")
    equal((same["calls"], again["dispatches"]),
          (running["calls"], loop["dispatches"]), "finished dispatches")

    what = " ".join(filter(None, (running["name"], running.get("label"))))

    samples = client.samples("-n", "3", "-d", "0.1", guest.socket)
    ages = []
    for sample in samples:
        shown, = [loop for loop in sample["loops"]
                  if loop["loop"] == "main-loop"]
        equal((shown["state"], shown["running"]),
              ("dispatching", what), "state and what runs")
        ages.append(shown["running_age_ns"])
    check(ages[0] < ages[1] < ages[2], f"it is stuck for {ages} ns")
    shown = client.run("-b", "-n", "1", "-d", "0.1", guest.socket)
    equal((shown[0], shown[2]), (0, ""), "status and complaint")
    word = "dispatching"
    if running["kind"] == "wait":
        word, what = "waits", running["label"]
    lines = [line for line in shown[1].splitlines()
             if line.startswith("main-loop") and word in line]
    check(len(lines) == 1 and lines[0].endswith(what),
          f"no {word} and {what!r} in {shown[1]!r}")
    outermost, = counters.sources_of(again, id=counters.stack_of(loop)[0])
    check_diagnosis(outermost)


def check_diagnosis(running):
    """That the client says in words what the main loop is stuck in."""
    guest = vm()
    options = ["-d", "0.1", guest.socket]
    status, out, err = client.run("--diagnose", "-o", "json", *options)
    equal((status, err), (0, ""), "status and complaint of --diagnose")
    diagnosis, = client.documents(out)
    finding = diagnosis["findings"][0]
    equal((diagnosis["healthy"], finding["class"], finding["loop"],
           finding["source"]["id"], finding["thread_id"]),
          (False, "callback-stuck", "main-loop", running["id"],
           diagnosis["pid"]), "first finding")
    check(running["name"] in finding["evidence"], finding["evidence"])
    status, out, err = client.run("--check", *options)
    equal((status, err), (2, ""), "status and complaint of --check")
    check("callback-stuck in main-loop" in out and " stuck=" in out, out)


@test("a VM that is not stuck is healthy")
def healthy():
    status, out, err = client.run("--check", "--stall-ms", "60000", "-d", "0.1",
                                  vm().socket)
    check(status in (0, 1) and not err, f"{status} {out} {err}")
    # a host that is short of CPUs is not QEMU's doing
    check(status == 0 or any(kind in out for kind in OF_THE_HOST), out)


@test("chardev-add waits for a client")
def chardev():
    path = processes.path("wait.sock")

    def release():
        processes.wait_for_socket(vm().process, path)
        socket.socket(socket.AF_UNIX).connect(path)

    with stuck("chardev-add", release, id="chr0", backend={
            "type": "socket", "data": {
                "addr": {"type": "unix", "data": {"path": path}},
                "server": True, "wait": True}}) as loop:
        check_stuck(loop)


def make_fifo(name):
    """A new FIFO."""
    path = processes.path(name)
    os.mkfifo(path)
    return path


@test("pmemsave writes to a FIFO")
def pmemsave():
    path = make_fifo("pmemsave.fifo")

    def release():
        with open(path, "rb") as fifo:
            while fifo.read(1 << 16):
                pass

    with stuck("pmemsave", release, val=0, size=4096, filename=path) as loop:
        check_stuck(loop)


@test("blockdev-add opens a FIFO")
def blockdev():
    path = make_fifo("blockdev.fifo")

    def release():
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))

    with stuck("blockdev-add", release, driver="file", node_name="fifo0",
               filename=path, read_only=True) as loop:
        check_stuck(loop)


@test("the screen shows the native stack, and the main loop goes on after it")
def native_stack():
    path = make_fifo("stack.fifo")

    def release():
        with open(path, "rb") as fifo:
            while fifo.read(1 << 16):
                pass

    terminal = Terminal(120, 50)
    try:
        with stuck("pmemsave", release, val=0, size=4096, filename=path):
            terminal.run(f"{client.program()} -L main-loop {vm().socket}")
            terminal.wait_for(r"STUCK")
            terminal.send("\t\rs")
            terminal.wait_for(r"^ +\d+ \w*open\w*\+0x\w+ (at |\(libc)")
            terminal.wait_for(r"^ +\d+ qmp_pmemsave\+0x\w+ at .*cpus\.c:\d+")
            terminal.wait_for(r"^ +\d+ main_loop_wait\+0x")
            terminal.send("sss\x1b")
            terminal.wait_for(r"POLLMAX")
    finally:
        terminal.close()


@test("an ordinary monitor does not answer then, and the client says so")
def monitor():
    path = make_fifo("monitor.fifo")
    guest = vm()

    def release():
        with open(path, "rb") as fifo:
            while fifo.read(1 << 16):
                pass

    with stuck("pmemsave", release, val=0, size=4096, filename=path):
        client.check_failure(client.run("-b", guest.monitor_socket),
                             "no QMP greeting", "main loop is stuck")
        with guest.profiler() as first, guest.profiler() as second:
            for profiler in (first, second, first):
                equal(counters.loop_of(counters.read(profiler),
                                       "main-loop")["state"],
                      "dispatching", "state")


def stopped_nbd(name):
    """A qemu-nbd that does not answer, and the path of its socket."""
    path, nbd = nbd_server(name)
    processes.stop(nbd)
    return nbd, path


@test("a disk whose server does not answer has the main loop stuck")
def server():
    nbd, path = stopped_nbd("server")

    def found():
        _, out, _ = client.run("--diagnose", "-d", "0.2", vm().socket)
        return re.search("^callback-stuck +main-loop .*: bh do_qmp_dispatch_bh"
                         " blockdev-add .* nested event loop",
                         out.replace("\n    ", " "), re.M)

    with vm().monitor() as monitor:
        monitor.send("blockdev-add", **{
            "driver": "nbd", "node-name": "served",
            "server": {"type": "unix", "path": path}})
        try:
            wait_for("finding", found)
        finally:
            nbd.send_signal(signal.SIGCONT)
        monitor.answer()
        monitor.command("blockdev-del", **{"node-name": "served"})
    processes.kill(nbd)


@test("the peer that does not answer is named, with its process")
def peer():
    nbd, path = stopped_nbd("peer")
    # It is no helper of this kind, but it is asked as if it were one
    with stuck("object-add", lambda: nbd.send_signal(signal.SIGCONT),
               **{"qom-type": "pr-manager-helper", "id": "peer",
                  "path": path}):
        _, out, _ = client.run("--diagnose", vm().socket)
        words = " ".join(out.split())
        check(f"a UNIX socket to {path}, of process {nbd.pid} (qemu-nbd),"
              " which has not accepted it" in words, words)
    processes.kill(nbd)


if __name__ == "__main__":
    tap.main()
