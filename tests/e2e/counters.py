# SPDX-License-Identifier: GPL-2.0-or-later
"""Snapshots of the profiler: finding things in them, and when they are quiet.

One source of a snapshot is consistent with itself, but two sources are read
one after the other.  Whatever compares one with another, or with its loop,
must do so in a snapshot of a loop that does nothing: see quiet().
"""

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


def describe(source):
    """A source in a few words."""
    words = [source["kind"], source["name"]]
    if "label" in source:
        words.append(source["label"])
    elif "fd" in source:
        words.append(f"fd {source['fd']}")
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
            source.get("delay-ns"), source["histogram"],
            source.get("delay-histogram"))
    return counters


def quiet(profiler, name, **arguments):
    """A snapshot in which the loop was at rest from before to after it.

    Two snapshots in a row that have the same counters, with no dispatch in
    progress: what the loop did not do in between, it did not do either while
    the second one was read.
    """
    def look():
        first = read(profiler)
        second = read(profiler, **arguments)
        third = read(profiler)
        counters = [counters_of(loop_of(snapshot, name))
                    for snapshot in (first, third)]
        at_rest = (counters[0] == counters[1] and
                   not loop_of(third, name)["stack"])
        return second if at_rest else None

    return tap.wait_for(f"rest of {name}", look)
