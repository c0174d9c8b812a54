#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""All QEMUs of a host, three real ones, of which one has lost its disk."""

import re
import signal

import client
import processes
import tap
from client import strict_json
from qemu import StorageDaemon
from tap import check, equal, test, wait_for
from terminal import Terminal
from vm import disk, nbd_server, vm


def rows(*arguments):
    """The rows of one round."""
    document, = client.samples("--host", "-n", "1", "-d", "0.2", *arguments)
    return document["vms"]


def is_stuck(pid):
    """The first row, if it is that of a process that is stuck."""
    first = rows()[0]
    return first if (first["pid"], first["verdict"]) == (pid, "STUCK") \
        else None


@test("the VM whose disk's server is stopped comes first, and says so")
def lost_disk():
    path, nbd = nbd_server("server")
    with vm("web", "-name", "web") as web, \
            vm("db", "-name", "db",
               *disk("nbd,server.type=unix,server.path=" + path)) as db, \
            db.monitor() as monitor:
        daemon = StorageDaemon("daemon")
        daemon.monitor().close()
        web.monitor().close()
        pids = {web.pid, db.pid, daemon.pid}
        wait_for("all of them, and nothing wrong", lambda: {
            row["pid"] for row in rows() if row["verdict"] == "well"} >= pids)
        db.ask(monitor, "aio_read 0 4k")
        processes.stop(nbd)
        db.ask(monitor, "aio_read 4k 4k")
        first = wait_for("it on top", lambda: is_stuck(db.pid))
        equal((first["vm_name"], first["class"]), ("db", "io-stuck"),
              "name and class")
        check("node n" in first["evidence"], first["evidence"])
        check(first["lasting_ns"] == first["oldest_request_age_ns"] >= 5e9,
              f"age of {first}")
        status, out, err = client.run("--host", "--check", "-d", "0.2")
        equal((status, err), (2, ""), "status and complaint of --check")
        check("CRITICAL" in out and "; db: io-stuck of n: " in out, out)
        status, out, err = client.run("--host", "--diagnose", "-o", "json",
                                      "-d", "0.2")
        first = strict_json(out.splitlines()[0])
        equal((status, err, first["pid"]), (0, "", db.pid), "--diagnose")
        equal(first["findings"][0]["class"], "io-stuck", "its first finding")
        on_screen(db)
        nbd.send_signal(signal.SIGCONT)
        wait_for("end of it", lambda: not is_stuck(db.pid))
        daemon.stop()


def on_screen(db):
    """It is the first row there, too; Enter opens it, and Esc leads back."""
    terminal = Terminal(columns=160, lines=40)
    terminal.run(f"{client.program()} -d 0.2")
    terminal.wait_for("all QEMUs of this host")
    wait_for("it on top", lambda: re.match(
        rf"db +{db.pid} +STUCK +io-stuck ", first_row(terminal)))
    # the server may have been stopped before it had answered the first one
    terminal.wait_for("[12] requests? of node n .*in flight")
    terminal.send("\r")
    terminal.wait_for(rf"pid {db.pid} ")
    # one connection to each, whoever has it; those who have gone are noticed
    wait_for("one connection to it", lambda: connections(db.socket) == 1)
    terminal.send("\x1b")
    terminal.wait_for("all QEMUs of this host")
    terminal.wait_for(rf"^db +{db.pid} +STUCK ")
    wait_for("one connection after that", lambda: connections(db.socket) == 1)
    terminal.send("q")
    wait_for("prompt", lambda: (terminal.pump(), terminal.foreground() ==
                                terminal.shell.pid)[1])
    terminal.close()


def first_row(terminal):
    """The line below the head of the table."""
    terminal.pump()
    lines = terminal.lines()
    heads = [i for i, line in enumerate(lines) if line.startswith("VM ")]
    return lines[heads[0] + 1] if heads else ""


def connections(path):
    """How many there are to a socket: accepted ones have its path."""
    with open("/proc/net/unix") as file:
        ends = [line.split() for line in file if line.rstrip().endswith(path)]
    return sum(end[5] == "03" for end in ends)


processes.be_alone()
tap.main()
