#!/usr/bin/python3
# Diagnosis, check and stalls, on the command line
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import re
import subprocess
import time

import tap
from fake import FakeQemu
from peer import Model, Peer
from program import (HANG_S, Directory, monitoring_line, run, start, unknown)
from sampling import sample, serve, stalled


def stuck(peer):
    """The first source of iothread0 has been running for 2 s."""
    model = Model(3, 2)
    peer.negotiate()
    while (request := peer.receive()):
        model.advance()
        reply = model.reply()
        loop = reply["loops"][1]
        loop.update({"state": "dispatching",
                     "stack": [{"source-id": loop["sources"][0]["id"],
                                "since-ns": model.time_ns - 2_000_000_000}]})
        peer.send({"return": reply, "id": request["id"]})


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
    result = sample("--check", *args, script=script, **kwargs).expect(status)
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
    for script, words in ((no_qmp, "not a QMP server"),
                          (leaves, "closed the connection"),
                          (malformed, ""), (no_profiler, "")):
        with Directory() as directory, Peer(directory.path("s"), script):
            text = unknown("-d", "0.01", directory.path("s"))
            assert words in text, text
    with Directory() as directory, Peer(directory.path("s"), silent):
        text = unknown("-d", "0.01", directory.path("s"), patience_s=None)
        assert "no QMP greeting within 3 s" in text, text


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
        assert "no answer within 9 s" in unknown(directory.path("s"),
                                               patience_s=None)
    check("--timeout", "1h", status=0, word="OK")


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
                 ["--requests"], ["--threads"],
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
        process = start("--check", "-d", "3600", directory.path("s"),
                        patience_s=None)
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
        process = start("--check", "-d", "3600", directory.path("s"),
                        patience_s=None)
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


def waits(peer):
    """An old request at a node where ten ended since; and a thread."""
    model = Model(1, 1)
    model.time_ns += 20_000_000_000
    began = model.time_ns - 11_000_000_000
    peer.negotiate()
    while (request := peer.receive()):
        model.advance()
        # Before it is known that a request is old, and sources may tell why
        assert model.sequence or \
            request["arguments"]["max-sources"] == 0, request
        peer.send({"return": {
            **model.reply(), "requests": [
                {"id": 1, "node": "disk0\x1b[2J", "device": "vd0",
                 "type": "read", "stage": "driver", "since-ns": began,
                 "offset": 0, "bytes": 512}],
            "nodes": [{"node": "disk0\x1b[2J", "device": "vd0",
                       "in-flight": 1, "completed": 10 * model.sequence,
                       "last-completed-ns": began,
                       "stages": [{"stage": "driver", "count": 1,
                                   "since-ns": began}]}],
            "threads": [{"thread-id": 5000, "name": "main-loop",
                         "cpu-ns": 250_000_000 * model.sequence}]},
            "id": request["id"]})


def test_requests():
    head, node, request = sample("--requests", script=waits).expect(0) \
        .out.decode().split("\n\n")
    assert "interval 1.00s" in head, head
    assert node.splitlines()[1].split() == \
        ["disk0\\x1b[2J", "vd0", "driver", "1", "1", "13.0s", "10.0/s",
         "13.0s"], node
    assert request.splitlines()[1].split()[:3] == ["13.0s", "read", "driver"]
    line, = sample("--requests", "-o", "json", script=waits).expect(0) \
        .json_lines()
    assert line["nodes"][0]["completed"] == 20, line
    assert line["nodes"][0]["completed_per_second"] == 10
    assert line["requests"][0]["since_ns"] == \
        line["nodes"][0]["stages"][0]["since_ns"]
    assert line["pools"] is None
    rows = sample("--requests", "-o", "csv", script=waits).expect(0).csv_rows()
    assert [row["record"] for row in rows] == ["node", "request"]
    assert rows[1]["offset_bytes"] == "0" and rows[1]["parent_id"] == ""
    # An older QEMU
    out = sample("--requests").expect(0).out
    assert b"does not tell of block requests" in out, out


def test_threads():
    out = sample("--threads", script=waits).expect(0).out.decode()
    assert out.splitlines()[3].split() == \
        ["main-loop", "5000", "25.0", "500ms", "loop"], out
    line, = sample("--threads", "-o", "json", script=waits).expect(0) \
        .json_lines()
    assert line["threads"][0]["cpu_ns"] == 250_000_000, line
    # Not of this host
    assert line["threads"][1]["cpu_ns"] is None
    assert b"not tell of its threads" in sample("--threads").expect(0).out


def test_modes_exclude_what_means_nothing_to_them():
    for args in (["-D", "--stalls"], ["-l", "-D"], ["--requests", "-D"],
                 ["--requests", "--threads"], ["--requests", "-t", "5"],
                 ["--threads", "-n", "1"], ["--requests", "--stacks"],
                 ["--stacks"], ["--stalls", "--stacks"], ["-D", "-n", "1"],
                 ["-D", "-s", "p99"], ["-D", "-r"], ["-D", "-t", "5"],
                 ["-D", "-f", "x"], ["-D", "-L", "x"], ["-D", "-c", "p99"],
                 ["-D", "--cumulative"], ["--stalls", "-n", "1"],
                 ["-D", "-o", "csv"], ["--quiet"], ["-D", "--since", "1m"],
                 ["--warn", "dispatch=1"], ["--crit", "dispatch=1"],
                 ["--stalls", "-d", "1"], ["--stalls", "--stall-ms", "1"],
                 ["--stalls", "--sample", "9"], ["--threads", "--sample", "9"],
                 ["--requests", "--request-ms", "1"],
                 ["--requests", "--stall-ms", "1"], ["-b", "--stall-ms", "1"],
                 ["-o", "json", "--request-ms", "1"], ["-b", "-c", "vm.pid"],
                 ["-b", "-s", "vm.user"], ["-b", "-s", "vm.verdict"]):
        result = run(*args, "nowhere")
        result.expect_failure("--help", status=2)
        assert not result.out, args


def test_modes_without_a_target():
    for mode in ("-D", "--stalls", "--requests", "--threads"):
        result = run(mode, "/nonexistent/x")
        result.expect_failure("no socket at /nonexistent/x")
        assert not result.out


tap.main([value for name, value in list(globals().items())
          if name.startswith("test_")])
