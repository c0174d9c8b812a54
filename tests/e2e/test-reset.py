#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A VM whose reset waits for a program that does not answer: its main loop is in
no callback, and does not go round."""

import signal

import processes
import tap
from findings import check_critical, diagnose, find
from guest import Guest
from qemu import StorageDaemon
from tap import check, equal, test

# when --check takes it for sure
STUCK_S = 1


@test("loop-stuck: a reset waits for a disk's server, and goes on with it")
def reset():
    disk = processes.path("disk.vhost")
    server = StorageDaemon("server", options=[
        "--blockdev", "driver=null-co,node-name=null,size=1048576",
        "--export", "type=vhost-user-blk,id=exp,node-name=null,"
                    f"addr.type=unix,addr.path={disk}"])
    processes.wait_for_socket(server.process, disk)
    guest = Guest("reset", ["idle"], [
        "-object", "memory-backend-memfd,id=ram,size=256M,share=on",
        "-machine", "memory-backend=ram",
        "-chardev", f"socket,id=disk,path={disk}",
        "-device", "vhost-user-blk-pci,chardev=disk,id=vd2"])
    try:
        guest.wait_for("ready")
        processes.stop(server.process)
        with guest.monitor() as monitor:
            monitor.send("system_reset")
            finding = find(guest.socket, "loop-stuck", "between two callbacks",
                           "as in a reset of the VM", loop="main-loop")
            equal((finding["source"], finding["stuck"]), (None, True),
                  "source, and that it is stuck")
            check_critical(guest.socket, "loop-stuck", STUCK_S)
            server.process.send_signal(signal.SIGCONT)
            monitor.event("RESET")
        check("loop-stuck" not in diagnose(guest.socket), "it is over")
    finally:
        guest.stop()
        server.stop()


if __name__ == "__main__":
    tap.main()
