# SPDX-License-Identifier: GPL-2.0-or-later
"""A terminal with a shell in it, to run the program as a user does.

The shell has job control, so what a stopped program leaves behind is seen as
a user sees it. pyte says what is on the screen; the raw bytes say whether
the terminal was given back.
"""

import atexit
import os
import re
import signal
import time

import pexpect
import pyte

import processes
import tap

PROMPT = "READY> "
PAUSE_S = 0.02
PUMP_S = 0.2
_open = []


class Screen(pyte.Screen):
    """With what xterm does and pyte does not: scrolling and repeating."""

    last = " "

    def draw(self, data):
        """Remembers what REP repeats."""
        super().draw(data)
        self.last = data[-1:] or self.last

    def _scroll(self, count, row, step):
        x, y = self.cursor.x, self.cursor.y
        self.cursor.y = row
        for _ in range(count or 1):
            step()
        self.cursor.x, self.cursor.y = x, y

    def scroll_up(self, count=None):
        """SU"""
        bottom = self.margins.bottom if self.margins else self.lines - 1
        self._scroll(count, bottom, self.index)

    def scroll_down(self, count=None):
        """SD"""
        top = self.margins.top if self.margins else 0
        self._scroll(count, top, self.reverse_index)

    def repeat(self, count=None):
        """REP"""
        self.draw(self.last * (count or 1))


class Stream(pyte.ByteStream):
    """Knows the sequences for it."""

    csi = {**pyte.ByteStream.csi, "S": "scroll_up", "T": "scroll_down",
           "b": "repeat"}


class Terminal:
    """A terminal of @columns x @lines; @environment adds to the usual one."""

    def __init__(self, columns=100, lines=30, environment=None):
        variables = {key: value for key, value in os.environ.items()
                     if key not in ("NO_COLOR", "COLORTERM")}
        variables.update({"TERM": "xterm-256color", "LC_ALL": "C.UTF-8",
                          "PS1": PROMPT, "HISTFILE": "/dev/null",
                          "XDG_CONFIG_HOME": processes.path("config")})
        variables.update(environment or {})
        self.raw = b""
        self.screen = Screen(columns, lines)
        self.stream = Stream(self.screen)
        self.shell = pexpect.spawn("/bin/bash", ["--norc", "--noprofile",
                                                 "--noediting", "-i"],
                                   env=variables, dimensions=(lines, columns),
                                   timeout=None)
        # what is typed is not to be delayed; a busy machine may take its time
        self.shell.delaybeforesend = None
        self.shell.ptyproc.delayafterterminate = 2
        _open.append(self)
        self.wait_for(PROMPT.strip())

    def pump(self):
        """Takes what has come, but does not stay while more and more comes."""
        end = time.monotonic() + PUMP_S
        while time.monotonic() < end:
            try:
                data = self.shell.read_nonblocking(65536, PAUSE_S)
            except (pexpect.TIMEOUT, pexpect.EOF):
                return
            self.raw += data
            self.stream.feed(data)

    def lines(self):
        """What is on the screen now."""
        self.pump()
        return [line.rstrip() for line in self.screen.display]

    def text(self):
        """The same in one."""
        return "\n".join(self.lines())

    def wait_for(self, pattern):
        """Waits until the screen matches; returns the match."""
        try:
            return tap.wait_for(f"/{pattern}/ on the screen",
                                lambda: re.search(pattern, self.text(), re.M))
        except AssertionError:
            tap.note(self.text())
            raise

    def wait_until_gone(self, pattern):
        """Waits until the screen does not match."""
        tap.wait_for(f"screen without /{pattern}/",
                     lambda: not re.search(pattern, self.text(), re.M))

    def send(self, keys):
        """Types."""
        self.shell.send(keys)

    def run(self, command):
        """Types a command; what it will write is not there yet."""
        self.screen.reset()
        self.send(command + "\r")

    def ask(self, command):
        """What a command writes."""
        start = len(self.raw)
        # as it is typed it does not look like what it writes
        self.run(f"echo be''gin $?; {command}; echo e''nd $?")

        def answer():
            self.pump()
            return re.search(rb"begin \d+\r\n(.*)end \d+\r\n",
                             self.raw[start:], re.S)

        match = tap.wait_for(f"end of {command}", answer)
        return match.group(1).decode(errors="replace").replace("\r", "")

    def status(self):
        """The exit status of what ran before."""
        start = len(self.raw)
        self.run("echo sta''tus $?")

        def answer():
            self.pump()
            return re.search(rb"status (\d+)\r\n", self.raw[start:])

        return int(tap.wait_for("status", answer).group(1))

    def resize(self, columns, lines):
        """Makes the terminal larger or smaller."""
        self.pump()
        self.screen.resize(lines, columns)
        self.shell.setwinsize(lines, columns)

    def modes(self):
        """The settings of the line, as stty has them."""
        return self.ask("stty -g")

    def foreground(self):
        """The process group that has the terminal."""
        return os.tcgetpgrp(self.shell.child_fd)

    def check_given_back(self):
        """That the last word on each mode is the ordinary one."""
        for name, number, ordinary in (("alternate screen", b"1049", b"l"),
                                       ("cursor", b"25", b"h"),
                                       ("mouse", b"1000", b"l")):
            words = re.findall(rb"\x1b\[\?(?:\d+;)*" + number +
                               rb"(?:;\d+)*([hl])", self.raw)
            tap.equal(words[-1:], [ordinary], f"last mode of the {name}")

    def close(self):
        """Closes the terminal, as if its window was closed."""
        if self in _open:
            _open.remove(self)
            self.shell.close(force=True)


@atexit.register
def _close_all():
    for terminal in list(_open):
        try:
            os.killpg(terminal.foreground(), signal.SIGKILL)
        except OSError:
            pass
        terminal.close()
