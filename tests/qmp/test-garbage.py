#!/usr/bin/python3
# A peer that sends what is none, or no end of it
#
# SPDX-License-Identifier: GPL-2.0-or-later

import tap
from against import sample
from peer import GREETING, Model
from program import SANITIZED


def garbage_script(begin, fill, megabytes=100):
    def script(peer):
        peer.sock.sendall(begin)
        for _ in range(megabytes):
            peer.sock.sendall(fill * ((1 << 20) // len(fill)))

    return script


def expect_memory(result, mebibytes):
    # What the kernel counts includes this process, of which it is a fork
    mebibytes += 32
    if SANITIZED:
        mebibytes = 4 * mebibytes + 200
    assert result.max_rss_kib < mebibytes << 10, result.max_rss_kib


def test_garbage():
    result = sample(garbage_script(b"", b"GARBAGE\n\x1b[31m"))
    result.expect_failure("is not a QMP server", "GARBAGE\\n\\x1b[31m")
    expect_memory(result, 16)


def test_garbage_that_looks_like_a_greeting():
    for begin, fill, why in (
            (b'{"QMP":"', b"a", "more than 64 KiB"),
            (b"", b'{"a":', "deeper than 16 levels"),
            (b"{", b" ", "more than 64 KiB"),
            (b'{"QMP":[', b"[[[[", "deeper than 16 levels"),
            (b'{"QMP":[', b"[],", "more than 64 KiB"),
            (b'{"', b"\\\\", "more than 64 KiB")):
        result = sample(garbage_script(begin, fill))
        result.expect_failure("is not a QMP server", why)
        expect_memory(result, 16)


def test_garbage_for_a_reply():
    def script(peer):
        peer.negotiate()
        peer.receive()
        garbage_script(b'{"return":"', b"a")(peer)

    result = sample(script)
    result.expect_failure("is not a QMP server", "more than 8192 KiB")
    expect_memory(result, 24)


def test_garbage_after_the_greeting():
    def script(peer):
        peer.send(GREETING)
        peer.receive()
        garbage_script(b"", b"xyz")(peer)

    sample(script).expect_failure("is not a QMP server")


def malformed_script(bad, good_after):
    def script(peer):
        model = Model(1, 1)
        peer.negotiate()
        count = 0
        while (request := peer.receive()):
            model.advance()
            count += 1
            value = model.reply() if count > good_after else bad
            peer.send({"return": value, "id": request["id"]})

    return script


def test_malformed_reply_costs_that_reply():
    for bad in ({}, [], 7, {"time-ns": "x", "loops": []}):
        sample(malformed_script(bad, 3), "-n", "2").expect(0)


def test_malformed_replies_without_end():
    sample(malformed_script({"loops": 1}, 1 << 60)) \
        .expect_failure("malformed reply", "5 times in a row")


def test_reply_that_is_not_json():
    def script(peer):
        model = Model(1, 1)
        peer.negotiate()
        request = peer.receive()
        peer.send(b'{"return": {"loops": [01]}, "id": 2}\r\n')
        while (request := peer.receive()):
            model.advance()
            peer.send({"return": model.reply(), "id": request["id"]})

    sample(script, "-n", "1").expect(0)


def test_reply_to_nothing_is_ignored():
    def script(peer):
        model = Model(1, 1)
        peer.negotiate()
        while (request := peer.receive()):
            model.advance()
            peer.send({"return": 1, "id": 99})
            peer.send({"error": {"class": "x", "desc": "y"}, "id": 98})
            peer.send({"return": model.reply(), "id": request["id"]})

    sample(script, "-n", "1").expect(0)


EVENTS = b'{"event":"NOISE","data":{},"timestamp":{"seconds":1}}\r\n' * 20000


def test_talkative_peer():
    def script(peer):
        model = Model(1, 1)
        peer.negotiate()
        while (request := peer.receive()):
            model.advance()
            peer.send(EVENTS)
            peer.send({"return": model.reply(), "id": request["id"]})
            peer.send(EVENTS)

    lines = sample(script, "-n", "3", "-o", "json").expect(0).json_lines()
    assert len(lines) == 3


def check_flood(flood):
    """What is sent without end has an end, and costs no sample."""
    def script(peer):
        model = Model(1, 1)
        peer.negotiate()
        for _ in range(2):
            request = peer.receive()
            model.advance()
            peer.send({"return": model.reply(), "id": request["id"]})
        while True:
            peer.send(flood)

    result = sample(script, "-o", "json")
    result.expect_failure("sends more than 16 MiB that nobody asked for")
    assert len(result.json_lines()) == 1


def test_events_without_end():
    check_flood(EVENTS)


def test_nothing_without_end():
    check_flood(b"\r\n" * 100000)


def test_answers_without_end():
    check_flood(b'{"return":"%s","id":99}\r\n' % (b"x" * 1000) * 500)


def test_greetings_without_end():
    check_flood(b'{"QMP":{"capabilities":["%s"]}}\r\n' % (b"x" * 1000) *
                500)


tap.main([value for name, value in list(globals().items())
          if name.startswith("test_")])
