#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes awaited-0.json and awaited-1.json, of a QEMU whose loops are idle.

Its guest's disks are dead all the same: one throttled, one behind a file that
does not answer, one behind a server that does not.  The main loop waits for
them, in no callback; a virtual CPU spins.
usage: make-awaited.py DIRECTORY
"""

import importlib
import json
import os
import sys

odd = importlib.import_module("make-odd")
SECOND = odd.SECOND
BEGAN = 80 * SECOND


def request(number, node, kind, stage, since, **more):
    """A request, with what it is a part of and what it waits for."""
    made = {"id": number, "node": node, "type": kind, "stage": stage,
            "since-ns": since, "offset": number * 4096, "bytes": 4096}
    made.update({key.replace("_", "-"): value for key, value in more.items()})
    return made


def requests(time):
    """All in flight, oldest first."""
    slow = [request(1 + i, "disk0", "write", "throttled", BEGAN + i * SECOND,
                    device="vd0", waits_for="tg0", bytes=65536)
            for i in range(8)]
    hung = [
        request(20, "fmt1", "read", "driver", BEGAN + 9 * SECOND,
                device="vd1"),
        request(21, "file1", "read", "worker", BEGAN + 9 * SECOND, parent=20,
                thread_id=4731, stage_since_ns=BEGAN + 9 * SECOND + 5000),
        request(22, "nbd2", "flush", "network", BEGAN + 12 * SECOND,
                device="vd2", bytes=0, offset=0),
        request(23, "disk\u78c1\x1b[2J", "zone-append", "dreaming",
                time - 1500000, bytes=512),
    ]
    return slow + hung


def node(name, stages, completed, last, **more):
    """A node; @stages is of pairs of a stage's count and its oldest."""
    return {"node": name, **more,
            "in-flight": sum(count for count, _ in stages.values()),
            "completed": completed, "last-completed-ns": last,
            "stages": [{"stage": stage, "count": count, "since-ns": since}
                       for stage, (count, since) in stages.items()]}


def nodes(time):
    """What became of requests, by node."""
    seconds = time // SECOND
    return [
        node("fmt1", {"driver": (1, BEGAN + 9 * SECOND)}, 4000,
             BEGAN + 9 * SECOND, device="vd1", driver="qcow2"),
        node("file1", {"worker": (1, BEGAN + 9 * SECOND)}, 5200,
             BEGAN + 9 * SECOND, driver="file"),
        node("disk0", {"throttled": (19, BEGAN),
                       "driver": (1, time - 200000000)},
             100 + seconds, time - 300000000, device="vd0",
             driver="throttle"),
        node("nbd2", {"network": (1, BEGAN + 12 * SECOND)}, 77,
             BEGAN + 11 * SECOND, device="vd2", driver="nbd"),
        node("disk\u78c1\x1b[2J", {"dreaming": (1, time - 1500000)},
             70000 * seconds, time - 20000),
        node("idle3", {}, 12, 30 * SECOND, device="vd3"),
    ]


def loops(time):
    """The loops, of which the first is in a wait that is in no callback."""
    def at(number, kind, name, calls, bucket=30, **more):
        return odd.source(number, kind, name, calls, bucket, time=time, **more)

    main = odd.loop("main-loop", 4711, time, (20, 0, 0), [
        at(1, "wait", "bdrv_drain_all_begin", 2,
           label="bdrv_drain_all_poll()"),
        at(2, "bh", "do_qmp_dispatch_bh", 40, label="quit"),
        at(3, "coroutine", "blk_aio_write_entry", 900, label="disk0"),
    ], state="waiting", state_since_ns=time - 4000000,
        stack=[(1, time - 15 * SECOND)])
    io = odd.loop("iothread0", 4712, time, (1, 0, 0), [
        at(1, "fd-read", "virtio_queue_host_notifier_read", 90, label="vd1/vq0",
           fd=31),
        at(2, "fd-read", "virtio_queue_host_notifier_read", 800,
           label="vd0/vq0", fd=32),
        at(3, "fd-read", "virtio_queue_host_notifier_read", 10, label="vd2/vq1",
           fd=33),
        at(4, "coroutine", "nbd_co_do_establish_connection", 7, label="nbd2"),
    ])
    return [main, io]


def threads(time):
    """All threads, one of which takes a whole CPU."""
    seconds = time // SECOND
    return [
        {"thread-id": 4711, "name": "main-loop", "cpu-ns": 30 * 10 ** 6},
        {"thread-id": 4712, "name": "iothread0",
         "cpu-ns": 9 * SECOND + seconds * 4 * 10 ** 6},
        {"thread-id": 4720, "name": "CPU 0/TCG",
         "cpu-ns": seconds * (SECOND - 7000000)},
        {"thread-id": 4731, "name": "worker", "cpu-ns": 12 * 10 ** 6},
        {"thread-id": 4732, "name": "worker"},
        {"thread-id": 4740, "name": "vnc_worker\x1b[2J",
         "cpu-ns": seconds * 55 * 10 ** 6},
    ]


def snapshot(number):
    """Snapshot number @number."""
    time = (100 + number) * SECOND
    return {
        "sequence": number + 1, "time-ns": time, "pid": 4711,
        "vm-name": "vm1", "qemu-version": "10.0.13",
        "profiling-since-ns": 10 * SECOND, "clock": "tsc", "max-overhead": 0,
        "stall-threshold-ns": 100 * 10 ** 6, "run-state": "running",
        "histogram-bounds": odd.BOUNDS, "loops": loops(time),
        "requests": requests(time), "nodes": nodes(time),
        "untracked-requests": 3,
        "pools": [{"loop": "iothread0", "max-threads": 64, "threads": 2,
                   "idle": 1, "queued": 5, "queued-since-ns": BEGAN,
                   "running-since-ns": BEGAN + 9 * SECOND}],
        "throttle-groups": [{"name": "tg0", "queued": 19, "since-ns": BEGAN,
                             "timer-armed": True},
                            {"name": "tg1", "queued": 0,
                             "timer-armed": False}],
        "commands": [{"name": "quit", "since-ns": time - 15 * SECOND}],
        "writers": [{"name": "char_socket_write", "label": "serial0", "fd": 9,
                     "since-ns": time - 62 * SECOND}],
        "threads": threads(time),
    }


def main():
    """Writes both."""
    for number in range(2):
        path = os.path.join(sys.argv[1], f"awaited-{number}.json")
        with open(path, "w", encoding="ascii") as file:
            json.dump(snapshot(number), file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
