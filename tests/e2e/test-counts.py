#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The counters of a real storage daemon, against what is known otherwise.

The requests of a load, the kernel's figures, the symbols of the executable
and the clock on the wall are what they are compared with.  A null-aio node
completes each request in one bottom half, or with latency-ns in one timer:
there a request is a dispatch, exactly.
"""

import contextlib
import fcntl
import functools
import os
import time

import counters
import hold
import processes
import qemu
import symbols
import tap
from tap import check, equal, test, wait_for, within

NULL_AIO = "driver=null-aio,size=1073741824,read-zeroes=off"
ENDLESS = 1 << 30
# how fast the profiler's clock may go: it has measured its rate itself
CLOCK_RATE = 1.001


# per mille: all is timed, and as little as can be
WHOLE = 0
THINNED = 1


@functools.lru_cache(maxsize=None)
def daemon(max_overhead):
    """A storage daemon with two exports, each on its iothread."""
    return qemu.StorageDaemon(f"counts{max_overhead}", [NULL_AIO, NULL_AIO],
                              max_overhead=max_overhead)


def test_both(description):
    """A test of a daemon that times everything, and of one that does not."""
    def both(function):
        for bound, how in ((WHOLE, "all timed"), (THINNED, "some timed")):
            test(f"{description} ({how})")(
                functools.partial(function, bound))
        return function
    return both


def sockets(storage):
    """The daemon's sockets."""
    directory = f"/proc/{storage.pid}/fd"
    found = set()
    for fd in os.listdir(directory):
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink(f"{directory}/{fd}"))
    return {name for name in found if name.startswith("socket:")}


@contextlib.contextmanager
def endless_load(storage, profiler, number=0):
    """Within it the export is under load, and afterwards not."""
    connection = set()
    others = sockets(storage)
    bench = processes.start(storage.bench(ENDLESS, number, write=False))
    name = f"iothread{number}"

    def calls():
        check(bench.poll() is None, "the load ended: " +
              processes.output(bench, "stderr"))
        return counters.calls_of(counters.loop_of(counters.read(profiler),
                                                  name), kind="bh")

    before = calls()
    try:
        wait_for("load", lambda: calls() > before + 1000)
        connection = sockets(storage) - others
        yield
        check(bench.poll() is None, "the load ended too early")
    finally:
        processes.kill(bench)
        # the kernel closes what a ring of io_uring refers to some time later
        wait_for("end of the connection",
                 lambda: not sockets(storage) & connection)


@test_both("each request of a load is one dispatch")
def requests(bound):
    storage = daemon(bound)
    counts = [6000, 3500]

    with storage.profiler() as profiler:
        before = [counters.loop_of(counters.quiet(profiler, name), name)
                  for name in ("iothread0", "iothread1")]
        benches = [processes.start(storage.bench(count, number, write=False))
                   for number, count in enumerate(counts)]
        for bench in benches:
            equal(bench.wait(tap.DEADLINE_S), 0, "status of qemu-img bench")
        for number, count in enumerate(counts):
            name = f"iothread{number}"
            after = counters.loop_of(counters.quiet(profiler, name), name)
            dispatched = {"kind": "bh", "name": "null_bh_cb"}
            equal(counters.calls_of(after, **dispatched) -
                  counters.calls_of(before[number], **dispatched),
                  count, f"calls of null_bh_cb in {name}")


@test("each request that waits is one timer")
def timers():
    storage = qemu.StorageDaemon("timers", [f"{NULL_AIO},latency-ns=50000"],
                                 max_overhead=WHOLE)
    with storage.profiler() as profiler:
        processes.check_run(storage.bench(2000, write=False))
        loop = counters.loop_of(counters.quiet(profiler, "iothread0"),
                                "iothread0")
        sources = counters.sources_of(loop, kind="timer",
                                      name="null_timer_cb")
        equal(len(sources), 1, "number of sources null_timer_cb")
        equal(sources[0]["calls"], 2000, "calls of null_timer_cb")
        equal(sum(count for _, count in
                  counters.buckets_of(sources[0], "delay-histogram")), 2000,
              "delays of null_timer_cb")
    storage.stop()


@test_both("uprobes count the same calls")
def uprobes(bound):
    storage = daemon(bound)
    with storage.profiler() as profiler:
        processes.check_run(storage.bench(100, write=False))
        loop = counters.loop_of(counters.quiet(profiler, "iothread0"),
                                "iothread0")
        # a coroutine is entered more often than its function is called, and
        # what is submitted is not seen in each round
        names = {symbol for source in loop["sources"]
                 if source["kind"] not in ("coroutine", "submit")
                 for symbol in symbols.at(storage.executable,
                                          source.get("callback"))
                 if symbol == source["name"]}
        check("null_bh_cb" in names, f"only {names} to be probed")
        witness = symbols.Uprobes(storage.executable, storage.pid, names)

        def both():
            now = counters.loop_of(counters.quiet(profiler, "iothread0"),
                                   "iothread0")
            return ({name: counters.calls_of(now, name=name)
                     for name in names}, witness.calls(loop["thread-id"]))

        ours, theirs = both()
        processes.check_run(storage.bench(5000, write=False))
        ours_then, theirs_then = both()
        for name in sorted(names):
            ours[name] = ours_then[name] - ours[name]
            theirs[name] = theirs_then[name] - theirs[name]
            tap.note(f"{name}: {ours[name]} calls, "
                     f"{theirs[name]} seen by the uprobe")
        equal(ours, theirs, "calls counted by the profiler")
        equal(ours["null_bh_cb"], 5000, "calls of null_bh_cb")
        witness.stop()


def check_histogram(source, at_rest):
    """That a histogram agrees with the count and the sum beside it."""
    what = counters.describe(source)
    histogram = counters.buckets_of(source)
    # the one is timed without nested ones
    own = source["name"] == "g_main_context_dispatch"
    equal(sum(count for _, count in histogram), source["timed-calls"],
          f"histogram's sum of {what}")
    check(source["timed-calls"] <= source["calls"],
          f"{what}: more of them timed than there were")
    equal([bucket for bucket, _ in histogram],
          sorted({bucket for bucket, _ in histogram}), f"buckets of {what}")
    low = sum(counters.bucket_ns(bucket) * count
              for bucket, count in histogram)
    if not own:
        check(low <= source["total-ns"],
              f"{what}: at least {low} ns by its histogram, "
              f"{source['total-ns']} ns by its sum")
    check(source["busy-ns"] <= source["total-ns"],
          f"{what}: busy for longer than in total")
    if at_rest and histogram:
        high = sum(counters.bucket_ns(bucket + 1) * count
                   for bucket, count in histogram)
        check(source["busy-ns"] <= high or not own,
              f"{what}: busy for more than its histogram's {high} ns")
        last = histogram[-1][0]
        within(counters.bucket_ns(last), source["max-ns"],
               counters.bucket_ns(last + 1), f"longest dispatch of {what}")
    check(sum(count for _, count in
              counters.buckets_of(source, "delay-histogram")) <=
          source["calls"] + 1, f"{what}: more delays than calls")


@test("a source's times and histograms agree, under load")
def histograms():
    storage = daemon(WHOLE)
    with storage.profiler() as profiler:
        with endless_load(storage, profiler), \
                endless_load(storage, profiler, 1):
            for _ in range(100):
                for loop in counters.read(profiler)["loops"]:
                    for source in loop["sources"]:
                        check_histogram(source, False)
        for name in ("iothread0", "iothread1"):
            loop = counters.loop_of(counters.quiet(profiler, name), name)
            for source in loop["sources"]:
                check_histogram(source, True)
            equal(sum(source["calls"] for source in loop["sources"]),
                  loop["dispatches"], f"calls of all sources of {name}")
            check(sum(source["busy-ns"] for source in loop["sources"]) <=
                  loop["dispatch-ns"],
                  f"sources of {name} are busy for longer than the loop")


@test_both("a loaded loop's times add up to the wall time")
def wall_time(bound):
    storage = daemon(bound)
    # Of rounds that are only counted it is an estimate
    limit = 0.05 if bound == WHOLE else 0.1
    with storage.profiler() as profiler, endless_load(storage, profiler):
        others = []

        def small_remainder():
            start = time.monotonic_ns()
            first = counters.read(profiler)
            time.sleep(0.2)  # the interval that is measured
            second = counters.read(profiler)
            end = time.monotonic_ns()
            loops = [counters.loop_of(snapshot, "iothread0")
                     for snapshot in (first, second)]
            accounted = (counters.accounted_ns(loops[1]) -
                         counters.accounted_ns(loops[0]))
            check(accounted <= CLOCK_RATE * (end - start),
                  f"{accounted} ns of an interval of {end - start} ns")
            wall = second["time-ns"] - first["time-ns"]
            others.append(1 - accounted / wall)
            return others[-1] < limit

        try:
            wait_for(f"interval with less than {100 * limit:.0f} % of other "
                     "time", small_remainder)
        finally:
            tap.note("other: " + ", ".join(f"{100 * other:.1f} %"
                                           for other in others))

        now = time.monotonic_ns()
        snapshot = counters.read(profiler)
        for loop in snapshot["loops"]:
            within(snapshot["profiling-since-ns"], loop["since-ns"],
                   snapshot["time-ns"], f"beginning of {loop['name']}")
            check(counters.accounted_ns(loop) <=
                  CLOCK_RATE * (time.monotonic_ns() - loop["since-ns"]),
                  f"{loop['name']}: more time than there was")
        within(now, snapshot["time-ns"], time.monotonic_ns(),
               "instant of the snapshot")


def check_grown(before, after, what):
    """That no counter of an object went back."""
    for key, value in before.items():
        if key in ("histogram", "delay-histogram"):
            counts = dict(counters.buckets_of(after, key))
            for bucket, count in counters.buckets_of(before, key):
                check(counts.get(bucket, 0) >= count,
                      f"{what}: {key} {bucket} went back")
        elif key in ("calls", "iterations", "dispatches", "poll-hits",
                     "poll-misses", "sequence") or key.endswith("-ns"):
            # these are points in time or limits
            if key not in ("since-ns", "last-ns", "poll-max-ns",
                           "state-since-ns", "timer-deadline-ns",
                           "bh-pending-since-ns"):
                check(after[key] >= value,
                      f"{what}: {key} went from {value} to {after[key]}")


@test_both("counters only grow, and are read while they do")
def growth(bound):
    storage = daemon(bound)
    with storage.profiler() as profiler, endless_load(storage, profiler):
        first = before = counters.read(profiler)

        def read_on():
            nonlocal before
            after = counters.read(profiler)
            check_grown({key: before[key] for key in ("sequence", "time-ns")},
                        after, "snapshot")
            for loop in before["loops"]:
                name = loop["name"]
                then = counters.loop_of(after, name)
                check_grown(loop, then, name)
                equal(then["since-ns"], loop["since-ns"],
                      f"beginning of {name}")
                sources = {source["id"]: source for source in then["sources"]}
                for source in loop["sources"]:
                    check_grown(source, sources[source["id"]],
                                f"{name}: {counters.describe(source)}")
            before = after
            return (before["sequence"] >= first["sequence"] + 200 and
                    counters.loop_of(before, "iothread0")["dispatches"] >=
                    counters.loop_of(first, "iothread0")["dispatches"] + 1000)

        wait_for("growth", read_on, pause_s=0)


@test_both("what changed after a snapshot, put together, is the whole")
def after_sequence(bound):
    storage = daemon(bound)
    with storage.profiler() as profiler:
        sources = {}

        def without_instant(source):
            # it is converted from another clock each time
            return {key: value for key, value in source.items()
                    if key != "last-ns"}

        def merge(snapshot):
            loop = counters.loop_of(snapshot, "iothread0")
            for source in loop["sources"]:
                sources[source["id"]] = without_instant(source)
            return snapshot["sequence"]

        sequence = merge(counters.read(profiler))
        with endless_load(storage, profiler):
            for _ in range(100):
                sequence = merge(counters.read(
                    profiler, **{"after-sequence": sequence}))
        last = counters.quiet(profiler, "iothread0",
                              **{"after-sequence": sequence})
        merge(last)
        whole = counters.loop_of(counters.quiet(profiler, "iothread0"),
                                 "iothread0")
        equal(sorted(sources), sorted(source["id"]
                                      for source in whole["sources"]),
              "ids of what was put together")
        for source in whole["sources"]:
            for key, value in without_instant(source).items():
                equal(sources[source["id"]].get(key), value,
                      f"{key} of {counters.describe(source)}")

        nothing = counters.quiet(profiler, "iothread0",
                                 **{"after-sequence": last["sequence"] + 3})
        equal(counters.loop_of(nothing, "iothread0")["sources"], [],
              "what changed in a loop at rest")
        unknown = counters.quiet(profiler, "iothread0",
                                 **{"after-sequence": 1 << 40})
        equal(len(counters.loop_of(unknown, "iothread0")["sources"]),
              len(sources), "sources since a number from the future")


def timed_of(source):
    """How many of a source's calls were timed."""
    return source["timed-calls"]


@test("what is thinned has the shares and times of what is not")
def thinned():
    shares = {}
    for bound in (WHOLE, THINNED):
        storage = daemon(bound)
        with storage.profiler() as profiler:
            before = counters.loop_of(counters.read(profiler), "iothread0")
            with endless_load(storage, profiler):
                time.sleep(1)  # the load that is measured
            after = counters.loop_of(counters.quiet(profiler, "iothread0"),
                                     "iothread0")
            old = {source["id"]: source for source in before["sources"]}
            busy = {counters.describe(source).split(" fd:")[0]:
                    source["busy-ns"] -
                    old.get(source["id"], {"busy-ns": 0})["busy-ns"]
                    for source in after["sources"]}
            shares[bound] = {name: ns / sum(busy.values())
                             for name, ns in busy.items()}
            calls = sum(source["calls"] for source in after["sources"])
            timed = sum(timed_of(source) for source in after["sources"])
            tap.note(f"max-overhead={bound}: {timed} of {calls} calls timed")
            check((timed == calls) == (bound == WHOLE),
                  f"{timed} of {calls} calls are timed")
    for name, share in sorted(shares[WHOLE].items()):
        if share >= 0.05:
            other = shares[THINNED].get(name, 0)
            tap.note(f"{name}: {100 * share:.1f} % of all that is timed, "
                     f"{100 * other:.1f} % of what is thinned")
            # two runs of a load on a busy machine differ by more
            within(share / 2, other, share * 2, f"share of {name}")


@test("a stall in a round that is only counted is in the log")
def counted_stall():
    storage = daemon(THINNED)
    held_s = 0.3
    with storage.profiler() as profiler, endless_load(storage, profiler):
        loop = counters.loop_of(counters.read(profiler), "iothread0")

        def stalls():
            return [stall for stall in counters.read(profiler)["stalls"]
                    if stall.get("name") == "null_bh_cb" and
                    not stall["ongoing"] and
                    stall["duration-ns"] >= 1e9 * held_s * 0.8]

        for _ in range(3):
            known = len(stalls())
            with hold.held(storage.process, "null_bh_cb",
                           [loop["thread-id"]], lambda: None):
                time.sleep(held_s)  # a stall of that length
            wait_for("stall in the log", lambda: len(stalls()) > known)
            tap.note("a dispatch of at least "
                     f"{1e3 * held_s:.0f} ms is in the log with "
                     f"{stalls()[-1]['duration-ns'] / 1e6:.1f} ms")


def cpu_time_ns(pid, thread_id):
    """The CPU time of a thread, as the kernel has it."""
    with open(f"/proc/{pid}/task/{thread_id}/schedstat") as file:
        return int(file.read().split()[0])


@test("a loop is the thread that it says")
def threads():
    storage = daemon(WHOLE)
    with storage.profiler() as profiler:
        snapshot = counters.read(profiler)
        equal(snapshot["pid"], storage.pid, "pid")
        equal(sorted(loop["name"] for loop in snapshot["loops"]),
              ["iothread0", "iothread1", "main-loop", "mon_iothread"],
              "loops")
        threads_here = {int(name) for name in
                        os.listdir(f"/proc/{storage.pid}/task")}
        ids = [loop["thread-id"] for loop in snapshot["loops"]]
        equal(len(set(ids)), len(ids), f"number of threads in {ids}")
        check(set(ids) <= threads_here, f"{ids} are not in {threads_here}")
        equal(counters.loop_of(snapshot, "main-loop")["thread-id"],
              storage.pid, "main loop's thread")

        def same_time():
            loops = counters.quiet(profiler, "iothread0")["loops"]
            times = {loop["name"]: cpu_time_ns(storage.pid,
                                               loop["thread-id"])
                     for loop in loops}
            return times == {loop["name"]: loop["cpu-ns"] for loop in loops}

        wait_for("agreement with the kernel's CPU times", same_time)


@test("a callback's name is that of the function at its address")
def names():
    storage = daemon(WHOLE)
    with storage.profiler() as profiler:
        snapshot = counters.read(profiler)
        equal(snapshot["build-id"], symbols.build_id(storage.executable),
              "build-id")
        named = symbols.check_names(storage.executable, snapshot)
        check(named >= 3, f"only {named} sources with an address")


@test("qemu-img bench profiles itself")
def qemu_img():
    socket = processes.path("img.prof")
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, bytes(4096))
    os.set_blocking(writer, True)
    # its last line does not fit into the pipe: it waits there to be read
    bench = processes.start(
        [qemu.program("qemu-img"), "bench", "-c", "20000", "-d", "4",
         *qemu.profiler_options(socket, max_overhead=WHOLE),
         "--image-opts",
         "driver=null-aio,size=1G,read-zeroes=off"], stdout=writer)
    os.close(writer)
    with qemu.connect(bench, socket) as profiler:
        done = wait_for("end of the load", lambda: [
            loop for loop in counters.read(profiler)["loops"]
            if counters.calls_of(loop, name="null_bh_cb") >= 20000])
        equal([loop["name"] for loop in done], ["main-loop"], "loops")
        loop = counters.loop_of(counters.quiet(profiler, "main-loop"),
                                "main-loop")
        equal(counters.calls_of(loop, kind="bh", name="null_bh_cb"), 20000,
              "calls of null_bh_cb")
        for source in loop["sources"]:
            check_histogram(source, True)
    with open(reader, "rb") as file:
        check(b"Run completed" in file.read(), "no word from qemu-img")
    equal(bench.wait(tap.DEADLINE_S), 0, "status of qemu-img bench")


if __name__ == "__main__":
    tap.main()
