#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests in flight, in real hangs and in what looks like them.

Each way of being stuck has its innocent twin: the same requests where nothing
holds them up, all of which are done, and counted once.
"""

import contextlib
import os
import signal

import counters
import processes
import qemu
import tap
from shim import SlowReads
from tap import check, equal, test, wait_for

IMAGE_BYTES = 64 << 20
NULL_CO = f"driver=null-co,size={IMAGE_BYTES},read-zeroes=off"
# nothing that is asked of it is done while a test runs
FOR_EVER = f"{NULL_CO},latency-ns=1000000000000"
# QEMU's default
POOL_THREADS = 64


class Disk:
    """A storage daemon's disk, which qemu-io has requests for."""

    def __init__(self, name, disk, **options):
        self.storage = qemu.StorageDaemon(name, [disk], **options)
        self.profiler = self.storage.profiler()
        self.clients = []

    def ask(self, *commands):
        """Sends requests, and does not wait for them."""
        argv = [qemu.program("qemu-io")]
        for command in commands:
            argv += ["-c", command]
        client = processes.start(argv + ["--image-opts",
                                         self.storage.disk()])
        self.clients.append(client)
        return client

    def do(self, *commands):
        """The same, and waits."""
        client = self.ask(*commands)
        equal(client.wait(tap.DEADLINE_S), 0, "status of qemu-io")

    def look(self):
        """A snapshot without sources."""
        return self.profiler.command("query-event-loops",
                                     **{"max-sources": 0})

    def node(self, name="disk0", snapshot=None):
        """What is known of a node; None if it has had no request."""
        nodes = [node for node in (snapshot or self.look()).get("nodes", ())
                 if node["node"] == name]
        check(len(nodes) < 2, f"{name} is there {len(nodes)} times")
        return nodes[0] if nodes else None

    def stage(self, stage, name="disk0", count=1):
        """Waits until so many requests of a node are in a stage."""
        def find():
            snapshot = self.look()
            node = self.node(name, snapshot)
            found = [entry for entry in (node or {"stages": ()})["stages"]
                     if entry["stage"] == stage]
            return snapshot if found and found[0]["count"] == count else None

        return wait_for(f"{count} requests of {name} in stage {stage}", find)

    def rest(self, name="disk0"):
        """Waits until none of a node is in flight: how many are done."""
        def find():
            node = self.node(name)
            return node if node and not node["in-flight"] else None

        node = wait_for(f"rest of {name}", find)
        equal(node["stages"], [], f"stages of {name}")
        return node["completed"]

    def close(self):
        for client in self.clients:
            processes.kill(client)
        self.profiler.close()
        self.storage.stop()


@contextlib.contextmanager
def disk(*arguments, **options):
    opened = Disk(*arguments, **options)
    try:
        yield opened
    finally:
        opened.close()


def requests_of(snapshot, **members):
    """The requests that have all of these members; _ stands for -."""
    wanted = {key.replace("_", "-"): value for key, value in members.items()}
    return [request for request in snapshot.get("requests", ())
            if all(request.get(key) == value
                   for key, value in wanted.items())]


def check_age(snapshot, requests):
    """That they began after profiling did, and before the snapshot."""
    for request in requests:
        check(snapshot["profiling-since-ns"] <= request["since-ns"] <=
              snapshot["time-ns"], f"{request} began at another time")


@test("a slow driver's requests are in flight there")
def slow_driver():
    with disk("slow", FOR_EVER) as slow:
        slow.ask("aio_read 8k 4k", "aio_write 64k 12k")
        snapshot = slow.stage("driver", count=2)
        read, = requests_of(snapshot, type="read")
        write, = requests_of(snapshot, type="write")
        equal((read["node"], read["offset"], read["bytes"]),
              ("disk0", 8192, 4096), "the request to read")
        equal((write["node"], write["offset"], write["bytes"]),
              ("disk0", 65536, 12288), "the request to write")
        equal(slow.node()["completed"], 0, "how many are done")
        equal(slow.node()["driver"], "null-co", "its driver")
        check_age(snapshot, [read, write])


@test("a fast driver's requests are done, and counted once")
def fast_driver():
    with disk("fast", NULL_CO) as fast:
        fast.do(*["read 0 4k"] * 30, *["write 0 4k"] * 12)
        # with what qemu-io asks for when it closes the disk: to flush
        equal(fast.rest(), 30 + 12 + 1, "how many are done")
        fast.do(*["read 0 4k"] * 10)
        equal(fast.rest(), 43 + 10 + 1, "how many are done")
        check(fast.node()["last-completed-ns"] <= fast.look()["time-ns"],
              "the last one is done later")


@test("what a format's driver asks of its file is a part of the request")
def parts():
    image = processes.path("parts.qcow2")
    processes.check_run([qemu.program("qemu-img"), "create", "-f", "qcow2",
                         image, str(IMAGE_BYTES)])
    with disk("parts", "driver=qcow2,file.driver=throttle,"
                       "file.node-name=file0,file.throttle-group=tg0,"
                       f"file.file.driver=file,file.file.filename={image}",
              objects=["throttle-group,id=tg0"]) as qcow2:
        qcow2.do("write 0 64k")
        qcow2.rest()
        with qcow2.storage.monitor() as monitor:
            monitor.command("qom-set", path="/objects/tg0", property="limits",
                            value={"iops-total": 1})
        qcow2.ask("aio_read 0 4k", "aio_read 8k 4k", "aio_read 16k 4k")
        snapshot = wait_for("queued request", lambda: next(
            (look for look in [qcow2.look()]
             if requests_of(look, stage="throttled", node="file0")), None))
        for inner in requests_of(snapshot, stage="throttled", node="file0"):
            outer, = requests_of(snapshot, id=inner["parent"])
            equal((outer["node"], outer["stage"]), ("disk0", "driver"),
                  "the request that it is a part of")


@test("what a driver asks several disks for is a part of the request, and each"
      " coroutine has the export's label")
def children():
    with disk("children", "driver=quorum,vote-threshold=1,"
              f"children.0.driver=null-co,children.0.size={IMAGE_BYTES},"
              "children.0.node-name=fast,children.1.driver=null-co,"
              f"children.1.size={IMAGE_BYTES},children.1.node-name=slow,"
              "children.1.latency-ns=1000000000000") as quorum:
        quorum.ask("aio_read 0 4k", "aio_write 8k 4k")
        snapshot = quorum.stage("driver", "slow", 2)
        for inner in requests_of(snapshot, node="slow"):
            outer, = requests_of(snapshot, id=inner["parent"])
            equal((outer["node"], outer["type"], "parent" in outer),
                  ("disk0", inner["type"], False),
                  "the request that it is a part of")
        loop = counters.loop_of(counters.read(quorum.profiler), "iothread0")
        labels = {source["name"]: source.get("label")
                  for source in loop["sources"]
                  if source["kind"] == "coroutine" and source["calls"]}
        equal({labels.get(name) for name in (
            "nbd_trip", "read_quorum_children_entry", "write_quorum_entry")},
              {"exp0"}, f"label of each in {labels}")


def start_nbd():
    """A server, and the options of a node that asks it."""
    path, image = processes.path("peer.nbd"), processes.path("peer.raw")
    with open(image, "wb") as file:
        file.truncate(IMAGE_BYTES)
    server = processes.start([qemu.program("qemu-nbd"), "-t", "-f", "raw",
                              "-k", path, image])
    processes.wait_for_socket(server, path)
    return server, f"driver=nbd,server.type=unix,server.path={path}"


@test("a stopped server's requests wait for the network")
def network():
    server, options = start_nbd()
    with disk("network", options) as remote:
        remote.do("read 0 4k")
        before = remote.rest()
        processes.stop(server)
        remote.ask("aio_read 0 4k", "aio_write 8k 4k")
        snapshot = remote.stage("network", count=2)
        check_age(snapshot, requests_of(snapshot, node="disk0"))
        server.send_signal(signal.SIGCONT)
        check(remote.rest() >= before + 2, "they are not done")
    processes.kill(server)


@test("requests that are throttled say in which group")
def throttled():
    with disk("throttled", "driver=throttle,throttle-group=tg0,"
                           f"file.driver=null-co,file.size={IMAGE_BYTES},"
                           "file.read-zeroes=off",
              objects=["throttle-group,id=tg0,x-iops-total=1",
                       "throttle-group,id=tg1,x-iops-total=1"]) as slow:
        slow.ask(*[f"aio_read {4 * i}k 4k" for i in range(16)])

        def find():
            snapshot = slow.look()
            queued = requests_of(snapshot, stage="throttled")
            # one may be let go between a look at these and one at the group
            groups = {group["name"]: group
                      for group in snapshot["throttle-groups"]}
            return snapshot if len(queued) > 10 and \
                groups["tg0"]["queued"] == len(queued) and \
                groups["tg0"]["timer-armed"] else None

        snapshot = wait_for("queue", find)
        queued = requests_of(snapshot, stage="throttled")
        equal({request["waits-for"] for request in queued}, {"tg0"},
              "what they wait for")
        group, other = sorted(snapshot["throttle-groups"],
                              key=lambda group: group["name"])
        equal((group["name"], group["queued"], group["timer-armed"]),
              ("tg0", len(queued), True), "the group")
        check(group["since-ns"] <= snapshot["time-ns"], "it waits for later")
        equal((other["name"], other["queued"], other["timer-armed"]),
              ("tg1", 0, False), "the other group")
        check("since-ns" not in other, "something waits in the other group")

        # its limit is taken off: the queue gets empty
        with slow.storage.monitor() as monitor:
            monitor.command("qom-set", path="/objects/tg0", property="limits",
                            value={"iops-total": 0})
        slow.rest()
        equal([group["queued"] for group in slow.look()["throttle-groups"]],
              [0, 0], "queues")


@test("a pool whose threads all work has a queue")
def pool():
    image = processes.path("pool.raw")
    with open(image, "wb") as file:
        # no hole: that would not be read
        file.write(b"x" * (1 << 20))
    with SlowReads() as reads:
        starved = Disk("pool", f"driver=file,aio=threads,filename={image}")
    with contextlib.closing(starved):
        starved.do("read 0 4k")
        before = starved.rest()
        reads.stop()
        # an NBD client has no more than 16 in flight
        for i in range(6):
            starved.ask(*[f"aio_read {4 * (16 * i + j)}k 4k"
                          for j in range(16)])
        snapshot = starved.stage("worker", count=POOL_THREADS)
        check_pool(starved.stage("pool", count=96 - POOL_THREADS), 96)
        workers = requests_of(snapshot, stage="worker")
        threads = {request["thread-id"] for request in workers}
        equal(len(threads), len(workers), "threads that work")
        check(threads <= {int(i) for i in os.listdir(
            f"/proc/{starved.storage.pid}/task")}, "they are no threads of it")

        reads.go_on()
        check(starved.rest() >= before + 96, "they are not done")

        def find():
            idle = pool_of(starved.look())
            return idle if idle["idle"] == idle["threads"] else None

        idle = wait_for("idle threads", find)
        equal(idle["queued"], 0, "queue")
        check("queued-since-ns" not in idle and
              "running-since-ns" not in idle, "something goes on in it")


def pool_of(snapshot):
    found, = [pool for pool in snapshot["pools"]
              if pool["loop"] == "iothread0"]
    return found


def check_pool(snapshot, requests):
    starved = pool_of(snapshot)
    equal((starved["max-threads"], starved["threads"], starved["idle"],
           starved["queued"]),
          (POOL_THREADS, POOL_THREADS, 0, requests - POOL_THREADS),
          "the pool")
    check(snapshot["profiling-since-ns"] <= starved["running-since-ns"] <=
          starved["queued-since-ns"] <= snapshot["time-ns"],
          f"since when it is so: {starved}")


if __name__ == "__main__":
    tap.main()
