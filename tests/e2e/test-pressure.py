#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who has something to write, and can't, as the other end reads nothing.

The twin of each is one that reads so little that QEMU always has to wait, and
is never done.
"""

import contextlib
import os
import signal
import socket
import struct
import threading
import time

import client
import processes
import qemu
import tap
from findings import diagnose, find
from tap import check, equal, test, wait_for
from vm import disk, nbd_server, vm

EXPORT = b"disk0"
READ_BYTES = 32 << 20
# from when on one that can't write is told of
WRITER_S = 10
SLOWLY_BYTES = 256 << 10
NBD_REQUEST = 0x25609513
NBD_OPTION_EXPORT_NAME = 1
# with the fixed handshake, and without the zeroes after it
NBD_FLAGS = 3


class NbdClient:
    """Asks an export for more data than any buffer holds."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.read(18)
        self.socket.sendall(
            struct.pack(">I", NBD_FLAGS) + b"IHAVEOPT" +
            struct.pack(">II", NBD_OPTION_EXPORT_NAME, len(EXPORT)) + EXPORT)
        self.read(10)
        self.ask(READ_BYTES)

    def ask(self, size):
        """A read, of whose answer nothing is read."""
        self.socket.sendall(struct.pack(">IHHQQI", NBD_REQUEST, 0, 0, 0, 0,
                                        size))

    def read(self, size):
        data = self.socket.recv(size, socket.MSG_WAITALL)
        equal(len(data), size, "bytes from the server")


@contextlib.contextmanager
def reading(user):
    """Within it a thread reads bit by bit, and asks for as much again."""
    over = threading.Event()

    def read():
        while not over.wait(0.05):
            user.socket.recv(SLOWLY_BYTES)
            user.ask(SLOWLY_BYTES)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def writers(running):
    """Since when who waits to write does, by file descriptor."""
    with running.profiler() as profiler:
        info = profiler.command("query-event-loops")
    return {writer["fd"]: writer["since-ns"]
            for writer in info.get("writers", [])}


def pressed(target):
    """What --diagnose says of each who waits to write."""
    status, out, err = client.run("--diagnose", "-o", "json", target)
    equal((status, err), (0, ""), "status and complaint")
    document, = client.documents(out)
    return [finding["evidence"] for finding in document["findings"]
            if finding["class"] == "back-pressure"]


def exported(name):
    return qemu.StorageDaemon(
        name, [f"driver=null-co,size={READ_BYTES},read-zeroes=on"])


@test("back-pressure: a client of an export that asks, and reads nothing")
def export():
    daemon = exported("export")
    user = NbdClient(daemon.nbd_socket)
    finding = find(daemon.socket, "back-pressure", "qio_channel_restart_write",
                   "exp0", "does not read",
                   f"process {os.getpid()} ")
    check(not finding["stuck"], "it is only a warning")
    user.socket.close()
    wait_for("end of it", lambda: not writers(daemon))
    check("back-pressure" not in diagnose(daemon.socket), "it is over")
    daemon.stop()


@test("no back-pressure: a client that is slow to read")
def slow_export():
    daemon = exported("slow")
    # this one reads nothing: it tells when the other one has had time enough
    stuck = NbdClient(daemon.nbd_socket)
    fd, = wait_for("writer", lambda: writers(daemon))
    slow = NbdClient(daemon.nbd_socket)
    with reading(slow):
        wait_for("both", lambda: len(writers(daemon)) == 2)
        find(daemon.socket, "back-pressure", f"(descriptor {fd})")
        wait_for("both", lambda: len(writers(daemon)) == 2)
        equal([evidence for evidence in pressed(daemon.socket)
               if f"(descriptor {fd})" not in evidence], [],
              "what is said of the other")
    stuck.socket.close()
    slow.socket.close()
    daemon.stop()


@test("back-pressure: a monitor whose user sends, and reads nothing")
def monitor():
    path = processes.path("second.qmp")
    with vm("monitor", "-qmp", f"unix:{path},server=on,wait=off") as running:
        running.monitor().close()
        user = socket.socket(socket.AF_UNIX)
        user.connect(path)
        user.sendall(b'{"execute": "qmp_capabilities"}' +
                     b'{"execute": "query-qmp-schema"}' * 16)
        find(running.socket, "back-pressure", "monitor_unblocked",
             f"process {os.getpid()} ")
        user.close()


@test("io-stuck: a server that is stopped, and can't be sent more to")
def server():
    path, nbd = nbd_server("server")
    with vm("client", *disk("nbd,server.type=unix,server.path=" + path)) \
            as running, running.monitor() as human:
        processes.stop(nbd)
        for number in range(4):
            running.ask(human, f"aio_write {number}M 1M")
        wait_for("writer", lambda: writers(running))
        find(running.socket, "io-stuck", "node n", "something to send",
             f"of process {nbd.pid} (qemu-nbd)", "the server")
        # the cause is one finding, however long it lasts
        time.sleep(WRITER_S)
        check("back-pressure" not in diagnose(running.socket), "it is told twice")
        nbd.send_signal(signal.SIGCONT)
    processes.kill(nbd)


if __name__ == "__main__":
    tap.main()
