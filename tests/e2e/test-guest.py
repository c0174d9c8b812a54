#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A booted guest whose disks are on two iothreads, under load and at rest."""

import functools

import client
import counters
import symbols
import tap
from guest import Guest
from tap import check, equal, test, wait_for

KICKS = {"virtio_queue_host_notifier_read",
         "virtio_queue_host_notifier_aio_poll_ready"}
READS, WRITES = 700, 300


@functools.lru_cache(maxsize=None)
def guests():
    """A guest under steady load, and one that has done so many requests.

    They boot at the same time.
    """
    loaded = Guest("loaded", ["steady"], in_json=True)
    counted = Guest("counted", [f"read,vda,4096,{READS}",
                                f"write,vda,8192,{WRITES}"])
    for guest in (counted, loaded):
        guest.wait_for("ready")
    return loaded, counted


def kicks_of(loop):
    """The dispatches of a virtio queue's notifications."""
    return [source for source in loop["sources"]
            if source["name"] in KICKS and source["calls"]]


@test("each request of the guest is one dispatch")
def requests():
    _, guest = guests()
    with guest.profiler() as profiler, guest.monitor() as monitor:
        def stats():
            device, = [device["stats"]
                       for device in monitor.command("query-blockstats")
                       if "vd0" in device["qdev"]]
            return {kind: device[f"{kind}_operations"]
                    for kind in ("rd", "wr", "flush")}

        before = stats()
        loop = counters.loop_of(counters.quiet(profiler, "iothread0"),
                                "iothread0")
        equal(stats(), before, "requests while the guest is idle")
        check(before["rd"] >= READS, f"only {before['rd']} reads")
        equal(before["wr"], WRITES, "writes")
        equal(counters.calls_of(loop, kind="bh", name="null_bh_cb"),
              sum(before.values()), "calls of null_bh_cb")
        kicks = sum(source["calls"] for source in kicks_of(loop))
        check(kicks > 0, "no notification of the queue")
        equal(sum(source["calls"] for source in loop["sources"]),
              loop["dispatches"], "calls of all sources of iothread0")


@test("a loop is the thread that QEMU says")
def threads():
    _, guest = guests()
    with guest.profiler() as profiler, guest.monitor() as monitor:
        ids = {thread["id"]: thread["thread-id"]
               for thread in monitor.command("query-iothreads")}
        loops = {loop["name"]: loop["thread-id"]
                 for loop in counters.read(profiler)["loops"]}
        equal(loops["main-loop"], guest.pid, "main loop's thread")
        for name in ("iothread0", "iothread1"):
            equal(loops[name], ids[name], f"thread of {name}")


@test("both disks' queues are named, each on its iothread")
def labels():
    loaded, counted = guests()
    for guest, disks in ((loaded, (0, 1)), (counted, (0,))):
        with guest.profiler() as profiler:
            for number in disks:
                def kicks():
                    return kicks_of(counters.loop_of(
                        counters.read(profiler), f"iothread{number}"))

                found = wait_for("notification", kicks)
                equal({source["label"] for source in found},
                      {f"vd{number}/vq0"}, f"labels of iothread{number}")
                check({source["kind"] for source in found} <=
                      {"fd-read", "fd-poll"}, "kinds")


@test("the coroutines of a disk's requests have its name")
def coroutines():
    loaded, _ = guests()
    with loaded.profiler() as profiler:
        for number in (0, 1):
            def entries():
                return [source for source in counters.loop_of(
                    counters.read(profiler), f"iothread{number}")["sources"]
                        if source["kind"] == "coroutine" and source["calls"]]

            found = wait_for("coroutine", entries)
            equal({source.get("label") for source in found}, {f"vd{number}"},
                  f"labels of iothread{number}")


@test("the main loop's timers and bottom halves are named")
def main_loop():
    loaded, _ = guests()
    with loaded.profiler() as profiler:
        def kinds():
            loop = counters.loop_of(counters.read(profiler), "main-loop")
            found = {source["kind"] for source in loop["sources"]
                     if source["calls"]}
            return {"timer", "bh", "glib"} <= found and loop

        loop = wait_for("timer, bottom half and GLib source", kinds)
        for source in loop["sources"]:
            check(source["name"] not in ("cb", "io_read", "(unnamed)"),
                  f"a {source['kind']} is named {source['name']}")


@test("a callback's name is that of the function at its address")
def names():
    for guest in guests():
        with guest.profiler() as profiler:
            snapshot = counters.read(profiler)
            equal(snapshot["vm-name"], guest.name, "name")
            equal(snapshot["run-state"], "running", "state")
            compared = symbols.check_names(guest.executable, snapshot)
            check(compared >= 8, f"only {compared} sources with an address")


@test("the client shows a guest's load in sensible shares")
def shares():
    loaded, _ = guests()

    def disks_busy():
        sample, = client.samples("-n", "1", "-d", "0.5", loaded.socket)
        # a vCPU's thread that dispatches is no loop, and has no other time
        loops = [loop for loop in sample["loops"]
                 if loop["other_percent"] is not None]
        check({"main-loop", "iothread0", "iothread1"} <=
              {loop["loop"] for loop in loops}, f"loops are {loops}")
        # a loop is read a little later than the one before it
        sensible = all(-1 <= loop[key + "_percent"] <= 101
                       for loop in loops
                       for key in ("dispatch", "poll", "wait", "bql_wait",
                                   "other"))
        busy = {source["loop"] for source in sample["sources"]
                if source["name"] in KICKS and source["busy_percent"] > 0 and
                source["calls"] > 0}
        return sensible and {"iothread0", "iothread1"} <= busy

    wait_for("sample in which both disks are busy", disks_busy)


@test("text names both disks' queues")
def text():
    loaded, _ = guests()
    status, out, err = client.run("-b", "-n", "1", "--cumulative",
                                  "-f", "virtio_queue", loaded.socket)
    equal((status, err), (0, ""), "status and complaint")
    check(loaded.name in out.splitlines()[0], f"header {out.splitlines()[0]}")
    for number in range(2):
        check(any(f"iothread{number}" in line and f"vd{number}/vq0" in line
                  for line in out.splitlines()),
              f"no vd{number}/vq0 of iothread{number} in {out}")


@test("a VM's name is a target")
def vm_name():
    _, counted = guests()
    sample, = client.samples("--cumulative", counted.name)
    equal((sample["pid"], sample["vm_name"]), (counted.pid, counted.name),
          "pid and name")


@test("a guest that is paused is said to be")
def paused():
    _, guest = guests()
    with guest.profiler() as profiler, guest.monitor() as monitor:
        monitor.command("stop")
        equal(counters.read(profiler)["run-state"], "paused", "state")
        monitor.command("cont")
        equal(counters.read(profiler)["run-state"], "running", "state")


if __name__ == "__main__":
    tap.main()
