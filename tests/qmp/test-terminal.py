#!/usr/bin/python3
# The screen in a terminal: how it ends, what is typed, how large it is
#
# SPDX-License-Identifier: GPL-2.0-or-later

import concurrent.futures
import contextlib
import os
import signal
import subprocess
import termios

import tap
from peer import Model, Peer
from program import PROGRAM, SANITIZED, Directory, start
from terminal import Terminal

# Those that don't end a program, and those that are heeded otherwise
HARMLESS = {signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGCONT,
            signal.SIGCHLD, signal.SIGURG, signal.SIGWINCH, signal.SIGSTOP}
ENDING = sorted(set(signal.valid_signals()) - HARMLESS -
                {signal.SIGKILL, signal.SIGINT, signal.SIGPIPE,
                 signal.SIGXFSZ})
CRASHES = {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL,
           signal.SIGABRT, signal.SIGTRAP, signal.SIGSYS}


def serve(peer):
    peer.serve(Model(3, 4))


@contextlib.contextmanager
def screen(*args, **kwargs):
    """A terminal that shows samples."""
    with Directory() as directory, Peer(directory.path("s"), serve), \
            Terminal(*args, directory.path("s"), **kwargs) as terminal:
        terminal.wait_for(rb"iothread1")
        terminal.wait_for_drawing()
        yield terminal


def check_killed(terminal, number):
    status = terminal.end()
    # A sanitizer's own handler comes after ours
    assert status == -number or SANITIZED and number in CRASHES, status
    terminal.check_given_back()


def each(function, values):
    """Several at a time; most of it is waiting."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for _ in pool.map(function, values):
            pass


def test_every_signal_that_ends_it_leaves_the_terminal_as_it_was():
    def end_by(number):
        with screen() as terminal:
            terminal.kill(number)
            check_killed(terminal, number)

    assert len(ENDING) > 40, ENDING
    each(end_by, ENDING)


def test_keys_of_the_terminal_that_end_it():
    for key, number in ((b"\x1c", signal.SIGQUIT), (b"\x03", 0), (b"q", 0)):
        with screen() as terminal:
            terminal.send(key)
            check_killed(terminal, number)


def test_signals_that_end_nothing():
    with screen() as terminal:
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD,
                       signal.SIGURG, signal.SIGWINCH, signal.SIGCONT):
            terminal.kill(number)
            terminal.wait_for_drawing()
        terminal.send(b"q")
        check_killed(terminal, 0)


def test_ignored_signals_stay_ignored():
    ignored = sorted({signal.SIGINT} | set(ENDING) - CRASHES)
    with screen(ignored=[*ignored, signal.SIGTSTP]) as terminal:
        for number in [*ignored, signal.SIGTSTP]:
            terminal.kill(number)
        terminal.send(b"\x03\x1c\x1a")
        terminal.wait_for_drawing()
        assert b"stopped" not in terminal.words
        terminal.send(b"q")
        check_killed(terminal, 0)
    with screen(ignored=CRASHES) as terminal:
        terminal.kill(signal.SIGSYS)
        assert terminal.end() != 0
        terminal.check_given_back()


def test_batch_keeps_signals_ignored():
    ignored = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]

    def ignore():
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)

    with Directory() as directory, Peer(directory.path("s"), serve):
        process = start("-b", "-d", "0.01", directory.path("s"),
                        preexec_fn=ignore)
        process.stdout.readline()
        for number in ignored:
            process.send_signal(number)
        for _ in range(100):
            assert process.stdout.readline()
        process.kill()
        process.communicate()


def test_stop_and_go_on():
    with screen() as terminal:
        for _ in range(3):
            terminal.words = b""
            terminal.send(b"\x1a")
            terminal.wait_for_word(rb"stopped")
            terminal.drain()
            terminal.check_given_back()
            length = len(terminal.raw)
            terminal.go_on()
            terminal.wait_for(rb"\x1b\[\?1049h.*iothread1", length)
            terminal.wait_for(rb"\x1b\[\?1000h", length)
            terminal.wait_for_drawing()
        terminal.kill(signal.SIGTERM)
        check_killed(terminal, signal.SIGTERM)


def test_ended_while_stopped():
    with screen() as terminal:
        terminal.send(b"\x1a")
        terminal.wait_for_word(rb"stopped")
        terminal.drain()
        length = len(terminal.raw)
        # The shell's modes are its own, and its screen too
        modes = terminal.modes()
        modes[3] &= ~termios.ECHO
        termios.tcsetattr(terminal.slave, termios.TCSANOW, modes)
        terminal.kill(signal.SIGTERM)
        terminal.kill(signal.SIGCONT)
        assert terminal.end() == -signal.SIGTERM
        assert terminal.modes() == modes
        assert terminal.raw[length:] == b"", terminal.raw[length:]


def test_killed_in_the_background():
    with screen() as terminal:
        terminal.kill(signal.SIGSTOP)
        terminal.wait_for_word(rb"stopped")
        modes = terminal.modes()
        modes[3] |= termios.ECHO
        termios.tcsetattr(terminal.slave, termios.TCSANOW, modes)
        terminal.kill(signal.SIGQUIT)
        terminal.kill(signal.SIGCONT)
        assert terminal.end() == -signal.SIGQUIT
        assert terminal.modes() == modes
        assert terminal.last_mode(b"1049") == b"l"


def test_output_that_nobody_takes():
    with screen() as terminal:
        termios.tcflow(terminal.slave, termios.TCOOFF)
        terminal.kill(signal.SIGTERM)
        assert terminal.end() == -signal.SIGTERM
        assert terminal.modes() == terminal.before


def test_terminal_that_is_closed():
    for ignored in ([], [signal.SIGHUP]):
        with screen(ignored=ignored) as terminal:
            os.close(terminal.slave)
            os.close(terminal.master)
            terminal.slave = terminal.master = None
            terminal.wait_for_word(rb"ended")


# Sequences of keys and of the mouse, old and new form
SEQUENCES = (b"\x1b[<0;30;5M", b"\x1b[M \xc3\xa4", b"\x1b[M >%", b"\x1b[15~",
             b"\x1bOA", b"\x1b[[A", b"\xf0\x9f\x90\x84", b"\x1b[1;5A")


def test_cut_sequences_stop_nothing():
    with screen() as terminal:
        for sequence in SEQUENCES:
            for length in range(1, len(sequence)):
                terminal.send(sequence[:length])
                terminal.wait_for_drawing()
        terminal.send(b"\x1b")
        terminal.wait_for_drawing()
        for sequence in SEQUENCES:
            # Each ends what was cut before
            terminal.send(sequence[:-1] + b"\x1b[<0;30;5M")
            terminal.wait_for_drawing()
        terminal.send(b"\x1b\x1b\x1b")
        # Whatever is open: Help has nothing above it
        wait_for_help(terminal)
        terminal.kill(signal.SIGINT)
        check_killed(terminal, 0)


def wait_for_help(terminal):
    """Presses F1 until there is help: what was cut may swallow a key."""
    length = len(terminal.raw)

    def is_there():
        terminal.send(b"\x1bOP")
        return b"Keys in" in terminal.raw[length:]

    terminal.wait("help", is_there)


def test_a_flood_of_keys_starves_nothing():
    with screen() as terminal:
        os.set_blocking(terminal.master, False)
        for _ in range(300):
            with contextlib.suppress(BlockingIOError):
                os.write(terminal.master, b"\x1b[B\x1b[A" * 50)
            terminal.pump()
        terminal.wait_for_drawing()
        terminal.kill(signal.SIGINT)
        check_killed(terminal, 0)


def test_mouse_beyond_column_95():
    with screen(columns=200) as terminal:
        # The last of the keys in the last line, in both forms
        for report in (b"\x1b[<0;2;30M", b"\x1b[M " + bytes([34, 62])):
            length = len(terminal.raw)
            terminal.send(report)
            terminal.wait_for(rb"Keys in", length)
            length = len(terminal.raw)
            terminal.send(b"\x1b")
            terminal.wait_for(rb"iothread", length)
        # A source, selected and opened: a row is one up to its end
        length = len(terminal.raw)
        terminal.send(b"\x1b[M " + bytes([32 + 150, 32 + 9]))
        terminal.send(b"\x1b[M " + bytes([32 + 150, 32 + 9]))
        terminal.wait_for(rb"Duration", length)
        terminal.send(b"\x03")
        check_killed(terminal, 0)


def test_every_size():
    for columns, lines in ((1, 1), (0, 0), (2, 30), (100, 2), (65535, 65535),
                           (39, 10), (40, 9), (40, 10)):
        with Directory() as directory, Peer(directory.path("s"), serve), \
                Terminal(directory.path("s"), columns=columns,
                         lines=lines) as terminal:
            terminal.wait_for(rb"\x1b\[\?1049h")
            terminal.resize(100, 30)
            terminal.wait_for(rb"iothread1")
            for prompt in (b"", b"/ab", b"\x1b", b"h", b"\r"):
                terminal.send(prompt)
                terminal.resize(columns, lines)
                terminal.resize(max(columns - 1, 0), lines)
            terminal.send(b"\x1b" + b"\x03")
            check_killed(terminal, 0)


def test_a_storm_of_resizes():
    with screen() as terminal:
        for step in range(500):
            terminal.resize(40 + step * 7 % 90, 10 + step * 5 % 40)
            if step % 50 == 0:
                terminal.pump()
        length = len(terminal.raw)
        terminal.resize(120, 35)
        terminal.wait_for(rb"\x1b\[35[;d]", length)
        terminal.send(b"q")
        check_killed(terminal, 0)


def expect_refused(terminal, *words):
    status = terminal.end()
    lines = terminal.raw.replace(b"\r\n", b"\n")
    assert status == 1, (status, lines)
    assert lines.count(b"\n") == 1 and lines.endswith(b"\n"), lines
    assert lines[:-1].decode().isprintable(), lines
    for word in (b"qemu-aiotop --batch", *words):
        assert word in lines, lines
    assert terminal.modes() == terminal.before


def test_terminals_that_are_refused():
    for name, word in (("dumb", b"can't show it"), ("nosuch", b"not known"),
                       ("no\x1b[2Jsuch", b"not known"), ("", b"not set"),
                       (None, b"not set"), ("../../etc", b"not known"),
                       ("x" * 5000, b"not known")):
        # curses keeps what it has made of a terminal that it refuses
        with Terminal("/nonexistent/socket", type=name,
                      env={"ASAN_OPTIONS": "detect_leaks=0"}) as terminal:
            expect_refused(terminal, word)


def test_stdin_that_is_no_terminal():
    for redirection in ("<&-", "</dev/null", "<>/dev/zero"):
        with Terminal("/nonexistent/socket", stdin=redirection) as terminal:
            expect_refused(terminal, b"needs a terminal")


def test_other_terminals():
    for name in ("vt100", "linux", "screen-256color", "tmux-256color",
                 "rxvt-unicode", "vt220", "ansi"):
        if subprocess.run(["infocmp", name], capture_output=True,
                          check=False).returncode:
            continue
        for number in (signal.SIGTERM, signal.SIGINT):
            with screen(type=name) as terminal:
                terminal.kill(number)
                status = terminal.end()
                assert status in (-number, 0), status
                assert terminal.modes() == terminal.before
                # Delays are no text
                assert b"$<" not in terminal.raw
                if name == "vt100":
                    # It has no other screen and no mouse: the shell goes on
                    # below, in plain letters that all lines scroll
                    assert terminal.last_mode(b"1000") is None
                    assert terminal.raw.endswith(
                        b"\x1b[m\x0f\x1b[?7h\x1b[r\x1b[?1l\x1b>"
                        b"\x1b[1001;1H\n"
                        if number == signal.SIGTERM else b"\x1b[?1l\x1b>"), \
                        terminal.raw[-100:]


def test_locale_without_utf8():
    with screen(env={"LC_ALL": "C"}) as terminal:
        terminal.send(b"\xc3\xa4\xff/\xe4\x1b")
        terminal.wait_for_drawing()
        assert terminal.raw.isascii()
        terminal.send(b"\x03")
        check_killed(terminal, 0)


def test_mouse_is_left_alone_if_told_so():
    with Directory() as config:
        os.mkdir(config.path("qemu-aiotop"))
        with open(config.path("qemu-aiotop/settings.ini"), "w",
                  encoding="utf-8") as file:
            file.write("[screen]\nmouse=false\n")
        for args, env in ((["--no-mouse"], None),
                          ([], {"XDG_CONFIG_HOME": config.name})):
            with screen(*args, env=env) as terminal:
                terminal.kill(signal.SIGTERM)
                assert terminal.end() == -signal.SIGTERM
                assert terminal.last_mode(b"1000") is None
                assert terminal.last_mode(b"1049") == b"l"
                assert terminal.modes() == terminal.before


def test_settings_that_are_no_file():
    with Directory() as config:
        os.mkdir(config.path("qemu-aiotop"))
        os.mkfifo(config.path("qemu-aiotop/settings.ini"))
        with screen(env={"XDG_CONFIG_HOME": config.name}) as terminal:
            terminal.wait_for(rb"Settings ignored: it is no ordinary file "
                              rb"\(.*settings.ini\)")
            terminal.send(b"WW")
            terminal.wait_for(rb"Not saved.*no ordinary file")
            terminal.send(b"\x03")
            check_killed(terminal, 0)


def test_color_is_saved_as_it_is_wanted():
    for env, type in (({"NO_COLOR": "1"}, "xterm"), ({}, "vt100")):
        with Directory() as config:
            env["XDG_CONFIG_HOME"] = config.name
            with screen(env=env, type=type, columns=200) as terminal:
                terminal.send(b"W")
                terminal.wait_for(rb"Saved in")
                terminal.send(b"\x03")
                assert terminal.end() == 0
            with open(config.path("qemu-aiotop/settings.ini"),
                      encoding="utf-8") as file:
                assert "color=true\n" in file.read()


tap.main([value for name, value in list(globals().items())
          if name.startswith("test_")])
