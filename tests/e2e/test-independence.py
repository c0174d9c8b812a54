#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The profiler answers whatever the rest of QEMU is stuck in.

Each test makes something stuck for real, connects afresh, and gets its answer.
How long that took is printed; it is no test's matter.
"""

import contextlib
import functools
import os
import time

import counters
import hold
import processes
import qemu
import tap
from guest import Guest
from tap import check, equal, test, wait_for


@functools.lru_cache(maxsize=None)
def vm():
    """A VM that is paused, with a second monitor."""
    path = processes.path("second.qmp")
    started_ns = time.monotonic_ns()
    guest = Guest("independent", ["idle"], [
        "-S", "-chardev", f"socket,id=mon1,path={path},server=on,wait=off",
        "-mon", "chardev=mon1,mode=control"])
    guest.monitor().close()
    guest.second_socket = path
    guest.started_ns = started_ns
    return guest


def second_monitor():
    """A connection to the second monitor."""
    return qemu.connect(vm().process, vm().second_socket)


def answer(what):
    """What a new client gets, and says how long that took."""
    start = time.monotonic()
    with vm().profiler() as profiler:
        snapshot = counters.read(profiler)
    tap.note(f"{what}: {(time.monotonic() - start) * 1000:.1f} ms from "
             "connect() to the snapshot")
    return snapshot


def check_in(loop, name):
    """That a loop is in the dispatch of a callback."""
    equal(loop["state"], "dispatching", f"state of {loop['name']}")
    innermost, = counters.sources_of(loop, id=counters.stack_of(loop)[-1])
    equal(innermost["name"], name, f"what {loop['name']} is in")


def check_alive():
    """That everything goes on, once it may."""
    with vm().monitor() as monitor:
        monitor.command("query-status")
    with vm().profiler() as profiler:
        wait_for("end of all dispatches", lambda: not any(
            loop["stack"] for loop in counters.read(profiler)["loops"]))


def is_in_command(loop):
    """Whether it is in one of the monitor's, and not in what leads to it."""
    return any(source["label"] == "pmemsave" for source_id in
               counters.stack_of(loop) for source in
               counters.sources_of(loop, id=source_id) if "label" in source)


@contextlib.contextmanager
def main_loop_in_callback():
    """The main loop writes to a FIFO that nobody reads."""
    path = processes.path("independent.fifo")
    os.mkfifo(path)
    with vm().monitor() as monitor:
        monitor.send("pmemsave", val=0, size=4096, filename=path)
        try:
            with vm().profiler() as profiler:
                wait_for("main loop in the command", lambda: is_in_command(
                    counters.loop_of(counters.read(profiler), "main-loop")))
            yield
        finally:
            with open(path, "rb") as fifo:
                while fifo.read(1 << 16):
                    pass
            os.unlink(path)
        monitor.answer()


@contextlib.contextmanager
def iothread_in_callback(name):
    """An iothread stands in the callback that wakes it up."""
    with vm().profiler() as profiler:
        loop = counters.loop_of(counters.read(profiler), name)
    with second_monitor() as monitor:
        fd = hold.notifier(vm(), monitor, name)
    try:
        with hold.held(vm().process, "aio_context_notifier_cb",
                       [loop["thread-id"]],
                       lambda: hold.wake(fd)):
            yield
    finally:
        os.close(fd)


@contextlib.contextmanager
def monitor_in_callback():
    """The monitors' own iothread stands in the callback that reads."""
    thread_ids = hold.thread_ids(vm().pid)
    with vm().monitor() as monitor:
        with hold.held(vm().process, "monitor_qmp_read", thread_ids,
                       lambda: monitor.send("query-status")):
            yield
        monitor.answer()


@contextlib.contextmanager
def unread_monitor():
    """A monitor has more to say than its client reads."""
    with vm().monitor() as monitor:
        # each answer is as large as the socket's buffer
        for _ in range(20):
            monitor.send("query-qmp-schema")
        yield


@contextlib.contextmanager
def started(monitor):
    """A function that starts the VM; it is paused again afterwards."""
    monitor.command("system_reset")
    monitor.event("RESET")
    try:
        yield lambda: monitor.send("cont")
    finally:
        monitor.answer()
        monitor.command("stop")


@contextlib.contextmanager
def vcpu_holds_bql():
    """A vCPU stands in a device's callback, with the big lock."""
    with vm().monitor() as monitor, started(monitor) as start:
        thread_id, = (cpu["thread-id"]
                      for cpu in monitor.command("query-cpus-fast"))
        with hold.held(vm().process, "cmos_ioport_write", [thread_id], start):
            yield thread_id


@contextlib.contextmanager
def helper_holds_bql():
    """The thread of RCU stands in what it has to free, with the big lock."""
    with vm().monitor() as monitor:
        monitor.command("object-add", qom_type="memory-backend-ram", id="mem",
                        size=1 << 20)
        with hold.held(vm().process, "reclaim_ramblock",
                       hold.thread_ids(vm().pid),
                       lambda: monitor.send("object-del", id="mem")
                       ) as thread_id:
            yield thread_id
        monitor.answer()


@contextlib.contextmanager
def monitor_lock_held():
    """The main loop emits an event, with monitor_lock and the big lock."""
    with second_monitor() as monitor, started(monitor) as start:
        with hold.held(vm().process, "monitor_qapi_event_emit", [vm().pid],
                       start):
            yield


@test("the main loop is in a callback that blocks")
def main_loop():
    with main_loop_in_callback():
        loop = counters.loop_of(answer("main loop"), "main-loop")
        equal(loop["state"], "dispatching", "state of main-loop")
    check_alive()


@test("every iothread is stopped in a callback")
def iothreads():
    with contextlib.ExitStack() as stack:
        for name in ("iothread0", "iothread1"):
            stack.enter_context(iothread_in_callback(name))
        stack.enter_context(monitor_in_callback())
        snapshot = answer("iothreads")
        for name in ("iothread0", "iothread1"):
            check_in(counters.loop_of(snapshot, name),
                     "aio_context_notifier_cb")
        check_in(counters.loop_of(snapshot, "mon_iothread"),
                 "tcp_chr_read")
    check_alive()


@test("nobody has the big lock while all wait")
def bql_of_nobody():
    with vm().profiler() as profiler:
        wait_for("lock that nobody has", lambda: "holder-thread-id" not in
                 counters.read(profiler)["bql"])
    # a vCPU that sleeps has not had it all the time
    with vm().monitor() as monitor:
        cpu, = monitor.command("query-cpus-fast")
    vcpu, = (thread for thread in answer("idle")["bql"]["threads"]
             if thread["thread-id"] == cpu["thread-id"])
    age = time.monotonic_ns() - vm().started_ns
    check(vcpu["held-ns"] < age / 2, f"it had it for {vcpu['held-ns']} ns")


@test("a vCPU has the big lock")
def bql_of_vcpu():
    with vcpu_holds_bql() as thread_id:
        with vm().profiler() as profiler:
            wait_for("main loop that waits for the lock", lambda:
                     counters.loop_of(counters.read(profiler), "main-loop")
                     ["state"] == "bql-wait")
        snapshot = answer("big lock, vCPU")
        equal(snapshot["bql"]["holder-thread-id"], thread_id, "holder")
        waits, = (thread for thread in snapshot["bql"]["threads"]
                  if thread["thread-id"] == vm().pid)
        check("waiting-since-ns" in waits, "the main loop waits not")
    check_alive()


@test("a helper thread has the big lock")
def bql_of_helper():
    with helper_holds_bql() as thread_id:
        check(thread_id != vm().pid, "it is the main loop's thread")
        snapshot = answer("big lock, RCU thread")
        equal(snapshot["bql"]["holder-thread-id"], thread_id, "holder")
    check_alive()


@test("monitor_lock is held")
def monitor_lock():
    with monitor_lock_held():
        snapshot = answer("monitor_lock")
        equal(snapshot["bql"]["holder-thread-id"], vm().pid, "holder")
        check(counters.loop_of(snapshot, "main-loop")["stack"],
              "the main loop is in no dispatch")
    check_alive()


@test("a monitor's output is blocked by a reader that does not read")
def monitor_output():
    with unread_monitor():
        answer("monitor's output")
    check_alive()


@test("all of it at once")
def everything():
    with contextlib.ExitStack() as stack:
        stack.enter_context(unread_monitor())
        for name in ("iothread0", "iothread1"):
            stack.enter_context(iothread_in_callback(name))
        stack.enter_context(monitor_lock_held())
        snapshot = answer("all")
        for name in ("iothread0", "iothread1"):
            check_in(counters.loop_of(snapshot, name),
                     "aio_context_notifier_cb")
        check(counters.loop_of(snapshot, "main-loop")["stack"],
              "the main loop is in no dispatch")
        equal(snapshot["bql"]["holder-thread-id"], vm().pid, "holder")
        for _ in range(3):
            answer("all, again")
    check_alive()


if __name__ == "__main__":
    tap.main()
