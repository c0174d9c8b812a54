# SPDX-License-Identifier: GPL-2.0-or-later
"""What it costs to watch all QEMUs of a host, with more and more of them."""

import os
import time

import processes
from client import on_screen, rss_mib, watch
from measure import Row, on_cpu
from peers import Peers

# How many there are, and loops of each
NUMBERS = (1, 10, 50, 100)
LOOPS = 3
LIMIT = 2
# a look for QEMUs, connecting, and a first round
SETTLE_S = 5


def with_so_many(builds, number):
    """The rows of one number of QEMUs."""
    program = os.path.join(builds.client, "qemu-aiotop/qemu-aiotop")
    seconds = max(3, int(20 * builds.scale))
    limit = LIMIT if number == NUMBERS[-1] else None
    name = f"host, {number} QEMU{'' if number == 1 else 's'}"
    argv = [program, "--host", "-d", "1"]
    rows = on_screen(f"{name}, screen", argv, seconds, limit)
    process = processes.start(on_cpu(1, argv + ["-b", "-o", "json"]))
    time.sleep(SETTLE_S)
    values = watch(process.pid, seconds, time.sleep)
    if process.poll() is not None:
        raise RuntimeError("the client ended: " +
                           processes.output(process, "stderr"))
    rows += [Row(f"{name}, batch json: CPU", values, "%", limit),
             Row(f"{name}, batch json: resident", [rss_mib(process.pid)],
                 "MiB")]
    processes.kill(process)
    builds.tell(f"{number} QEMUs")
    return rows


def host(builds):
    """the view of all QEMUs of a host at 1 Hz: 1 to 100 of them"""
    rows, qemus = [], Peers(LOOPS, 0)
    for number in NUMBERS:
        qemus.grow(number)
        rows += with_so_many(builds, number)
    qemus.end()
    return rows
