# Processes that go by the name of a QEMU
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import signal
import subprocess
import sys
import tempfile
import time

from program import HANG_S

PROGRAM = "qemu-system-x86_64"

# What every one of them begins with
PREFACE = f"""
import os, socket, sys
sys.path.insert(0, {os.path.dirname(os.path.abspath(__file__))!r})
from peer import Connection, Model
"""

# Each says one word, and ends with its input

# Where an event loop waits, so that nothing seems to be wrong with it
IDLE = """
import select
print("idle", flush=True)
poll = select.poll()
poll.register(sys.stdin)
poll.poll()
"""

# With a socket open that has no name of ours; the word is its inode
LISTENER = """
listener = socket.socket(socket.AF_UNIX)
listener.bind({path!r})
listener.listen()
print(os.fstat(listener.fileno()).st_ino, flush=True)
sys.stdin.read()
"""

# Before its work: another user's, if it may be that, as whom it goes on
OF_NOBODY = """
def become_nobody():
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)

become_nobody()
"""

# Serves profiles of a process on a socket that it was given
SERVER = """
import threading

def answer(connection):
    connection.negotiate()
    model = Model()
    while request := connection.receive():
        model.advance()
        connection.send({{"return": model.reply(pid={pid}),
                          "id": request["id"]}})

def serve(listener):
    while True:
        try:
            answer(Connection(listener.accept()[0]))
        except ConnectionError:
            # A client that has gone
            pass

threading.Thread(target=serve, args=[socket.socket(fileno={fd})],
                 daemon=True).start()
print("serving", flush=True)
sys.stdin.read()
"""

# The same, on one that it makes itself
OWN_SERVER = """
own = socket.socket(socket.AF_UNIX)
own.bind({path!r})
own.listen()
""" + SERVER.replace("{fd}", "own.detach()").replace("{pid}", "os.getpid()")


def stop(pid):
    """Stops a process, and waits until all of its threads are stopped.

    One that waits for a CPU has yet to get one to stop.
    """
    os.kill(pid, signal.SIGSTOP)
    end = time.monotonic() + HANG_S
    while not all(map(is_stopped, thread_files(pid))):
        assert time.monotonic() < end, f"process {pid} does not stop"
        time.sleep(0.01)


def thread_files(pid):
    return [f"/proc/{pid}/task/{thread}/stat"
            for thread in os.listdir(f"/proc/{pid}/task")]


def is_stopped(path):
    """Or it has just ended."""
    try:
        with open(path, errors="replace") as stat:
            return stat.read().rpartition(") ")[2].startswith("T")
    except (FileNotFoundError, ProcessLookupError):
        return True


class FakeQemu:
    """A process that looks like a QEMU, for as long as it is in use.

    It runs @work in Python, and has said @word.
    """

    def __init__(self, *arguments, work=IDLE, **options):
        self.directory = tempfile.TemporaryDirectory()
        program = os.path.join(self.directory.name, PROGRAM)
        os.symlink(os.path.realpath(sys.executable), program)
        self.process = subprocess.Popen(
            [program, "-Bc", PREFACE + work, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            **options)
        self.pid = self.process.pid
        self.word = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGCONT)
        self.process.communicate()
        self.directory.cleanup()


numbers = iter(range(1000))


def new_name():
    """That no VM has here, whatever else runs."""
    return f"test-{os.getpid()}-{next(numbers)}"


def vm(directory, name, work=OWN_SERVER, **words):
    """A QEMU with a profile, by this name."""
    path = directory.path(f"s{next(numbers)}")
    return FakeQemu("-name", f"guest={name.replace(',', ',,')}", "-object",
                    "event-loop-profiler,id=p,socket.type=unix,"
                    f"socket.path={path}", work=work.format(path=path, **words))
