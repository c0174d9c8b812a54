#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The live screen, in a real terminal, on a real storage daemon."""

import contextlib
import functools
import itertools
import os
import re
import signal

import client
import processes
import qemu
import tap
from tap import check, equal, test, wait_for
from terminal import Terminal

# some thousand requests a second: a load that takes all CPUs would keep the
# terminal's shell from its own
NULL_AIO = ("driver=null-aio,size=1073741824,read-zeroes=off,"
            "latency-ns=500000")
ENDLESS = 1 << 30


class Load:
    """A storage daemon that is under load."""

    def __init__(self, name):
        self.storage = qemu.StorageDaemon(name, [NULL_AIO])
        self.bench = processes.start(self.storage.bench(ENDLESS, depth=2,
                                                        write=False))
        self.socket = self.storage.socket
        self.pid = self.storage.pid

    def stop(self):
        """Ends both."""
        processes.kill(self.bench)
        self.storage.stop()


@functools.lru_cache(maxsize=None)
def load():
    """The one that all tests can look at."""
    return Load("screen")


@contextlib.contextmanager
def screen(*arguments, columns=100, lines=30, target=None, **environment):
    """A terminal in which the program runs and shows samples."""
    terminal = Terminal(columns, lines, environment)
    terminal.before = terminal.modes()
    try:
        start(terminal, *arguments, target or load().socket)
        terminal.wait_for(r"interval")
        yield terminal
    finally:
        terminal.close()


def start(terminal, *arguments):
    """Runs the program in a terminal."""
    terminal.run(" ".join([client.program(), "-d", "0.1", *arguments]))
    terminal.shell_pid = terminal.shell.pid
    terminal.pid = wait_for("qemu-aiotop in front", lambda: (
        terminal.pump(), terminal.foreground() != terminal.shell_pid and
        terminal.foreground())[1])


def is_gone(pid):
    """Whether there is no such process, or only its remains."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def check_end(terminal, status):
    """That it has ended so, and left the terminal as it was."""
    wait_for("prompt", lambda: terminal.foreground() == terminal.shell_pid)
    wait_for("end of qemu-aiotop", lambda: is_gone(terminal.pid))
    equal(terminal.status(), status, "exit status")
    equal(terminal.modes(), terminal.before, "modes of the terminal")
    terminal.check_given_back()


def sources(terminal):
    """The lines of the sources' table, which a blank one ends."""
    terminal.wait_for("NAME")
    lines = terminal.lines()
    head = next((i for i, line in enumerate(lines) if "NAME" in line),
                len(lines))
    return list(itertools.takewhile(str.strip, lines[head + 1:-2]))


def shows_only(terminal, name):
    """Whether there are sources, and all of them have this in their line."""
    lines = sources(terminal)
    return bool(lines) and all(name in line for line in lines)


def check_draws(terminal, what, function):
    """Waits until it is so: a drawing may have come in part as yet."""
    try:
        wait_for(what, lambda: (terminal.pump(), function())[1])
    except AssertionError:
        tap.note(terminal.text())
        raise


def quit_and_check(terminal):
    """Ends it as users do."""
    terminal.send("Q")
    check_end(terminal, 0)


@test("it shows loops and sources, and q leaves the terminal as it was")
def shows():
    with screen() as terminal:
        terminal.wait_for(rf"pid {load().pid}\b")
        terminal.wait_for(r"^ *iothread0 .*k/s")
        terminal.wait_for(r"^ *(HOG +)?iothread0 +qio_ch|iothread0 .*bh")
        quit_and_check(terminal)


def names_of(lines):
    """Of sources, from their lines."""
    matches = [re.search(r"^ *(?:[A-Z]+ +)?\S+ +"
                         r"(?:(?:fd-\w+|bh|timer|glib|wait|coroutine|cqe|"
                         r"submit) +)?"
                         r"(\S+)", line) for line in lines]
    return [match.group(1) for match in matches if match]


def are_sorted(names):
    """Whether they are some, in order; of long ones the middle is left out."""
    starts = [name.split("…")[0] for name in names]
    return len(names) > 2 and all(
        first[:len(second)] <= second[:len(first)]
        for first, second in zip(starts, starts[1:]))


@test("keys sort")
def sorts():
    with screen() as terminal:
        terminal.send("NL")
        terminal.wait_for("LOCKED")
        check_draws(terminal, "sources by name", lambda: are_sorted(
            names_of(sources(terminal))))
        terminal.send("R")
        terminal.wait_for(r"Sorted by NAME.*reversed")
        terminal.send("P")
        terminal.wait_for(r"Sorted by BUSY%")
        terminal.send("\x1b[17~")
        terminal.wait_for(r"Sort the sources by")
        terminal.send("\x1bOH\r")
        terminal.wait_for(r"[▲▼]LOOP|LOOP *[▲▼]")
        quit_and_check(terminal)


@test("a filter takes effect while it is typed, and Esc drops it")
def filters():
    with screen("--ascii") as terminal:
        terminal.send("/qio_")
        terminal.wait_for(r"Filter: qio_")
        wait_for("restart_read alone", lambda: shows_only(terminal,
                                                          "restart_r"))
        terminal.send("(")
        terminal.wait_for("at character")
        check_draws(terminal, "the last good one in force",
                    lambda: shows_only(terminal, "restart_r"))
        terminal.send("\x1b")
        terminal.wait_until_gone("Filter:")
        quit_and_check(terminal)


@test("Enter opens details with percentiles, histogram and history")
def details():
    with screen(lines=50) as terminal:
        terminal.send("/restart_read\r\r")
        terminal.wait_for(r"^Duration +~?\d")
        terminal.wait_for(r"p50 +p90 +p99 +p99.9")
        terminal.wait_for(r"^Descriptor +\d+ +socket:\[\d+\]")
        terminal.wait_for(r"█.*\n.*─")
        terminal.wait_for(r"ago.*now")
        terminal.send("\x1b")
        terminal.wait_for("BUSY%")
        terminal.send("\t\r")
        terminal.wait_for(r"POLLMAX")
        quit_and_check(terminal)


@test("it follows the terminal's size while it draws")
def resizes():
    with screen("-d", "0.02") as terminal:
        for step in range(60):
            terminal.resize(60 + step * 7 % 90, 12 + step * 5 % 40)
            terminal.send("j" if step % 2 else "\t")
        terminal.resize(120, 35)
        terminal.wait_for(r"\A *qemu-aiotop ")
        wait_for("keys in the last line", lambda: "Help" in
                 terminal.lines()[34])
        check_draws(terminal, "one table of sources", lambda: len(
            [line for line in terminal.lines() if "CALLS/S" in line]) == 1)
        terminal.resize(39, 9)
        terminal.wait_for("Too small: 39x9")
        terminal.resize(40, 10)
        terminal.wait_for("BUSY%")
        terminal.resize(1, 1)
        terminal.resize(80, 24)
        terminal.wait_for("BUSY%")
        quit_and_check(terminal)


@test("Ctrl-C ends it")
def interrupt():
    with screen() as terminal:
        terminal.send("\x03")
        check_end(terminal, 0)


@test("SIGTERM and SIGHUP end it")
def terminated():
    for number in (signal.SIGTERM, signal.SIGHUP):
        with screen() as terminal:
            os.kill(terminal.pid, number)
            check_end(terminal, 128 + number)


@test("a crash leaves the terminal as it was")
def crash():
    for number in (signal.SIGSEGV, signal.SIGABRT):
        with screen() as terminal:
            os.kill(terminal.pid, number)
            check_end(terminal, 128 + number)


@test("Ctrl-Z stops it, fg goes on")
def stops():
    with screen() as terminal:
        for _ in range(2):
            terminal.screen.reset()
            terminal.send("\x1a")
            terminal.wait_for("Stopped")
            equal(terminal.modes(), terminal.before, "modes when stopped")
            terminal.check_given_back()
            terminal.resize(90, 28)
            terminal.run("fg")
            terminal.wait_for(r"iothread0")
            terminal.wait_for(r"CALLS/S")
            wait_for("keys in the last line", lambda: "Help" in
                     terminal.lines()[27])
        quit_and_check(terminal)


@test("it draws all of it after SIGSTOP and SIGCONT")
def stopped_from_outside():
    with screen() as terminal:
        os.kill(terminal.pid, signal.SIGSTOP)
        terminal.wait_for("Stopped")
        terminal.run("fg")
        terminal.wait_for(r"CALLS/S")
        quit_and_check(terminal)


@test("it ends when its terminal is closed")
def closed():
    with screen() as terminal:
        pid = terminal.pid
        terminal.close()
        wait_for("end of qemu-aiotop", lambda: is_gone(pid))


@test("it says that QEMU is gone, and goes on with the next one")
def restarted():
    first = Load("again")
    with screen(target=first.socket) as terminal:
        terminal.wait_for(rf"pid {first.pid}\b")
        first.stop()
        terminal.wait_for(r"Connection lost \d+s ago")
        terminal.wait_for("iothread0")
        terminal.send("?")
        terminal.wait_for("This help|Keys in")
        terminal.send("\x1b")
        second = Load("again")
        terminal.wait_for(rf"pid {second.pid}\b")
        terminal.wait_until_gone("Connection lost")
        terminal.wait_for(r"iothread0 .*k/s")
        second.stop()
        terminal.wait_for(r"Connection lost")
        quit_and_check(terminal)


@test("it stays alive while QEMU is silent")
def silent():
    silent_one = Load("silent")
    with screen(target=silent_one.socket) as terminal:
        os.kill(silent_one.pid, signal.SIGSTOP)
        terminal.wait_for(r"No answer for \d+s")
        terminal.send("?")
        terminal.wait_for("Keys in")
        terminal.send("\x1b")
        terminal.wait_for("BUSY%")
        os.kill(silent_one.pid, signal.SIGCONT)
        terminal.wait_until_gone("No answer")
        quit_and_check(terminal)
    silent_one.stop()


@test("without QEMU it waits, says why, and connects when it comes")
def waits():
    socket = processes.path("later.prof")
    terminal = Terminal()
    terminal.before = terminal.modes()
    start(terminal, socket)
    terminal.wait_for(r"Not connected for \d+s.*no socket")
    later = Load("later")
    terminal.wait_for(rf"pid {later.pid}\b")
    quit_and_check(terminal)
    later.stop()


@test("without a target all are shown, and one is opened from there")
def picks():
    other = Load("picked")
    another = Load("another")
    terminal = Terminal(lines=40)
    terminal.before = terminal.modes()
    start(terminal)
    terminal.wait_for("all QEMUs of this host")
    terminal.wait_for(rf"^\S+ +{other.pid} +(well|SLOW)")
    terminal.send(f"/^{other.pid}$\r")
    terminal.wait_for("FILTERED")
    terminal.send("\r")
    terminal.wait_for(rf"pid {other.pid}\b")
    terminal.send("\x1b")
    terminal.wait_for("all QEMUs of this host")
    quit_and_check(terminal)
    other.stop()
    another.stop()


@test("nothing is drawn twice, and the screen is cleared only at the start")
def no_flicker():
    with screen() as terminal:
        start_of_live = len(terminal.raw)
        for key in "jjkNPRRctta":
            terminal.send(key)
            terminal.pump()
        terminal.wait_for("CUMULATIVE")
        drawn = terminal.raw[start_of_live:]
        for clear in (b"\x1b[2J", b"\x1b[H\x1b[J", b"\x1bc"):
            check(clear not in drawn, f"{clear!r} was sent")
        quit_and_check(terminal)


def colors(raw):
    """The colours that were set."""
    return re.findall(rb"\x1b\[(?:\d+;)*(?:3[0-7]|4[0-7])(?:;\d+)*m", raw)


@test("NO_COLOR, --color and --ascii are heeded")
def looks():
    with screen() as terminal:
        check_draws(terminal, "colours", lambda: colors(terminal.raw))
    with screen(NO_COLOR="1") as terminal:
        terminal.wait_for("Help")
        equal(colors(terminal.raw), [], "colours with NO_COLOR")
    with screen("--color", "always", NO_COLOR="1") as terminal:
        check_draws(terminal, "colours with --color always",
                    lambda: colors(terminal.raw))
    with screen("--color", "never") as terminal:
        terminal.wait_for("Help")
        equal(colors(terminal.raw), [], "colours with --color never")
    with screen() as terminal:
        check_draws(terminal, "a line in UTF-8",
                    lambda: not terminal.raw.isascii())
    for options in (["--ascii"], []):
        locale = "C.UTF-8" if options else "C"
        with screen(*options, LC_ALL=locale) as terminal:
            terminal.send("\r")
            terminal.wait_for("Duration")
            check(terminal.raw.isascii(), "not only ASCII")


@test("terminals that can't show it are refused")
def refused():
    for name, word in (("dumb", "can't show it"),
                       ("no-such-terminal", "not known"), ("", "not set")):
        terminal = Terminal(environment={"TERM": "xterm"})
        before = terminal.modes()
        said = terminal.ask(f"TERM={name} {client.program()} "
                            f"{load().socket}; echo status $?")
        check(word in said and "qemu-aiotop --batch" in said, said)
        check("status 1" in said, said)
        equal(terminal.modes(), before, "modes of the terminal")
        terminal.close()
    terminal = Terminal(columns=200)
    said = terminal.ask(f"{client.program()} {load().socket} </dev/null")
    check("needs a terminal" in said, said)
    terminal.close()


@test("W saves the settings, and a broken file is said to be so")
def settings():
    config = processes.path("settings")
    file = os.path.join(config, "qemu-aiotop", "settings.ini")
    with screen(XDG_CONFIG_HOME=config, columns=200) as terminal:
        terminal.send("NW")
        terminal.wait_for("Saved in")
        quit_and_check(terminal)
    with screen(XDG_CONFIG_HOME=config, columns=200) as terminal:
        terminal.wait_for(r"NAME▲|▲NAME")
        quit_and_check(terminal)
    with open(file, "w", encoding="utf-8") as broken:
        broken.write("[screen]\nsource-sort=nonsense\n")
    with screen(XDG_CONFIG_HOME=config, columns=200) as terminal:
        terminal.wait_for("Settings ignored: .*nonsense")
        terminal.send("W")
        terminal.wait_for("W again")
        with open(file, encoding="utf-8") as kept:
            check("nonsense" in kept.read(), "the broken file was replaced")
        terminal.send("W")
        terminal.wait_for("Saved in")
        with open(file, encoding="utf-8") as kept:
            check("nonsense" not in kept.read(), "it was not replaced")
        quit_and_check(terminal)


@test("-n ends it")
def iterations():
    terminal = Terminal()
    before = terminal.modes()
    # it may be over before it is seen in front
    said = terminal.ask(f"{client.program()} -d 0.1 -n 3 {load().socket}; "
                        "echo status $?")
    check("iothread0" in said and "status 0" in said, said)
    equal(terminal.modes(), before, "modes of the terminal")
    terminal.check_given_back()
    terminal.close()


@test("the mouse sorts by the head of a column, and opens a source")
def mouse():
    with screen() as terminal:
        terminal.wait_for("CALLS/S")
        row = next(i for i, line in enumerate(terminal.lines())
                   if "CALLS/S" in line)
        column = terminal.lines()[row].index("CALLS/S")
        press = "\x1b[M" + chr(32) + chr(33 + column) + chr(33 + row)
        sgr = f"\x1b[<0;{column + 1};{row + 1}M"
        terminal.send(sgr if b"[?1006" in terminal.raw else press)
        terminal.wait_for("[▲▼]CALLS/S")
        quit_and_check(terminal)


processes.be_alone()
tap.main()
