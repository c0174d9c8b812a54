# SPDX-License-Identifier: GPL-2.0-or-later
"""What it costs to sample a QEMU that is not profiled."""

import os
import time

import client
import daemon
import loads
import measure
import processes
from measure import Row

CPU_LIMIT = 1
# Requests: so few that what is seen is new to the client, as it finds out
# about each function once; and some seconds of them
LEARNING = 30000
REQUESTS = 250000


def sampling(builds):
    """a storage daemon without a profiler, under an NBD load, and sampled"""
    used = {"at first": [], "later": []}

    def load(image, requests):
        """The seconds that so many requests take."""
        return loads.seconds_of_bench(
            daemon.bench(builds, image, int(requests * builds.scale)))

    def watched(pid, when, image, requests):
        """The seconds of the load; notes what the client takes meanwhile."""
        before, start = client.cpu_ns(pid), time.monotonic_ns()
        seconds = load(image, requests)
        used[when].append(100 * (client.cpu_ns(pid) - before) /
                          (time.monotonic_ns() - start))
        return seconds

    def sampled(pid, image):
        """The seconds of the load, with a client that samples meanwhile."""
        watcher = processes.start(measure.on_cpu(1, [
            os.path.join(builds.client, "qemu-aiotop/qemu-aiotop"),
            "-b", "-o", "json", str(pid)]))
        try:
            time.sleep(client.SETTLE_S)
            watched(watcher.pid, "at first", image, LEARNING)
            return watched(watcher.pid, "later", image, REQUESTS)
        finally:
            processes.kill(watcher)

    def one(kind):
        served, image = daemon.start_nbd(builds, "base")
        try:
            if kind == "sampled":
                return sampled(served.pid, image)
            load(image, LEARNING)
            return load(image, REQUESTS)
        finally:
            processes.kill(served)

    values = measure.in_turn(["plain", "sampled"], builds.rounds,
                             1, one, builds.tell)
    longer = [100 * (ours / plain - 1) for ours, plain
              in zip(values["sampled"], values["plain"])]
    return [Row("sampling, the client at first", used["at first"],
                "% of a CPU"),
            Row("sampling, the client", used["later"], "% of a CPU",
                CPU_LIMIT),
            Row("sampling, storage daemon, NBD", longer, "% longer",
                differs=True)]
