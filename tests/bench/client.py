# SPDX-License-Identifier: GPL-2.0-or-later
"""What the client costs, with many loops and sources at 1 Hz."""

import os
import pty
import select
import shutil
import signal
import sys
import termios
import time

import fcntl
import struct

import processes
from measure import Row, on_cpu

# loops, active sources, limits in per cent of a CPU and in MiB
USUAL = (8, 100, 0.4, 12)
LARGE = (64, 2000, 4, 24)
FRAME_LIMIT_MS = 200
SIZE = (50, 200)
# until the client has seen its first samples
SETTLE_S = 3


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, argv):
        self.start = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm-256color"
            os.execvp(argv[0], argv)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("4H", *SIZE, 0,
                                                              0))
        self.text = b""

    def read(self, seconds):
        """Takes what it writes during so many seconds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.read_some(left)

    def read_some(self, seconds):
        """Takes what it writes next, if that comes in so many seconds."""
        if select.select([self.fd], [], [], seconds)[0]:
            try:
                self.text += os.read(self.fd, 1 << 16)
            except OSError:  # its end
                raise RuntimeError("the program ended: " + self.text[
                    -500:].decode(errors="replace")) from None

    def first(self, word):
        """Milliseconds from its start until the word was written."""
        while word not in self.text:
            if time.monotonic() > self.start + 10:
                raise RuntimeError(f"no {word!r} on the screen")
            self.read(0.001)
        return 1e3 * (time.monotonic() - self.start)

    def stop(self):
        """Ends the program."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def cpu_ns(pid):
    """The CPU time of a process, with that of its threads that have ended."""
    # CPUCLOCK_SCHED of the process, as clock_getcpuclockid() makes it
    return time.clock_gettime_ns((~pid << 3) | 2)


def rss_mib(pid):
    """The most memory that it had resident."""
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    raise RuntimeError("no VmHWM")


def watch(pid, seconds, pause):
    """Per cent of a CPU, second by second."""
    values = []
    pause(SETTLE_S)
    for _ in range(seconds):
        before, start = cpu_ns(pid), time.monotonic_ns()
        pause(1)
        values.append(100 * (cpu_ns(pid) - before) /
                      (time.monotonic_ns() - start))
    return values


def replay(loops, sources):
    """The server, on a CPU of its own, and its socket."""
    socket = processes.path(f"replay-{sources}.sock")
    server = processes.start(on_cpu(0, [
        sys.executable,
        os.path.join(os.path.dirname(os.path.abspath(__file__)),
                     "replay.py"), socket, str(loops), str(sources)]))
    processes.wait_for_path(server, socket)
    return server, socket


def first_output_ms(argv):
    """Milliseconds from a program's start to its first output."""
    start = time.monotonic()
    reader, writer = os.pipe()
    process = processes.start(argv, stdout=writer)
    os.close(writer)
    with open(reader, "rb") as file:
        if not file.read(1):
            raise RuntimeError(f"{' '.join(argv)}: no output: " +
                               processes.output(process, "stderr"))
        ms = 1e3 * (time.monotonic() - start)
        file.read()
    process.wait()
    return ms


def in_batch(name, program, output, socket, seconds, limits):
    """The rows of the client's batch mode."""
    process = processes.start(on_cpu(1, [program, "-b", "-d", "1", "-o",
                                         output, socket]))
    values = watch(process.pid, seconds, time.sleep)
    if process.poll() is not None:
        raise RuntimeError("the client ended: " +
                           processes.output(process, "stderr"))
    rows = [Row(f"{name}, batch {output}: CPU", values, "%", limits[0]),
            Row(f"{name}, batch {output}: resident", [rss_mib(process.pid)],
                "MiB", limits[1])]
    processes.kill(process)
    return rows


def first_frame_ms(screen):
    """Milliseconds from the screen's start to its first table."""
    terminal = Terminal(on_cpu(1, screen))
    try:
        return terminal.first(b"virtio_")
    finally:
        terminal.stop()


def measure(builds, name, loops, sources, *limits):
    """The rows of the client with so many loops and active sources."""
    program = os.path.join(builds.client, "qemu-aiotop/qemu-aiotop")
    seconds = max(3, int(20 * builds.scale))
    server, socket = replay(loops, sources)
    screen = [program, "-d", "1", socket]
    rows = []

    for output in ("text", "json", "csv"):
        rows += in_batch(name, program, output, socket, seconds, limits)
        builds.tell(f"batch {output}")
    rows.append(Row(f"{name}, batch: first table",
                    [first_output_ms(on_cpu(1, [
                        program, "-b", "-n", "1", "--cumulative", socket]))
                     for _ in range(builds.rounds)], "ms", FRAME_LIMIT_MS))
    rows.append(Row(f"{name}, screen: first frame",
                    [first_frame_ms(screen) for _ in range(builds.rounds)],
                    "ms", FRAME_LIMIT_MS))
    rows += on_screen(f"{name}, screen", screen, seconds, *limits)
    builds.tell("screen")
    processes.kill(server)
    return rows


def client(builds):
    """the client at 1 Hz: 8 loops, 100 active sources"""
    return measure(builds, "client", *USUAL)


def client_large(builds):
    """the client at 1 Hz: 64 loops, 2,000 active sources, and htop"""
    rows = measure(builds, "client, large", *LARGE)
    if shutil.which("htop"):
        rows += on_screen("htop beside it", ["htop", "-d", "10"],
                          max(3, int(20 * builds.scale)))
        builds.tell("htop")
    return rows


def on_screen(name, argv, seconds, cpu_limit=None, rss_limit=None):
    """The rows of a program on a terminal."""
    terminal = Terminal(on_cpu(1, argv))
    try:
        values = watch(terminal.pid, seconds, terminal.read)
        return [Row(f"{name}: CPU", values, "%", cpu_limit),
                Row(f"{name}: resident", [rss_mib(terminal.pid)], "MiB",
                    rss_limit)]
    finally:
        terminal.stop()
