# SPDX-License-Identifier: GPL-2.0-or-later
"""The executable's symbols, and uprobes on them as a witness of its calls."""

import functools
import re

import processes
import tap


@functools.lru_cache(maxsize=None)
def _table(executable):
    """The functions at each address."""
    table = {}
    listing = processes.check_run(["nm", "--defined-only", executable])
    for line in listing.splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[1] in "tTwW":
            table.setdefault(int(fields[0], 16), set()).add(fields[2])
    return table


def at(executable, callback):
    """The names of the functions at an address, which may be None."""
    if callback is None:
        return set()
    return _table(executable).get(callback, set())


def has(executable, function):
    """Whether it has a function of this name."""
    return any(function in names for names in _table(executable).values())


def address_of(executable, function):
    """Where the only function of this name is."""
    found, = (address for address, names in _table(executable).items()
              if function in names)
    return found


def build_id(executable):
    """What the linker says is unique to the executable."""
    notes = processes.check_run(["readelf", "-n", executable])
    found = re.search(r"Build ID: ([0-9a-f]+)", notes)
    return found and found.group(1)


# Functions that call another, and whose sources have its name
WRAPPERS = {"aio_wait_bh"}


def check_names(executable, snapshot):
    """That sources are named as the functions at their addresses.

    How many were compared; a GLib source's name is that of its kind.
    """
    functions = set().union(*_table(executable).values())
    compared = 0
    for loop in snapshot["loops"]:
        for source in loop["sources"]:
            if ("callback" not in source or "module" in source or
                    source["kind"] == "glib"):
                continue
            there = at(executable, source["callback"])
            tap.check(source["name"] in (functions if there & WRAPPERS
                                         else there),
                      f"{source['kind']} {source['name']} at "
                      f"{source['callback']:#x}, where {there or 'nothing'} is")
            compared += 1
    return compared


class Uprobes:
    """Counts a process's calls of functions, with bpftrace."""

    def __init__(self, executable, pid, names):
        self.names = names
        program = "".join(f'uprobe:{executable}:{name} '
                          f'{{ @["{name}", tid] = count(); }}\n'
                          for name in sorted(names))
        program += 'interval:ms:50 { print(@); printf("----\\n"); }\n'
        self.process = processes.start(
            ["bpftrace", "-p", str(pid), "-B", "line", "-e", program])
        # it prints nothing of this before all of its probes are in place
        tap.wait_for("mark of bpftrace", lambda: len(self._marks()) > 1)

    def _marks(self):
        tap.check(self.process.poll() is None, "bpftrace ended: " +
                  processes.output(self.process, "stderr"))
        return processes.output(self.process).split("----\n")

    def calls(self, thread_id):
        """The thread's calls of each function until now, at least."""
        before = len(self._marks())
        # the first mark from now on may stand for what was printed before
        marks = tap.wait_for("answer of bpftrace", lambda: (
            lambda marks: marks if len(marks) >= before + 2 else None)(
                self._marks()))
        counts = dict.fromkeys(self.names, 0)
        for name, thread, count in re.findall(
                r"^@\[(\w+), (\d+)\]: (\d+)$", marks[-2], re.MULTILINE):
            if int(thread) == thread_id:
                counts[name] = int(count)
        return counts

    def stop(self):
        """No longer counts."""
        processes.kill(self.process)
