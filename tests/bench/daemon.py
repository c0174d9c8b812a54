# SPDX-License-Identifier: GPL-2.0-or-later
"""A storage daemon's iothread under load: its throughput, and its counters."""

import os
import socket
import time

import counters
import loads
import measure
import processes
import qmp
from measure import Row

GUEST = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                     "../../scripts/guest")
BOOT_DEADLINE_S = 120
# what is thinned may differ from what is timed whole: per cent, and buckets
SHARE_LIMIT = 3
BUCKET_LIMIT = 1
# a source with less of all time is not compared; per cent
SHARE_MIN = 5


def start(builds, kind, export):
    """A daemon with a disk that is ready at once, and its export."""
    ready = processes.path(f"daemon-{kind}.pid")
    if os.path.exists(ready):
        os.unlink(ready)
    daemon = processes.start(measure.on_cpu(0, [
        builds.program(kind, "storage-daemon/qemu-storage-daemon"),
        *builds.profiler(kind, f"daemon-{kind}.prof"),
        "--object", "iothread,id=iothread0",
        "--blockdev", "driver=null-aio,size=1073741824,node-name=disk0,"
                      "read-zeroes=off",
        *export, "--pidfile", ready]))
    processes.wait_for_path(daemon, ready)
    return daemon


def start_nbd(builds, kind):
    """A daemon with an NBD export, and the options of an image on it."""
    path = processes.path(f"bench-{kind}.nbd")
    daemon = start(builds, kind, [
        "--nbd-server", f"addr.type=unix,addr.path={path}",
        "--export", "type=nbd,id=exp0,node-name=disk0,iothread=iothread0"])
    return daemon, (f"driver=nbd,server.type=unix,server.path={path},"
                    "export=disk0")


def bench(builds, image, count):
    """The command that makes so many requests of an image."""
    return measure.on_cpu(1, [builds.program("base", "qemu-img"), "bench",
                              "-c", str(count), "-d", "16",
                              "--image-opts", image])


def nbd(builds):
    """an iothread of a storage daemon under an NBD load, depth 16"""
    count = int(30000 * builds.scale)

    def one(kind):
        daemon, image = start_nbd(builds, kind)
        try:
            return loads.seconds_of_bench(bench(builds, image, count))
        finally:
            processes.kill(daemon)

    return loads.compare("storage daemon, NBD", builds.pairs(one))


class Guest:
    """A VM whose disk is a daemon's vhost-user-blk export.

    Its console is a socket: see job=ask in tests/guest/init.
    """

    def __init__(self, builds, kind):
        disk = processes.path(f"{kind}.vhost")
        console = processes.path(f"{kind}.console")
        self.daemon = start(builds, kind, [
            "--export", "type=vhost-user-blk,id=exp0,node-name=disk0,"
                        "iothread=iothread0,addr.type=unix,"
                        f"addr.path={disk}"])
        qemu = builds.program("base", "qemu-system-x86_64")
        machine = measure.output_of([GUEST, "options",
                                     os.path.dirname(qemu)]).splitlines()
        self.process = processes.start(measure.on_cpu(1, [
            qemu, *machine,
            "-object", "memory-backend-memfd,id=ram,size=256M,share=on",
            "-machine", "memory-backend=ram",
            "-append", "console=ttyS0 quiet no_timer_check job=ask",
            "-chardev", f"socket,id=console,path={console},server=on,"
                        "wait=off",
            "-serial", "chardev:console",
            "-chardev", f"socket,id=disk,path={disk}",
            "-device", "vhost-user-blk-pci,chardev=disk"]))
        processes.wait_for_socket(self.process, console)
        self.console = socket.socket(socket.AF_UNIX)
        self.console.settimeout(BOOT_DEADLINE_S)
        self.console.connect(console)
        self.lines = self.console.makefile("r", errors="replace")

    def wait_for(self, word):
        """Until the guest has said so."""
        try:
            for line in self.lines:
                if line.strip() == f"guest: {word}":
                    return
        except OSError:
            pass  # its reason is below
        raise RuntimeError("the guest ended: " +
                           processes.output(self.process, "stderr"))

    def read(self, count):
        """Seconds for so many reads, one at a time."""
        begin = time.monotonic()
        self.console.sendall(f"read vda 4096 {count}\n".encode())
        self.wait_for("done")
        return time.monotonic() - begin

    def stop(self):
        """Ends it, and its daemon."""
        processes.kill(self.process)
        processes.kill(self.daemon)


def vhost_user_blk(builds):
    """a guest's reads from a storage daemon's vhost-user-blk export"""
    guests = {}
    try:
        for kind in builds.kinds:
            guests[kind] = Guest(builds, kind)
        for guest in guests.values():
            guest.wait_for("ready")

        def one(kind):
            # what it takes to begin drops out
            few, many = (guests[kind].read(int(number * builds.scale))
                         for number in (100, 5000))
            return many - few

        return loads.compare("storage daemon, vhost-user-blk",
                             builds.pairs(one))
    finally:
        for guest in guests.values():
            guest.stop()


def percentile_bucket(buckets, calls, per_cent):
    """The bucket that the percentile is in."""
    rank = calls * per_cent / 100
    for bucket, count in buckets:
        rank -= count
        if rank <= 0:
            return bucket
    return buckets[-1][0]


def difference(before, after):
    """What sources did from one snapshot of a loop to the next.

    By kind and name: busy-ns, and the histogram of that time.
    """
    old = {source["id"]: source for source in before["sources"]}
    found = {}
    for source in after["sources"]:
        first = old.get(source["id"], {"busy-ns": 0})
        counts = dict(counters.buckets_of(source))
        for bucket, count in counters.buckets_of(first):
            counts[bucket] -= count
        buckets = sorted((bucket, count)
                         for bucket, count in counts.items() if count)
        if buckets:
            found[source["kind"], source["name"]] = (
                source["busy-ns"] - first["busy-ns"], buckets)
    return found


def profile(builds, kind, seconds):
    """What an iothread's sources do under an NBD load of so many seconds."""
    daemon, image = start_nbd(builds, kind)
    try:
        load = processes.start(bench(builds, image, 1 << 30))
        with qmp.Qmp(processes.path(f"daemon-{kind}.prof")) as profiler:
            snapshots = []
            for pause in (0.5, seconds):
                time.sleep(pause)
                snapshots.append(counters.loop_of(counters.read(profiler),
                                                  "iothread0"))
        processes.kill(load)
    finally:
        processes.kill(daemon)
    return difference(*snapshots)


def thinned(builds):
    """shares and percentiles of what is thinned, against all timed"""
    values = {"share": [], 50: [], 99: []}
    for number in range(builds.rounds):
        order = ["on", "whole"] if number % 2 else ["whole", "on"]
        found = {kind: profile(builds, kind, 5 * builds.scale)
                 for kind in order}
        sums = {kind: sum(busy for busy, _ in sources.values())
                for kind, sources in found.items()}
        shares = {kind: {key: busy / sums[kind]
                         for key, (busy, _) in sources.items()}
                  for kind, sources in found.items()}
        large = [key for key, share in shares["whole"].items()
                 if 100 * share >= SHARE_MIN]
        values["share"].append(max(
            100 * abs(shares["on"].get(key, 0) / shares["whole"][key] - 1)
            for key in large))
        for per_cent in (50, 99):
            buckets = [[percentile_bucket(sources[key][1],
                                          sum(n for _, n in sources[key][1]),
                                          per_cent)
                        for key in large if key in found["on"]]
                       for sources in (found["on"], found["whole"])]
            values[per_cent].append(max(abs(ours - whole) for ours, whole
                                        in zip(*buckets)))
        builds.tell(f"{number + 1}/{builds.rounds}")
    return [Row("thinned: a source's share, the most wrong", values["share"],
                "%", SHARE_LIMIT)] + [
                Row(f"thinned: p{per_cent}, the most wrong",
                    values[per_cent], "buckets", BUCKET_LIMIT)
                for per_cent in (50, 99)]
