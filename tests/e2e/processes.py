# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes and files of a test, none of which outlives it.

Whatever ends the test, its processes end: normally and by an exception or a
signal through atexit, by SIGKILL through the kernel (PR_SET_PDEATHSIG, which
is why they must be started in the main thread).
"""

import atexit
import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PR_SET_PDEATHSIG = 1
LISTENING = "00010000"  # __SO_ACCEPTCON, in the flags of a socket
ALONE = "AIOTOP_TEST_ALONE"

_libc = ctypes.CDLL(None, use_errno=True)
_running = []
_directory = None


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def be_alone():
    """Begins anew in a pid name space of its own, with no other process."""
    if os.environ.get(ALONE) is None:
        os.execvpe("unshare", ["unshare", "--pid", "--fork", "--mount-proc",
                               "--kill-child", sys.executable, *sys.argv],
                   {**os.environ, ALONE: "yes"})


def directory():
    """A directory that is gone after the test.

    Its name is short, because the names of sockets in it must be.
    """
    global _directory
    if _directory is None:
        _directory = tempfile.mkdtemp(prefix="aiotop-", dir="/tmp")
    return _directory


def path(name):
    """The path of @name in directory()."""
    return os.path.join(directory(), name)


def start(argv, **options):
    """A new process, see subprocess.Popen; its output goes to files.

    What it writes is in directory(), and in output() of the process.
    """
    name = f"{os.path.basename(argv[0])}-{len(_running)}"
    streams = {}
    for stream in ("stdout", "stderr"):
        if stream not in options:
            streams[stream] = open(path(f"{name}.{stream}"), "wb")
    try:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL,
                                   preexec_fn=_die_with_parent,
                                   **streams, **options)
    finally:
        for stream in streams.values():
            stream.close()
    process.name = name
    _running.append(process)
    return process


def output(process, stream="stdout"):
    """What the process has written so far."""
    with open(path(f"{process.name}.{stream}"), errors="replace") as file:
        return file.read()


def run(argv, timeout_s=300, **options):
    """Runs to its end: the status, what it wrote to stdout and stderr."""
    process = start(argv, **options)
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        kill(process)
        raise AssertionError(f"{' '.join(argv)}: not at its end after "
                             f"{timeout_s} s") from None
    return process.returncode, output(process), output(process, "stderr")


def check_run(argv, timeout_s=300, **options):
    """The same, and it must succeed: what it wrote to stdout."""
    status, out, err = run(argv, timeout_s, **options)
    if status:
        raise AssertionError(f"{' '.join(argv)}: exit {status}: {err or out}")
    return out


def wait_for_path(process, name, deadline_s=120):
    """Waits until a process has made a file."""
    _wait_for(process, name, os.path.exists, deadline_s)


def wait_for_socket(process, name, deadline_s=120):
    """Waits until a process listens at a socket, which has its name before.

    It is not connected to: that would be seen by who listens.
    """
    _wait_for(process, name, _is_listening, deadline_s)


def _is_listening(name):
    with open("/proc/net/unix", errors="surrogateescape") as sockets:
        return any(words[3] == LISTENING and words[7:] == [name]
                   for words in map(str.split, sockets))


def _wait_for(process, name, is_there, deadline_s):
    end = time.monotonic() + deadline_s
    while not is_there(name):
        if process.poll() is not None or time.monotonic() > end:
            raise AssertionError(f"{process.name} made no {name}: "
                                 f"{output(process, 'stderr')}")
        time.sleep(0.01)


def stop(process):
    """Stops it with a signal, and waits until all of its threads are stopped.

    One that waits for a CPU has yet to get one to stop.
    """
    process.send_signal(signal.SIGSTOP)
    end = time.monotonic() + 120
    while not _is_stopped(process.pid):
        if time.monotonic() > end:
            raise AssertionError(f"{process.name} does not stop")
        time.sleep(0.01)


def _is_stopped(pid):
    for thread in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError), \
                open(f"/proc/{pid}/task/{thread}/stat") as stat:
            if not stat.read().rpartition(") ")[2].startswith("T"):
                return False
    return True


def prefer(thread_id):
    """Gives a thread a CPU before all others, where there is another one.

    What a thread does all the time can't be told of one that waits for a CPU.
    """
    if os.cpu_count() > 1:
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(thread_id,
                                  os.SCHED_RR | os.SCHED_RESET_ON_FORK,
                                  os.sched_param(1))


def kill(process):
    """Ends it at once, stopped or not."""
    if process.poll() is None:
        process.kill()
    process.wait()


def _clean_up():
    for process in reversed(_running):
        kill(process)
    if _directory is not None:
        shutil.rmtree(_directory, ignore_errors=True)


def _exit_on(number, _frame):
    sys.exit(128 + number)


atexit.register(_clean_up)
for _number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(_number, _exit_on)
