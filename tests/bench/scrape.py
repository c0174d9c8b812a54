# SPDX-License-Identifier: GPL-2.0-or-later
"""What the exporter costs: a scrape, and the looks at all VMs."""

import os
import re
import time
import urllib.error
import urllib.request

import processes
from client import cpu_ns, rss_mib
from measure import Row, on_cpu
from peers import Peers

# of a VM
LOOPS, SOURCES = 3, 60
# VMs; the limit is for one of these numbers
NUMBERS = (1, 10, 50, 100)
LIMITED, LIMIT_MS = 50, 25
# what is written is good for a quarter of a second
BETWEEN_S = 0.3
# between two looks at all VMs: few while scrapes are measured, and as usual
RARELY_S, OFTEN_S = 30, 5
# until all have answered
PATIENCE_S = 150


def get(address):
    """The metrics of all VMs; none before there are any."""
    request = urllib.request.Request(
        f"http://{address}/metrics",
        headers={"Accept": "application/openmetrics-text;version=1.0.0"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.read()
    except urllib.error.HTTPError:
        return b""


class Exporter:
    """One that has seen so many VMs."""

    def __init__(self, program, interval_s, vms):
        self.process = processes.start(on_cpu(1, [
            program, "export", "--listen", "127.0.0.1:0", "-d",
            str(interval_s), "--timeout", str(PATIENCE_S)]))
        end = time.monotonic() + PATIENCE_S
        while not (said := re.search(r"at (\S+)\n", processes.output(
                self.process, "stderr"))):
            self.check(end)
        self.address = said[1]
        while get(self.address).count(b"\nqemu_aiotop_loop_info") < vms * LOOPS:
            self.check(end)

    def check(self, end):
        """That it lives, and that this does not take for ever."""
        if self.process.poll() is not None or time.monotonic() > end:
            raise RuntimeError("the exporter: " + processes.output(
                self.process, "stderr"))
        time.sleep(0.05)

    def scrape_ms(self):
        """Milliseconds of CPU that a scrape takes, and its bytes."""
        time.sleep(BETWEEN_S)
        before = cpu_ns(self.process.pid)
        body = get(self.address)
        return (cpu_ns(self.process.pid) - before) / 1e6, body


def measure(builds, number):
    """The rows with so many VMs."""
    program = os.path.join(builds.client, "qemu-aiotop/qemu-aiotop")
    vms = Peers(LOOPS, SOURCES)
    vms.grow(number)
    rounds = max(3, int(20 * builds.scale))
    name = f"exporter, {number} VM{'s' * (number > 1)}"

    exporter = Exporter(program, RARELY_S, number)
    scrapes = [exporter.scrape_ms() for _ in range(rounds)]
    body = scrapes[-1][1]
    processes.kill(exporter.process)
    builds.tell(f"{number} VMs, scrapes")

    exporter = Exporter(program, OFTEN_S, number)
    looks = []
    for _ in range(max(1, rounds // 4)):
        before, start = cpu_ns(exporter.process.pid), time.monotonic_ns()
        time.sleep(OFTEN_S)
        looks.append(100 * (cpu_ns(exporter.process.pid) - before) /
                     (time.monotonic_ns() - start))
    resident = rss_mib(exporter.process.pid)
    processes.kill(exporter.process)
    vms.end()
    builds.tell(f"{number} VMs, looks")
    return [Row(f"{name}: a scrape, CPU", [ms for ms, _ in scrapes], "ms",
                LIMIT_MS if number == LIMITED else None),
            Row(f"{name}: a scrape", [len(body) / 1024], "KiB"),
            Row(f"{name}: series",
                [sum(not line.startswith(b"#") for line in body.splitlines())],
                ""),
            Row(f"{name}: a look each {OFTEN_S} s, CPU", looks, "%"),
            Row(f"{name}: resident", [resident], "MiB")]


def scrape(builds):
    """a scrape of 50 VMs, and how it grows from 1 to 100"""
    return [row for number in NUMBERS for row in measure(builds, number)]
