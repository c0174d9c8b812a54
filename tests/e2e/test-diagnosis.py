#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each kind of trouble is made for real, and diagnosed by the name of its class.

And nothing is said of those that are well.
"""

import contextlib
import functools
import os
import sys
import threading
import time

import client
import counters
import hold
import processes
import symbols
import tap
from findings import OF_THE_HOST
from guest import Guest
from qemu import StorageDaemon
from tap import check, equal, test, wait_for

# for how long nothing may be said of those that are well; and how long that
# may take on a machine that stops them itself at times
HEALTHY_S = 60
PATIENCE_S = 600
# no machine takes that from a dispatch, however busy it is; and what a thread
# waits for a CPU if that is why its loop is late
STALL_MS = 1000
LATE_NS = 5_000_000
FILE_SIZE = 64 << 20
# what QEMU's loops call to hand over what was queued, since 10.2
SUBMIT = "fdmon_io_uring_submit"


def diagnose(path, *options):
    """The findings, by class, of the second that follows."""
    status, out, err = client.run("--diagnose", "-o", "json", *options, path)
    equal((status, err), (0, ""), "status and complaint")
    document, = client.documents(out)
    found = {}
    for finding in document["findings"]:
        found.setdefault(finding["class"], []).append(finding)
    equal(document["healthy"], list(found) == ["healthy"],
          f"healthy, with {list(found)}")
    return found


def find(path, kind, *loops, source=None):
    """The finding of a class, of one of these; waits for it."""
    def attempt():
        found = diagnose(path)
        seen.append({name: [finding["loop"] for finding in findings]
                     for name, findings in found.items()})
        return next((finding for finding in found.get(kind, [])
                     if finding["loop"] in loops), None)

    seen = []
    try:
        finding = wait_for(f"{kind} of {' or '.join(map(str, loops))}",
                           attempt)
    except AssertionError as error:
        raise AssertionError(f"{error}; found were {seen}") from None
    if source:
        equal(finding["source"] and finding["source"]["name"], source,
              f"source of {kind}")
    check(finding["evidence"] and finding["next_step"],
          f"{kind} says nothing")
    return finding


def healthy(path):
    """The finding that says so; waits until what its start took is past."""
    finding, = wait_for("healthy QEMU",
                        lambda: diagnose(path).get("healthy"), PATIENCE_S)
    return finding


def check_of(path, status, word):
    """The line for a monitoring system."""
    got, out, err = client.run("--check", "--since", "0", path)
    equal((got, err), (status, ""), f"status and complaint, after {out!r}")
    equal(out.count("\n"), 1, f"lines in {out!r}")
    check(out.startswith(f"QEMU-AIOTOP {word} - ") and " | " in out,
          f"it says {out!r}")
    return out


def check_well(path):
    """The same of one that is well, on a host that may be short of CPUs."""
    status, out, err = client.run("--check", "--since", "0", path)
    check(status in (0, 1) and not err, f"{status} {err} after {out!r}")
    check(status == 0 or any(kind in out for kind in OF_THE_HOST),
          f"it says {out!r}")
    check(out.startswith(f"QEMU-AIOTOP {['OK', 'WARNING'][status]} - "), out)
    return out


@contextlib.contextmanager
def daemon(name, disks=(), **options):
    """A storage daemon that ends with the test."""
    running = StorageDaemon(name, disks, **options)
    try:
        yield running
    finally:
        running.stop()


@contextlib.contextmanager
def load(running, *arguments, **options):
    """Requests without end, nearly."""
    process = processes.start(running.bench(1 << 30, *arguments, **options))
    try:
        yield process
    finally:
        processes.kill(process)


def read_loop(running, name):
    """A loop, as the profiler tells of it."""
    with running.profiler() as profiler:
        return counters.loop_of(counters.read(profiler), name)


def notifier(running, loop):
    """See hold.notifier()."""
    with running.monitor() as monitor:
        return hold.notifier(running, monitor, loop)


@functools.lru_cache(maxsize=None)
def vm():
    """A VM that is paused."""
    guest = Guest("diagnosed", ["idle"], ["-S"])
    guest.monitor().close()
    return guest


@test("healthy: a paused VM, and a daemon that has nothing to do")
def idle():
    finding = healthy(vm().socket)
    check("does not run" in finding["evidence"],
          f"it says {finding['evidence']!r}")
    check_well(vm().socket)
    with daemon("idle", ["null-co"]) as running:
        healthy(running.socket)


def waits_for_cpu(pid):
    """How long each of its threads has waited for a CPU, in nanoseconds."""
    waits = {}
    for thread_id in hold.thread_ids(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError), \
                open(f"/proc/{pid}/task/{thread_id}/schedstat") as file:
            waits[thread_id] = int(file.read().split()[1])
    return waits


def diagnose_quietly(running):
    """What is found, and of that what the machine is the cause of for sure."""
    before = waits_for_cpu(running.pid)
    found = set(diagnose(running.socket)) - {"healthy", "not-scheduled"}
    after = waits_for_cpu(running.pid)
    late = any(ns - before.get(thread_id, 0) >= LATE_NS
               for thread_id, ns in after.items())
    excused = found & OF_THE_HOST if late else set()
    return found - excused, excused


@test("healthy: a minute of load: disks that are throttled, slow, and a pool's")
def healthy_load():
    file = processes.path("pool.raw")
    with open(file, "wb") as disk:
        disk.truncate(FILE_SIZE)
    disks = ["throttle,throttle-group=slow,file.driver=null-co",
             "null-co,latency-ns=1000000",
             f"throttle,throttle-group=pool,file.driver=file,"
             f"file.filename={file},file.aio=threads"]
    groups = [f"throttle-group,id={name},limits.iops-total={limit}"
              for name, limit in (("slow", 500), ("pool", 1000))]
    with daemon("throttled", disks, objects=groups,
                stall_ms=STALL_MS) as running, \
            load(running, 0, depth=4), load(running, 1, depth=4), \
            load(running, 2, depth=16):
        seen = []
        clean_s = 0
        start = time.monotonic()
        while clean_s < HEALTHY_S:
            began = time.monotonic()
            found, excused = diagnose_quietly(running)
            if found:
                # Once it may be the machine's doing
                check(not seen, f"found were {seen}, and then {found}")
                seen.append(found)
                clean_s = 0
            elif not excused:
                clean_s += time.monotonic() - began
            if time.monotonic() > start + PATIENCE_S:
                tap.note(f"the host was quiet for {clean_s:.0f} s only")
                break
        if seen:
            tap.note(f"once there were {seen}")
        tap.note(check_well(running.socket).strip())


@test("callback-stuck: a callback that is stopped, in an iothread")
def callback_stuck():
    with daemon("stuck", ["null-co"]) as running:
        fd = notifier(running, "iothread0")
        loop = read_loop(running, "iothread0")
        with hold.held(running.process, "aio_context_notifier_cb",
                       [loop["thread-id"]], lambda: hold.wake(fd)):
            finding = find(running.socket, "callback-stuck", "iothread0",
                           source="aio_context_notifier_cb")
            equal((finding["thread_id"], finding["awaited"]),
                  (loop["thread-id"], "stopped"), "thread, and why")
            check_of(running.socket, 2, "CRITICAL")
        find(running.socket, "stalled", "iothread0",
             source="aio_context_notifier_cb")
        os.close(fd)


@test("callback-stuck: what hands requests over to the kernel")
def submission_stuck():
    file = processes.path("submitted.raw")
    with open(file, "wb") as disk:
        disk.truncate(FILE_SIZE)
    with daemon("submitting", [f"file,filename={file},aio=io_uring"],
                max_overhead=0) as running, load(running, 0, depth=1):
        # QEMU 10.2 has the loop do it, others whoever made the request
        is_loops = symbols.has(running.executable, SUBMIT)
        function = SUBMIT if is_loops else "luring_co_submit"
        # else the main loop would be held before its client is there
        loop = wait_for("load", lambda: next(
            (loop for loop in [read_loop(running, "iothread0")]
             if loop["dispatches"] > 1000), None))
        with hold.held(running.process, function, [loop["thread-id"]]):
            finding = find(running.socket, "callback-stuck", "iothread0")
            equal(finding["thread_id"], loop["thread-id"], "thread")
            if is_loops:
                equal((finding["source"]["kind"], finding["source"]["name"]),
                      ("submit", SUBMIT), "source")


@test("bql-wait: a vCPU that has the big lock is stopped")
def bql_wait():
    with vm().monitor() as monitor:
        cpu, = monitor.command("query-cpus-fast")
        with hold.held(vm().process, "cmos_ioport_write", [cpu["thread-id"]],
                       lambda: monitor.send("cont")):
            # of who has waited longest
            finding = find(vm().socket, "bql-wait", "main-loop", "call_rcu")
            check(str(cpu["thread-id"]) in finding["evidence"],
                  f"no holder in {finding['evidence']!r}")
            check_of(vm().socket, 2, "CRITICAL")
            # who stopped it has it, and so there is no stack of it
            _, out, _ = client.run("--diagnose", "--stacks", vm().socket)
            check(f"traced by {os.getpid()}" in " ".join(out.split()),
                  f"no word of it in {out}")
        monitor.answer()
        monitor.command("stop")


@test("lost-wakeup: aio_notify() does nothing for a while")
def lost_wakeup():
    with daemon("asleep", ["null-co"]) as running:
        fd = notifier(running, "iothread0")
        with hold.replaced(running.pid, "aio_notify"):
            bench = processes.start(running.bench(1))
            wait_for("bottom half that is queued", lambda: read_loop(
                running, "iothread0").get("bh-pending-since-ns"))
        find(running.socket, "lost-wakeup", "iothread0")
        check_of(running.socket, 2, "CRITICAL")
        hold.wake(fd)
        equal(bench.wait(tap.DEADLINE_S), 0, "status of the request")
        wait_for("end of it", lambda: "lost-wakeup" not in diagnose(
            running.socket))
        os.close(fd)


@test("loop-stuck: a look for events does not come back")
def look_stuck():
    def is_seen():
        with running.profiler() as profiler:
            return any(stall["ongoing"] and stall["cause"] == "wait"
                       for stall in counters.read(profiler)["stalls"])

    def hold_it():
        """Whether it was a look, and no wait that may last."""
        held.enter_context(hold.replaced(running.pid, function,
                                         hold.JUMP_TO_ITSELF))
        for _ in range(10):
            time.sleep(0.1)
            if is_seen():
                return True
        held.close()
        return False

    with daemon("looking", ["null-co"]) as running, load(running):
        function = ("fdmon_io_uring_wait"
                    if symbols.has(running.executable, SUBMIT)
                    else "fdmon_poll_wait")
        wait_for("load", lambda: read_loop(running, "iothread0")["dispatches"]
                 > 1000)
        # it is not stopped, but goes on and on in that function
        processes.prefer(read_loop(running, "iothread0")["thread-id"])
        with contextlib.ExitStack() as held:
            wait_for("look that does not end", hold_it)
            finding = find(running.socket, "loop-stuck", "iothread0")
            equal(finding["source"], None, "source")
            # unless it had next to no CPU in that second
            wait_for("critical", lambda: client.run(
                "--check", running.socket)[0] == 2)
        find(running.socket, "stalled", "iothread0")


@test("spinning: an event notifier that is never cleared")
def spinning():
    with daemon("spinning", ["null-co"]) as running:
        fd = notifier(running, "iothread0")
        processes.prefer(read_loop(running, "iothread0")["thread-id"])
        with hold.replaced(running.pid, "event_notifier_test_and_clear"):
            hold.wake(fd)
            find(running.socket, "spinning", "iothread0",
                 source="aio_context_notifier_cb")
        os.close(fd)


@contextlib.contextmanager
def slowed(running, function, loop):
    """The loop needs 30 ms for each of many calls of a function."""
    done = threading.Event()
    thread_id = read_loop(running, loop)["thread-id"]

    def slow():
        while not done.is_set():
            with hold.held(running.process, function, [thread_id]):
                time.sleep(0.03)

    # who has stopped a thread has to let it go on
    thread = threading.Thread(target=slow)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@test("late-neighbour: a disk whose requests are slow delays another one")
def late_neighbour():
    # the other one is driven by a timer
    disks = ["null-co", "null-co,latency-ns=2000000"]
    # a machine that is busy lets the loop go on late: that is no stall here
    with daemon("neighbours", disks, share=True, stall_ms=1000000) as running, \
            load(running, 0, write=False), load(running, 1, depth=1), \
            slowed(running, "null_co_preadv", "iothread0"):
        finding = find(running.socket, "late-neighbour", "iothread0")
        check(" delays " in finding["evidence"],
              f"who delays it: {finding['evidence']!r}")


@test("overloaded: a job that never waits")
def overloaded():
    with mirroring("busy") as running:
        processes.prefer(running.pid)
        find(running.socket, "overloaded", "main-loop")


@contextlib.contextmanager
def mirroring(name):
    """Zeros are copied from memory to nowhere, in the main loop."""
    size = 1 << 40
    with daemon(name, options=[
            "--blockdev", f"null-co,node-name=zeros,size={size},"
                          "read-zeroes=on",
            "--blockdev", f"null-co,node-name=nowhere,size={size}"]) \
            as running, running.monitor() as monitor:
        monitor.command("blockdev-mirror", job_id="copy", device="zeros",
                        target="nowhere", sync="full")
        yield running


@test("not-scheduled: two others want the loop's CPU")
def not_scheduled():
    with mirroring("queued") as running:
        os.sched_setaffinity(running.pid, {0})
        others = [processes.start([sys.executable, "-c", "while True: pass"])
                  for _ in range(2)]
        for other in others:
            os.sched_setaffinity(other.pid, {0})
        try:
            find(running.socket, "not-scheduled", "main-loop")
        finally:
            for other in others:
                processes.kill(other)


@test("polling-waste: a loop polls all the time, and finds nothing")
def polling_waste():
    with daemon("polling", options=[
            "--object", "iothread,id=iothread0",
            "--blockdev", "null-co,node-name=zeros,read-zeroes=on",
            "--export", "nbd,id=exp0,node-name=zeros,iothread=iothread0,"
                        "fixed-iothread=on"]) as running:
        fd = notifier(running, "iothread0")
        with running.monitor() as monitor:
            for name, value in (("poll-shrink", 1), ("poll-grow", 2000),
                                ("poll-max-ns", 50_000_000)):
                monitor.command("qom-set", path="/objects/iothread0",
                                property=name, value=value)
        done = threading.Event()

        def disturb():
            # so often that QEMU takes to polling, in a way that polling does
            # not see
            while not done.wait(0.01):
                hold.wake(fd)

        thread = threading.Thread(target=disturb)
        thread.start()
        try:
            loop = wait_for("polls, or rounds without", lambda: next(
                (loop for loop in [read_loop(running, "iothread0")]
                 if loop["poll-misses"] > 50 or loop["iterations"] > 500),
                None))
            if loop["poll-misses"] <= 50:
                # as 10.2 does, if it waits with io_uring
                tap.note("QEMU does not take to polling")
                check("polling-waste" not in diagnose(running.socket),
                      "where nothing polls it is called a waste")
                return
            finding = find(running.socket, "polling-waste", "iothread0")
            check("poll-max-ns" in finding["next_step"],
                  f"advice: {finding['next_step']!r}")
        finally:
            done.set()
            thread.join()
            os.close(fd)


@test("stalls are in the log, and told to those who listen")
def stalls():
    with daemon("stalls", ["null-co"]) as running:
        with running.monitor() as monitor:
            monitor.command("qom-set", path="/objects/prof0",
                            property="stall-threshold", value=STALL_MS)
            fd = hold.notifier(running, monitor, "iothread0")
            loop = read_loop(running, "iothread0")
            with running.profiler() as profiler:
                with hold.held(running.process, "aio_context_notifier_cb",
                               [loop["thread-id"]], lambda: hold.wake(fd)):
                    begin = profiler.event("EVENT_LOOP_STALL")
                    time.sleep(0.2)
                end = profiler.event("EVENT_LOOP_STALL")
            equal([event["data"]["phase"] for event in (begin, end)],
                  ["begin", "end"], "phases")
            equal([event["data"]["stall"]["ongoing"]
                   for event in (begin, end)], [True, False], "ongoing")
            equal(begin["data"]["stall"]["id"], end["data"]["stall"]["id"],
                  "id")
            told = [monitor.event("EVENT_LOOP_STALL") for _ in range(2)]
            equal([event["data"] for event in told],
                  [event["data"] for event in (begin, end)],
                  "what the monitor is told")
        os.close(fd)
        status, out, err = client.run("--stalls", "-o", "json",
                                      running.socket)
        equal((status, err), (0, ""), "status and complaint")
        document, = client.documents(out)
        log = document["stalls"]
        equal([(stall["loop"], stall["name"], stall["ongoing"])
               for stall in log],
              [("iothread0", "aio_context_notifier_cb", False)], "log")
        check(log[0]["duration_ns"] >= STALL_MS * 1_000_000,
              f"it took {log[0]['duration_ns']} ns")


if __name__ == "__main__":
    tap.main()
