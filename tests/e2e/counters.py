# SPDX-License-Identifier: GPL-2.0-or-later
"""Snapshots of the profiler: finding things in them, and when they are quiet.

One source of a snapshot is consistent with itself, but two sources are read
one after the other.  Whatever compares one with another, or with its loop,
must do so in a snapshot of a loop that does nothing: see quiet().
"""

import os

import tap

BUCKET_MIN_NS = 64
BUCKET_LAST = 137


def bucket_ns(bucket):
    """The lower bound of a histogram's bucket, in nanoseconds."""
    if bucket == 0:
        return 0
    octave, quarter = divmod(bucket - 1, 4)
    return (BUCKET_MIN_NS << octave) * (4 + quarter) // 4


def read(profiler, **arguments):
    """A snapshot, with histograms."""
    return profiler.command("query-event-loops", histograms=True, **arguments)


def loop_of(snapshot, name):
    """The loop of that name."""
    loops = [loop for loop in snapshot["loops"] if loop["name"] == name]
    tap.equal(len(loops), 1, f"number of loops named {name}")
    return loops[0]


def sources_of(loop, **members):
    """The loop's sources that have all of these members; _ stands for -."""
    wanted = {key.replace("_", "-"): value for key, value in members.items()}
    return [source for source in loop["sources"]
            if all(source.get(key) == value for key, value in wanted.items())]


def calls_of(loop, **members):
    """How often sources_of() were dispatched, all together."""
    return sum(source["calls"] for source in sources_of(loop, **members))


def buckets_of(source, key="histogram"):
    """What a histogram has: pairs of a bucket and its count."""
    histogram = source.get(key, {"buckets": [], "counts": []})
    tap.equal(len(histogram["buckets"]), len(histogram["counts"]),
              f"length of the lists of {key}")
    return list(zip(histogram["buckets"], histogram["counts"]))


def stack_of(loop):
    """The ids of the sources that are running, the outermost first."""
    return [dispatch["source-id"] for dispatch in loop["stack"]]


def describe(source):
    """A source in a few words."""
    words = [source["kind"], source["name"]]
    if "label" in source:
        words.append(source["label"])
    elif "fd" in source:
        words.append(f"fd:{source['fd']}")
    return " ".join(words)


def accounted_ns(loop):
    """The loop's time that is accounted for."""
    return sum(loop[key] for key in ("wait-ns", "poll-ns", "dispatch-ns",
                                     "bql-wait-ns"))


def counters_of(loop):
    """All that grows when the loop dispatches, by source."""
    counters = {None: (loop["dispatches"],)}
    for source in loop["sources"]:
        counters[source["id"]] = (
            source["calls"], source["busy-ns"], source["total-ns"],
            source.get("delay-ns"), buckets_of(source),
            buckets_of(source, "delay-histogram"))
    return counters


def _sleepers(pid):
    """How often each of a process's threads has gone to sleep, if all do."""
    counts = {}
    directory = f"/proc/{pid}/task"
    for thread in os.listdir(directory):
        with open(f"{directory}/{thread}/status") as file:
            status = dict(line.split(":\t", 1) for line in file)
        if status["State"][0] not in "SI":
            return None
        counts[thread] = (status["voluntary_ctxt_switches"],
                          status["nonvoluntary_ctxt_switches"])
    return counts


def _asleep(pid):
    """Whether there was an instant at which all of its threads slept.

    A thread with the same counts twice has slept from one reading to the
    other, and between the two rounds lies an instant that all have in common.
    """
    try:
        first = _sleepers(pid)
        return first is not None and first == _sleepers(pid)
    except (FileNotFoundError, ProcessLookupError):
        return False  # a thread has just ended


def quiet(profiler, name, **arguments):
    """A snapshot in which the loop was at rest from before to after it.

    A loop whose counters stand still may have lost its CPU, or wait for what
    another thread is about to give it. Here all threads were asleep, so that
    nothing is left to be done; and from then on the loop has done nothing,
    up to a snapshot after the one that is returned.
    """
    pid = read(profiler)["pid"]

    def look():
        if not _asleep(pid):
            return None
        first = read(profiler)
        second = read(profiler, **arguments)
        third = read(profiler)
        counters = [counters_of(loop_of(snapshot, name))
                    for snapshot in (first, third)]
        at_rest = (counters[0] == counters[1] and
                   not loop_of(third, name)["stack"])
        return second if at_rest else None

    return tap.wait_for(f"rest of {name}", look)
