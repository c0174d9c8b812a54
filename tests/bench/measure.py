# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures: medians, their spread, and how they stand to their limits."""

import math
import os
import statistics
import subprocess


class Row:
    """A line of the table: what was measured, and what it may be.

    @values are the figure, once a pair; @limit None is one that nothing is
    asked of.  With @differs, the pairs must show no difference instead.
    """

    def __init__(self, name, values, unit, limit=None, differs=False):
        self.name = name
        self.values = sorted(values)
        self.unit = unit
        self.limit = limit
        self.differs = differs

    def median(self):
        """The figure."""
        return statistics.median(self.values)

    def quartiles(self):
        """Where the middle half of the values is."""
        if len(self.values) < 2:
            return self.values[0], self.values[0]
        low, _, high = statistics.quantiles(self.values, n=4,
                                            method="inclusive")
        return low, high

    def confidence(self):
        """Where the true median is, with at least 95 % of probability."""
        n = len(self.values)
        outside = 0
        tail = 0.0
        while True:
            tail += math.comb(n, outside) / 2 ** n
            if 2 * tail > 0.05 or 2 * (outside + 1) >= n:
                break
            outside += 1
        cut = max(outside - 1, 0)
        return self.values[cut], self.values[n - 1 - cut]

    def verdict(self):
        """Whether it is what it may be, and if not, by how much."""
        if self.differs:
            low, high = self.confidence()
            if low > 0:
                return f"MISSED: slower by {low:.2f} or more"
            if high < 0:
                return "met: faster, if anything"
            return f"met: no difference within {low:+.2f} to {high:+.2f}"
        if self.limit is None:
            return "for comparison"
        by = abs(self.limit - self.median())
        word = "met" if self.median() <= self.limit else "MISSED"
        return f"{word} by {by:.2f}"

    def met(self):
        """Whether the verdict is a good one."""
        return "MISSED" not in self.verdict()

    def fields(self):
        """The line of the table."""
        low, high = self.quartiles()
        if self.differs:
            limit = "none"
        elif self.limit is None:
            limit = "-"
        else:
            limit = f"{self.limit:g}"
        return [self.name, self.unit, f"{self.median():.2f}",
                f"{low:.2f} .. {high:.2f}", str(len(self.values)), limit,
                self.verdict()]


def table(rows):
    """The rows in Markdown, aligned for who reads it as it is."""
    header = ["figure", "unit", "median", "quartiles", "n", "limit", "verdict"]
    lines = [header] + [row.fields() for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(word.ljust(width) for word, width
                                       in zip(line, widths)) + " |"
                     for line in lines)


def in_turn(kinds, rounds, best_of, measure, tell):
    """Measures each kind in each round: the values of each kind.

    A kind's value in a round is the least of so many, all taken in turn: what
    the machine does otherwise only ever adds. Each turn begins with another
    kind, so that none always comes first.
    """
    values = {kind: [] for kind in kinds}
    for number in range(rounds):
        found = {kind: [] for kind in kinds}
        for turn in range(best_of):
            for i in range(len(kinds)):
                kind = kinds[(number + turn + i) % len(kinds)]
                found[kind].append(measure(kind))
        for kind in kinds:
            values[kind].append(min(found[kind]))
        tell(f"{number + 1}/{rounds}")
    return values


def on_cpu(cpu, argv):
    """The command line that stays on a CPU, if there is one of that number."""
    if cpu in os.sched_getaffinity(0):
        return ["taskset", "-c", str(cpu)] + argv
    return argv


def output_of(argv, **options):
    """What a command prints; its failure is ours."""
    done = subprocess.run(argv, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False,
                          **options)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: exit {done.returncode}: "
                           f"{done.stderr or done.stdout}")
    return done.stdout
