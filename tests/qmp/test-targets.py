#!/usr/bin/python3
# The command line: what it is about, where it writes to, and how it ends
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json
import os
import re
import shutil
import signal
import socket
import subprocess

import tap
from fake import SERVER, FakeQemu
from peer import Peer
from program import (ENDING, HANG_S, PROGRAM, Directory, run, start, strict_csv,
                     strict_json, unknown)
from sampling import sample, serve


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
            f"chgrp GROUP '{directory.path('s')}'; chmod g+w")
        inner = directory.path("inner")
        os.mkdir(inner, 0)
        run(f"{inner}/s", **kwargs).expect_failure(
            "permission denied", "search permission on the directory",
            f"chmod g+x '{inner}'")
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
        out = run("-n", "2", "-d", "0.01", "--no-sample",
                  "plain-vm").expect(0).out.decode()
        assert out.count(f"plain-vm  pid {qemu.pid}  interval") == 2, out
        assert out.count("built without the profiler") == 2, out
        assert "NAME" not in out, out
        lines = run("-o", "json", "-n", "1", "-d", "0.01", "--no-sample",
                    str(qemu.pid)).expect(0).json_lines()
        assert lines[0]["host_only"] is True
        assert lines[0]["steal_ns"] is not None
        assert lines[0]["sources"] == []
        assert lines[0]["loops"][0]["loop"] == "main-loop"
        assert lines[0]["loops"][0]["thread_id"] == qemu.pid
        assert lines[0]["loops"][0]["cpu_percent"] is not None
        assert "--enable" not in lines[0]["notes"][0]
        run("--enable", "plain-vm").expect_failure("without the profiler")


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
    for number in ENDING:
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
