# SPDX-License-Identifier: GPL-2.0-or-later
"""What it takes QEMU to read ten thousand sources."""

import json

import measure
import processes
import programs
from measure import Row

LIMIT_MS = 20


def snapshot(builds):
    """a snapshot of 10,000 active sources, histograms included"""
    program = programs.build_program(
        "event-loop-snapshot-bench", builds.directories["on"],
        processes.directory())
    wall, cpu, more, size = [], [], [], 0
    for number in range(builds.rounds):
        found = json.loads(measure.output_of([
            program, "-n", str(max(10, int(100 * builds.scale)))]))
        wall.append(found["wall-ms"][1])
        cpu.append(found["cpu-ms"][1])
        alone, read = found["dispatch-ns"]
        more.append(100 * (read / alone - 1))
        size = found["bytes"]
        builds.tell(f"{number + 1}/{builds.rounds}")
    return [Row("snapshot of 10,000 sources", wall, "ms", LIMIT_MS),
            Row("of this, CPU time", cpu, "ms"),
            Row("its size", [size / (1 << 20)], "MiB"),
            Row("the loops' dispatches meanwhile", more, "% longer",
                differs=True)]
