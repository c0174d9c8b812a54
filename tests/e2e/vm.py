# SPDX-License-Identifier: GPL-2.0-or-later
"""A VM of the least there is, without a guest."""

import contextlib
import os
import signal

import processes
import qemu
from guest import SCRIPT, STOCK

IMAGE_BYTES = 64 << 20
# a disk: nothing that is asked of it is done while a test runs
FOR_EVER = f"null-co,size={IMAGE_BYTES},latency-ns=1000000000000"
FIRMWARE_BYTES = 64 << 10
# where the CPU begins, and a jump to itself there
RESET_VECTOR = FIRMWARE_BYTES - 16
SPIN = b"\xeb\xfe"


class Vm:
    """A VM of the least there is, with the options of a disk or so.

    It is profiled, unless it is a @stock QEMU, of which this is the path.
    """

    def __init__(self, name, *options, paused=True, firmware=None,
                 stall_ms=None, profiled=True, stock=None):
        self.socket = processes.path(f"{name}.prof")
        self.monitor_socket = processes.path(f"{name}.qmp")
        executable = stock or qemu.program("qemu-system-x86_64")
        build_of = STOCK if stock else executable
        profiler = qemu.profiler_options(self.socket, stall_ms=stall_ms)
        machine = processes.check_run(
            [SCRIPT, "options", os.path.dirname(build_of)],
            timeout_s=300).splitlines()
        # the directories that it has the firmware in
        directories = [word for option, value in zip(machine, machine[1:])
                       if option == "-L" for word in (option, value)]
        self.process = processes.start([
            executable, *(profiler if profiled and not stock else []),
            "-M", "q35", "-accel", "tcg", "-display", "none", "-nodefaults",
            "-no-user-config", "-m", "64", *directories,
            *(["-bios", firmware] if firmware else []),
            *(["-S"] if paused else []),
            "-qmp", f"unix:{self.monitor_socket},server=on,wait=off",
            *options])
        self.pid = self.process.pid

    def monitor(self):
        return qemu.connect(self.process, self.monitor_socket)

    def profiler(self):
        return qemu.connect(self.process, self.socket)

    def ask(self, monitor, command):
        """A request of vd0, which is not waited for."""
        monitor.command("human-monitor-command", **{
            "command-line": f'qemu-io -d vd0/virtio-backend "{command}"'})


@contextlib.contextmanager
def vm(*arguments, **options):
    running = Vm(*arguments, **options)
    try:
        yield running
    finally:
        running.process.send_signal(signal.SIGCONT)
        processes.kill(running.process)


def disk(options):
    return ("-blockdev", f"{options},node-name=n",
            # with a geometry of its own, which else is read from the disk
            "-device", "virtio-blk-pci,drive=n,id=vd0,cyls=16,heads=16,"
                       "secs=63")


def nbd_server(name):
    """Of an empty disk: its socket, and its process."""
    path, disk_file = processes.path(f"{name}.nbd"), \
        processes.path(f"{name}.raw")
    with open(disk_file, "wb") as image:
        image.truncate(IMAGE_BYTES)
    nbd = processes.start([qemu.program("qemu-nbd"), "--persistent",
                           "--format", "raw", "--socket", path, disk_file])
    processes.wait_for_socket(nbd, path)
    return path, nbd


def spinning_firmware():
    """A file with firmware whose only instruction goes on for ever."""
    path = processes.path("spin.bin")
    with open(path, "wb") as file:
        file.write(b"\xf4" * RESET_VECTOR + SPIN)
        file.truncate(FIRMWARE_BYTES)
    return path
