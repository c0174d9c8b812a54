#!/usr/bin/python3
# A socket is believed to be a process's only if the kernel says so
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json
import os
import signal
import socket
import subprocess
import sys

import tap
from fake import LISTENER, OWN_SERVER, SERVER, FakeQemu, stop
from peer import Model, Peer
from program import Directory, run
from terminal import Terminal

# As another user, if it may be that
FORGER = """
import os, socket, sys
if os.getuid() == 0:
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
forged = socket.socket(socket.AF_UNIX)
forged.bind("\\0" + {name!r})
forged.listen()
print("forged", flush=True)
sys.stdin.read()
"""


def row(pid):
    """What --list has of a process."""
    rows = json.loads(run("--list", "-o", "json").expect(0).out)
    return next(row for row in rows if row["pid"] == pid)


def profiler(path):
    return ("-object", "event-loop-profiler,id=p,socket.type=unix,"
            f"socket.path={path}")


def test_a_name_with_a_line_of_the_kernels_in_it():
    with Directory() as directory, \
            FakeQemu(work=LISTENER.format(path=directory.path("m"))) as vm:
        forged = directory.path("qemu-aiotop-e")
        name = f"\n0: 00000002 00000000 00010000 0001 01 {vm.word} {forged}"
        forger = subprocess.Popen(
            [sys.executable, "-c", FORGER.format(name=name)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            forger.stdout.readline()
            with open("/proc/net/unix", errors="replace") as table:
                assert any(line.split()[-2:] == [vm.word, forged]
                           for line in table), "nothing is forged"
            assert row(vm.pid)["profiled"] is False
            assert row(vm.pid)["profilers"] == [], row(vm.pid)
        finally:
            forger.communicate("")


def made_to_listen(path):
    """A socket that another one is to serve on."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    return listener


def lie(peer):
    peer.send({"QMP": {"version": "BELIEVE ME", "capabilities": []}})
    peer.serve(Model())


def test_another_process_has_taken_the_place():
    for script in (lie, lambda peer: peer.send(b"BELIEVE ME\n")):
        with Directory() as directory, \
                Peer(directory.path("s"), script), \
                FakeQemu(*profiler(directory.path("s"))) as vm:
            for mode in (["-b"], ["--diagnose", "--stacks"]):
                result = run(*mode, str(vm.pid)) \
                    .expect_failure(f"not served by process {vm.pid}",
                                    f"but by {os.getpid()}")
                assert b"BELIEVE" not in result.err


def test_through_a_monitor_neither():
    with Directory() as directory, \
            Peer(directory.path("s"), lie), \
            FakeQemu("-qmp", f"unix:{directory.path('s')},server=on") as vm:
        run("--enable", "-b", "-n", "1", str(vm.pid)) \
            .expect_failure(f"not served by process {vm.pid}")


def tcp_profiler(port, host="127.0.0.1"):
    return ("-object", "event-loop-profiler,id=p,socket.type=inet,"
            f"socket.host={host},socket.port={port}")


def nobody_came(listener):
    listener.settimeout(0)
    try:
        listener.accept()
    except BlockingIOError:
        return True
    return False


def test_a_port_of_another_process():
    """That it is on a command line is no reason to connect to it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        for host in ("127.0.0.1", "0.0.0.0", ""):
            with FakeQemu(*tcp_profiler(port, host)) as vm:
                run("-b", str(vm.pid)).expect_failure(
                    f"process {vm.pid} has no socket of its own to reach at",
                    f":{port}")
        with FakeQemu("-qmp", f"tcp:127.0.0.1:{port},server=on") as vm:
            run("--enable", "-b", "-n", "1", str(vm.pid)) \
                .expect_failure(f"process {vm.pid} has no socket of its own")
        assert nobody_came(listener)


def test_a_port_of_its_own():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        fd = listener.fileno()
        port = listener.getsockname()[1]
        with FakeQemu(*tcp_profiler(port, "unknown.invalid"), pass_fds=[fd],
                      work=SERVER.format(fd=fd, pid="os.getpid()")) as vm:
            assert sample_of(str(vm.pid))["pid"] == vm.pid
            assert sample_of(f"127.0.0.1:{port}")["pid"] == vm.pid


def test_a_profile_of_another_process():
    with Directory() as directory, FakeQemu() as other:
        path = directory.path("s")
        work = OWN_SERVER.replace("pid=os.getpid()", f"pid={other.pid}")
        with FakeQemu(*profiler(path), work=work.format(path=path)) as vm:
            run("-b", "-n", "1", str(vm.pid)).expect_failure(
                f"process {vm.pid} serves the profile of another one",
                f"has pid {other.pid}")
            assert sample_of(path)["pid"] == other.pid


def test_who_gives_the_path_has_chosen():
    with Directory() as directory, \
            Peer(directory.path("s"), lambda peer: peer.serve(Model())):
        run("-b", "-n", "1", "-d", "0.01", directory.path("s")).expect(0)


def sample_of(*target):
    """One sample, from one who serves on a socket that we made."""
    sample, = run("-b", "-o", "json", "-n", "1", "-d", "0.01", *target) \
        .expect(0).json_lines()
    return sample


def test_a_socket_that_was_passed_on():
    with Directory() as directory, \
            made_to_listen(directory.path("s")) as listener:
        fd = listener.fileno()
        with FakeQemu(*profiler(directory.path("s")), pass_fds=[fd],
                      work=SERVER.format(fd=fd, pid="os.getpid()")) as vm:
            assert sample_of(str(vm.pid))["pid"] == vm.pid


def test_nobody_is_looked_at_on_a_peers_word():
    with Directory() as directory, FakeQemu() as victim, \
            made_to_listen(directory.path("s")) as listener:
        fd = listener.fileno()
        with FakeQemu(pass_fds=[fd],
                      work=SERVER.format(fd=fd, pid=victim.pid)):
            sample = sample_of(directory.path("s"))
            assert sample["pid"] == victim.pid
            assert {loop["thread_state"] for loop in sample["loops"]} \
                == {None}, sample["loops"]


def test_stopped_process_is_named():
    with Directory() as directory, \
            FakeQemu(work=LISTENER.format(path=directory.path("s"))) as vm:
        stop(vm.pid)
        run("-b", directory.path("s"), patience_s=0.1).expect_failure(
            f"no answer from {directory.path('s')}: process {vm.pid} is"
            " stopped by a signal",
            f"kill -CONT {vm.pid}")
        os.kill(vm.pid, signal.SIGCONT)
        for args in (("-b",), ("--diagnose",)):
            run(*args, directory.path("s"), patience_s=0.1) \
                .expect_failure("no QMP greeting")


def check_stopped(target, pid):
    """That its process is stopped is what is found, whatever it is called."""
    found, = run("--diagnose", "-o", "json", target).expect(0).json_lines()
    assert found["pid"] == pid and not found["healthy"], found
    finding, = found["findings"]
    assert finding["class"] == "stopped", finding
    assert f"process {pid} is stopped" in finding["evidence"], finding
    check = run("--check", target).expect(2).out
    assert b"CRITICAL - " in check and b": stopped: " in check, check
    assert b"not profiled" not in check, check


def test_stopped_is_a_finding():
    with Directory() as directory, \
            FakeQemu("-name", "halts", *profiler(directory.path("s")),
                     work=LISTENER.format(path=directory.path("s"))) as vm:
        stop(vm.pid)
        for target in (str(vm.pid), "halts", directory.path("s")):
            check_stopped(target, vm.pid)


def test_stopped_while_it_is_looked_at():
    stops = OWN_SERVER.replace("model.advance()", """model.advance()
        if model.sequence == 1:
            os.kill(os.getpid(), 19)
            threading.Event().wait()""")
    with Directory() as directory, \
            FakeQemu(work=stops.format(path=directory.path("s"))) as vm:
        check_stopped(directory.path("s"), vm.pid)
        os.kill(vm.pid, signal.SIGCONT)


def test_screen_names_a_stopped_process():
    with Directory() as directory, \
            FakeQemu(work=OWN_SERVER.format(path=directory.path("s"))) as vm, \
            Terminal(directory.path("s")) as terminal:
        terminal.wait_for(rb"iothread0")
        stop(vm.pid)
        terminal.wait_for(rb"No answer for .* is stopped by a signal")
        length = len(terminal.raw)
        os.kill(vm.pid, signal.SIGCONT)
        terminal.wait_for(rb"2 loops", length)
        terminal.send(b"q")
        assert terminal.end() == 0


def test_screen_names_one_that_was_stopped_before():
    with Directory() as directory, \
            FakeQemu(work=OWN_SERVER.format(path=directory.path("s"))) as vm:
        stop(vm.pid)
        with Terminal(directory.path("s")) as terminal:
            terminal.wait_for(rb"Connecting to .* is stopped by a signal")
            os.kill(vm.pid, signal.SIGCONT)
            terminal.wait_for(rb"iothread0")
            terminal.send(b"q")
            assert terminal.end() == 0


tap.main([value for name, value in list(globals().items())
          if name.startswith("test_")])
