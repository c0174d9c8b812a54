#!/usr/bin/python3
# The command line: what it selects, and what it says when it can't
#
# SPDX-License-Identifier: GPL-2.0-or-later

import datetime
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import tap
from fake import SERVER, FakeQemu
from peer import Model, Peer
from program import (HANG_S, PROGRAM, Directory, monitoring_line, run, start,
                     strict_csv, strict_json)

LOOP_KEYS = {"loop", "thread_id", "dispatch_percent", "poll_percent",
             "wait_percent", "bql_wait_percent", "other_percent", "wall_ns",
             "cpu_percent", "counters", "state", "p99_ns", "delay_p99_ns"}
SOURCE_KEYS = {"loop", "kind", "name", "label", "fd", "calls", "busy_percent",
               "calls_per_second", "p50_ns", "p99_ns", "max_ns", "total_ns",
               "delay_p99_ns", "callback", "id", "counters"}


def serve(peer):
    peer.serve(Model(3, 4))


def sample(*args, script=serve, **kwargs):
    with Directory() as directory:
        with Peer(directory.path("s"), script):
            return run("-d", "0.01", *args, directory.path("s"), **kwargs)


def sources(*args):
    return sample("-n", "1", "-o", "json", *args).expect(0) \
        .json_lines()[0]["sources"]


def test_text():
    out = sample("-n", "2").expect(0).out.decode()
    assert out.count("vm1  pid 4711  QEMU 10.0.0 (Debian)") == 2
    blocks = out.split("\n\n")
    assert len(blocks) == 7 and blocks[-1] == "", blocks
    for loops, table in ((blocks[1], blocks[2]), (blocks[4], blocks[5])):
        assert loops.startswith("LOOP ") and loops.count("\n") == 3
        assert table.startswith("LOOP ") and table.count("\n") == 12
        # Aligned: right-aligned columns end where their heads end
        lines = table.split("\n")
        for head in ("CALLS/S", "BUSY%", "P99", "TOTAL"):
            end = lines[0].index(head + "  " if head != "TOTAL" else head) \
                + len(head)
            for line in lines[1:]:
                assert line[end - 1] != " ", line
                assert line[end:end + 2].strip() == "", line


def test_json():
    line = sample("-n", "1", "-o", "json").expect(0).json_lines()[0]
    assert {"time", "time_ns", "interval_ns", "pid", "vm_name", "loops",
            "sources", "qemu_version", "sequence"} <= line.keys()
    assert len(line["loops"]) == 3 and len(line["sources"]) == 12
    for loop in line["loops"]:
        assert LOOP_KEYS <= loop.keys(), LOOP_KEYS - loop.keys()
        assert loop["dispatch_percent"] == 50
    for source in line["sources"]:
        assert SOURCE_KEYS <= source.keys(), SOURCE_KEYS - source.keys()
        histogram = source["counters"]["histogram"]
        assert sum(count for _, count in histogram) == \
            source["counters"]["calls"]


def test_csv():
    rows = sample("-n", "2", "-o", "csv").expect(0).csv_rows()
    assert len(rows) == 2 * (3 + 12)
    assert [row["record"] for row in rows[:15]] == \
        ["loop"] * 3 + ["source"] * 12
    assert float(rows[0]["dispatch_percent"]) == 50
    assert rows[0]["name"] == ""
    assert rows[3]["name"] == "virtio_queue_host_notifier_read"
    assert rows[3]["dispatch_percent"] == ""
    assert int(rows[3]["calls"]) == 992


def test_csv_and_json_agree():
    def frozen(peer):
        model = Model(2, 2)
        model.advance()
        peer.negotiate()
        while (request := peer.receive()):
            peer.send({"return": model.reply(), "id": request["id"]})

    line = sample("--cumulative", "-o", "json", script=frozen) \
        .expect(0).json_lines()[0]
    rows = sample("--cumulative", "-o", "csv", script=frozen) \
        .expect(0).csv_rows()
    for kind, row in [("loop", row) for row in line["loops"]] + \
            [("source", row) for row in line["sources"]]:
        other = rows.pop(0)
        assert other["record"] == kind
        for key, value in row.items():
            if key in ("counters", "wall_ns"):
                continue
            text = other[key]
            if value is None:
                assert text == "", key
            elif isinstance(value, str):
                assert text == value, key
            else:
                assert float(text) == value, key
    assert not rows


def test_sort():
    ids = [source["id"] for source in sources("-s", "id")]
    assert ids == sorted(ids)
    assert [source["id"] for source in sources("-s", "id", "-r")] == \
        ids[::-1]
    p99 = [source["p99_ns"] for source in sources("-s", "p99")]
    assert p99 == sorted(p99, reverse=True)
    line = sample("-n", "1", "-o", "json", "-s", "loop.loop").expect(0) \
        .json_lines()[0]
    assert [loop["loop"] for loop in line["loops"]] == \
        ["main-loop", "iothread0", "iothread1"]
    line = sample("-n", "1", "-o", "json").expect(0).json_lines()[0]
    assert [loop["loop"] for loop in line["loops"]] == \
        ["main-loop", "iothread0", "iothread1"]
    line = sample("-n", "1", "-o", "json", "-s", "loop.loop", "-r").expect(0) \
        .json_lines()[0]
    assert [loop["loop"] for loop in line["loops"]] == \
        ["iothread1", "iothread0", "main-loop"]


def test_sort_help_lists_the_columns():
    out = run("-s", "help").expect(0).out.decode()
    for name in ("busy", "p99.9", "delay-p99", "loop.cpu", "loop.run-queue"):
        assert re.search(rf"^ [ *] {re.escape(name)} ", out, re.M), name
    # Each of them can be asked for
    names = re.findall(r"^ [ *] (\S+) ", out, re.M)
    assert len(names) > 40
    for name in names:
        assert run("-s", name, "-c", name, "--version").status == 0, name


def test_top():
    assert len(sources("-t", "5")) == 5
    assert len(sources("-t", "500")) == 12


def test_filter():
    assert {source["id"] for source in sources("-f", "vq1$")} == {1}
    assert len(sources("-f", "!vq1$")) == 11
    assert len(sources("-f", "iothread[01]")) == 8
    assert len(sources("-f", "^fd-read$")) == 12


def test_loop():
    line = sample("-n", "1", "-o", "json", "-L", "iothread1").expect(0) \
        .json_lines()[0]
    assert [loop["loop"] for loop in line["loops"]] == ["iothread1"]
    assert {source["loop"] for source in line["sources"]} == {"iothread1"}


def test_filter_that_matches_nothing():
    for args in ([], ["-o", "json"], ["-o", "csv"]):
        result = sample("-n", "3", *args, "-f", "nothing").expect(0)
        assert result.err.decode() == \
            "qemu-aiotop: the filter matches nothing at present\n"
        assert result.out
        for word in ("iothread0", "vq1$", "!iothread0"):
            assert not sample("-n", "1", *args, "-f", word).expect(0).err


def test_loop_that_is_not_there():
    for args in ([], ["-o", "json"], ["-o", "csv"], ["--cumulative"]):
        result = sample(*args, "-L", "iothread\n")
        result.expect_failure("no loop is named iothread\\n; there is "
                              "main-loop, iothread0, iothread1")
        assert not result.out

    def many(peer):
        peer.serve(Model(20, 1))

    sample("-L", "x", script=many) \
        .expect_failure("there is main-loop, ", "iothread14 and 4 more")

    def ends(peer):
        model = Model(3, 1)
        peer.negotiate()
        for _ in range(3):
            request = peer.receive()
            model.advance()
            peer.send({"return": model.reply(), "id": request["id"]})
            model.loops = model.loops[:2]

    # One that ends later does not end it
    lines = sample("-n", "2", "-o", "json", "-L", "iothread1", script=ends) \
        .expect(0).json_lines()
    assert [len(line["loops"]) for line in lines] == [0, 0]


def test_columns():
    out = sample("-n", "1", "-c", "name,p99,loop.loop,loop.cpu").expect(0) \
        .out.decode()
    blocks = out.split("\n\n")
    assert blocks[1].split("\n")[0].split() == ["LOOP", "CPU%"]
    assert blocks[2].split("\n")[0].split() == ["NAME", "P99"]
    rows = sample("-n", "1", "-o", "csv", "-c", "name,loop.cpu").expect(0) \
        .csv_rows()
    assert list(rows[0]) == ["time", "time_ns", "interval_ns", "pid",
                             "vm_name", "record", "cpu_percent", "name"]
    copied = ",".join(rows[0])
    again = sample("-n", "1", "-o", "csv", "-c", copied).expect(0).csv_rows()
    assert list(again[0]) == list(rows[0])
    sample("-c", "time,pid").expect_failure(
        "-c names nothing but what is of a whole sample", status=2)
    sample("-s", "time").expect_failure(
        '"time" is of a whole sample, and no column', status=2)
    line = sample("-n", "1", "-o", "json", "-c", "calls,loop.cpu") \
        .expect(0).json_lines()[0]
    assert {tuple(source) for source in line["sources"]} == {("calls",)}
    assert {tuple(loop) for loop in line["loops"]} == {("cpu_percent",)}


def test_times_are_of_the_clock():
    row = sample("-n", "1", "-o", "csv").expect(0).csv_rows()[0]
    line = sample("-n", "1", "-o", "json").expect(0).json_lines()[0]
    for text in (row["time"], line["time"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text)
        assert datetime.datetime.fromisoformat(text).year >= 2024
    row = sample("--stalls", "-o", "csv", script=stalled).expect(0) \
        .csv_rows()[0]
    assert row["time"].endswith("Z")


def test_table_without_named_columns_is_left_out():
    out = sample("-n", "1", "-c", "name").expect(0).out.decode()
    assert [block.split("\n")[0] for block in out.split("\n\n")[1:]] == \
        ["NAME", ""]
    rows = sample("-n", "1", "-o", "csv", "-c", "loop.cpu").expect(0) \
        .csv_rows()
    assert {row["record"] for row in rows} == {"loop"}
    line = sample("-n", "1", "-o", "json", "-c", "name").expect(0) \
        .json_lines()[0]
    assert "loops" not in line and len(line["sources"]) == 12


def test_cumulative_needs_one_snapshot():
    def script(peer):
        peer.serve(Model(), snapshots=1)

    line = sample("--cumulative", "-o", "json", script=script).expect(0) \
        .json_lines()
    assert len(line) == 1 and line[0]["cumulative"]
    assert line[0]["interval_ns"] == 2_000_000_000
    assert len(sample("--cumulative", "-n", "3", "-o", "json").expect(0)
               .json_lines()) == 3


def test_silent_sources_are_left_out_of_text_only():
    def script(peer):
        model = Model(1, 2)
        model.advance()
        peer.negotiate()
        while (request := peer.receive()):
            reply = model.reply()
            model.time_ns += 1_000_000_000
            peer.send({"return": reply, "id": request["id"]})

    out = sample("-n", "1", script=script).expect(0).out.decode()
    assert "virtio_queue" not in out
    assert len(sample("-n", "1", "-o", "json", script=script).expect(0)
               .json_lines()[0]["sources"]) == 2


def stuck(peer):
    """The first source of iothread0 has been running for 2 s."""
    model = Model(3, 2)
    peer.negotiate()
    while (request := peer.receive()):
        model.advance()
        reply = model.reply()
        loop = reply["loops"][1]
        loop.update({"state": "dispatching",
                     "stack": [loop["sources"][0]["id"]],
                     "stack-since-ns": [model.time_ns - 2_000_000_000]})
        peer.send({"return": reply, "id": request["id"]})


def stalled(peer):
    """One stall has ended, another goes on."""
    model = Model(1, 1)
    peer.negotiate()
    while (request := peer.receive()):
        model.advance()
        now = model.time_ns
        peer.send({"return": {
            **model.reply(), "stall-count": 12, "stalls": [
                {"id": 11, "loop": "main-loop", "thread-id": 5000,
                 "cause": "dispatch", "source-id": 1, "kind": "fd-read",
                 "name": "read\x1b[2J", "start-ns": now - 700_000_000,
                 "duration-ns": 200_000_000, "ongoing": False},
                {"id": 12, "loop": "CPU 0", "thread-id": 5009,
                 "cause": "bql-wait", "start-ns": now - 150_000_000,
                 "duration-ns": 150_000_000, "ongoing": True}]},
            "id": request["id"]})


def once_stalled(peer):
    """A stall of 200 ms ended, 350 s before the first snapshot."""
    model = Model(1, 1)
    model.time_ns += 1_000_000_000_000
    peer.negotiate()
    ended = model.time_ns - 350_000_000_000
    while (request := peer.receive()):
        model.advance()
        peer.send({"return": {
            **model.reply(), "stall-count": 1, "stalls": [
                {"id": 1, "loop": "main-loop", "thread-id": 5000,
                 "cause": "dispatch", "source-id": 1, "kind": "bh",
                 "name": "f", "start-ns": ended - 200_000_000,
                 "duration-ns": 200_000_000, "ongoing": False}]},
            "id": request["id"]})


def test_diagnose():
    out = sample("--diagnose").expect(0).out.decode()
    assert "\nhealthy\n" in out and "Next: " in out, out
    out = sample("-D", script=stuck).expect(0).out.decode()
    assert "\ncallback-stuck  iothread0 (thread 5001): fd-read " in out, out
    assert "has been running for 2.00s" in out
    assert "Stack" not in out and "\033" not in out
    assert max(map(len, out.splitlines())) <= 80, out
    out = sample("-D", "--color", "always", script=stuck).expect(0).out
    assert b"\033[1mcallback-stuck\033[0m" in out
    out = sample("-D", "--stall-ms", "2001", script=stuck).expect(0).out
    assert b"healthy" in out


def test_diagnose_in_json():
    line, = sample("-D", "-o", "json").expect(0).json_lines()
    assert (line["vm_name"], line["pid"]) == ("vm1", 4711)
    assert line["healthy"] is True and line["time_ns"] > 0
    finding, = line["findings"]
    assert finding["class"] == "healthy" and finding["stack"] is None
    assert finding["loop"] is finding["source"] is finding["thread_id"] is None
    line, = sample("-D", "-o", "json", script=stuck).expect(0).json_lines()
    assert line["healthy"] is False
    finding, = line["findings"]
    assert finding["class"] == "callback-stuck"
    assert (finding["loop"], finding["thread_id"]) == ("iothread0", 5001)
    assert finding["source"] == {
        "id": 3, "kind": "fd-read", "label": "vd1/vq3",
        "name": "virtio_queue_host_notifier_read"}
    assert "2.00s" in finding["evidence"] and finding["next_step"]


def test_no_stack_of_another_host():
    line, = sample("-D", "--stacks", "-o", "json", script=stuck).expect(0) \
        .json_lines()
    stack = line["findings"][0]["stack"]
    assert len(stack) == 1 and "no stack" in stack[0], stack
    out = sample("-D", "--stacks", script=stuck).expect(0).out.decode()
    assert "Stack of thread 5001:\n        (no stack: " in out, out


def check(*args, script=serve, status, word, **kwargs):
    """The line for a monitoring system: its text and performance data."""
    result = sample("--check", "--timeout", str(HANG_S), *args,
                    script=script, **kwargs).expect(status)
    assert not result.err, result.err
    return monitoring_line(result.out, word)


def test_check():
    text, data = check(status=0, word="OK")
    assert re.fullmatch(r"vm1: 3 loops, longest dispatch [\d.]+us in \S+", text)
    assert list(data) == ["loops", "threads", "stuck", "stalls",
                          "longest-dispatch", "delay-p99", "dispatch", "bql",
                          "run-queue"]
    assert data["loops"].value == 3 and data["threads"].value == 0
    assert data["stuck"].value == 0 and data["stuck"].crit == "0"
    assert data["stalls"].value is None
    assert data["longest-dispatch"].unit == "s" and data["dispatch"].unit == "%"
    assert data["dispatch"].value == 50
    text, data = check(script=stuck, status=2, word="CRITICAL")
    assert text.startswith("vm1: callback-stuck in iothread0: fd-read "), text
    assert data["stuck"].value == 1
    assert data["longest-dispatch"].value == 2
    check("--stall-ms", "2001", script=stuck, status=0, word="OK")


def test_check_for_stalls():
    text, data = check(script=stalled, status=1, word="WARNING")
    assert "1 stall ended in the last 300s" in text and "200ms" in text, text
    assert (data["stalls"].value, data["stalls"].unit) == (12, "c")
    # It ended half a second ago: in the interval, but not in a shorter one
    check("--since", "100ms", script=stalled, status=1, word="WARNING")
    check("--since", "1h", "--stall-ms", "201", script=once_stalled, status=0,
          word="OK")
    check("--since", "400s", script=once_stalled, status=1, word="WARNING")
    check("--since", "5m", script=once_stalled, status=0, word="OK")
    check(script=once_stalled, status=0, word="OK")


def test_check_with_thresholds():
    text, data = check("--warn", "dispatch%=49", "--crit", "dispatch=60",
                       "--warn=longest-dispatch=@1h:2h", status=1,
                       word="WARNING")
    assert "dispatch 50.0 % in main-loop is out of the range 49 %" in text
    assert (data["dispatch"].warn, data["dispatch"].crit) == ("49", "60")
    assert data["longest-dispatch"].warn == "@3600:7200"
    check("--crit", "dispatch=49", status=2, word="CRITICAL")
    check("--warn", "dispatch=50", "--crit", "delay-p99=1s", status=0,
          word="OK")
    # Nobody here can tell
    check("--warn", "run-queue%=20", status=3, word="UNKNOWN")


def test_quiet_check():
    result = sample("--check", "--quiet").expect(0)
    assert result.out == result.err == b""
    check("--quiet", script=stuck, status=2, word="CRITICAL")
    check("--quiet", script=stalled, status=1, word="WARNING")
    result = run("--check", "--quiet", "/nonexistent/x").expect(3)
    monitoring_line(result.out, "UNKNOWN")


def test_check_of_a_vm_with_a_bar_in_its_name():
    def script(peer):
        peer.serve(Model(vm_name="a|b\n"))

    text, _ = check(script=script, status=0, word="OK")
    assert text.startswith("a/b\\n: "), text


def unknown(*args, **kwargs):
    """Why there is no answer: on stdout, and nowhere else."""
    result = run("--check", *args, **kwargs).expect(3)
    assert not result.err, result.err
    text, data = monitoring_line(result.out, "UNKNOWN")
    return text


def test_check_without_an_answer():
    def silent(peer):
        peer.receive()

    def no_qmp(peer):
        peer.send(b"hello\r\n")

    def leaves(peer):
        peer.negotiate()

    def malformed(peer):
        peer.negotiate()
        while (request := peer.receive()):
            peer.send({"return": {"loops": 5}, "id": request["id"]})

    def no_profiler(peer):
        peer.negotiate()
        request = peer.receive()
        peer.send({"error": {"class": "GenericError", "desc": "no | object"},
                   "id": request["id"]})
        peer.receive()

    assert "no socket at /nonexistent/x" in unknown("/nonexistent/x")
    assert "no VM" in unknown("no-such-vm")
    assert "no process" in unknown("2147483646")
    assert "no VM" in unknown("--enable", "no-such-vm")
    for script, words in ((silent, "no QMP greeting"),
                          (no_qmp, "not a QMP server"),
                          (leaves, "closed the connection"),
                          (malformed, ""), (no_profiler, "")):
        with Directory() as directory, Peer(directory.path("s"), script):
            text = unknown("-d", "0.01", directory.path("s"))
            assert words in text, text


def test_check_comes_to_an_end():
    def mute(peer):
        peer.negotiate()
        while peer.receive():
            pass

    def stops(peer):
        model = Model()
        peer.negotiate()
        request = peer.receive()
        peer.send({"return": model.reply(), "id": request["id"]})
        while peer.receive():
            pass

    def silent(peer):
        while peer.receive():
            pass

    for script in (mute, stops, silent):
        with Directory() as directory, Peer(directory.path("s"), script):
            text = unknown("-d", "0.01", "--timeout", "300ms",
                           directory.path("s"))
            assert "no answer within 0.3 s (--timeout)" in text, text
    # Another loop waits then
    for script in (mute, silent):
        with Directory() as directory, Peer(directory.path("s"), script):
            text = unknown("--enable", "-d", "0.01", "--timeout", "0.3",
                           directory.path("s"))
            assert text.startswith("cannot switch profiling on"), text
            assert "no answer within 0.3 s (--timeout)" in text, text
    # Without it, as with it: before those that wait 10 s do
    with Directory() as directory, Peer(directory.path("s"), mute):
        assert "no answer within 9 s" in unknown(directory.path("s"))
    check("--timeout", "1h", status=0, word="OK")


def test_check_of_one_of_several():
    def profiled(directory, name):
        path = directory.path(name)
        return Peer(path, serve), FakeQemu(
            "-name", name, "-object",
            f"event-loop-profiler,id=p,socket.type=unix,socket.path={path}")

    with Directory() as directory:
        one, two = profiled(directory, "one"), profiled(directory, "two")
        with one[0], one[1], two[0], two[1]:
            text = unknown()
            assert re.match(r"[0-9]+ QEMUs here could be meant: give ", text), \
                text


def test_names_of_thresholds():
    names = re.search(r"(\S+, .*)$", unknown("--warn", "x=1")
                      .split(" (--help")[0])[1]
    names = re.findall("[a-z0-9]+(?:-[a-z0-9]+)*", names)
    assert "longest-dispatch" in names, names
    assert ", ".join(names) in re.sub(
        r"\s+", " ", run("--help").expect(0).out.decode())
    completions = os.path.join(os.path.dirname(__file__), "..", "..",
                               "qemu-aiotop", "completions")
    for name in os.listdir(completions):
        with open(os.path.join(completions, name), encoding="utf-8") as file:
            assert " ".join(names) in file.read(), name


def test_check_with_a_wrong_command_line():
    for args in (["--nonsense"], ["-i"], ["-n", "0"], ["-d", "x"], ["-d"],
                 ["-o", "json"], ["-l"], ["--list"], ["-D"], ["--stalls"],
                 ["--cumulative"], ["--since", "x"], ["--since=-1s"],
                 ["--since", "366d"], ["--since"], ["--timeout", "1"],
                 ["--timeout", "x"], ["--timeout", "3d"], ["--timeout=-5"], ["--warn", "x"],
                 ["--crit", "dispatch=x"], ["--crit"], ["a", "b"], [""],
                 ["-L", "x"], ["--quiet=1"], ["-f", "("], ["--stacks"]):
        for words in (["--check", *args], [*args, "--check"]):
            if words[-2:] in (["-d", "--check"], ["--since", "--check"],
                              ["--crit", "--check"]):
                continue
            result = run(*words).expect(3)
            text, _ = monitoring_line(result.out, "UNKNOWN")
            assert "--help" in text and not result.err, text
    # There it is a value, or a target
    run("-f", "--check", "--nonsense").expect_failure("--nonsense", status=2)
    run("-b", "--", "--check").expect_failure("no VM", "named --check")


def test_check_of_one_of_two():
    with FakeQemu("-name", "twin") as one, FakeQemu("-name", "twin") as two:
        text = unknown("twin")
        assert str(one.pid) in text and str(two.pid) in text, text


def test_check_of_a_vm_without_profiler():
    with FakeQemu("-name", "bare-vm"):
        text = unknown("-d", "0.01", "bare-vm")
        assert text.startswith("bare-vm: it is not profiled: "), text


def has_socket(pid):
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            if os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:"):
                return True
        except FileNotFoundError:
            pass
    return False


def test_check_is_interrupted():
    with Directory() as directory, Peer(directory.path("s"), serve):
        process = start("--check", "-d", "3600", directory.path("s"))
        # It can be interrupted once it is connected
        while not has_socket(process.pid):
            time.sleep(0.01)
        process.terminate()
        out, err = process.communicate(timeout=HANG_S)
        assert process.returncode == 3 and not err, err
        monitoring_line(out, "UNKNOWN")


def test_check_that_cannot_be_written():
    with Directory() as directory, Peer(directory.path("s"), serve):
        for args in ([directory.path("s")], ["/nonexistent/x"], ["--nonsense"]):
            with open("/dev/full", "wb") as full:
                process = subprocess.run(
                    [os.environ["QEMU_AIOTOP"], "--check", "-d", "0.01", *args],
                    stdout=full, stderr=subprocess.PIPE, timeout=HANG_S,
                    check=False)
            assert process.returncode == 3, args
            assert process.stderr.count(b"\n") == 1
            assert process.stderr.startswith(b"qemu-aiotop: cannot write to")
        process = start("--check", "-d", "3600", directory.path("s"))
        process.stdout.close()
        assert process.wait(HANG_S) == 3
        assert process.stderr.read() == b""
        process.stderr.close()


def test_stalls():
    def once(peer):
        stalled_model = Model(1, 1)
        peer.serve(stalled_model, snapshots=1)

    assert b"no log of stalls" in sample("--stalls", script=once).expect(0).out
    lines = sample("--stalls", script=stalled).expect(0).out.decode() \
        .splitlines()
    assert lines[0].split() == ["ID", "BEGAN", "AGO", "LOOP", "CAUSE",
                                "LASTED", "NOW", "SOURCE"]
    assert "200ms" in lines[1] and "read\\x1b[2J" in lines[1], lines
    assert "bql-wait" in lines[2] and "ONGOING" in lines[2], lines
    assert lines[3] == "The last 2 of 12"
    line, = sample("--stalls", "-o", "json", script=stalled).expect(0) \
        .json_lines()
    assert line["stall_count"] == 12
    assert [stall["id"] for stall in line["stalls"]] == [11, 12]
    assert line["stalls"][1]["ongoing"] is True
    rows = sample("--stalls", "-o", "csv", script=stalled).expect(0).csv_rows()
    assert [row["cause"] for row in rows] == ["dispatch", "bql-wait"]
    assert rows[1]["source_id"] == ""


def test_modes_exclude_what_means_nothing_to_them():
    for args in (["-D", "--stalls"], ["-l", "-D"],
                 ["--stacks"], ["--stalls", "--stacks"], ["-D", "-n", "1"],
                 ["-D", "-s", "p99"], ["-D", "-r"], ["-D", "-t", "5"],
                 ["-D", "-f", "x"], ["-D", "-L", "x"], ["-D", "-c", "p99"],
                 ["-D", "--cumulative"], ["--stalls", "-n", "1"],
                 ["-D", "-o", "csv"], ["--quiet"], ["-D", "--since", "1m"],
                 ["--warn", "dispatch=1"], ["--crit", "dispatch=1"]):
        result = run(*args, "nowhere")
        result.expect_failure("--help", status=2)
        assert not result.out, args


def test_modes_without_a_target():
    for mode in ("-D", "--stalls"):
        result = run(mode, "/nonexistent/x")
        result.expect_failure("no socket at /nonexistent/x")
        assert not result.out


def test_color():
    assert b"\033" not in sample("-n", "1").expect(0).out
    assert b"\033" in sample("-n", "1", "--color", "always").expect(0).out


def test_usage_errors():
    for args in (["--nonsense"], ["-n", "0"], ["-n", "x"], ["-n"],
                 ["-n", "99999999999"], ["-d", "0"], ["-d", "-1"],
                 ["-d", "nan"], ["-d", "1e9"], ["-d", "x"], ["-t", "0"],
                 ["-o", "xml"], ["-s", "nonsense"], ["-s", "loop.nonsense"],
                 ["-c", "busy,nonsense"], ["-c", ""], ["-f", "("],
                 ["-f", "![z-a]"], ["--color", "perhaps"],
                 ["--stall-ms", "0"], ["a", "b"], [""]):
        result = run("-b", *args)
        result.expect_failure("help lists", status=2)
        # One list is enough
        assert result.err.count(b"help lists") == 1, result.err
        assert not result.out, args


def test_help_and_version():
    out = run("--help").expect(0).out.decode()
    for option in ("--list", "--batch", "--iterations", "--delay", "--output",
                   "--sort", "--reverse", "--top", "--filter", "--loop",
                   "--columns", "--cumulative", "--diagnose", "--stacks",
                   "--check", "--stalls", "--stall-ms", "--enable",
                   "--color", "--ascii", "--version"):
        assert option in out, option
    assert re.fullmatch(r"qemu-aiotop \d+\.\d+\.\d+\n",
                        run("--version").expect(0).out.decode())


def test_no_such_socket():
    run("/nonexistent/x").expect_failure("no socket at /nonexistent/x",
                                         "--list")


def test_path_too_long():
    run("/" + "x" * 200).expect_failure("no address")


def test_permission_denied():
    with Directory() as directory, Peer(directory.path("s"), serve):
        os.chmod(directory.path("s"), 0)
        os.chmod(directory.name, 0o755)
        if os.getuid() == 0:
            # Who may not enter the directory of the build, maybe
            program = shutil.copy(PROGRAM, directory.path("program"))
            kwargs = {"user": "nobody", "group": "nogroup",
                      "extra_groups": [], "program": program}
        else:
            kwargs = {}
        run(directory.path("s"), **kwargs).expect_failure(
            "permission denied", "root", "write permission on the socket",
            f"chgrp GROUP {directory.path('s')}; chmod g+w")
        inner = directory.path("inner")
        os.mkdir(inner, 0)
        run(f"{inner}/s", **kwargs).expect_failure(
            "permission denied", "search permission on the directory",
            f"chmod g+x {inner}")
        assert "permission denied" in unknown(directory.path("s"), **kwargs)


def test_too_many_connections():
    refusal = {"error": {"class": "GenericError",
                         "desc": "too many connections: at most 8"}}
    sample(script=lambda peer: peer.send(refusal)).expect_failure(
        "refuses the connection: too many connections: at most 8",
        "end another client", "max-connections")


def test_nothing_listens():
    with Directory() as directory:
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(directory.path("s"))
        run(directory.path("s")).expect_failure("nothing listens on")
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        run(f"127.0.0.1:{port.getsockname()[1]}") \
            .expect_failure("nothing listens on 127.0.0.1:")


def test_no_such_host():
    run("host.invalid:4444").expect_failure(
        "cannot connect to host.invalid",
        "the name of a VM, give name:host.invalid:4444")


def test_no_socket_but_something_else():
    with Directory() as directory:
        path = directory.path("f")
        open(path, "w").close()
        run(path).expect_failure(f"{path} is a plain file, not a socket",
                                 "--list")
        run(directory.name).expect_failure("is a directory, not a socket")
        os.mkfifo(directory.path("p"))
        run(directory.path("p")).expect_failure("is a pipe, not a socket")
        run(path + "/x").expect_failure("cannot connect to")
    run("/dev/null").expect_failure("/dev/null is a device, not a socket")


def test_tcp():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with Directory() as directory:
            peer = Peer(directory.path("s"), serve)
            peer.close()
            peer.listener = listener
            import threading
            threading.Thread(target=peer.accept, daemon=True).start()
            run("-n", "1", "-d", "0.01", "-o", "json",
                f"127.0.0.1:{listener.getsockname()[1]}").expect(0)
            listener.shutdown(socket.SHUT_RDWR)


def test_unknown_process_and_vm():
    run("2147483646").expect_failure("no process 2147483646", "--list")
    run(str(os.getpid())).expect_failure("is no QEMU", "--list")
    run("no-vm-of-this-name").expect_failure("no VM", "--list")
    run("--enable", "no-vm-of-this-name").expect_failure("no VM")
    run("bad\nname\x1b[2J").expect_failure("bad\\nname\\x1b[2J")


def test_targets_by_name_and_pid():
    with Directory() as directory, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(directory.path("s"))
        listener.listen()
        fd = listener.fileno()
        with FakeQemu("-name", "a vm", "-object",
                      "event-loop-profiler,id=p,socket.type=unix,"
                      f"socket.path={directory.path('s')}", pass_fds=[fd],
                      work=SERVER.format(fd=fd, pid="os.getpid()")) as qemu:
            for target in ("a vm", str(qemu.pid)):
                run("-n", "1", "-d", "0.01", target).expect(0)


def test_list():
    with Directory() as directory:
        path = directory.path("s")
        with FakeQemu("-name", "on,,e", "-object",
                      f"event-loop-profiler,id=p,socket.path={path}") as one, \
                FakeQemu("-name", "tw\"o\n", "-qmp",
                         f"unix:{path},server=on") as two:
            text = run("--list").expect(0).out.decode()
            assert re.search(rf"^ *{one.pid} +qemu-system-x86_64 +on,e .* yes"
                             rf" +{re.escape(path)} ", text, re.M), text
            assert re.search(rf"^ *{two.pid} .*tw\"o\\n .* no .* built "
                             r"without the profiler$", text, re.M), text
            found = {entry["pid"]: entry for entry in
                     strict_json(run("-l", "-o", "json").expect(0).out)}
            assert found[one.pid]["vm_name"] == "on,e"
            assert found[one.pid]["profilers"] == [f"unix:{path}"]
            assert found[one.pid]["profiled"] is True
            assert found[two.pid]["vm_name"] == "tw\"o\n"
            assert found[two.pid]["monitors"] == [f"unix:{path}"]
            assert found[two.pid]["profiled"] is False
            rows = {row["pid"]: row for row in
                    strict_csv(run("-l", "-o", "csv").expect(0).out)}
            assert rows[str(two.pid)]["vm_name"] == "tw\"o\\n"
            assert rows[str(two.pid)]["profiled"] == "no"


def test_vm_without_profiler():
    with FakeQemu("-name", "plain-vm") as qemu:
        out = run("-n", "2", "-d", "0.01", "plain-vm").expect(0).out.decode()
        assert out.count(f"plain-vm  pid {qemu.pid}  interval") == 2, out
        assert out.count("built without the profiler") == 2, out
        assert "NAME" not in out, out
        lines = run("-o", "json", "-n", "1", "-d", "0.01",
                    str(qemu.pid)).expect(0).json_lines()
        assert lines[0]["host_only"] is True
        assert lines[0]["sources"] == []
        assert lines[0]["loops"][0]["loop"] == "main-loop"
        assert lines[0]["loops"][0]["thread_id"] == qemu.pid
        assert lines[0]["loops"][0]["cpu_percent"] is not None
        assert "--enable" not in lines[0]["notes"][0]
        run("--enable", "plain-vm").expect_failure("no QMP monitor")


def test_vm_without_profiler_ends():
    with FakeQemu("-name", "ending-vm") as qemu:
        process = start("-b", "-o", "json", "-d", "0.02", "ending-vm")
        assert strict_json(process.stdout.readline())["pid"] == qemu.pid
    _, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 1, err
    assert err.decode() == "qemu-aiotop: qemu-system-x86_64 (pid " \
        f"{qemu.pid}) has ended\n", err


def test_enable():
    with Directory() as directory:
        peers = []

        def monitor(peer):
            peer.negotiate()
            request = peer.receive()
            peer.send({"error": {"class": "GenericError", "desc":
                                 "no event-loop profiler object"},
                       "id": request["id"]})
            request = peer.receive()
            assert request["execute"] == "object-add", request
            added = request["arguments"]
            assert added["qom-type"] == "event-loop-profiler"
            assert added["stall-threshold"] == 50
            peers.append(Peer(added["socket"]["path"], serve))
            peer.send({"return": {}, "id": request["id"]})
            peer.receive()

        with Peer(directory.path("m"), monitor) as peer:
            result = run("--enable", "--stall-ms", "50", "-n", "1", "-d",
                         "0.01", "-o", "json", directory.path("m"),
                         env={"XDG_RUNTIME_DIR": directory.name})
            assert not peer.errors, peer.errors
        assert len(result.expect(0).json_lines()) == 1
        path = peers[0].path
        assert os.path.dirname(path) == directory.name
        assert os.path.basename(path).startswith("qemu-aiotop-")
        assert result.err.decode() == \
            f"qemu-aiotop: profiling is on, served at {path}\n"
        peers[0].close()


def test_enable_when_on_already():
    result = sample("--enable", "-n", "1")
    result.expect(0)
    assert b"on already" in result.err


def test_enable_refused():
    def monitor(peer):
        peer.negotiate()
        for desc in ("no event-loop profiler object", "cannot bind"):
            request = peer.receive()
            peer.send({"error": {"class": "GenericError", "desc": desc},
                       "id": request["id"]})
        peer.receive()

    sample("--enable", script=monitor) \
        .expect_failure("cannot switch profiling on", "cannot bind")


def test_reader_of_stdout_leaves():
    with Directory() as directory, Peer(directory.path("s"), serve):
        process = start("-d", "0.01", directory.path("s"))
        process.stdout.readline()
        process.stdout.close()
        process.wait(HANG_S)
        assert process.stderr.read() == b""
        assert process.returncode in (0, -signal.SIGPIPE)
        process.stderr.close()


def test_reader_of_stdout_leaves_between_samples():
    with Directory() as directory, Peer(directory.path("s"), serve):
        process = start("-d", "3600", directory.path("s"))
        process.stdout.close()
        process.wait(HANG_S)
        assert process.stderr.read() == b""
        process.stderr.close()


def test_stdout_is_full():
    with Directory() as directory, Peer(directory.path("s"), serve):
        with open("/dev/full", "wb") as full:
            process = subprocess.run(
                [os.environ["QEMU_AIOTOP"], "-d", "0.01",
                 directory.path("s")], stdout=full, stderr=subprocess.PIPE,
                timeout=HANG_S)
        assert process.returncode == 1
        assert process.stderr.startswith(b"qemu-aiotop: cannot write to")


def test_signals_end_it():
    for number in (signal.SIGINT, signal.SIGTERM):
        with Directory() as directory, Peer(directory.path("s"), serve):
            process = start("-d", "0.01", "-o", "json", directory.path("s"))
            process.stdout.readline()
            process.send_signal(number)
            rest = process.stdout.read()
            err = process.stderr.read()
            assert process.wait(HANG_S) == 0 and not err, err
            # What was written is whole
            for line in rest.splitlines():
                json.loads(line)
            process.stdout.close()
            process.stderr.close()


def test_samples_are_flushed_one_by_one():
    with Directory() as directory, Peer(directory.path("s"), serve):
        process = start("-d", "0.01", "-o", "json", directory.path("s"))
        for _ in range(3):
            json.loads(process.stdout.readline())
        process.terminate()
        process.communicate(timeout=HANG_S)


tap.main([value for name, value in list(globals().items())
          if name.startswith("test_")])
