#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is awaited while loops are idle is diagnosed, each kind made for real.

Each has its innocent twin, of which nothing may be said: the same with a limit
that is not reached, or before it is made and after it is over.
"""

import signal

import processes
import qemu
import tap
from findings import check_critical, check_nothing, diagnose, find
from tap import check, equal, test, wait_for
from vm import vm

IMAGE_BYTES = 64 << 20
# nothing that is asked of it is done while a test runs
FOR_EVER = f"null-co,size={IMAGE_BYTES},latency-ns=1000000000000"
# an age that no request reaches here
NEVER = ("--request-ms", "1000000000")


def disk(options):
    return ("-blockdev", f"{options},node-name=n",
            # with a geometry of its own, which else is read from the disk
            "-device", "virtio-blk-pci,drive=n,id=vd0,cyls=16,heads=16,"
                       "secs=63")


@test("stopped: by a signal; and it is not, once it goes on")
def stopped():
    with vm("stopped") as running:
        running.monitor().close()
        check("stopped" not in diagnose(running.pid), "it is not yet")
        running.process.send_signal(signal.SIGSTOP)
        for target in (running.pid, running.socket):
            found = diagnose(target)
            equal(list(found), ["stopped"], f"classes of {target}")
            check_critical(target, "stopped")
        running.process.send_signal(signal.SIGCONT)
        check("stopped" not in diagnose(running.socket), "it is no more")


@test("not-started: a chardev that waits for its client")
def not_started():
    path = processes.path("start.sock")
    with vm("starting", "-chardev",
            f"socket,id=c,path={path},server=on,wait=on") as running:
        processes.wait_for_path(running.process, running.socket)
        find(running.socket, "not-started", "has not begun")
        check_critical(running.socket, "not-started")


@test("io-stuck: a driver that does not end a request")
def slow_driver():
    with vm("slow", *disk(FOR_EVER)) as running, \
            running.monitor() as monitor:
        check_nothing(running.socket)
        running.ask(monitor, "aio_read 0 4k")
        found = diagnose(running.socket, *NEVER)
        check("io-stuck" not in found, f"found were {found}")
        finding = find(running.socket, "io-stuck", "1 request of node n",
                       "device vd0", "driver")
        equal((finding["node"], finding["awaited"]), ("n", "driver"),
              "what is awaited")
        check_critical(running.socket, "io-stuck of n")


@test("io-stuck: a server that is stopped")
def server():
    path, file = processes.path("server.nbd"), processes.path("server.raw")
    with open(file, "wb") as image:
        image.truncate(IMAGE_BYTES)
    nbd = processes.start([qemu.program("qemu-nbd"), "--persistent",
                           "--format", "raw", "--socket", path, file])
    processes.wait_for_path(nbd, path)
    with vm("client", *disk("nbd,server.type=unix,server.path=" + path)) \
            as running, running.monitor() as monitor:
        running.ask(monitor, "aio_read 0 4k")
        check_nothing(running.socket, *NEVER)
        nbd.send_signal(signal.SIGSTOP)
        running.ask(monitor, "aio_read 4k 4k")
        finding = find(running.socket, "io-stuck", "node n", "server")
        equal(finding["awaited"], "network", "what is awaited")
        nbd.send_signal(signal.SIGCONT)
        wait_for("end of it", lambda: "io-stuck" not in diagnose(
            running.socket))
    processes.kill(nbd)


@test("io-stuck: a throttle group that lets one request a second go")
def throttled():
    with vm("throttled", "-object",
            "throttle-group,id=tg0,x-iops-total=1",
            *disk("throttle,throttle-group=tg0,file.driver=null-co,"
                  f"file.size={IMAGE_BYTES}")) as running, \
            running.monitor() as monitor:
        for number in range(100):
            running.ask(monitor, f"aio_read {number * 4}k 4k")
        check("io-stuck" not in diagnose(running.socket, *NEVER), "twin")
        finding = find(running.socket, "io-stuck", "throttle group tg0")
        equal(finding["awaited"], "throttled", "what is awaited")
        # it lets them go: that pages nobody
        wait_for("progress", lambda: not find(
            running.socket, "io-stuck")["stuck"])


@test("nested-wait: a reset that drains a disk with a request in flight")
def nested_wait():
    with vm("reset", *disk(FOR_EVER)) as running, \
            running.monitor() as monitor:
        running.ask(monitor, "aio_read 0 4k")
        check("nested-wait" not in diagnose(running.socket, *NEVER), "twin")
        monitor.send("system_reset")
        finding = find(running.socket, "nested-wait", "node n")
        equal((finding["loop"], finding["awaited"]),
              ("main-loop", "requests"), "who waits, and for what")
        # one cause is one finding, however old the request gets
        find(running.socket, "nested-wait", options=["--request-ms", "1"])
        found = diagnose(running.socket, "--request-ms", "1")
        check("io-stuck" not in found, f"found were {found}")


@test("livelock: a mirror that ignores that its target fails")
def livelock():
    errors = ",".join(
        f"inject-error.{number}.event=none,inject-error.{number}.iotype={kind},"
        f"inject-error.{number}.errno=5"
        for number, kind in enumerate(("write-zeroes", "write")))
    with vm("mirror", *disk("null-co,size=1048576,read-zeroes=on"),
            "-blockdev", "blkdebug,node-name=dst,image.driver=null-co,"
                         f"image.size=1048576,{errors}") as running, \
            running.monitor() as monitor:
        check_nothing(running.socket)
        monitor.send("blockdev-mirror", **{
            "job-id": "j", "device": "n", "target": "dst", "sync": "full",
            "on-target-error": "ignore"})
        finding = find(running.socket, "livelock", " j")
        equal(finding["loop"], "main-loop", "loop")
        found = diagnose(running.socket)
        check(not {"spinning", "overloaded"} & set(found),
              f"found were {found}")


@test("cpu-elsewhere: a guest that spins in its firmware")
def cpu_elsewhere():
    path = processes.path("spin.bin")
    firmware = bytearray(b"\xf4" * 65536)
    firmware[0xfff0:0xfff2] = b"\xeb\xfe"
    with open(path, "wb") as file:
        file.write(firmware)
    with vm("spin", firmware=path, paused=False) as running:
        running.monitor().close()
        find(running.socket, "cpu-elsewhere", "CPU 0")
    with vm("halted", firmware=path) as running:
        running.monitor().close()
        check("cpu-elsewhere" not in diagnose(running.socket), "twin")


if __name__ == "__main__":
    tap.main()
