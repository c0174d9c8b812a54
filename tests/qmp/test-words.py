#!/usr/bin/python3
# The words of the command line, as hands type them, and where output goes
#
# SPDX-License-Identifier: GPL-2.0-or-later

import errno
import os
import subprocess
import sys

import tap
from fake import FakeQemu
from peer import Model, Peer
from program import HANG_S, PROGRAM, Directory, monitoring_line, run, start


def serve(peer):
    peer.serve(Model(3, 4))


def sample(*args, script=serve, **kwargs):
    with Directory() as directory:
        with Peer(directory.path("s"), script):
            return run(*args, directory.path("s"), **kwargs)


def test_joined_values():
    """As top takes them: the value is the rest of the word."""
    for words in (["-bn1", "-d.01"], ["-b", "-n1", "-d0.01"],
                  ["-bn", "1", "-d10ms"], ["-n1", "-bd", ".01"],
                  ["--batch", "--iterations=1", "--delay", "0.01"],
                  ["-brn1", "-d.01"]):
        out = sample(*words).expect(0).out.decode()
        assert out.count("pid 4711") == 1, (words, out)
    line, = sample("-ojson", "-n1", "-d.01", "-t2", "-sid", "-fvq",
                   "-Liothread0", "-cid,loop").expect(0).json_lines()
    assert [source["id"] for source in line["sources"]] == [5, 6]
    assert len(sample("-ocsv", "-n2", "-d.01", "-cloop.loop").expect(0)
               .csv_rows()) == 6


def test_values_that_look_like_options():
    sample("-bn1", "-d.01", "-f", "--check").expect(0)
    sample("-bn1", "-d.01", "--filter", "-b").expect(0)
    sample("-bn1", "-d.01", "-f--check").expect(0)
    sample("-bn1", "-d.01", "-f", "--").expect(0)
    run("-b", "--", "-n1").expect_failure("named -n1")
    run("-b", "-").expect_failure("named -")
    run("-b", "--", "--", "x").expect_failure("more than one TARGET", status=2)


def test_options_after_the_target():
    with Directory() as directory, Peer(directory.path("s"), serve):
        out = run(directory.path("s"), "-bn1", "-d", ".01").expect(0).out
        assert out.count(b"pid 4711") == 1


def test_what_is_wrong_is_named():
    for words, said in ((["-i"], "unknown option -i ("),
                        (["-bi"], "unknown option -i ("),
                        (["-b\u00e4"], "unknown option -\u00e4 ("),
                        (["--nonsense"], "unknown option --nonsense ("),
                        (["--nonsense=1"], "unknown option --nonsense ("),
                        (["--bat"], "unknown option --bat ("),
                        (["--=1"], "unknown option -- ("),
                        (["-n"], "-n needs a value: N ("),
                        (["-bn"], "-n needs a value: N ("),
                        (["--sort"], "--sort needs a value: COLUMN ("),
                        (["--batch=1"], "--batch takes no value ("),
                        (["-n", "-1"], '1 to 2147483647, not "-1"'),
                        (["-n0"], '-n needs a whole number from 1'),
                        (["-t", "-1"], '-t needs a whole number from 1'),
                        (["-t0"], '-t needs a whole number from 1'),
                        (["-n2147483648"], "not \"2147483648\""),
                        (["-n1.5"], "-n needs a whole number"),
                        (["-n", "P"], 'not "P"'),
                        (["--stall-ms", "-1"], "--stall-ms needs a whole"),
                        (["-d", "500min"], "-d needs seconds, 0.01 to 86400,"
                         " or a time as 500ms, not \"500min\""),
                        (["-d", "9ms"], "-d needs seconds"),
                        (["-d", "0.009"], "-d needs seconds"),
                        (["-d", "86401"], "-d needs seconds"),
                        (["-d-1"], "-d needs seconds"),
                        (["-p", "x"], "-p needs the number of a process"),
                        (["-p0"], "-p needs the number of a process"),
                        (["-p1", "x"], "more than one TARGET"),
                        (["-n", "1", "-i", "--nonsense"], "option -i (")):
        result = run("-b", *words)
        result.expect_failure(said, "(--help lists the options)", status=2)
        assert not result.out, words


def test_limits_of_the_delay():
    for delay in ("10ms", "0.01", "86400", "1d", "24h"):
        run("-d", delay, "--version").expect(0)


def test_version_help_and_columns():
    for word in ("-V", "--version"):
        assert run(word).expect(0).out.startswith(b"qemu-aiotop ")
    for word in ("-h", "--help", "-bh"):
        for env in ({}, {"LC_ALL": "C"}):
            out = run(word, env=env).expect(0).out
            assert out.startswith(b"Usage:\n  qemu-aiotop [OPTION...] [TARGET]")
            assert b"\n  -h, --help " in out and out.isascii(), out
    assert run("-c", "help").expect(0).out == run("-shelp").expect(0).out


def test_process_by_number():
    with FakeQemu("-name", "by-number") as qemu:
        out = run(f"-p{qemu.pid}", "-bn1", "-d.01").expect(0).out.decode()
        assert f"by-number  pid {qemu.pid}  " in out, out
    run("-p", "2147483646").expect_failure("no process 2147483646")


def named(peer):
    model = Model(2, 2)
    model.loops[1]["name"] = "iothread\u00e4"
    peer.serve(model)


def test_names_in_any_locale():
    """Bytes are bytes: monitoring systems run in the C locale."""
    for env in ({"LC_ALL": "C"}, {"LC_ALL": "C.UTF-8"}):
        with FakeQemu("-name", "web front \u00e4"):
            result = run("--check", "-d.01", "web front \u00e4",
                         env=env).expect(3)
            text, _ = monitoring_line(result.out, "UNKNOWN")
            assert text.startswith("web front \u00e4: it is not prof"), text
        for words in (["-L", "iothread\u00e4"], ["-Liothread\u00e4"],
                      ["-f", "iothread\u00e4"], ["--filter=d\u00e4$"]):
            line, = sample("-n1", "-d.01", "-ojson", *words, script=named,
                           env=env).expect(0).json_lines()
            assert [loop["loop"] for loop in line["loops"]] == \
                ["iothread\u00e4"]
            assert {source["loop"] for source in line["sources"]} == \
                {"iothread\u00e4"}
        for words in (["-c", "\u00e4"], ["-s", "\u00e4"]):
            run("-b", *words, env=env).expect_failure("\u00e4", status=2)
        # What is no text is not taken for one
        run("-b", b"-f\xe4", env=env).expect_failure("UTF-8", status=2)
        run("-b", b"vm\xe4", env=env).expect_failure("vm\\xe4")
        sample("-n1", "-d.01", "-ojson", b"-L\xe4", env=env) \
            .expect_failure("no loop is named \\xe4")


def closed(numbers, *args):
    """Runs it with these descriptors closed; its standard ones otherwise."""
    def close():
        for number in numbers:
            os.close(number)

    process = subprocess.run([PROGRAM, *args], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             preexec_fn=close, timeout=HANG_S, check=False)
    return process.returncode, process.stdout, process.stderr.decode()


EVERYTHING = (["--version"], ["--help"], ["-s", "help"], ["--list"],
              ["-l", "-ojson"], ["-bn1", "-d.01"], ["-D", "-d.01"],
              ["--stalls"], ["-n1", "-d.01", "-ocsv"])


def of(path, words):
    """A list is of all there are, and takes no target."""
    return [*words, *([] if words[0] in ("-l", "--list") else [path])]


def test_closed_streams():
    bad = os.strerror(errno.EBADF)
    with Directory() as directory, Peer(directory.path("s"), serve):
        for words in EVERYTHING:
            words = of(directory.path("s"), words)
            status, out, err = closed([1], *words)
            assert (status, out) == (1, b""), (words, err)
            assert err == f"qemu-aiotop: cannot write to stdout: {bad}\n"
            assert closed([0, 1, 2], *words) == (1, b"", ""), words
            status, out, err = closed([0, 2], *words)
            assert status == 0 and out and not err, words
        words = ["--check", "-d.01", directory.path("s")]
        assert closed([1], *words)[0] == 3
        assert closed([0, 1, 2], *words)[0] == 3
        assert closed([0, 2], *words)[0] == 0


def test_full_stdout():
    with Directory() as directory, Peer(directory.path("s"), serve):
        for words in EVERYTHING:
            with open("/dev/full", "wb") as full:
                process = subprocess.run(
                    [PROGRAM, *of(directory.path("s"), words)], stdout=full,
                    stderr=subprocess.PIPE, timeout=HANG_S, check=False)
            assert process.returncode == 1, words
            assert process.stderr.count(b"\n") == 1, words
            assert process.stderr.startswith(b"qemu-aiotop: cannot write to")


def test_reader_leaves():
    """The signal is not what ends it, whatever was done before."""
    for words in (["--help"], ["--list"], ["-s", "help"]):
        reader, writer = os.pipe()
        os.close(reader)
        process = subprocess.run(
            [PROGRAM, *words], stdout=writer, stderr=subprocess.PIPE,
            restore_signals=True, timeout=HANG_S, check=False)
        os.close(writer)
        assert (process.returncode, process.stderr) == (0, b""), words


def test_stdout_that_does_not_block():
    """Whoever shares it may have made it so; nothing is lost."""
    with Directory() as directory:
        with Peer(directory.path("s"), lambda peer: peer.serve(Model(8, 60))):
            reader, writer = os.pipe()
            os.set_blocking(writer, False)
            process = subprocess.Popen(
                [PROGRAM, "-ojson", "-n2", "-d.01", directory.path("s")],
                stdout=writer, stderr=subprocess.PIPE)
            os.close(writer)
            with os.fdopen(reader, "rb") as file:
                lines = file.read().splitlines()
            assert process.wait(HANG_S) == 0, process.stderr.read()
            process.stderr.close()
            assert len(lines) == 2 and all(line.endswith(b"}")
                                           for line in lines)
            assert len(lines[0]) > 65536


tap.main([value for name, value in list(globals().items())
          if name.startswith("test_")])
