#!/usr/bin/python3
# A program that is to end, and waits for something that does not come
#
# SPDX-License-Identifier: GPL-2.0-or-later

import array
import fcntl
import signal
import termios
import time

import tap
from peer import Model, Peer
from program import ENDING, HANG_S, Directory, start


def unread(pipe):
    """How many bytes are in it."""
    n = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, n)
    return n[0]


def until(condition):
    end = time.monotonic() + HANG_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


# A second signal that comes that much later is meant as such
THOUGHT_S = 0.5


def is_handled(process, number):
    """It is not pending, as of one that it ends, nor is the handler at it."""
    with open(f"/proc/{process.pid}/status", encoding="ascii",
              errors="replace") as status:
        masks = [int(line.split()[1], 16) for line in status
                 if line.startswith(("ShdPnd:", "SigPnd:", "SigBlk:"))]
    assert len(masks) == 3
    return not any(mask >> (number - 1) & 1 for mask in masks)


def send(process, number):
    """Until it is handled, or has ended the process."""
    process.send_signal(number)
    until(lambda: process.poll() is not None or is_handled(process, number))


def start_unread(directory):
    """It waits in a write."""
    process = start("-b", "-o", "json", "-d", "0.01", directory.path("s"))
    full = fcntl.fcntl(process.stdout, fcntl.F_GETPIPE_SZ)
    until(lambda: unread(process.stdout) == full)
    return process


def kill(process):
    process.kill()
    process.communicate()


def test_nobody_reads():
    """The first signal does not end it; a later one does not wait for it."""
    with Directory() as directory, \
            Peer(directory.path("s"), lambda peer: peer.serve(Model(8, 60))):
        for number in ENDING:
            process = start_unread(directory)
            send(process, number)
            assert process.poll() is None, process.returncode

            def has_ended():
                process.send_signal(number)
                return process.poll() is not None

            until(has_ended)
            assert process.returncode == -number, process.returncode
            process.communicate()


def test_twice_at_once():
    """As timeout signals its child, and then the group that it is in."""
    with Directory() as directory, \
            Peer(directory.path("s"), lambda peer: peer.serve(Model(8, 60))):

        def has_lived():
            """Unless this host was too busy to say that it was at once."""
            process = start_unread(directory)
            begin = time.monotonic()
            send(process, signal.SIGTERM)
            send(process, signal.SIGTERM)
            at_once = time.monotonic() - begin < THOUGHT_S
            lives = process.poll() is None
            kill(process)
            assert lives or not at_once
            return at_once

        until(has_lived)


tap.main([value for name, value in list(globals().items())
          if name.startswith("test_")])
