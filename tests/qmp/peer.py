# A QMP server that does what a test tells it to
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json
import os
import random
import socket
import threading

GREETING = {"QMP": {"version": {"qemu": {"major": 10, "minor": 0, "micro": 0},
                                "package": ""}, "capabilities": ["oob"]}}

BOUNDS = [0] + [(64 << octave) * (4 + quarter) // 4
                for octave in range(35) for quarter in range(4)][:137]


def encode(message):
    return json.dumps(message, separators=(",", ":")).encode() + b"\r\n"


class Model:
    """An event loop profile whose counters grow with each snapshot."""

    def __init__(self, loops=2, sources=3, seed=1, vm_name="vm1"):
        self.random = random.Random(seed)
        self.sequence = 0
        self.time_ns = 10_000_000_000
        self.since_ns = 9_000_000_000
        self.vm_name = vm_name
        self.loops = []
        number = 0
        for i in range(loops):
            members = []
            for _ in range(sources):
                number += 1
                members.append({
                    "id": number, "kind": "fd-read",
                    "name": "virtio_queue_host_notifier_read",
                    "label": f"vd{i}/vq{number}", "fd": number,
                    "callback": 0x8d2f40, "calls": 0, "timed-calls": 0,
                    "busy-ns": 0, "total-ns": 0, "max-ns": 0, "delay-ns": 0,
                    "delay-max-ns": 0, "last-ns": 0, "buckets": {}})
            self.loops.append({
                "name": "main-loop" if i == 0 else f"iothread{i - 1}",
                "thread-id": 5000 + i, "since-ns": self.since_ns,
                "iterations": 0, "dispatches": 0, "wait-ns": 0, "poll-ns": 0,
                "poll-hits": 0, "poll-misses": 0, "dispatch-ns": 0,
                "bql-wait-ns": 0, "poll-max-ns": 32768, "cpu-ns": 0,
                "state": "waiting", "stack": [], "sources": members})

    def advance(self, ns=1_000_000_000, calls=1000, buckets=16):
        """Lets every source do something."""
        self.time_ns += ns
        for loop in self.loops:
            for source in loop["sources"]:
                for _ in range(buckets):
                    bucket = self.random.randint(20, 50)
                    source["buckets"][bucket] = \
                        source["buckets"].get(bucket, 0) + calls // buckets
                source["calls"] = sum(source["buckets"].values())
                source["timed-calls"] = source["calls"]
                source["busy-ns"] += ns // (2 * len(loop["sources"]))
                source["total-ns"] = source["busy-ns"]
                source["max-ns"] = 500_000
                source["delay-ns"] += calls * 2000
                source["delay-max-ns"] = 500_000
                source["last-ns"] = self.time_ns - 1000
            loop["iterations"] += calls
            loop["dispatches"] += calls * len(loop["sources"])
            loop["dispatch-ns"] += ns // 2
            loop["wait-ns"] += ns // 4
            loop["poll-ns"] += ns // 8
            loop["poll-hits"] += calls
            loop["cpu-ns"] += ns // 2
            loop["state-since-ns"] = self.time_ns - 5000

    def reply(self, pid=4711):
        self.sequence += 1
        loops = []
        for loop in self.loops:
            sources = []
            for source in loop["sources"]:
                sent = {key: value for key, value in source.items()
                        if key != "buckets"}
                sent["histogram"] = {
                    "buckets": sorted(source["buckets"]),
                    "counts": [source["buckets"][bucket]
                               for bucket in sorted(source["buckets"])]}
                sent["delay-histogram"] = sent["histogram"]
                sources.append(sent)
            loops.append({**loop, "sources": sources})
        return {"sequence": self.sequence, "time-ns": self.time_ns,
                "pid": pid, "vm-name": self.vm_name,
                "qemu-version": "10.0.0 (Debian)", "build-id": "abcd",
                "profiling-since-ns": self.since_ns,
                "clock": "tsc", "max-overhead": 10,
                "stall-threshold-ns": 100_000_000, "run-state": "running",
                "histogram-bounds": BOUNDS,
                "loops": loops}


class Connection:
    """The server's end of one connection."""

    def __init__(self, sock):
        self.sock = sock
        self.lines = sock.makefile("rb")

    def send(self, message):
        data = message if isinstance(message, bytes) else encode(message)
        self.sock.sendall(data)

    def receive(self):
        """Returns the next request, or None at the end."""
        line = self.lines.readline()
        return json.loads(line) if line else None

    def negotiate(self):
        self.send(GREETING)
        request = self.receive()
        assert request["execute"] == "qmp_capabilities", request
        self.send({"return": {}, "id": request["id"]})

    def serve(self, model, snapshots=None):
        """Answers with snapshots until the client leaves."""
        self.negotiate()
        while snapshots is None or snapshots > 0:
            request = self.receive()
            if request is None:
                return
            model.advance()
            self.send({"return": model.reply(), "id": request["id"]})
            if snapshots is not None:
                snapshots -= 1


class Peer:
    """Listens on a UNIX socket and runs script(connection) for each client."""

    def __init__(self, path, script):
        self.path = path
        self.script = script
        self.errors = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(8)
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.run, args=(sock,),
                             daemon=True).start()

    def run(self, sock):
        with sock:
            try:
                self.script(Connection(sock))
            except (BrokenPipeError, ConnectionResetError):
                pass
            except Exception as error:
                self.errors.append(error)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        if os.path.exists(self.path):
            os.unlink(self.path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
