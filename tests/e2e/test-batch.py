#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The real client in batch mode, reading a real storage daemon."""

import csv
import functools
import io
import json
import os
import re
import shutil
import signal
import stat

import client
import counters
import processes
import qemu
import tap
from tap import check, equal, test, wait_for

NULL_AIO = "driver=null-aio,size=1073741824,read-zeroes=off"
ENDLESS = 1 << 30


@functools.lru_cache(maxsize=None)
def daemon():
    """A storage daemon that has dispatched something on two iothreads."""
    storage = qemu.StorageDaemon("batch", [NULL_AIO, NULL_AIO])
    for number in range(2):
        processes.check_run(storage.bench(500 * (number + 1), number,
                                          write=False))
    return storage


def lines_of(process):
    """The whole lines that a process has written."""
    return processes.output(process).split("\n")[:-1]


@test("-o json is a document a sample")
def json_samples():
    storage = daemon()
    samples = client.samples("-n", "3", "-d", "0.2", storage.socket)
    equal(len(samples), 3, "number of samples")
    for sample in samples:
        equal(sample["pid"], storage.pid, "pid")
        equal(sample["cumulative"], False, "cumulative")
        equal(sorted(loop["loop"] for loop in sample["loops"]),
              ["iothread0", "iothread1", "main-loop", "mon_iothread"],
              "loops")
        check(all(source["loop"] in ("iothread0", "iothread1", "main-loop",
                                     "mon_iothread")
                  for source in sample["sources"]), "a source of no loop")
    for before, after in zip(samples, samples[1:]):
        equal(after["time_ns"] - before["time_ns"], after["interval_ns"],
              "interval")


@test("--cumulative is what QEMU has counted")
def cumulative():
    storage = daemon()
    with storage.profiler() as profiler:
        names = ("iothread0", "iothread1")
        truth = [counters.quiet(profiler, name) for name in names][-1]
        sample, = client.samples("--cumulative", storage.socket)
        equal(sample["cumulative"], True, "cumulative")
        equal(sample["build_id"], truth["build-id"], "build-id")
        for name in names:
            loop = counters.loop_of(truth, name)
            equal([shown["counters"]["dispatches"]
                   for shown in sample["loops"] if shown["loop"] == name],
                  [loop["dispatches"]], f"dispatches of {name}")
            shown = {source["id"]: source for source in sample["sources"]
                     if source["loop"] == name}
            equal(sorted(shown), sorted(source["id"]
                                        for source in loop["sources"]),
                  f"sources of {name}")
            for source in loop["sources"]:
                same = shown[source["id"]]
                for key in ("calls", "busy-ns", "total-ns", "max-ns",
                            "delay-ns", "delay-max-ns"):
                    equal(same["counters"][key.replace("-", "_")],
                          source.get(key), f"{key} of {source['name']}")
                equal(same["counters"]["histogram"],
                      [[counters.bucket_ns(bucket), count]
                       for bucket, count in counters.buckets_of(source)],
                      f"histogram of {source['name']}")
                equal([same[key] for key in ("kind", "name", "callback")],
                      [source["kind"], source["name"],
                       hex(source["callback"])], "identity")
                check(same["p50_ns"] <= same["p99_ns"] <= same["max_ns"],
                      f"percentiles of {source['name']}")


@test("intervals, put together, are all requests of a load")
def intervals():
    storage = daemon()
    with storage.profiler() as profiler:
        before = counters.calls_of(counters.loop_of(
            counters.quiet(profiler, "iothread0"), "iothread0"),
            name="null_bh_cb")
        reader = client.start("-b", "-o", "json", "-d", "0.1", "-f",
                              "null_bh_cb", "-L", "iothread0", storage.socket)
        wait_for("first sample", lambda: lines_of(reader))
        processes.check_run(storage.bench(7000, write=False))

        def samples():
            return [client.strict_json(line) for line in lines_of(reader)]

        def last_is_all():
            last = samples()[-1]["sources"]
            return last and last[0]["counters"]["calls"] >= before + 7000

        wait_for("end of the load", last_is_all)
        reader.send_signal(signal.SIGINT)
        equal(reader.wait(tap.DEADLINE_S), 0, "status after SIGINT")
        counted = [source["calls"] for sample in samples()
                   for source in sample["sources"]]
        equal(sum(counted), 7000, f"sum of the calls {counted}")


@test("-o csv is a table, by the strictest reader")
def csv_samples():
    storage = daemon()
    status, out, err = client.run("-b", "-o", "csv", "-n", "2", "-d", "0.1",
                                  storage.socket)
    equal((status, err), (0, ""), "status and complaint")
    check("\r\n" in out or "\n" in out, "no lines")
    rows = list(csv.reader(io.StringIO(out, newline=""), strict=True))
    header = rows[0]
    equal(len(set(header)), len(header), "number of columns' names")
    for row in rows[1:]:
        equal(len(row), len(header), f"number of fields of {row}")
    records = [dict(zip(header, row)) for row in rows[1:]]
    equal({record["record"] for record in records}, {"loop", "source"},
          "records")
    equal(len({record["time_ns"] for record in records}), 2, "samples")
    for record in records:
        int(record["interval_ns"])
        int(record["pid"])


@test("text has the loops above the sources, a header a sample")
def text_samples():
    status, out, err = client.run("-b", "-n", "2", "-d", "0.1",
                                  daemon().socket)
    equal((status, err), (0, ""), "status and complaint")
    samples = out.split("interval")[1:]
    equal(len(samples), 2, "number of headers")
    for sample in samples:
        heads = [line.split()[:2] for line in sample.splitlines()
                 if line.startswith("LOOP")]
        equal(heads, [["LOOP", "TID"], ["LOOP", "KIND"]], "tables")
        check("iothread1" in sample, "no iothread1")


@test("-s sorts by each column that '-s help' lists")
def sort():
    storage = daemon()
    status, out, err = client.run("-s", "help")
    equal((status, err), (0, ""), "status and complaint")
    names = re.findall(r"^ [* ] ([a-z][a-z0-9.-]*) ", out, re.MULTILINE)
    check({"busy", "calls", "p99", "loop.dispatch"} <= set(names),
          f"columns {names}")
    for name in names:
        if name.startswith("vm."):
            client.check_failure(client.run("-b", "-n1", "-s", name,
                                            storage.socket),
                                 "--host", status=2)
        else:
            client.samples("--cumulative", "-s", name, storage.socket)

    def calls(*options):
        sample, = client.samples("--cumulative", "-s", "calls",
                                 "-L", "iothread0", *options, storage.socket)
        return [source["calls"] for source in sample["sources"]]

    equal(calls(), sorted(calls(), reverse=True), "order by calls")
    equal(calls("-r"), sorted(calls()), "reversed order")
    equal(calls("-t", "1"), calls()[:1], "the first one")
    client.check_failure(client.run("-b", "-s", "nonsense", storage.socket),
                         "nonsense", status=2)


@test("-f, -L and -c choose what is shown")
def choice():
    storage = daemon()

    def sources(*options):
        sample, = client.samples("--cumulative", *options, storage.socket)
        return sample["sources"]

    everything = sources()
    for pattern in ("null_bh_cb", "^iothread1$", "fd-read"):
        chosen = [source["id"] for source in sources("-f", pattern)]
        others = [source["id"] for source in sources("-f", "!" + pattern)]
        check(chosen and others, f"{pattern} divides nothing")
        equal(sorted(chosen + others),
              sorted(source["id"] for source in everything),
              f"sources with and without {pattern}")
    equal({source["loop"] for source in sources("-L", "iothread1")},
          {"iothread1"}, "loops with -L")
    equal({tuple(source) for source in sources("-c", "name,calls,p99")},
          {("name", "calls", "p99_ns")}, "columns with -c")
    client.check_failure(client.run("-b", "-c", "name,nonsense",
                                    storage.socket), "nonsense", status=2)
    client.check_failure(client.run("-b", "-f", "(", storage.socket),
                         "(", status=2)


@test("--list tells who is profiled, and why not")
def listing():
    storage = daemon()
    plain = qemu.StorageDaemon("plain", profiler=False)
    status, out, err = client.run("--list", "-o", "json")
    equal((status, err), (0, ""), "status and complaint")
    found = {process["pid"]: process for process in client.strict_json(out)}
    ours = found[storage.pid]
    equal((ours["profiled"], ours["profilers"], ours["reason"]),
          (True, [f"unix:{storage.socket}"], None), "profiled daemon")
    equal((found[plain.pid]["profiled"], found[plain.pid]["monitors"]),
          (False, [f"unix:{plain.monitor_socket}"]), "plain daemon")
    check("--enable" in found[plain.pid]["reason"],
          f"reason {found[plain.pid]['reason']}")
    status, out, err = client.run("--list")
    equal((status, err), (0, ""), "status and complaint")
    check(re.search(rf"^ *{storage.pid} .*yes .*{storage.socket}", out,
                    re.MULTILINE), f"no line of {storage.pid} in {out}")
    plain.stop()


@test("a PID is a target")
def pid():
    storage = daemon()
    sample, = client.samples("--cumulative", str(storage.pid))
    equal(sample["pid"], storage.pid, "pid")
    client.check_failure(client.run("-b", "1"), "process 1 is no QEMU")


@test("--enable switches profiling on")
def enable():
    plain = qemu.StorageDaemon("enable", profiler=False)
    status, out, err = client.run("-b", "-o", "json", "--cumulative",
                                  "--enable", plain.monitor_socket)
    equal(status, 0, f"status after {err}")
    equal(client.documents(out)[0]["pid"], plain.pid, "pid")
    socket = re.search(r"served at (\S+)", err).group(1)
    sample, = client.samples("--cumulative", socket)
    equal(sample["pid"], plain.pid, "pid")
    status, out, err = client.run("-b", "-o", "json", "--cumulative",
                                  "--enable", str(plain.pid))
    equal(status, 0, f"status of a second --enable after {err}")
    plain.stop()


@test("without a profiler it says what to send, and that works")
def no_profiler():
    plain = qemu.StorageDaemon("send", profiler=False)
    line = client.check_failure(client.run("-b", plain.monitor_socket),
                                "no event-loop-profiler object", "object-add")
    request = json.loads(line[line.index("{"):])
    equal(request["execute"], "object-add", "command")
    with plain.monitor() as monitor:
        monitor.command("object-add", **request["arguments"])
    sample, = client.samples("--cumulative",
                             request["arguments"]["socket"]["path"])
    equal(sample["pid"], plain.pid, "pid")
    plain.stop()


@test("two clients read at once")
def two_clients():
    storage = daemon()
    load = processes.start(storage.bench(ENDLESS, write=False))
    readers = [client.start("-b", "-o", "json", "-n", "6", "-d", "0.1",
                            storage.socket) for _ in range(2)]
    for reader in readers:
        equal(reader.wait(tap.DEADLINE_S), 0, "status: " +
              processes.output(reader, "stderr"))
        samples = client.documents(processes.output(reader))
        equal(len(samples), 6, "number of samples")
        last = [loop["counters"]["dispatches"] for sample in samples
                for loop in sample["loops"] if loop["loop"] == "iothread0"]
        equal(last, sorted(last), "dispatches, one after the other")
    check(load.poll() is None, "the load ended")
    processes.kill(load)


@test("a client that is killed does no harm to the next")
def killed_client():
    storage = daemon()
    for _ in range(20):  # more of them than may be connected at once
        reader = client.start("-b", "-o", "json", "-d", "0.05",
                              storage.socket)
        wait_for("sample", lambda: lines_of(reader))
        processes.kill(reader)
    equal(len(client.samples("-n", "2", "-d", "0.1", storage.socket)), 2,
          "number of samples")


@test("QEMU is killed under the client")
def killed_qemu():
    storage = qemu.StorageDaemon("killed", [NULL_AIO])
    reader = client.start("-b", "-o", "json", "-d", "0.1", storage.socket)
    wait_for("sample", lambda: lines_of(reader))
    storage.stop()
    equal(reader.wait(tap.DEADLINE_S), 1, "status")
    client.check_failure((1, "", processes.output(reader, "stderr")),
                         storage.socket, "QEMU has ended")
    client.documents(processes.output(reader))
    client.check_failure(client.run("-b", storage.socket),
                         "nothing listens", storage.socket)


@test("QEMU stops, and the client says that it gets no answer")
def stopped_qemu():
    storage = qemu.StorageDaemon("stopped", [NULL_AIO])
    reader = client.start("-b", "-o", "json", "-d", "0.1", storage.socket)
    wait_for("sample", lambda: lines_of(reader))
    processes.stop(storage.process)
    late = client.run("-b", storage.socket)
    equal(reader.wait(tap.DEADLINE_S), 1, "status")
    client.check_failure((1, "", processes.output(reader, "stderr")),
                         "no answer", storage.socket,
                         f"process {storage.pid} is stopped by a signal")
    client.check_failure(late, "no answer", storage.socket,
                         f"process {storage.pid} is stopped by a signal")
    storage.process.send_signal(signal.SIGCONT)
    equal(len(client.samples("-n", "1", "-d", "0.1", storage.socket)), 1,
          "number of samples when it goes on")
    storage.stop()


@test("a monitor is busy with another client")
def busy_monitor():
    storage = daemon()
    with storage.monitor():
        client.check_failure(client.run("-b", storage.monitor_socket),
                             "no QMP greeting", "another client")
    sample, = client.samples("--cumulative", storage.monitor_socket)
    equal(sample["pid"], storage.pid, "pid through the monitor")


@test("permission is denied")
def permission():
    storage = daemon()
    copy = processes.path("qemu-aiotop")
    shutil.copy(client.program(), copy)
    os.chmod(copy, 0o755)
    os.chmod(processes.directory(), 0o711)
    mode = stat.S_IMODE(os.stat(storage.socket).st_mode)
    equal(mode & 0o022, 0, "what others may do with the socket")
    client.check_failure(
        processes.run(["setpriv", "--reuid=65534", "--regid=65534",
                       "--clear-groups", copy, "-b", storage.socket]),
        "permission denied", storage.socket)


@test("a target that is none gives one line")
def no_target():
    client.check_failure(client.run("-b", "/nonexistent/socket"),
                         "no socket at /nonexistent/socket")
    client.check_failure(client.run("-b", "no-such-vm"), "no-such-vm")
    client.check_failure(client.run("-b", "4194304"), "4194304")
    client.check_failure(client.run("-b", "--nonsense"), "nonsense", status=2)
    client.check_failure(client.run("-b", "-n", "0"), "-n", status=2)
    client.check_failure(client.run("-b", "-d", "0"), "-d", status=2)
    client.check_failure(client.run("-b", daemon().nbd_socket),
                         "not a QMP server", daemon().nbd_socket)


if "AIOTOP_QEMU_BASELINE" in os.environ:
    @test("an unpatched QEMU is told from one without a profiler")
    def unpatched():
        plain = qemu.StorageDaemon("base", profiler=False, baseline=True)
        client.check_failure(client.run("-b", plain.monitor_socket),
                             "lacks the event loop profiler's patches")
        client.check_failure(client.run("-b", "--enable",
                                        plain.monitor_socket),
                             "lacks the event loop profiler's patches")
        plain.stop()


if __name__ == "__main__":
    processes.be_alone()
    tap.main()
