# SPDX-License-Identifier: GPL-2.0-or-later
"""The QEMU under test: its programs, and a storage daemon to load.

AIOTOP_QEMU_BUILD is the build directory of a patched QEMU;
AIOTOP_QEMU_BASELINE that of the same source without the patches.
"""

import json
import os

import processes
import tap
from qmp import Qmp


def setting(name, meaning):
    """An environment variable that must be set."""
    value = os.environ.get(name)
    if not value:
        tap.bail_out(f"{name} is not set: {meaning}")
    return value


def program(name, baseline=False):
    """The path of one of QEMU's programs."""
    build = (setting("AIOTOP_QEMU_BASELINE", "build directory of an "
                     "unpatched QEMU") if baseline else
             setting("AIOTOP_QEMU_BUILD", "build directory of a patched QEMU"))
    paths = [os.path.join(build, directory, name)
             for directory in ("", "storage-daemon")]
    for path in paths:
        if os.access(path, os.X_OK):
            return path
    raise AssertionError(f"no {name} in {build}")


def profiler_options(path, in_json=False, max_overhead=None, stall_ms=None):
    """The options that create a profiler that listens at @path.

    @max_overhead: per mille; 0: each dispatch is timed; None: QEMU's default
    @stall_ms: from when on one is a stall; None: QEMU's default
    """
    if in_json:
        return ["--object", json.dumps({
            "qom-type": "event-loop-profiler", "id": "prof0",
            "socket": {"type": "unix", "path": path}})]
    bound = "" if max_overhead is None else f",max-overhead={max_overhead}"
    stall = "" if stall_ms is None else f",stall-threshold={stall_ms}"
    return ["--object", "event-loop-profiler,id=prof0,socket.type=unix,"
                        f"socket.path={path}{bound}{stall}"]


def connect(process, path, **options):
    """Connects to a socket that the process opens when it is ready."""
    def attempt():
        if process.poll() is not None:
            raise AssertionError(
                f"{process.name} ended with status {process.returncode}: "
                f"{processes.output(process, 'stderr')}")
        try:
            return Qmp(path, **options)
        except (FileNotFoundError, ConnectionRefusedError, KeyError):
            # KeyError: no greeting, as there are too many connections yet
            return None

    return tap.wait_for(f"socket {path}", attempt)


class StorageDaemon:
    """A qemu-storage-daemon that is profiled, with NBD exports to load.

    Each of @disks, options of a block node, is exported under its node's
    name on an iothread of its own: iothread0, iothread1... or all of them on
    iothread0, if they are to share it. They may refer to @objects.
    """

    def __init__(self, name, disks=(), profiler=True, options=(),
                 baseline=False, objects=(), share=False,
                 max_overhead=None, stall_ms=None):
        self.socket = processes.path(f"{name}.prof")
        self.monitor_socket = processes.path(f"{name}.qmp")
        self.nbd_socket = processes.path(f"{name}.nbd")
        self.executable = program("qemu-storage-daemon", baseline)
        argv = [self.executable]
        if profiler:
            argv += profiler_options(self.socket, max_overhead=max_overhead,
                                     stall_ms=stall_ms)
        argv += ["--chardev", f"socket,id=mon0,path={self.monitor_socket},"
                              "server=on,wait=off",
                 "--monitor", "chardev=mon0",
                 "--nbd-server",
                 f"addr.type=unix,addr.path={self.nbd_socket}"]
        for options_of_object in objects:
            argv += ["--object", options_of_object]
        for number in range(1 if share else len(disks)):
            argv += ["--object", f"iothread,id=iothread{number}"]
        for number, disk in enumerate(disks):
            argv += ["--blockdev", f"{disk},node-name=disk{number}",
                     "--export", f"type=nbd,id=exp{number},"
                                 f"node-name=disk{number},writable=on,"
                                 f"iothread=iothread{0 if share else number}"]
        self.process = processes.start(argv + list(options))
        self.pid = self.process.pid
        connect(self.process, self.monitor_socket).close()

    def profiler(self):
        """A new connection to the profiler."""
        return connect(self.process, self.socket)

    def monitor(self):
        """The connection to the monitor; it has one at a time."""
        return connect(self.process, self.monitor_socket)

    def disk(self, number=0):
        """The image options that a client of the export needs."""
        return (f"driver=nbd,server.type=unix,server.path={self.nbd_socket},"
                f"export=disk{number}")

    def bench(self, requests, number=0, depth=8, size=4096, write=True):
        """The command line that sends so many requests to the export."""
        argv = [program("qemu-img"), "bench", "-c", str(requests),
                "-d", str(depth), "-s", str(size), "-t", "none"]
        if write:
            argv.append("-w")
        return argv + ["--image-opts", self.disk(number)]

    def stop(self):
        """Ends it."""
        processes.kill(self.process)
