#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A VM that is saved, or whose state comes from elsewhere, and does not go on.

Each has its innocent twin: one that is read, and one that nobody has connected
to yet.
"""

import contextlib
import os
import socket
import time

import processes
import tap
from findings import (check_critical, check_nothing_until, check_status,
                      diagnose, find, list_findings)
from tap import check, equal, test, wait_for
from vm import vm

# from when on nothing goes on
TRANSFER_S = 5
# So long that who does not read a live migration is no slow network
UNREAD_S = 2
# what a migration's stream begins with: its magic number, its version, and a
# name of the machine's type that is so long, and can be sent bit by bit
STREAM_HEAD = b"QEVM" b"\0\0\0\3" b"\7" b"\0\1\0\0"
# no machine takes that from a dispatch, and a silent sender must not
STALL_MS = 4000


@test("transfer-stuck: a dump that nobody reads, and that is read in the end")
def dump():
    path = processes.path("dump.fifo")
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with vm("dump", paused=False) as running, running.monitor() as monitor:
        monitor.command("dump-guest-memory", paging=False,
                        protocol=f"file:{path}", detach=True)
        finding = find(running.socket, "transfer-stuck", "dump_thread",
                       "write(", path, "who is to read it")
        equal(finding["awaited"], "peer", "what is waited for")
        # it was not watched for long enough
        check(not finding["stuck"], "it is only a warning")
        check_critical(running.socket, "transfer-stuck", TRANSFER_S + 1)
        os.set_blocking(reader, True)
        while os.read(reader, 1 << 20):
            pass
        wait_for("end of the dump", lambda: monitor.command(
            "query-dump")["status"] == "completed")
        check("transfer-stuck" not in diagnose(running.socket), "it is over")
    os.close(reader)


@test("transfer-stuck: a migration that nobody reads, but then it is read")
def migration():
    path = processes.path("migration.sock")
    with socket.socket(socket.AF_UNIX) as server, \
            vm("migration", "-m", "256") as running, \
            running.monitor() as monitor:
        server.bind(path)
        server.listen()
        monitor.command("migrate", uri=f"unix:{path}")
        with server.accept()[0] as reader:
            reader.setblocking(False)
            finding = find(running.socket, "transfer-stuck", "mig/src/main",
                           f"process {os.getpid()} ", "query-migrate",
                           options=("-d", str(UNREAD_S)))
            # the guest would run
            equal((finding["awaited"], finding["stuck"]), ("peer", False),
                  "what is waited for")
            check_status(running.socket, 1, "transfer-stuck", UNREAD_S)

            def read():
                with contextlib.suppress(BlockingIOError):
                    while reader.recv(1 << 20):
                        pass
                return monitor.command("query-migrate")["status"] == "completed"

            wait_for("end of the migration", read)
        check("transfer-stuck" not in diagnose(running.socket), "it is over")


def healthy_words(target):
    finding, = [finding for finding in list_findings(target)
                if finding["class"] == "healthy"] or [{"evidence": ""}]
    return finding["evidence"]


@test("transfer-stuck: a migration whose sender is silent, or not there yet")
def incoming():
    path = processes.path("incoming.sock")
    with vm("incoming", "-incoming", f"unix:{path}", paused=False,
            stall_ms=STALL_MS) as running:
        running.monitor().close()
        wait_for("word of nobody", lambda: "No sender of the migration" in
                 healthy_words(running.socket))
        with socket.socket(socket.AF_UNIX) as sender:
            over = time.monotonic() + TRANSFER_S
            sender.connect(path)
            check_nothing_until(running.socket, over)
            find(running.socket, "transfer-stuck", "sent nothing",
                 "process_incoming_migration_co")
            sender.sendall(STREAM_HEAD)

            def tells_of_more():
                # what a look that came too late would not be told
                nonlocal over
                over = time.monotonic() + TRANSFER_S
                sender.sendall(b"x")
                return "last sent something" in healthy_words(running.socket)

            wait_for("word of it", tells_of_more)
            check_nothing_until(running.socket, over)
            finding = find(running.socket, "transfer-stuck",
                           "migration-socket-incoming", "query-migrate",
                           f"process {os.getpid()}")
            # for half a minute it may be held before it switches over
            equal((finding["awaited"], finding["stuck"]), ("peer", False),
                  "what is waited for")
            check_status(running.socket, 1, "transfer-stuck")


if __name__ == "__main__":
    tap.main()
