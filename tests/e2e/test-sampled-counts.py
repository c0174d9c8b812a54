#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Shares of time by samples from outside, against those that QEMU counted.

Of n samples of a loop a share p comes out with a standard deviation of
sqrt(p (1 - p) / n), and is to be within three of these of what QEMU has
measured.  One more failure in 370 is chance, so that it is tried a second
time.  What a thread waits for a CPU is in QEMU's figures for whatever it was
about to do, and in none of the samples': it is added to what may differ, and
so is a hundredth, as the two intervals are not the same to the microsecond.
"""

import contextlib
import json
import math
import os
import re
import socket
import subprocess
import threading
import time

import client
import counters
import processes
import qemu
from tap import check, test, wait_for

HZ = 199
SAMPLES = 600
SLACK = 0.01
NULL_AIO = "driver=null-aio,size=1073741824,read-zeroes=off"
ENDLESS = 1 << 30


class Sampler:
    """Samples a process that is profiled as well."""

    def __init__(self, pid):
        program = os.path.join(os.path.dirname(client.program()),
                               "../tests/sampled/sampled")
        self.process = subprocess.Popen(
            [program, str(pid), str(HZ)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)

    def sample(self):
        """What happened since the last one."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self):
        """Ends it."""
        self.process.stdin.close()
        self.process.wait()


def loop_of(sample, thread_id):
    """The loop of a sample that this thread runs."""
    loop, = (loop for loop in sample["loops"]
             if loop["thread_id"] == thread_id)
    return loop


class Interval:
    """The shares of a loop, by both, in an interval with enough samples."""

    def __init__(self, storage, sampler, name):
        with storage.profiler() as profiler:
            thread_id = counters.loop_of(counters.read(profiler),
                                         name)["thread-id"]
            # it has to be known as a loop
            wait_for("samples of a loop", lambda: loop_of(
                sampler.sample(), thread_id)["dispatch_percent"] is not None)
            sampler.sample()
            before = counters.read(profiler)
            time.sleep(SAMPLES / HZ)
            after = counters.read(profiler)
            self.sample = sampler.sample()
        self.wall_ns = after["time-ns"] - before["time-ns"]
        self.loops = [counters.loop_of(snapshot, name)
                      for snapshot in (before, after)]
        self.sampled = loop_of(self.sample, thread_id)
        self.sources = [source for source in self.sample["sources"]
                        if source["thread_id"] == thread_id]
        self.n = SAMPLES * self.sample["interval_ns"] / (SAMPLES / HZ * 1e9)

    def counted(self, key, of=None):
        """A share of the loop's time, as QEMU has counted it."""
        before, after = self.loops if of is None else [
            next(iter(counters.sources_of(loop, callback=of)), {key: 0})
            for loop in self.loops]
        return (after[key] - before[key]) / self.wall_ns

    def differs(self, what, sampled, counted):
        """In words, if it does: these two shares."""
        sigma = math.sqrt(max(counted * (1 - counted), 0) / self.n)
        ready = self.sampled["run_queue_percent"] / 100
        if sampled - 3 * sigma - SLACK <= counted <= \
                sampled + ready + 3 * sigma + SLACK:
            return None
        return f"{what}: {sampled:.3f} by samples, {counted:.3f} counted, " \
               f"sigma {sigma:.3f}, ready for a CPU {ready:.3f}"

    def differences(self):
        """All that there are."""
        found = [
            self.differs("dispatch", self.sampled["dispatch_percent"] / 100,
                         self.counted("dispatch-ns")),
            self.differs("wait", self.sampled["wait_percent"] / 100,
                         self.counted("wait-ns"))]
        for source in self.busy():
            found.append(self.differs(
                source["name"], source["busy_percent"] / 100,
                self.counted("busy-ns", of=int(source["callback"], 16))))
        return [text for text in found if text]

    def busy(self):
        """Sources that have a tenth of the loop's time, and that QEMU knows."""
        return [source for source in self.sources
                if source["busy_percent"] >= 10 and source["callback"]]


@contextlib.contextmanager
def load(storage, argv):
    """Within it there is one."""
    bench = processes.start(argv)
    sampler = Sampler(storage.pid)
    try:
        yield sampler
        check(bench.poll() is None, "the load ended: " +
              processes.output(bench, "stderr"))
    finally:
        sampler.stop()
        processes.kill(bench)
        storage.stop()


def compare(storage, argv, name, busiest):
    """That both agree about a loop, in which this callback is the busiest."""
    with load(storage, argv) as sampler:
        first = Interval(storage, sampler, name)
        if first.differences():
            second = Interval(storage, sampler, name)
            check(not second.differences(),
                  f"{first.differences()}, then {second.differences()}")
        names = [source["name"] for source in first.sources]
        check(names and names[0] == busiest, f"sources {names}")


@test("requests of an NBD client, on an iothread")
def nbd():
    storage = qemu.StorageDaemon("sampled-nbd", [NULL_AIO], max_overhead=0)
    compare(storage, storage.bench(ENDLESS, write=False), "iothread0",
            "nbd_trip")


@test("a main loop that is busy")
def main_loop():
    storage = qemu.StorageDaemon(
        "sampled-main", max_overhead=0, options=[
            "--blockdev", f"{NULL_AIO},node-name=disk0",
            "--export", "type=nbd,id=exp0,node-name=disk0,writable=on"])
    compare(storage, storage.bench(ENDLESS, write=False), "main-loop",
            "nbd_trip")


@test("coroutines in coroutines: qcow2 over NBD")
def coroutines():
    image = processes.path("sampled.qcow2")
    processes.check_run([qemu.program("qemu-img"), "create", "-f", "qcow2",
                         image, "1G"])
    with open(image, "ab") as file:
        file.truncate(2 << 20)
    back = qemu.StorageDaemon("sampled-back",
                              [f"driver=file,filename={image}"],
                              profiler=False)
    storage = qemu.StorageDaemon(
        "sampled-qcow2",
        ["driver=qcow2,file.driver=nbd,file.server.type=unix,"
         f"file.server.path={back.nbd_socket},file.export=disk0"],
        max_overhead=0)
    compare(storage, storage.bench(ENDLESS, write=False), "iothread0",
            "nbd_trip")
    back.stop()


def served_by(path, target):
    """Passes what comes at a socket on to another one, for one client."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()

    def copy(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def serve():
        near, _ = listener.accept()
        far = socket.socket(socket.AF_UNIX)
        far.connect(target)
        threading.Thread(target=copy, args=(near, far), daemon=True).start()
        copy(far, near)

    threading.Thread(target=serve, daemon=True).start()


def trip(document):
    """The source that serves the NBD client."""
    source, = (source for source in document["sources"]
               if source["name"].startswith("nbd_trip"))
    return source


@test("functions below the callbacks of one that is profiled")
def functions():
    storage = qemu.StorageDaemon("sampled-both", [NULL_AIO])
    with load(storage, storage.bench(ENDLESS, write=False)):
        def below():
            document = client.samples("-n", "2", "--sample", str(HZ),
                                      storage.socket)[-1]
            found = trip(document).get("functions")
            return found and len(found) > 1 and document

        document = wait_for("functions below nbd_trip", below)
        source, (first, *others) = trip(document), trip(document)["functions"]
        check((document["host_only"], document["sampled"]["hz"]) ==
              (False, HZ), f"sampled {document['sampled']}")
        check(source["calls_per_second"] > 0 and source["p99_ns"] > 0,
              f"what is counted: {source}")
        check(first["name"] == "nbd_trip" and first["running_samples"] > 0 and
              all(other["running_samples"] <= first["running_samples"] and
                  other["self_samples"] <= other["running_samples"]
                  for other in others), f"functions {first} {others}")
        _, out, _ = client.run("-o", "folded", "-n", "1", "--sample", str(HZ),
                               storage.socket)
        check(re.search("iothread0;coroutine;nbd_trip[^;]*;[^;]+.* \\d+$", out,
                        re.MULTILINE), f"nothing below it in {out}")
        plain, = client.samples("-n", "1", storage.socket)
        check(plain["sampled"] is None and "functions" not in trip(plain),
              "sampled though nobody has asked for it")


@test("who is not known to be here is not sampled, and that is said")
def elsewhere():
    storage = qemu.StorageDaemon("sampled-elsewhere")
    passed_on = processes.path("passed-on")
    served_by(passed_on, storage.socket)
    status, out, err = client.run("-b", "-n", "1", "--sample", str(HZ),
                                  passed_on)
    check((status, err) == (0, "") and
          re.search("^Not sampled: it is not known to be a process of this "
                    "host", out, re.MULTILINE), f"{status} {err} {out}")
    storage.stop()


if __name__ == "__main__":
    import tap
    tap.main()
