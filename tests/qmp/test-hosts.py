#!/usr/bin/python3
# All QEMUs of a host: rows, checks and diagnoses, whatever one of them does
#
# Others may run here: each test chooses its own by their names.  But a round
# takes as long as any of them takes to answer, so that it is better to be alone.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import contextlib
import os
import pwd
import re
import signal
import subprocess
import sys

import tap
from alone import be_alone
from fake import OF_NOBODY, FakeQemu
from program import (HANG_S, Directory, run, start, strict_csv, strict_json)

# A server of profiles that does something with each reply
WORK = """
import threading

own = socket.socket(socket.AF_UNIX)
own.bind({path!r})
own.listen()
accepted = []

def serve(connection):
    connection.negotiate()
    model = Model()
    while request := connection.receive():
        model.advance()
        reply = model.reply(pid=os.getpid())
        main, other = reply["loops"]
{change}
        connection.send({{"return": reply, "id": request["id"]}})

def run(connection):
    try:
        {serve}(connection)
    except OSError:
        pass

def accept():
    while True:
        accepted.append(Connection(own.accept()[0]))
        threading.Thread(target=run, args=accepted[-1:], daemon=True).start()

threading.Thread(target=accept, daemon=True).start()
print("serving", flush=True)
import select
poll = select.poll()
poll.register(sys.stdin)
poll.poll()
"""

WELL = "pass"
STUCK = """
since = reply["time-ns"] - 1_500_000_000
other.update({"state": "dispatching", "state-since-ns": since,
              "stack": [{"source-id": other["sources"][0]["id"],
                         "since-ns": since}]})
"""
# In the middle of the third reply
HANGS = """
if model.sequence > 2:
    connection.send(b'{"return": {"sequence": 3, "time')
    threading.Event().wait()
"""
# Of who asks: somebody else may watch the host as well
COUNTS = """
def peer(connection):
    return connection.sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 4)

n = [peer(other) for other in accepted].count(peer(connection))
for loop in reply["loops"]:
    loop["name"] = f"connections-{n}"
"""
REFUSES = """

def refuse(connection):
    connection.send({{"error": {{"class": "GenericError", "desc":
                                 "too many connections: at most 8"}}}})
"""


ALONE = "AIOTOP_TEST_ALONE"
UNSHARE = ["unshare", *(["--user", "--map-root-user"] if os.getuid() else []),
           "--pid", "--fork", "--mount-proc", "--kill-child"]


def be_alone():
    """Begins anew with no other process in sight, where that is allowed."""
    if ALONE not in os.environ and subprocess.run(
            [*UNSHARE, "true"], stderr=subprocess.DEVNULL,
            check=False).returncode == 0:
        os.execvpe("unshare", [*UNSHARE, sys.executable, *sys.argv],
                   {**os.environ, ALONE: "yes"})


class Host:
    """Some QEMUs, of which the names begin alike."""

    def __init__(self):
        self.prefix = f"hv{os.getpid()}-"
        self.stack = contextlib.ExitStack()
        self.directory = None
        self.n = 0

    def __enter__(self):
        self.directory = self.stack.enter_context(Directory())
        return self

    def __exit__(self, *_):
        self.stack.close()

    def add(self, name, change=WELL, preface="", serve="serve"):
        """A QEMU of this name that is profiled."""
        self.n += 1
        path = self.directory.path(f"s{self.n}")
        lines = "\n".join(" " * 8 + line for line in change.split("\n"))
        work = preface + WORK
        return self.stack.enter_context(FakeQemu(
            "-name", self.escape(name), "-object",
            f"event-loop-profiler,id=p,socket.type=unix,socket.path={path}",
            work=work.format(path=path, change=lines, serve=serve)))

    def add_plain(self, name):
        """One that is not."""
        return self.stack.enter_context(
            FakeQemu("-name", self.escape(name)))

    def escape(self, name):
        """The name, as -name takes it."""
        if isinstance(name, bytes):
            return b"guest=" + self.prefix.encode() + name
        return "guest=" + self.prefix + name.replace(",", ",,")

    def args(self, *args):
        """Arguments that are about these QEMUs."""
        return ["--host", "-d", "0.05", "-f", f"^{self.prefix}", *args]

    def name(self, name):
        return self.prefix + name

    def rows(self):
        """The rows of one round."""
        line, = run(*self.args("-b", "-o", "json", "-n", "1")).expect(0) \
            .json_lines()
        return line["vms"]

    @contextlib.contextmanager
    def rounds(self, **options):
        """Rounds as they come, each a dictionary by process."""
        program = start(*self.args("-b", "-o", "json"), **options)

        def read():
            for line in program.stdout:
                yield {row["pid"]: row for row in strict_json(line)["vms"]}

        yield read()
        program.terminate()
        program.communicate(timeout=HANG_S)


def until(rounds, wanted):
    """The first round that is as it should become."""
    for vms in rounds:
        if wanted(vms):
            return vms
    raise AssertionError("the program has ended")


def is_verdict(qemu, word):
    return lambda vms: qemu.pid in vms and vms[qemu.pid]["verdict"] == word


def figures(line):
    """Labels and values of the performance data."""
    data = line.decode().partition(" | ")[2].rstrip("\n")
    parts = re.findall(r"('(?:[^']|'')*'|[^'= ]+)=([^; ]*)(?:;[^ ]*)?", data)
    rest = re.sub(r"('(?:[^']|'')*'|[^'= ]+)=[^ ]*", "", data)
    assert not rest.strip(), f"{rest!r} in {data!r}"
    labels = [label for label, _ in parts]
    assert len(labels) == len(set(labels)), labels
    return dict(parts)


def test_worst_comes_first():
    with Host() as host:
        well = host.add("a")
        plain = host.add_plain("b")
        stuck = host.add("c", STUCK)
        rows = host.rows()
        assert [row["pid"] for row in rows] == \
            [stuck.pid, well.pid, plain.pid], rows
        assert [row["verdict"] for row in rows] == \
            ["STUCK", "well", "unprofiled"], rows
        assert rows[0]["class"] == "callback-stuck", rows[0]
        assert rows[0]["loop"] == "iothread0", rows[0]
        assert rows[0]["state_text"].startswith(
            "dispatching 1.50s: virtio_queue_host_notifier_read"), rows[0]
        assert rows[0]["lasting_ns"] == 1_500_000_000, rows[0]
        assert abs(rows[1]["dispatch_percent"] - 50) < 1, rows[1]
        assert rows[1]["delay_p99_ns"] > 0, rows[1]
        assert rows[2]["cpu_percent"] is not None, rows[2]
        assert rows[2]["dispatch_percent"] is None, rows[2]
        by_name = run(*host.args("-b", "-o", "json", "-n", "1", "-s", "vm",
                                 "-c", "vm,pid")).expect(0).json_lines()[0]
        assert by_name["vms"] == [
            {"vm_name": host.name(name), "pid": qemu.pid}
            for name, qemu in (("a", well), ("b", plain), ("c", stuck))]
        best = run(*host.args("-b", "-o", "json", "-n", "1", "-r")).expect(0) \
            .json_lines()[0]["vms"]
        assert [row["pid"] for row in best] == \
            [plain.pid, well.pid, stuck.pid], best
        text = run(*host.args("-b", "-n", "1")).expect(0).out.decode()
        assert re.search(r"^\d\d:\d\d:\d\d  3 QEMUs: 1 STUCK, 1 well, "
                         r"1 unprofiled$", text, re.M), text
        assert text.index(host.name("c")) < text.index(host.name("a")), text


def test_csv():
    with Host() as host:
        host.add("a")
        qemu = host.add_plain("b,\"c\"\n")
        rows = strict_csv(run(*host.args("-b", "-o", "csv", "-n", "2"))
                          .expect(0).out)
        assert len(rows) == 4, rows
        assert rows[1]["pid"] == str(qemu.pid), rows
        assert rows[1]["vm_name"] == host.name("b,\"c\"\\n"), rows


def test_several_are_all_of_them():
    with Host() as host:
        host.add("a")
        host.add("b")
        out = run("-b", "-n", "1", "-d", "0.05", "-f",
                  f"^{host.prefix}").expect(0).out.decode()
        assert " 2 QEMUs: 2 well\n" in out, out
        for words in (["-c", "busy"], ["--sample", "9"]):
            result = run("-b", *words).expect(1)
            assert b" QEMUs here could be meant: give a socket" in result.err
        # Of a check or a diagnosis nobody is sampled
        for mode, words in (("--check", b" 2 QEMUs: "), ("--diagnose", b"")):
            result = run(mode, "--sample", "9", "-d", "0.05").expect(0)
            assert words in result.out, result.out


def test_however_many_run():
    """A command line is right or wrong whether or not a VM has gone."""
    lines = ["--request-ms", "1000"], ["--stall-ms", "9"], ["-s", "vm.user"], \
        ["-c", "vm.pid"]
    with Host() as host:
        for name in ("a", "b"):
            host.add(name)
            for words in lines:
                out = run("-b", "-o", "json", "-n", "1", "-d", "0.05",
                          *words).expect(0).json_lines()[0]
                assert ("vms" in out) == (name == "b"), out
                run("-b", "--cumulative", *words).expect_failure(
                    "of one", "--help", status=2)


def test_check():
    with Host() as host:
        well = host.add("a")
        host.add_plain("b")
        result = run(*host.args("--check", "--warn", "dispatch=10:90"))
        assert result.expect(0).out.startswith(
            b"QEMU-AIOTOP OK - 2 QEMUs: 1 ok, 1 not profiled | qemus=2;"), \
            result.out
        data = figures(result.out)
        assert data[host.name("a") + ".status"] == "0", data
        assert data[host.name("b") + ".status"] == "3", data
        assert data[host.name("a") + ".dispatch"] == "50%", data
        assert data[host.name("a") + ".longest-dispatch"].endswith("s"), data
        assert run(*host.args("--check", "--quiet")).expect(0).out == b""
        result = run(*host.args("--check", "--warn", "dispatch=10")).expect(1)
        assert f"WARNING - 2 QEMUs: 1 warning, 1 not profiled; " \
            f"{host.name('a')}: dispatch 50.0 % in ".encode() in result.out, \
            result.out
        stuck = host.add("c", STUCK)
        result = run(*host.args("--check")).expect(2)
        assert f"CRITICAL - 3 QEMUs: 1 critical, 1 ok, 1 not profiled; " \
            f"{host.name('c')}: callback-stuck in iothread0: ".encode() \
            in result.out, result.out
        assert figures(result.out)["critical"] == "1"
        assert stuck.pid != well.pid


def test_check_of_what_is_not_profiled():
    with Host() as host:
        host.add_plain("a")
        result = run(*host.args("--check")).expect(3)
        assert b"UNKNOWN - 1 QEMU: 1 not profiled |" in result.out, result.out
        result = run("--host", "--check", "-f", "^no such name$").expect(3)
        assert b"UNKNOWN - no QEMU here matches the filter\n" in result.out, \
            result.out


def test_diagnose():
    with Host() as host:
        well = host.add("a")
        stuck = host.add("b", STUCK)
        host.add("c", preface=REFUSES, serve="refuse")
        text = run(*host.args("--diagnose")).expect(0).out.decode()
        order = [text.index(word) for word in
                 ("callback-stuck  iothread0", "\nLOST\n", "refuses the",
                  f"pid {well.pid}")]
        assert order == sorted(order), text
        lines = run(*host.args("--diagnose", "-o", "json")).expect(0) \
            .json_lines()
        assert [line["pid"] for line in lines][::2] == [stuck.pid, well.pid]
        assert lines[0]["findings"][0]["class"] == "callback-stuck"
        assert lines[1]["verdict"] == "LOST" and not lines[1]["findings"]
        assert all("host_cause" in line and line["user"] for line in lines)


def test_one_hangs_in_the_middle_of_a_reply():
    with Host() as host:
        hung = host.add("a", HANGS)
        others = [host.add("b"), host.add("c")]
        # the deadline of a round is that of the program then
        with host.rounds(patience_s=None) as rounds:
            vms = until(rounds, lambda vms:
                        is_verdict(hung, "SILENT")(vms) and
                        all(is_verdict(qemu, "well")(vms) for qemu in others))
        assert re.search("asked .* ago, and has not answered",
                         vms[hung.pid]["evidence"]), vms


def test_check_of_one_that_hangs():
    with Host() as host:
        host.add("a", HANGS.replace("> 2", "> 0"))
        result = run(*host.args("--check"), patience_s=None)
        assert b"UNKNOWN - 1 QEMU: 1 unknown; " in result.expect(3).out, \
            result.out


def test_stopped_and_continued():
    with Host() as host:
        qemu = host.add("a")
        with host.rounds() as rounds:
            until(rounds, is_verdict(qemu, "well"))
            os.kill(qemu.pid, signal.SIGSTOP)
            vms = until(rounds, is_verdict(qemu, "STUCK"))
            assert vms[qemu.pid]["class"] == "stopped", vms
            os.kill(qemu.pid, signal.SIGCONT)
            vms = until(rounds, is_verdict(qemu, "well"))
            assert vms[qemu.pid]["dispatch_percent"] is not None, vms


def test_killed_and_begun_anew():
    with Host() as host:
        one, other = host.add("a"), host.add("b")
        with host.rounds() as rounds:
            until(rounds, lambda vms: set(vms) == {one.pid, other.pid})
            one.process.kill()
            one.process.wait()
            until(rounds, lambda vms: set(vms) == {other.pid})
            again = host.add("a")
            vms = until(rounds, is_verdict(again, "well"))
            assert set(vms) == {again.pid, other.pid}, vms


def test_two_of_a_name():
    with Host() as host:
        one, other = host.add("twin"), host.add("twin", STUCK)
        rows = host.rows()
        assert [row["pid"] for row in rows] == [other.pid, one.pid], rows
        assert {row["vm_name"] for row in rows} == {host.name("twin")}
        data = figures(run(*host.args("--check")).expect(2).out)
        assert data[f"{host.name('twin')}#{one.pid}.status"] == "0", data
        assert data[f"{host.name('twin')}#{other.pid}.status"] == "2", data


def test_of_another_user():
    """One who takes a VM's name gets neither its figures nor its place."""
    with Host() as host:
        os.chmod(host.directory.name, 0o777)
        other = host.add("twin", STUCK, preface=OF_NOBODY)
        own = host.add("twin")
        users = {row["pid"]: row["user"] for row in host.rows()}
        assert set(users) == {own.pid, other.pid}, users
        assert users[own.pid] == pwd.getpwuid(os.getuid()).pw_name, users
        if os.getuid():
            # It may not be another's
            return
        assert users[other.pid] == pwd.getpwuid(65534).pw_name, users
        line = run(*host.args("--check")).expect(2).out
        data = figures(line)
        assert data[f"{host.name('twin')}.status"] == "0", data
        assert data[f"{host.name('twin')}@{users[other.pid]}.status"] == "2", \
            data
        # Who asks for some users' is told of no other
        for user in (users[own.pid], str(os.getuid())):
            line = run(*host.args("--check", "-u", user)).expect(0).out
            assert line.startswith(b"QEMU-AIOTOP OK - 1 QEMU: 1 ok |"), line
        line = run(*host.args("--check", "--user", f"{users[other.pid]},0")) \
            .expect(2).out
        assert b" 2 QEMUs: 1 critical, 1 ok; " in line, line


def test_odd_names():
    with Host() as host:
        for name in ("it's", "a=b|c", "two\nlines", "x" * 4096, "x" * 4095,
                     b"\xff\xfe\x80", "\x1b[2J", "\u202e\"'"):
            host.add(name, STUCK)
        rows = host.rows()
        assert len(rows) == 8, len(rows)
        result = run(*host.args("--check")).expect(2)
        line = result.out.decode()
        assert line.count("\n") == 1 and line[:-1].isprintable(), line
        assert line.count("|") == 1, line
        data = figures(result.out)
        assert f"'{host.name('it')}''s.status'" in data, data
        assert f"{host.name('a_b/c.status')}" in data, data
        text = run(*host.args("-b", "-n", "1")).expect(0).out.decode()
        assert all(line.isprintable() for line in text.splitlines()), text
        assert text.count(host.prefix) == 8, text
        strict_csv(run(*host.args("-b", "-n", "1", "-o", "csv")).expect(0)
                   .out)


def test_connections_are_used_up():
    with Host() as host:
        host.add("a", preface=REFUSES, serve="refuse")
        well = host.add("b")
        rows = host.rows()
        assert [row["verdict"] for row in rows] == ["LOST", "well"], rows
        assert "too many connections" in rows[0]["evidence"], rows[0]
        result = run(*host.args("--check")).expect(3)
        assert b"too many connections" in result.out, result.out
        assert rows[1]["pid"] == well.pid


def test_one_connection_each():
    with Host() as host:
        qemu = host.add("a", COUNTS)
        with host.rounds() as rounds:
            for _ in range(5):
                vms = until(rounds, is_verdict(qemu, "well"))
                assert vms[qemu.pid]["loop"] == "connections-1", vms


def test_command_line():
    run("--host", "x").expect_failure("takes no TARGET", status=2)
    for option in ("--enable", "--cumulative", "-Lx"):
        run("--host", option).expect_failure("--host goes without", status=2)
    for option in ("--list", "--stalls", "--requests", "--threads"):
        run("--host", option).expect_failure("--host goes with", status=2)
    run("-u", "root").expect_failure("--user needs --host", status=2)
    for mode in ("-b", "--check", "--diagnose", "-ojson"):
        for words in (["--sample", "9"], ["-c", "loop.cpu"],
                      ["-s", "loop.cpu"]):
            result = run("--host", mode, *words)
            if mode == "--check":
                assert b" UNKNOWN - " in result.expect(3).out, words
            else:
                result.expect_failure("of one QEMU", "--help", status=2)
    for users in ("", "root,", "0,no such one", "0,4294967295"):
        unknown = users.partition(",")[2]
        run("--host", "-u", users).expect_failure(f'no user "{unknown}" here',
                                                  status=2)
    run("--host", "-bu4242424242").expect_failure(
        "no QEMU of these users runs here")
    run("--host", "-c", "busy").expect_failure('no column "busy" of VMs',
                                               status=2)
    run("--host", "-s", "verdct").expect_failure('perhaps "vm.verdict"',
                                                 status=2)


be_alone()
tap.main([value for name, value in list(globals().items())
          if name.startswith("test_")])
