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
from program import HANG_S, Directory, start


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


def test_nobody_reads():
    """It waits in a write; the second signal does not wait for it."""
    with Directory() as directory, \
            Peer(directory.path("s"), lambda peer: peer.serve(Model(8, 60))):
        for number in (signal.SIGTERM, signal.SIGINT):
            process = start("-b", "-o", "json", "-d", "0.01",
                            directory.path("s"))
            full = fcntl.fcntl(process.stdout, fcntl.F_GETPIPE_SZ)
            until(lambda: unread(process.stdout) == full)

            def has_ended():
                process.send_signal(number)
                return process.poll() is not None

            until(has_ended)
            assert process.returncode == -number, process.returncode
            process.communicate()


tap.main([value for name, value in list(globals().items())
          if name.startswith("test_")])
