# SPDX-License-Identifier: GPL-2.0-or-later
"""Simulated peers that look like QEMUs to /proc."""

import os
import sys

import processes
from measure import on_cpu

REPLAY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "replay.py")


class Peers:
    """Those that are started, called vm0 on; not on the CPU of the client."""

    def __init__(self, loops, sources):
        self.load = [str(loops), str(sources)]
        self.started = []

    def grow(self, number):
        """Until there are so many."""
        program = processes.path("qemu-system-x86_64")
        os.symlink(os.path.realpath(sys.executable), program)
        for i in range(len(self.started), number):
            path = processes.path(f"vm{i}.sock")
            process = processes.start(on_cpu(0, [
                program, REPLAY, path, *self.load, "--", "-name", f"vm{i}",
                "-object", "event-loop-profiler,id=prof0,"
                f"socket.type=unix,socket.path={path}"]))
            self.started.append((process, path))
            processes.wait_for_path(process, path)
        os.unlink(program)

    def end(self):
        """What is measured next is not to see them."""
        for process, path in self.started:
            processes.kill(process)
            os.unlink(path)
