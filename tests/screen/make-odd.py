#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the snapshots odd-0.json ... odd-3.json, of what is rare and nasty.

Every lint, nested dispatches, names with wide, combining and control
characters, a loop that ends (odd-2) and a QEMU that is another one (odd-3).
usage: make-odd.py DIRECTORY
"""

import json
import os
import sys

SECOND = 10 ** 9
STUCK_SINCE = 95 * SECOND
BOUNDS = [0] + [(64 << octave) * (4 + quarter) // 4
                for octave in range(35) for quarter in range(4)][:137]


def source(number, kind, name, calls, bucket, **more):
    """A source with @calls dispatches, most of them in @bucket."""
    octave, quarter = divmod(bucket - 1, 4)
    duration = (64 << octave) * (4 + quarter) // 4
    few = calls // 50
    made = {
        "id": number, "kind": kind, "name": name,
        "callback": 0x4a0000 + number * 0x40,
        "calls": calls, "timed-calls": calls,
        "busy-ns": calls * duration, "total-ns": calls * duration,
        "max-ns": duration * 4, "last-ns": more.pop("time") - 1000 * number,
        "histogram": histogram((bucket, calls - few), (bucket + 3, few)),
    }
    made.update({key.replace("_", "-"): value for key, value in more.items()})
    return made


def histogram(*pairs):
    """How many times, by buckets."""
    return {"buckets": [bucket for bucket, _ in pairs],
            "counts": [count for _, count in pairs]}


def delays(calls, bucket):
    """The members that say how late a source runs."""
    return {"delay_ns": calls * 5000, "delay_max_ns": 64 << (bucket // 4 + 2),
            "delay_histogram": histogram((bucket, calls))}


def stack(*pairs):
    """Dispatches that go on, the outermost first."""
    return [{"source-id": number, "since-ns": since}
            for number, since in pairs]


def loop(name, thread, time, shares, sources, **more):
    """A loop that spends @shares (dispatch, poll, bql-wait) in percent."""
    wall = time - 10 * SECOND
    dispatch, poll, bql = (wall * share // 100 for share in shares)
    made = {
        "name": name, "thread-id": thread, "since-ns": 10 * SECOND,
        "iterations": time // 100000,
        "dispatches": sum(s["calls"] for s in sources),
        "wait-ns": wall * 98 // 100 - dispatch - poll - bql,
        "poll-ns": poll, "dispatch-ns": dispatch, "bql-wait-ns": bql,
        "poll-hits": time // 10 ** 7, "poll-misses": time // 10 ** 8,
        "poll-max-ns": 32768, "cpu-ns": dispatch + poll,
        "state": "waiting", "state-since-ns": time - 40000,
        "stack": stack(*more.pop("stack", ())), "sources": sources,
    }
    made.update({key.replace("_", "-"): value for key, value in more.items()})
    return made


def loops(time):
    """All loops, @time nanoseconds after the host began."""
    def at(number, kind, name, rate_hz, bucket, **more):
        calls = rate_hz * (time - 10 * SECOND) // SECOND
        if more.pop("late", None):
            more.update(delays(calls, 75))
        elif kind != "glib":
            more.update(delays(calls, 22))
        return source(number, kind, name, calls, bucket, time=time, **more)

    seconds = time // SECOND
    main = loop("main-loop", 4711, time, (20, 0, 5), [
        at(1, "timer", "\u66f4\u65b0\u753b\u9762", 30, 60),
        at(2, "bh", "e\u0301ve\u0301nement_bh", 120, 22,
           label="\u78c1\u76d8/vq0"),
        at(3, "glib", "\x1b[2Jevil\x07\u202ename", 7, 40,
           label="tab\there\nnew line"),
        at(4, "fd-read", "qio_channel_fd_source_dispatch", 3, 52, fd=9),
    ], state="bql-wait", state_since_ns=time - 1200 * 10 ** 6,
        bh_pending_since_ns=time - 1190 * 10 ** 6,
        timer_deadline_ns=time - 900 * 10 ** 6)
    nested = loop("iothread0", 4712, time, (60, 0, 0), [
        at(1, "fd-read", "virtio_queue_host_notifier_read", 90, 30,
           label="vd0/vq0", fd=31),
        at(2, "bh", "bdrv_drain_bh_cb", 11, 34),
        at(3, "bh", "blk_aio_complete_bh", 5000, 20),
    ], state="waiting", state_since_ns=time - 5 * 10 ** 6,
        stack=[(1, STUCK_SINCE), (2, time - 7 * 10 ** 6)])
    hog = loop("iothread1", 4713, time, (90, 0, 0), [
        at(1, "fd-poll", "luring_process_completions_cb", 40000, 33, fd=12),
        dict(at(2, "bh", "nvme_process_completion", 2, 70, label="nvme0"),
             **{"max-ns": (200 + seconds) * 10 ** 6,
                "histogram": histogram((70, 2 * (seconds - 10) - seconds),
                                       (89, seconds))}),
    ])
    spin = loop("iothread2", 4714, time, (75, 0, 0), [
        at(1, "bh", "co_schedule_bh_cb", 150000, 6),
        at(2, "timer", "throttle_timer_cb", 10, 30),
    ], state="dispatching", state_since_ns=time - 300,
        stack=[(1, time - 300)])
    waste = loop("iothread3", 4715, time, (3, 45, 0), [
        at(1, "fd-poll", "virtio_queue_host_notifier_aio_poll", 800, 24,
           label="vd3/vq0", fd=40),
        at(2, "fd-read", "nbd_read", 10, 24, label="nbd-export-\u00e9", fd=41),
    ], poll_misses=time // 10 ** 4, poll_hits=time // 10 ** 7)
    late = loop("iothread4", 4716, time, (10, 5, 0), [
        at(1, "timer", "qcow2_cache_clean_timer", 25, 30, late=True),
    ])
    return [main, nested, hog, spin, waste, late]


def snapshot(number):
    """Snapshot number @number."""
    time = (100 + number) * SECOND
    made = {
        "sequence": number + 1, "time-ns": time, "pid": 4711,
        "vm-name": "vm-\u4e2d\u6587-e\u0301\x1b]0;title\x07",
        "qemu-version": "10.0.13", "profiling-since-ns": 10 * SECOND,
        "clock": "tsc", "max-overhead": 0,
        "stall-threshold-ns": 100 * 10 ** 6, "run-state": "running",
        "histogram-bounds": BOUNDS,
        "loops": loops(time),
    }
    if number == 2:
        made["loops"].pop()
    if number == 3:
        made.update({"pid": 5000, "sequence": 1,
                     "profiling-since-ns": 99 * SECOND})
    return made


def main():
    """Writes all of them."""
    for number in range(4):
        path = os.path.join(sys.argv[1], f"odd-{number}.json")
        with open(path, "w", encoding="ascii") as file:
            json.dump(snapshot(number), file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
