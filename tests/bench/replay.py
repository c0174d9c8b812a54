#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers as a QEMU with many busy loops would, at a UNIX socket.

usage: replay.py SOCKET [LOOPS [SOURCES]] [-- WORD...]

What the words are is the matter of who looks at the command line.

All sources are active between any two answers, and have histograms of some
dozen buckets each.  Without sources there is only their sum, as who asks for
loops alone is answered.  Each loop has a thread of its own, which sleeps.
"""

import json
import os
import signal
import socket
import sys
import threading
import time

CALLBACKS = [("fd-read", "virtio_queue_host_notifier_read"),
             ("fd-poll", "virtio_queue_host_notifier_poll_ready"),
             ("bh", "null_bh_cb"), ("bh", "virtio_blk_dma_restart_bh"),
             ("bh", "co_schedule_bh_cb"), ("timer", "throttle_timer_cb"),
             ("fd-read", "qio_channel_restart_read"),
             ("timer", "gui_update")]
BUCKETS = range(4, 28)
BOUNDS = [0] + [(64 << octave) * (4 + quarter) // 4
                for octave in range(35) for quarter in range(4)][:137]


def sleeping_thread():
    """The number of a thread that never wakes up."""
    thread = threading.Thread(target=threading.Event().wait, daemon=True)
    thread.start()
    return thread.native_id


class Replay:
    """The counters, which grow with each answer."""

    def __init__(self, loops, sources):
        self.lock = threading.Lock()
        self.start_ns = time.monotonic_ns()
        self.sequence = 0
        self.loops = [[number for number in range(sources)
                       if number % loops == loop] for loop in range(loops)]
        self.threads = [os.getpid()] + [sleeping_thread()
                                        for _ in range(loops - 1)]
        # made beforehand, so that a client waits for itself alone
        self.ready = self.snapshot()

    def source(self, number):
        """A source's counters, as JSON."""
        kind, name = CALLBACKS[number % len(CALLBACKS)]
        n = self.sequence
        counts = [(bucket, (number * 7 + bucket * 13) % 90 * n)
                  for bucket in BUCKETS[number % 8:number % 8 + 16]]
        counts = [pair for pair in counts if pair[1]]
        calls = sum(count for _, count in counts)
        histogram = (f'{{"buckets": '
                     f'[{",".join(str(bucket) for bucket, _ in counts)}], '
                     f'"counts": '
                     f'[{",".join(str(count) for _, count in counts)}]}}')
        what = (f'"id": {number + 1}, "kind": "{kind}", "name": "{name}", '
                f'"label": "disk{number // 8}/vq{number % 8}", '
                f'"fd": {number + 10}, '
                f'"callback": {0x400000 + number % 8 * 64}')
        if number < 0:
            what = '"id": 0, "kind": "rest", "name": "(rest)"'
        return (f'{{{what}, "calls": {calls}, '
                f'"timed-calls": {calls}, '
                f'"busy-ns": {calls * 1000}, "total-ns": {calls * 1100}, '
                f'"max-ns": 12345, "delay-ns": {calls * 3000}, '
                f'"delay-max-ns": 56789, "last-ns": {time.monotonic_ns()}, '
                f'"histogram": {histogram}, '
                f'"delay-histogram": {histogram}}}')

    def loop(self, number):
        """A loop's counters, as JSON."""
        now = time.monotonic_ns()
        ns = now - self.start_ns
        sources = ", ".join(self.source(i)
                            for i in self.loops[number] or [-1])
        name = f"iothread{number}" if number else "main-loop"
        return (f'{{"name": "{name}", "thread-id": {self.threads[number]}, '
                f'"since-ns": {self.start_ns}, "iterations": {ns // 50000}, '
                f'"dispatches": {ns // 20000}, "wait-ns": {ns // 2}, '
                f'"poll-ns": {ns // 10}, "poll-hits": {ns // 90000}, '
                f'"poll-misses": {ns // 900000}, '
                f'"dispatch-ns": {ns * 3 // 10}, "bql-wait-ns": 0, '
                f'"poll-max-ns": 32768, "cpu-ns": {ns // 2}, '
                f'"state": "waiting", "state-since-ns": {now - 5000}, '
                f'"stack": [], "sources": [{sources}]}}')

    def snapshot(self):
        """The answer to query-event-loops, as JSON."""
        with self.lock:
            self.sequence += 1
            loops = ", ".join(self.loop(i) for i in range(len(self.loops)))
            now = time.monotonic_ns()
            threads = ", ".join(
                f'{{"thread-id": {number}, "name": "thread{i}", '
                f'"cpu-ns": {(now - self.start_ns) // 2}}}'
                for i, number in enumerate(self.threads))
            return (f'{{"sequence": {self.sequence}, '
                    f'"time-ns": {time.monotonic_ns()}, '
                    f'"pid": {os.getpid()}, "vm-name": "replay", '
                    f'"qemu-version": "10.0.0", '
                    f'"profiling-since-ns": {self.start_ns}, '
                    f'"clock": "tsc", "max-overhead": 0, '
                    f'"stall-threshold-ns": 100000000, '
                    f'"run-state": "running", '
                    f'"histogram-bounds": {BOUNDS}, '
                    f'"threads": [{threads}], "loops": [{loops}]}}')


def serve(replay, connection):
    """Answers one client until it goes."""
    file = connection.makefile("rw", encoding="utf-8")
    file.write('{"QMP": {"version": {"qemu": {"micro": 0, "minor": 0, '
               '"major": 10}, "package": ""}, "capabilities": []}}\r\n')
    file.flush()
    for line in file:
        request = json.loads(line)
        answer = "{}"
        name = request["execute"]
        if name == "query-event-loops":
            answer = replay.ready
        elif name == "query-commands":
            answer = '[{"name": "query-event-loops"}]'
        ident = (f', "id": {json.dumps(request["id"])}' if "id" in request
                 else "")
        file.write(f'{{"return": {answer}{ident}}}\r\n')
        file.flush()
        if name == "query-event-loops":
            replay.ready = replay.snapshot()


def main():
    """Serves until it is ended."""
    words = sys.argv[1:]
    if "--" in words:
        words = words[:words.index("--")]
    if not 1 <= len(words) <= 3:
        sys.exit(__doc__)
    numbers = [int(word) for word in words[1:]] + [64, 2000]
    replay = Replay(*numbers[:2])
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(words[0] + ".new")
    listener.listen()
    os.rename(words[0] + ".new", words[0])
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(replay, connection),
                         daemon=True).start()


if __name__ == "__main__":
    main()
