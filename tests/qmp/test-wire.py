#!/usr/bin/python3
# What a peer may do on the wire, and what the program makes of it
#
# SPDX-License-Identifier: GPL-2.0-or-later

import array
import concurrent.futures
import fcntl
import os
import pty
import re
import subprocess
import termios
import time

import tap
from against import sample
from peer import GREETING, Connection, Model, Peer, encode
from program import PROGRAM, Directory

EVENT = {"event": "RTC_CHANGE", "data": {"offset": 1},
         "timestamp": {"seconds": 1, "microseconds": 2}}


def unread(sock):
    """Bytes that the other end has not read yet."""
    count = array.array("i", [0])
    fcntl.ioctl(sock, termios.TIOCOUTQ, count)
    return count[0]


def wait_until_read(sock):
    while unread(sock):
        os.sched_yield()


def test_samples():
    result = sample(lambda peer: peer.serve(Model()), "-n", "2", "-o", "json")
    lines = result.expect(0).json_lines()
    assert len(lines) == 2
    assert not result.err
    assert lines[0]["interval_ns"] == 1_000_000_000
    assert lines[0]["sources"][0]["calls"] == 992


def test_reads_split_at_every_byte():
    class Slow(Connection):
        def send(self, message):
            for byte in encode(message):
                self.sock.sendall(bytes([byte]))
                wait_until_read(self.sock)

    lines = sample(lambda peer: Slow(peer.sock).serve(Model(1, 1)),
                   "-n", "1", "-o", "json").expect(0).json_lines()
    assert lines[0]["sources"][0]["calls"] == 992


def test_several_messages_in_a_read():
    def script(peer):
        model = Model()
        peer.sock.sendall(encode(GREETING) + encode(EVENT) + encode(EVENT))
        request = peer.receive()
        peer.sock.sendall(encode(EVENT) +
                          encode({"return": {}, "id": request["id"]}) +
                          encode(EVENT))
        while (request := peer.receive()):
            model.advance()
            peer.sock.sendall(
                encode(EVENT) +
                encode({"return": model.reply(), "id": request["id"]}) +
                encode(EVENT) + b" \n\r\t" + encode(EVENT))

    assert len(sample(script, "-n", "3", "-o", "json").expect(0)
               .json_lines()) == 3


def test_event_between_request_and_reply():
    def script(peer):
        model = Model()
        peer.negotiate()
        while (request := peer.receive()):
            peer.send(EVENT)
            wait_until_read(peer.sock)
            peer.send({"return": model.reply(), "id": request["id"]})
            model.advance()

    sample(script, "-n", "2").expect(0)


def test_replies_in_several_lines():
    def script(peer):
        import json
        model = Model()
        peer.negotiate()
        while (request := peer.receive()):
            model.advance()
            reply = {"return": model.reply(), "id": request["id"]}
            peer.send(json.dumps(reply, indent=4).encode() + b"\n")

    sample(script, "-n", "2").expect(0)


def test_server_without_oob():
    def script(peer):
        model = Model()
        peer.send({"QMP": {"version": {}, "capabilities": []}})
        request = peer.receive()
        assert "arguments" not in request, request
        peer.send({"return": {}, "id": request["id"]})
        while (request := peer.receive()):
            assert request["execute"] == "query-event-loops", request
            model.advance()
            peer.send({"return": model.reply(), "id": request["id"]})

    sample(script, "-n", "1").expect(0)


def test_oob_is_used_where_offered():
    seen = []

    def script(peer):
        model = Model()
        peer.send(GREETING)
        seen.append(peer.receive())
        peer.send({"return": {}, "id": seen[0]["id"]})
        while (request := peer.receive()):
            seen.append(request)
            model.advance()
            peer.send({"return": model.reply(), "id": request["id"]})

    sample(script, "-n", "1").expect(0)
    assert seen[0]["arguments"] == {"enable": ["oob"]}
    assert seen[1]["exec-oob"] == "query-event-loops"
    assert seen[1]["arguments"] == {"histograms": True}
    assert seen[2]["arguments"] == {"after-sequence": 1, "histograms": True}


def test_left_out_sources_keep_their_counters():
    def script(peer):
        model = Model(1, 2)
        model.advance()
        peer.negotiate()
        request = peer.receive()
        peer.send({"return": model.reply(), "id": request["id"]})
        request = peer.receive()
        model.time_ns += 1_000_000_000
        reply = model.reply()
        reply["loops"][0]["sources"].pop(0)
        peer.send({"return": reply, "id": request["id"]})
        peer.receive()

    sources = sample(script, "-n", "1", "-o", "json",
                     "-s", "id").expect(0).json_lines()[0]["sources"]
    assert [source["calls"] for source in sources] == [0, 0]
    assert sources[0]["counters"]["calls"] == 992


def test_new_profiling_period_is_asked_for_in_full():
    requests = []

    def script(peer):
        model = Model(1, 1)
        peer.negotiate()
        while (request := peer.receive()):
            requests.append(request["arguments"].get("after-sequence"))
            model.advance()
            if len(requests) == 2:
                model.since_ns = model.time_ns - 1
            reply = model.reply()
            if len(requests) == 2:
                reply["loops"][0]["sources"] = []
            peer.send({"return": reply, "id": request["id"]})

    lines = sample(script, "-n", "1", "-o", "json").expect(0).json_lines()
    assert requests[:3] == [None, 1, None], requests
    assert lines[0]["restarted"] and lines[0]["cumulative"]
    assert len(lines[0]["sources"]) == 1


def error_script(error):
    def script(peer):
        peer.negotiate()
        request = peer.receive()
        peer.send({"error": error, "id": request["id"]})
        peer.receive()

    return script


def test_error_no_such_command():
    sample(error_script({"class": "CommandNotFound", "desc": "not found"})) \
        .expect_failure("has no query-event-loops", "patches")


def test_error_no_profiler():
    sample(error_script({"class": "GenericError",
                         "desc": "no event-loop profiler object"})) \
        .expect_failure('{"execute":"object-add","arguments":'
                        '{"qom-type":"event-loop-profiler"', "--enable")


def test_error_of_another_kind():
    sample(error_script({"class": "GenericError", "desc": "bad \x1b[2J\n"})) \
        .expect_failure("query-event-loops failed: bad \\x1b[2J\\n")


def test_refused_capabilities():
    def script(peer):
        peer.send(GREETING)
        request = peer.receive()
        peer.send({"error": {"class": "GenericError", "desc": "no"},
                   "id": request["id"]})
        peer.receive()

    sample(script).expect_failure("refuses qmp_capabilities: no")


def test_refused_connection():
    def script(peer):
        peer.send({"error": {"class": "GenericError",
                             "desc": "too many connections"}})
        peer.receive()

    sample(script).expect_failure("refuses the connection",
                                  "too many connections")


def test_end_at_every_byte():
    def reply(number):
        return encode({"return": {"sequence": number, "time-ns": number,
                       "loops": [{"name": "l", "thread-id": 1, "sources": [
                           {"id": 1, "kind": "bh", "name": "f"}]}]},
                       "id": number})

    answers = [encode(GREETING), encode({"return": {}, "id": 1}), reply(2),
               reply(3)]
    total = sum(len(answer) for answer in answers)

    def end_after(length):
        def script(peer):
            left = length
            for answer in answers:
                peer.send(answer[:left])
                left -= len(answer)
                if left <= 0:
                    return
                peer.receive()

        sample(script, "-n", "1").expect_failure("closed the connection")

    # The last two bytes are the end of line, after a complete message
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for _ in pool.map(end_after, range(total - 2)):
            pass


def test_greeting_never_comes():
    for words, seconds in (([], 3), (["--timeout", "20ms"], 0.02)):
        sample(lambda peer: peer.receive(), *words, patience_s=None) \
            .expect_failure(f"sends no QMP greeting within {seconds} s",
                            "another client")


def test_screen_says_how_long_it_connects():
    """Seconds since it began, not since the host did."""
    begun = time.monotonic()
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, b"\x18\0\x50\0\0\0\0\0")
    with Directory() as directory, \
            Peer(directory.path("s"), lambda peer: peer.receive()):
        env = {**os.environ, "TERM": "xterm", "XDG_CONFIG_HOME": directory.name}
        process = subprocess.Popen([PROGRAM, directory.path("s")], env=env,
                                   stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        seen = b""
        while not (said := re.search(rb"Connecting to [^(]*\((\S+)\)", seen)):
            seen += os.read(master, 4096)
        elapsed = time.monotonic() - begun
        process.terminate()
        process.wait()
    os.close(master)
    assert said[1].endswith(b"s"), said[0]
    assert int(said[1][:-1]) <= elapsed, (said[0], elapsed)


def test_error_without_id():
    def script(peer):
        peer.negotiate()
        peer.receive()
        peer.send({"error": {"class": "GenericError", "desc": "bad JSON"}})
        peer.receive()

    sample(script).expect_failure("bad JSON")


def test_server_ends():
    def script(peer):
        peer.serve(Model(), snapshots=3)

    result = sample(script, "-o", "json")
    result.expect_failure("closed the connection: QEMU has ended")
    assert len(result.json_lines()) == 2


def test_counters_go_back():
    def script(peer):
        model = Model(1, 1)
        model.advance()
        model.advance()
        peer.negotiate()
        count = 0
        while (request := peer.receive()):
            count += 1
            if count == 2:
                source = model.loops[0]["sources"][0]
                source["buckets"] = {}
                model.loops[0]["dispatches"] = 0
                model.loops[0]["iterations"] = 0
                model.advance(calls=160)
            peer.send({"return": model.reply(), "id": request["id"]})

    source = sample(script, "-n", "1", "-o", "json") \
        .expect(0).json_lines()[0]["sources"][0]
    assert source["calls"] == 160, source


def test_nothing_from_the_wire_reaches_the_terminal_raw():
    nasty = "".join(chr(i) for i in range(1, 0x120)) + "\u202e\u2028\ufeff漢"

    def script(peer):
        model = Model(1, 1, vm_name=nasty)
        model.loops[0]["name"] = nasty
        for key in ("kind", "name", "label"):
            model.loops[0]["sources"][0][key] = nasty
        model.loops[0]["sources"][0]["module"] = {"file": nasty}
        peer.serve(model)

    for color in ("always", "never"):
        out = sample(script, "-n", "1", f"--color={color}") \
            .expect(0).out.decode()
        for escape in ("\033[1m", "\033[0m", "\033[4m"):
            out = out.replace(escape, "")
        for line in out.split("\n"):
            assert line.replace("\u00a0", " ").isprintable(), line
    out = sample(script, "-n", "1", "--ascii").expect(0).out
    assert all(c == 10 or 32 <= c < 127 for c in out)
    result = sample(script, "-n", "1", "-o", "json").expect(0)
    assert result.json_lines()[0]["vm_name"] == nasty
    for c in result.out.decode()[:-1]:
        assert c == "\u00a0" or c.isprintable(), c
    result = sample(script, "-n", "1", "-o", "csv").expect(0)
    assert len(result.csv_rows()) == 2
    for c in result.out.decode().replace("\r\n", ""):
        assert c == "\u00a0" or c.isprintable(), c


def check_recorded(name, loops):
    path = os.path.join(os.path.dirname(__file__), "..", "data", name)
    with open(path, "rb") as file:
        answers = [line[2:] for line in file if line.startswith(b"< ")]

    def script(peer):
        for answer in answers:
            peer.send(answer)
            peer.receive()

    lines = sample(script, "-n", "2", "-o", "json").expect(0).json_lines()
    assert len(lines) == 2
    for line in lines:
        assert {loop["loop"] for loop in line["loops"]} >= loops
        for loop in line["loops"]:
            shares = sum(loop[key + "_percent"] for key in (
                "dispatch", "poll", "wait", "bql_wait", "other"))
            assert abs(shares - 100) < 0.1, loop


def test_recorded_storage_daemon():
    check_recorded("storage-daemon.transcript", {"main-loop", "io0", "io1"})


def test_recorded_vm():
    check_recorded("vm.transcript", {"main-loop", "iothread0", "iothread1"})


def test_large_profile():
    lines = sample(lambda peer: peer.serve(Model(64, 31)), "-n", "1",
                   "-o", "json").expect(0).json_lines()
    assert len(lines[0]["loops"]) == 64
    assert len(lines[0]["sources"]) == 64 * 31


tap.main([value for name, value in list(globals().items())
          if name.startswith("test_")])
