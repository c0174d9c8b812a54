#!/usr/bin/python3
# The file that the exporter keeps for node_exporter
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import resource
import signal
import socket
import time

import tap
from alone import be_alone
from exporter import Exporter, export, promtool
from fake import new_name, vm
from program import ENDING, HANG_S, Directory


def test_textfile():
    name = new_name()
    with Directory() as directory, vm(directory, name):
        path = directory.path("aiotop.prom")
        with Exporter("--textfile", path) as exporter:
            exporter.wait_until_up(name)
            line = f'qemu_aiotop_up{{vm="{name}"}} 1\n'
            end = time.monotonic() + HANG_S
            while not os.path.exists(path) or line not in open(path).read():
                assert time.monotonic() < end
                time.sleep(0.05)
            assert os.stat(path).st_mode & 0o777 == 0o644
            with open(path, "rb") as file:
                text = file.read()
            assert promtool(text) == (0, ""), promtool(text)
            assert b"# EOF" not in text
        # What is left would be taken for what is now
        assert not os.path.exists(path)


def test_textfile_goes_with_any_signal():
    with Directory() as directory:
        path = directory.path("aiotop.prom")
        for number in ENDING:
            with Exporter("--textfile", path) as exporter:
                end = time.monotonic() + HANG_S
                while not os.path.exists(path):
                    assert time.monotonic() < end
                    time.sleep(0.05)
                exporter.end(number)
            assert not os.path.exists(path), number


def small_files():
    """No file may be larger than this; to be told so, and not to be killed."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


# As a file of an exporter begins
OURS = "# TYPE qemu_aiotop_exporter_info gauge\n"


def test_textfile_of_one_that_cannot_listen():
    with Directory() as directory, socket.create_server(("127.0.0.1", 0)) \
            as taken:
        path = directory.path("aiotop.prom")
        for text in (OURS, "another one's\n"):
            with open(path, "w") as file:
                file.write(text)
            export("--textfile", path, "--listen",
                   "127.0.0.1:%d" % taken.getsockname()[1]) \
                .expect_failure("cannot listen")
            with open(path) as file:
                assert file.read() == text


def test_textfile_that_cannot_be_written():
    name = new_name()
    with Directory() as directory, vm(directory, name):
        path = directory.path("aiotop.prom")
        with open(path, "w") as file:
            file.write(OURS)
        with Exporter("--textfile", path, preexec_fn=small_files) as exporter:
            line = exporter.process.stderr.readline().decode()
            assert line.startswith(f"qemu-aiotop: cannot write {path}, and "
                                   "leave it as it is: "), line
            exporter.wait_until_up(name)
            with open(path) as file:
                assert file.read() == OURS
            assert os.listdir(directory.name).count("aiotop.prom") == 1
        # Where it tries again and again, there is one in between
        assert not [found for found in os.listdir(directory.name)
                    if found.startswith("aiotop.prom.")]
        # It is said once, not at each try
        assert not exporter.err, exporter.err


be_alone()
tap.main([value for name, value in list(globals().items())
          if name.startswith("test_")])
