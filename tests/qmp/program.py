# Runs qemu-aiotop, and checks what it says
#
# SPDX-License-Identifier: GPL-2.0-or-later

import csv
import io
import json
import os
import re
import signal
import subprocess
import tempfile
import threading

PROGRAM = os.environ["QEMU_AIOTOP"]
SANITIZED = os.environ.get("QEMU_AIOTOP_SANITIZED", "none") != "none"

# How long a program that hangs is waited for, and how long it waits for a peer
# of ours, which may not get a CPU; no test depends on it otherwise
HANG_S = 300


# What ends it, whatever whoever runs this has ignored
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
for _number in ENDING:
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, signal.SIG_DFL)


class Result:
    def __init__(self, status, out, err, max_rss_kib):
        self.status = status
        self.out = out
        self.err = err
        self.max_rss_kib = max_rss_kib

    def expect(self, status):
        assert self.status == status, \
            f"exit {self.status}: {self.err.decode(errors='replace')}"
        return self

    def expect_failure(self, *words, status=1):
        """One line on stderr that has all of the words; nothing else."""
        self.expect(status)
        line = self.err.decode()
        assert line.startswith("qemu-aiotop: "), line
        assert line.count("\n") == 1 and line.endswith("\n"), line
        assert line[:-1].isprintable(), line
        for word in words:
            assert word in line, f"no {word!r} in: {line}"
        return self

    def json_lines(self):
        return [strict_json(line) for line in self.out.splitlines()]

    def csv_rows(self):
        return strict_csv(self.out)


def strict_json(text):
    def refuse(value):
        raise ValueError(f"{value} is not JSON")

    def unique(pairs):
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), f"a key twice in {keys}"
        return dict(pairs)

    return json.loads(text.decode("utf-8", errors="strict"),
                      parse_constant=refuse, object_pairs_hook=unique)


def strict_csv(data):
    """Rows as dictionaries by the head's names."""
    assert data.endswith(b"\r\n")
    text = data.decode("utf-8", errors="strict")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    head = rows[0]
    assert len(head) == len(set(head)), f"a column twice in {head}"
    for row in rows:
        assert len(row) == len(head), row
    return [dict(zip(head, row)) for row in rows[1:]]


class Figure:
    """One of the performance data: 'label'=value[unit];warn;crit;min;max"""

    NUMBER = r"-?\d+(?:\.\d+)?"
    RANGE = rf"@?(?:(?:~|{NUMBER})?:)?(?:{NUMBER})?"
    PATTERN = re.compile(
        rf"([^'=\s]+)=(?:({NUMBER})(s|us|ms|%|B|KB|MB|TB|c|)|U)"
        rf"(?:;({RANGE})(?:;({RANGE})(?:;({NUMBER})?(?:;({NUMBER})?)?)?)?)?")

    def __init__(self, text):
        match = self.PATTERN.fullmatch(text)
        assert match, f"no performance data: {text!r}"
        (self.label, value, self.unit, self.warn, self.crit, low,
         high) = match.groups()
        self.value = None if value is None else float(value)
        if self.value is not None:
            assert low is None or float(low) <= self.value, text
            assert high is None or self.value <= float(high), text
            assert self.unit != "c" or self.value == int(self.value), text


def monitoring_line(out, word):
    """Text and performance data, by label, of what is one line of a plug-in."""
    line = out.decode("utf-8", errors="strict")
    assert line.count("\n") == 1 and line.endswith("\n"), line
    line = line[:-1]
    assert line.isprintable() and len(out) <= 1024, line
    head = f"QEMU-AIOTOP {word} - "
    assert line.startswith(head), line
    text, bar, data = line[len(head):].partition(" | ")
    assert text and "|" not in text + data, line
    figures = [Figure(part) for part in data.split(" ")] if bar else []
    assert len({figure.label for figure in figures}) == len(figures), line
    return text, {figure.label: figure for figure in figures}


def start(*args, **kwargs):
    """The program, or a copy of it, as a Popen object, its output in pipes.

    With patience_s=None it has its own limits, as also with --timeout; a list
    asks nobody.
    """
    program = kwargs.pop("program", PROGRAM)
    patience_s = kwargs.pop("patience_s", HANG_S)
    if patience_s is not None and not {"-l", "--list"} & set(args):
        args = [f"--timeout={patience_s}", *args]
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
           "ASAN_OPTIONS": "exitcode=99", "UBSAN_OPTIONS":
           "halt_on_error=1:exitcode=99", **kwargs.pop("env", {})}
    return subprocess.Popen([program, *args], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env=env, **kwargs)


def run(*args, **kwargs):
    process = start(*args, **kwargs)
    err = []
    reader = threading.Thread(target=lambda: err.append(process.stderr.read()))
    reader.start()
    watchdog = threading.Timer(HANG_S, process.send_signal, [signal.SIGABRT])
    watchdog.start()
    out = process.stdout.read()
    reader.join()
    _, status, usage = os.wait4(process.pid, 0)
    watchdog.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    process.stderr.close()
    return Result(process.returncode, out, err[0], usage.ru_maxrss)


class Directory(tempfile.TemporaryDirectory):
    """A directory for sockets; path("x") is a file in it."""

    def __enter__(self):
        super().__enter__()
        return self

    def path(self, name):
        return os.path.join(self.name, name)


def unknown(*args, **kwargs):
    """Why there is no answer: on stdout, and nowhere else."""
    result = run("--check", *args, **kwargs).expect(3)
    assert not result.err, result.err
    text, data = monitoring_line(result.out, "UNKNOWN")
    return text
