#!/usr/bin/python3
# Lines of a flame graph, and lists: of what they are, and of what they are not
#
# SPDX-License-Identifier: GPL-2.0-or-later

import tap
from alone import be_alone
from fake import FakeQemu
from program import run


def profiled(number):
    return FakeQemu("-name", f"vm{number}", "-object",
                    "event-loop-profiler,id=p,socket.type=unix,"
                    f"socket.path=/nonexistent/{number}")


def test_of_one_qemu_in_an_interval():
    for words in (["--host"], ["--host", "-b"], ["--list"], ["--cumulative"],
                  ["-c", "name"],
                  ["--diagnose"], ["--stalls"], ["--requests"],
                  ["--threads"]):
        run(*words, "-o", "folded").expect_failure("-o folded is of", status=2)


def test_which_of_two_is_not_said():
    """Where all others show both, there is no flame graph of both."""
    with profiled(1), profiled(2):
        result = run("-o", "folded", "-n", "1", "-d", "0.01").expect(1)
        assert b"2 QEMUs here could be meant" in result.err, result.err
        assert not result.out


def test_why_there_is_nothing():
    with FakeQemu("-name", "bare") as bare:
        result = run("-o", "folded", "--no-sample", "-n", "2", "-d", "0.01",
                     str(bare.pid)).expect(0)
        said = result.err.decode()
        assert said.count("Not profiled, only what the host knows") == 1, said
        assert not result.out


def test_a_list_is_of_all():
    for words in (["vm1"], ["-p", "1"], ["--enable"], ["-n", "1"],
                  ["-s", "busy"], ["-r"], ["-t", "1"], ["-f", "x"],
                  ["-L", "x"], ["-c", "busy"], ["--cumulative"], ["-d", "1"],
                  ["--timeout", "9"], ["--stall-ms", "1"],
                  ["--request-ms", "1"], ["--sample", "9"]):
        run("--list", *words).expect_failure("--list is of all QEMUs",
                                             status=2)


be_alone()
tap.main([value for name, value in list(globals().items())
          if name.startswith("test_")])
