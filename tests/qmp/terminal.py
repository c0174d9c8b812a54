# A terminal in which qemu-aiotop runs, as bytes
#
# SPDX-License-Identifier: GPL-2.0-or-later

import array
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

from program import HANG_S, PROGRAM

SESSION = os.path.join(os.path.dirname(__file__), "session.py")


class Terminal:
    """@columns x @lines; the program gets @args, @ignored signals, @env."""

    def __init__(self, *args, columns=100, lines=30, ignored=(), stdin=None,
                 env=None, type="xterm-256color", program=PROGRAM):
        self.master, self.slave = os.openpty()
        self.resize(columns, lines)
        self.before = termios.tcgetattr(self.slave)
        self.raw = b""
        self.words = b""
        reader, writer = os.pipe()
        variables = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                     "TERM": type, "XDG_CONFIG_HOME": "/nonexistent",
                     "ASAN_OPTIONS": "exitcode=99:color=never",
                     "UBSAN_OPTIONS": "halt_on_error=1:exitcode=99",
                     **(env or {})}
        command = [program, f"--timeout={HANG_S}", "-d", "0.02", *args]
        if stdin is not None:
            command = ["/bin/sh", "-c", f'exec "$@" {stdin}', "sh", *command]
        self.leader = subprocess.Popen(
            [sys.executable, SESSION, str(writer),
             ",".join(str(int(number)) for number in ignored), *command],
            stdin=self.slave, stdout=self.slave, stderr=self.slave,
            pass_fds=[writer], start_new_session=True,
            env={key: value for key, value in variables.items()
                 if value is not None})
        os.close(writer)
        self.report = reader
        self.pid = int(self.wait_for_word(rb"pid (\d+)\n").group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.leader.kill()
        self.leader.wait()
        for fd in (self.master, self.slave, self.report):
            if fd is not None:
                os.close(fd)

    def pump(self):
        """Takes what has come, or comes soon."""
        fds = [fd for fd in (self.master, self.report) if fd is not None]
        for fd in select.select(fds, [], [], 0.02)[0]:
            try:
                data = os.read(fd, 65536)
            except OSError:
                data = b""
            if fd == self.report:
                self.words += data
            else:
                self.raw += data

    def wait(self, what, function):
        """The first true value of @function."""
        end = time.monotonic() + HANG_S
        while not (value := function()):
            if time.monotonic() > end:
                raise AssertionError(f"no {what}, but {self.words!r} and "
                                     f"{self.raw[-2000:]!r}")
            self.pump()
        return value

    def wait_for_word(self, pattern):
        """Waits for one of the session."""
        return self.wait(pattern, lambda: re.search(pattern, self.words))

    def wait_for(self, pattern, start=0):
        """Waits for bytes, behind the first @start."""
        return self.wait(pattern,
                         lambda: re.search(pattern, self.raw[start:], re.S))

    def wait_for_drawing(self):
        """Waits until something new was drawn, twice."""
        for _ in range(2):
            length = len(self.raw)
            self.wait("drawing", lambda: len(self.raw) > length)

    def send(self, data):
        """Types bytes."""
        os.write(self.master, data)

    def kill(self, number):
        """Sends a signal."""
        os.kill(self.pid, number)

    def go_on(self):
        """What fg does."""
        self.leader.send_signal(signal.SIGUSR1)

    def resize(self, columns, lines):
        """Makes the terminal larger or smaller."""
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", lines, columns, 0, 0))

    def lines(self):
        """How many it has now, as the program takes them."""
        size = fcntl.ioctl(self.slave, termios.TIOCGWINSZ, bytes(8))
        return struct.unpack("HHHH", size)[0]

    def modes(self):
        """As they are now."""
        return termios.tcgetattr(self.slave)

    def drain(self):
        """Takes all that was written; for when nobody writes any more."""
        count = array.array("i", [1])
        while count[0]:
            self.pump()
            fcntl.ioctl(self.master, termios.FIONREAD, count)

    def end(self):
        """Waits for the end; returns the exit status."""
        status = int(self.wait_for_word(rb"ended (-?\d+)\n").group(1))
        self.drain()
        return status

    def last_mode(self, number):
        """The last word on a private mode: b"h", b"l", or None."""
        words = re.findall(rb"\x1b\[\?(?:\d+;)*" + number +
                           rb"(?:;\d+)*([hl])", self.raw)
        return words[-1] if words else None

    def check_given_back(self):
        """That it is as before, all modes of it."""
        assert self.modes() == self.before, (self.modes(), self.before)
        for number, ordinary in ((b"1049", b"l"), (b"1000", b"l"),
                                 (b"1006", b"l"), (b"25", b"h"), (b"1", b"l"),
                                 (b"7", b"h")):
            assert self.last_mode(number) == ordinary, \
                (number, self.raw[-300:])
        # What the shell writes is plain
        assert re.findall(rb"\x1b\[([0-9;]*)m", self.raw)[-1] in \
            (b"", b"39;49"), self.raw[-300:]
        # All lines scroll
        assert re.findall(rb"\x1b\[([0-9;]*)r", self.raw)[-1] in \
            (b"", b"1;%d" % self.lines()), self.raw[-300:]
        # No sequence is cut, and nothing is drawn behind the last one
        assert re.search(rb"\x1b\[\?1049l(\x1b\[[0-9;]*t)?[^\x1b]*"
                         rb"(\x1b\[\?1l\x1b>|\x1b\[\?25h|\x1b\[\?1006l|"
                         rb"\x1b\[\?1000l|\x1b\[\?12l|\r)*$", self.raw), \
            self.raw[-300:]
