# SPDX-License-Identifier: GPL-2.0-or-later
"""A VM with the guest of scripts/guest in it."""

import os
import re

import processes
import qemu
import tap

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "../../scripts/guest")
# not built here, and stripped
STOCK = "/usr/bin/qemu-system-x86_64"
DISK_SIZE = 16 << 20
# emulated, on a machine that does other things too
BOOT_DEADLINE_S = 600


class Guest:
    """A VM with two disks, vd0 and vd1, on iothread0 and iothread1.

    vd0 is null-aio: each request is one bottom half. vd1 is a file that is
    read and written with io_uring. The guest does @jobs, see tests/guest/init.
    It is profiled, unless it is to run a @stock QEMU: Debian's own.
    """

    def __init__(self, name, jobs, options=(), in_json=False, stock=False):
        # another one may run here at the same time
        self.name = f"{name}-{os.getpid()}"
        self.socket = processes.path(f"{name}.prof")
        self.monitor_socket = processes.path(f"{name}.qmp")
        self.console = processes.path(f"{name}.console")
        self.executable = STOCK if stock else \
            qemu.program("qemu-system-x86_64")
        profiler = [] if stock else \
            qemu.profiler_options(self.socket, in_json)
        with open(self.console, "wb"):
            pass  # it is looked into before QEMU opens it
        machine = processes.check_run(
            [SCRIPT, "options", os.path.dirname(self.executable)],
            timeout_s=300).splitlines()
        file = processes.path(f"{name}.raw")
        with open(file, "wb") as disk:
            disk.truncate(DISK_SIZE)
        self.process = processes.start([
            self.executable, "-name",
            self.name + (",debug-threads=on" if stock else ""),
            *profiler, *machine,
            # it would panic if a busy host was late with the ticks of a timer
            "-append", " ".join(["console=ttyS0", "quiet", "no_timer_check",
                                 *(f"job={job}" for job in jobs)]),
            "-chardev", f"socket,id=mon0,path={self.monitor_socket},"
                        "server=on,wait=off",
            "-mon", "chardev=mon0,mode=control",
            "-serial", f"file:{self.console}",
            "-object", "iothread,id=iothread0",
            "-object", "iothread,id=iothread1",
            "-blockdev", f"driver=null-aio,size={DISK_SIZE},node-name=disk0,"
                         "read-zeroes=on",
            "-blockdev", f"driver=file,filename={file},node-name=disk1,"
                         "aio=io_uring",
            "-device", "virtio-blk-pci,id=vd0,drive=disk0,iothread=iothread0,"
                       "request-merging=off",
            "-device", "virtio-blk-pci,id=vd1,drive=disk1,iothread=iothread1",
            *options])
        self.pid = self.process.pid

    def profiler(self):
        """A new connection to the profiler."""
        return qemu.connect(self.process, self.socket)

    def monitor(self):
        """The connection to the monitor; it has one at a time."""
        return qemu.connect(self.process, self.monitor_socket)

    def wait_for(self, word):
        """Waits until the guest has said that it has come so far."""
        def said():
            tap.check(self.process.poll() is None, "QEMU ended: " +
                      processes.output(self.process, "stderr"))
            with open(self.console, errors="replace") as console:
                text = console.read()
            tap.check("Kernel panic" not in text, text)
            return re.search(rf"^guest: {re.escape(word)}\s*$", text,
                             re.MULTILINE)

        tap.wait_for(f"'{word}' on the guest's console", said,
                     BOOT_DEADLINE_S)

    def stop(self):
        """Ends it."""
        processes.kill(self.process)
