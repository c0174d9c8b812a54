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


def sampling(builds):
    """a storage daemon without a profiler, under an NBD load, and sampled"""
    count = int(30000 * builds.scale)
    used = []

    def sampled(pid, argv):
        """The seconds of the load, with a client that samples meanwhile."""
        watcher = processes.start(measure.on_cpu(1, [
            os.path.join(builds.client, "qemu-aiotop/qemu-aiotop"),
            "-b", "-o", "json", str(pid)]))
        try:
            time.sleep(client.SETTLE_S)
            before, start = client.cpu_ns(watcher.pid), time.monotonic_ns()
            seconds = loads.seconds_of_bench(argv)
            used.append(100 * (client.cpu_ns(watcher.pid) - before) /
                        (time.monotonic_ns() - start))
            return seconds
        finally:
            processes.kill(watcher)

    def one(kind):
        served, image = daemon.start_nbd(builds, "base")
        argv = daemon.bench(builds, image, count)
        try:
            return sampled(served.pid, argv) if kind == "sampled" else \
                loads.seconds_of_bench(argv)
        finally:
            processes.kill(served)

    values = measure.in_turn(["plain", "sampled"], builds.rounds,
                             loads.BEST_OF, one, builds.tell)
    longer = [100 * (ours / plain - 1) for ours, plain
              in zip(values["sampled"], values["plain"])]
    return [Row("sampling, the client", used, "% of a CPU", CPU_LIMIT),
            Row("sampling, storage daemon, NBD", longer, "% longer",
                differs=True)]
