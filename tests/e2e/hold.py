# SPDX-License-Identifier: GPL-2.0-or-later
"""Threads of a process that are held where it hurts, as a debugger would.

A function is replaced by a jump to itself.  The thread that comes to it is
then stopped there with ptrace, and the function is put back, so that no other
thread stays behind and no CPU is kept busy.  For x86-64, and for root.
"""

import contextlib
import ctypes
import os

import counters
import symbols
import tap

PTRACE_PEEKUSER = 3
PTRACE_DETACH = 17
PTRACE_SEIZE = 0x4206
PTRACE_INTERRUPT = 0x4207
PTRACE_EVENT_STOP = 128
WALL = 0x40000000
PIDFD_GETFD = 438
# of struct user_regs_struct
RIP_OFFSET = 16 * 8

JUMP_TO_ITSELF = b"\xeb\xfe"
RETURN = b"\xc3"

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.restype = ctypes.c_long
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p,
                         ctypes.c_void_p]


def _ptrace(request, thread_id, address=0, data=0):
    ctypes.set_errno(0)
    value = _libc.ptrace(request, thread_id, address, data)
    if value == -1 and ctypes.get_errno():
        raise OSError(ctypes.get_errno(), f"ptrace({request:#x}, {thread_id})")
    return value


def address(pid, function):
    """Where a function of the executable is in the process."""
    executable = os.readlink(f"/proc/{pid}/exe")
    with open(f"/proc/{pid}/maps") as maps:
        base = next(int(line.split("-")[0], 16) for line in maps
                    if line.rstrip().endswith(executable))
    return base + symbols.address_of(executable, function)


@contextlib.contextmanager
def replaced(pid, function, code=RETURN):
    """Within it a function of the process begins with other code."""
    at = address(pid, function)
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
        memory.seek(at)
        before = memory.read(len(code))
        memory.seek(at)
        memory.write(code)
        try:
            yield at
        finally:
            memory.seek(at)
            memory.write(before)


def _runs(pid, thread_id):
    with open(f"/proc/{pid}/task/{thread_id}/stat") as stat:
        return stat.read().rpartition(") ")[2].startswith("R")


def _interrupt(thread_id):
    """Stops it: the number of a signal that has done so before, or 0.

    That is the thread's, such as what kicks a vCPU, and it has to get it.
    """
    _ptrace(PTRACE_SEIZE, thread_id)
    _ptrace(PTRACE_INTERRUPT, thread_id)
    _, status = os.waitpid(thread_id, WALL)
    if not os.WIFSTOPPED(status):
        raise ProcessLookupError(f"thread {thread_id} has ended")
    return 0 if status >> 16 == PTRACE_EVENT_STOP else os.WSTOPSIG(status)


def _stop(pid, thread_id, at):
    """Stops the thread if it is there: whether it was."""
    try:
        if not _runs(pid, thread_id):
            return False
        number = _interrupt(thread_id)
    except (FileNotFoundError, ProcessLookupError):
        return False  # it has ended, as a worker of a pool does
    if not number and _ptrace(PTRACE_PEEKUSER, thread_id, RIP_OFFSET) == at:
        return True
    _ptrace(PTRACE_DETACH, thread_id, data=number)
    return False


@contextlib.contextmanager
def held(process, function, thread_ids, trigger=None):
    """Within it one of the threads, whose id it is, stands in the function.

    @trigger makes it come there. Only the caller's thread can let it go.
    """
    with replaced(process.pid, function, JUMP_TO_ITSELF) as at:
        if trigger:
            trigger()
        thread_id = tap.wait_for(
            f"thread in {function}",
            lambda: next((i for i in thread_ids
                         if _stop(process.pid, i, at)), None))
    try:
        yield thread_id
    finally:
        if process.poll() is None:
            _ptrace(PTRACE_DETACH, thread_id)


@contextlib.contextmanager
def frozen(process, thread_id):
    """Within it this thread does not go on, wherever it is."""
    number = _interrupt(thread_id)
    try:
        yield
    finally:
        if process.poll() is None:
            _ptrace(PTRACE_DETACH, thread_id, data=number)


def borrowed_fd(pid, fd):
    """A descriptor for what one of the process's is open on."""
    pidfd = os.pidfd_open(pid)
    try:
        borrowed = _libc.syscall(PIDFD_GETFD, pidfd, fd, 0)
    finally:
        os.close(pidfd)
    tap.check(borrowed >= 0, f"pidfd_getfd({fd}) failed")
    return borrowed


def notifier(running, monitor, loop):
    """A descriptor of a profiled QEMU that wakes a loop up by a write to it."""
    # it does not poll then, and is woken up
    monitor.command("qom-set", path=f"/objects/{loop}",
                    property="poll-max-ns", value=0)

    def find():
        with running.profiler() as profiler:
            sources = counters.loop_of(counters.read(profiler),
                                       loop)["sources"]
        return next((source["fd"] for source in sources
                     if source["name"] == "aio_context_notifier_cb"), None)

    return borrowed_fd(running.pid, tap.wait_for(f"notifier of {loop}", find))


def wake(fd):
    """Writes to such a descriptor."""
    os.write(fd, (1).to_bytes(8, "little"))


def thread_ids(pid, name=None):
    """The threads of a process, or those of this name."""
    ids = []
    for thread_id in os.listdir(f"/proc/{pid}/task"):
        # one may just have ended
        with contextlib.suppress(FileNotFoundError, ProcessLookupError), \
                open(f"/proc/{pid}/task/{thread_id}/comm") as comm:
            if name in (None, comm.read().rstrip("\n")):
                ids.append(int(thread_id))
    return sorted(ids)
