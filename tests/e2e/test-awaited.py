#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is awaited while loops are idle is diagnosed, each kind made for real.

Each has its innocent twin, of which nothing may be said: the same as long as it
is younger than the limit, or with a load that does not reach it.
"""

import contextlib
import os
import signal
import time

import client
import counters
import processes
import qemu
import tap
from findings import (check_critical, check_nothing, check_nothing_until,
                      check_only, diagnose, find)
from shim import SlowReads
from tap import check, equal, test, wait_for
from vm import (FIRMWARE_BYTES, FOR_EVER, IMAGE_BYTES, RESET_VECTOR, disk,
                nbd_server, spinning_firmware, vm)

# from when on a request is stuck
REQUEST_S = 5
# QEMU's default
POOL_THREADS = 64


@test("stopped: by a signal; and it is not, once it goes on")
def stopped():
    with vm("stopped") as running:
        running.monitor().close()
        check("stopped" not in diagnose(running.pid), "it is not yet")
        processes.stop(running.process)
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
        processes.wait_for_socket(running.process, running.socket)
        find(running.socket, "not-started", "has not begun")
        check_critical(running.socket, "not-started")


@test("not-started: a disk whose server does not answer")
def not_connected():
    path, nbd = stopped_server("start")
    with vm("connecting", *disk("nbd,server.type=unix,server.path=" + path)) \
            as running:
        processes.wait_for_socket(running.process, running.socket)
        find(running.socket, "not-started", "nbd_do_establish_connection")
        nbd.send_signal(signal.SIGCONT)
        running.monitor().close()
        check_nothing(running.socket)
    processes.kill(nbd)


def stopped_server(name):
    path, nbd = nbd_server(name)
    processes.stop(nbd)
    return path, nbd


@test("io-stuck: a driver that does not end a request")
def slow_driver():
    with vm("slow", *disk(FOR_EVER)) as running, \
            running.monitor() as monitor:
        over = time.monotonic() + REQUEST_S
        running.ask(monitor, "aio_read 0 4k")
        check_nothing_until(running.socket, over)
        finding = find(running.socket, "io-stuck", "1 request of node n",
                       "device vd0", "driver")
        equal((finding["node"], finding["awaited"]), ("n", "driver"),
              "what is awaited")
        check_critical(running.socket, "io-stuck of n")


@test("io-stuck: a server that is stopped")
def server():
    path, nbd = nbd_server("server")
    with vm("client", *disk("nbd,server.type=unix,server.path=" + path)) \
            as running, running.monitor() as monitor:
        # the first one may be unanswered as well
        over = time.monotonic() + REQUEST_S
        running.ask(monitor, "aio_read 0 4k")
        processes.stop(nbd)
        running.ask(monitor, "aio_read 4k 4k")
        check_nothing_until(running.socket, over)
        finding = find(running.socket, "io-stuck", "node n", "server")
        equal(finding["awaited"], "network", "what is awaited")
        nbd.send_signal(signal.SIGCONT)
        wait_for("end of it", lambda: "io-stuck" not in diagnose(
            running.socket))
    processes.kill(nbd)


@test("io-stuck: one of two disks that a driver asks: one cause, one finding")
def quorum():
    with vm("quorum", *disk(
            "quorum,vote-threshold=1,children.0.driver=null-co,"
            f"children.0.size={IMAGE_BYTES},children.1.driver=null-co,"
            f"children.1.size={IMAGE_BYTES},children.1.node-name=slow,"
            "children.1.latency-ns=1000000000000")) as running, \
            running.monitor() as monitor:
        over = time.monotonic() + REQUEST_S
        running.ask(monitor, "aio_read 0 4k")
        running.ask(monitor, "aio_write 8k 4k")
        check_nothing_until(running.socket, over)
        find(running.socket, "io-stuck", "2 requests of node slow",
             "device vd0")
        check_only(running.socket, "io-stuck", "slow")


@test("io-stuck: a backup's target, which writes wait for in two ways")
def backup():
    size = 1 << 20
    with vm("backup", *disk(f"null-co,size={size}"), "-blockdev",
            f"null-co,node-name=dst,size={size},latency-ns=1000000000000") \
            as running, running.monitor() as monitor:
        over = time.monotonic() + REQUEST_S
        monitor.command("blockdev-backup", **{
            "job-id": "j", "device": "n", "target": "dst", "sync": "full",
            "filter-node-name": "cbw",
            "x-perf": {"max-workers": 1, "max-chunk": 65536}})
        # what is copied just now, and what has to be before it is written
        running.ask(monitor, "aio_write 0 4k")
        running.ask(monitor, "aio_write 512k 4k")
        check_nothing_until(running.socket, over)
        find(running.socket, "io-stuck", "2 requests of node dst")
        with running.profiler() as profiler:
            requests = counters.read(profiler)["requests"]
        equal({request["stage"] for request in requests
               if request["node"] == "cbw"}, {"driver", "serialising"},
              "what the writes wait for")
        check_only(running.socket, "io-stuck", "dst")


def throttled_disk(limit):
    return ("-object", f"throttle-group,id=tg0,{limit}",
            *disk("throttle,throttle-group=tg0,file.driver=null-co,"
                  f"file.size={IMAGE_BYTES}"))


@test("io-stuck: a throttle group that lets one request a second go")
def throttled():
    with vm("throttled", *throttled_disk("x-iops-total=1")) as running, \
            running.monitor() as monitor:
        over = time.monotonic() + REQUEST_S
        for number in range(100):
            running.ask(monitor, f"aio_read {number * 4}k 4k")
        check_nothing_until(running.socket, over)
        finding = find(running.socket, "io-stuck", "throttle group tg0")
        equal(finding["awaited"], "throttled", "what is awaited")
        # it lets them go: that pages nobody
        check(not finding["stuck"], "it is as its limits have it")


@test("nothing is stuck: a throttle group that each request is soon let go by")
def lightly_throttled():
    with vm("lightly", *throttled_disk("x-iops-total=1")) as running, \
            running.monitor() as monitor:
        # the last of them waits for three seconds
        over = time.monotonic() + REQUEST_S
        for number in range(4):
            running.ask(monitor, f"aio_read {number * 4}k 4k")
        check_nothing_until(running.socket, over)
        wait_for("end of it", lambda: "io-stuck" not in diagnose(
            running.socket))


@test("io-stuck: a single request that its limits alone make slow")
def limited():
    with vm("limited", *throttled_disk("x-bps-total=65536")) as running, \
            running.monitor() as monitor:
        # the first one is let go at once, and all others wait for it
        running.ask(monitor, "aio_read 0 16M")
        running.ask(monitor, "aio_read 0 4k")
        finding = find(running.socket, "io-stuck", "throttle group tg0")
        check(not finding["stuck"], "it is as its limits have it")


@test("a request from before profiling is not known, and that is said")
def before_profiling():
    with vm("before", *disk(FOR_EVER), profiled=False) as running, \
            running.monitor() as monitor:
        running.ask(monitor, "aio_read 0 4k")
        # it could have been enabled with the start, else
        time.sleep(REQUEST_S)
        monitor.command("object-add", qom_type="event-loop-profiler",
                        id="prof0", socket={"type": "unix",
                                            "path": running.socket})
        time.sleep(REQUEST_S)
        _, out, err = client.run("--check", "-d", "0.5", running.socket)
        equal(err, "", "complaint")
        check("No request has been completed since profiling began" in out,
              f"it says {out!r}")


@test("pool-starved: as many reads as there are threads, and then more")
def pool():
    file = processes.path("pool.raw")
    with open(file, "wb") as image:
        # no hole: that would not be read
        image.write(b"x" * (1 << 20))
    with SlowReads() as reads, \
            vm("pool", *disk(f"file,aio=threads,filename={file}")) as running:
        with running.monitor() as monitor:
            reads.stop()
            for number in range(POOL_THREADS):
                running.ask(monitor, f"aio_read {number * 4}k 4k")
            # the requests get too old in the end, but nothing is queued
            find(running.socket, "io-stuck", "node n")
            check("pool-starved" not in diagnose(running.socket), "twin")
            for number in range(POOL_THREADS, 96):
                running.ask(monitor, f"aio_read {number * 4}k 4k")
            finding = find(running.socket, "pool-starved",
                           "All 64 threads of the pool of main-loop")
            equal((finding["loop"], finding["awaited"], finding["stuck"]),
                  ("main-loop", "pool", True), "what is starved")
            check_critical(running.socket, "pool-starved")
            reads.go_on()
            wait_for("end of it", lambda: "pool-starved" not in diagnose(
                running.socket))


def ticking_firmware(rate):
    """Firmware that has the RTC tick so often, as a power of two, and halts."""
    path = processes.path(f"tick{rate}.bin")
    code = b"\xfa"
    for register, value in ((0x0a, 0x20 | 16 - rate), (0x0b, 0x42)):
        # mov $register, %al; out %al, $0x70; mov $value, %al; out %al, $0x71
        code += bytes([0xb0, register, 0xe6, 0x70, 0xb0, value, 0xe6, 0x71])
    firmware = bytearray(b"\xf4" * FIRMWARE_BYTES)
    firmware[:len(code)] = code
    # jmp to the beginning of the segment
    firmware[RESET_VECTOR:RESET_VECTOR + 3] = b"\xe9" + (
        (-RESET_VECTOR - 3) & 0xffff).to_bytes(2, "little")
    with open(path, "wb") as file:
        file.write(firmware)
    return path


@test("busy-timer: a guest that halts with its clock at 1024 Hz, and at 128 Hz")
def busy_timer():
    with vm("ticks", firmware=ticking_firmware(10), paused=False) as running:
        running.monitor().close()
        find(running.socket, "busy-timer", "rtc_periodic_timer",
             loop="main-loop")
    with vm("twin", firmware=ticking_firmware(7), paused=False) as running:
        running.monitor().close()
        wait_for("tick", lambda: timer_calls(running))
        check("busy-timer" not in diagnose(running.socket), "twin")


def timer_calls(running):
    with running.profiler() as profiler:
        loop = counters.loop_of(counters.read(profiler), "main-loop")
    return sum(source["calls"] for source in loop["sources"]
               if source["name"] == "rtc_periodic_timer")


@test("nested-wait: a reset that drains a disk with a request in flight")
def nested_wait():
    with vm("reset", *disk(FOR_EVER)) as running, \
            running.monitor() as monitor:
        running.ask(monitor, "aio_read 0 4k")
        monitor.send("system_reset")
        finding = find(running.socket, "nested-wait", "node n")
        equal((finding["loop"], finding["awaited"]),
              ("main-loop", "requests"), "who waits, and for what")
        # one cause is one finding, however old the request gets
        find(running.socket, "nested-wait", options=["--request-ms", "1"])
        found = diagnose(running.socket, "--request-ms", "1")
        check("io-stuck" not in found, f"found were {found}")


@contextlib.contextmanager
def opening(monitor, name):
    """Within it the main loop is in the open() of a file, which does not end."""
    path = processes.path(f"{name}.fifo")
    os.mkfifo(path)
    monitor.send("pmemsave", val=0, size=1, filename=path)
    yield
    reader = os.open(path, os.O_RDONLY)
    monitor.answer()
    os.close(reader)


@test("callback-stuck: a request that is to end in that loop; one that was stuck"
      " before")
def held_up():
    with vm("held", *disk(FOR_EVER)) as running, \
            running.monitor() as monitor:
        running.ask(monitor, "aio_read 0 4k")

        def tells_of_request():
            found = diagnose(running.socket)
            check("io-stuck" not in found, f"found were {found}")
            return "node n (device vd0)" in found.get(
                "callback-stuck", {"evidence": ""})["evidence"]

        with opening(monitor, "first"):
            wait_for("word of the request", tells_of_request)
            check_critical(running.socket, "callback-stuck")
        find(running.socket, "io-stuck", "node n")
        with opening(monitor, "second"):
            find(running.socket, "callback-stuck", "pmemsave")
            find(running.socket, "io-stuck", "node n")


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
        processes.prefer(running.pid)
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
    path = spinning_firmware()
    with vm("spin", firmware=path, paused=False) as running:
        running.monitor().close()
        find(running.socket, "cpu-elsewhere", "CPU 0")
    with vm("halted", firmware=path) as running:
        running.monitor().close()
        # its start is over, also for the thread of its vCPU
        with running.profiler() as profiler:
            counters.quiet(profiler, "main-loop")
        found = diagnose(running.socket)
        check("cpu-elsewhere" not in found, f"twin, found were {found}")


if __name__ == "__main__":
    tap.main()
