#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's own QEMU, stripped and without patches, sampled from outside."""

import functools
import glob
import json
import os
import re
import shutil

import client
import processes
from findings import OF_THE_HOST
from guest import STOCK, Guest
from tap import DEADLINE_S, check, equal, test, wait_for
from terminal import Terminal
from vm import vm


LOOPS = ("main-loop", "iothread0", "iothread1")


@functools.lru_cache(maxsize=None)
def loaded():
    """A guest that reads and writes two disks, each on an iothread."""
    guest = Guest("stock", ["steady"], stock=True)
    guest.wait_for("job=steady")
    return guest


def sources(documents, loop):
    """Samples by kind, name and label, of one loop."""
    found = {}
    for document in documents:
        for source in document["sources"]:
            if source["loop"] == loop:
                key = source["kind"], source["name"], source["label"]
                found[key] = found.get(key, 0) + source["samples"]
    return found


def parts_of(document, name):
    """What a loop does, in percent: it dispatches, polls, and waits."""
    loop, = (loop for loop in document["loops"] if loop["loop"] == name)
    return [loop[part] for part in
            ("dispatch_percent", "poll_percent", "wait_percent")]


@test("a disk's callbacks are seen on their iothread")
def callbacks():
    def seen():
        documents = client.samples("-n", "3", "--sample", "199",
                                   str(loaded().pid))
        found = sources(documents, "iothread0")
        # in a moment without a CPU nothing is known of a loop
        return any("virtio" in (name + (label or ""))
                   for _, name, label in found) and \
            all(part is not None for name in LOOPS
                for part in parts_of(documents[-1], name)) and documents

    documents = wait_for("virtio on iothread0, and all loops", seen)
    document = documents[-1]
    equal((document["host_only"], document["sampled"]["hz"]), (True, 199),
          "host_only and hz")
    check(document["build_id"], "no build id")
    for source in document["sources"]:
        equal((source["calls_per_second"], source["p99_ns"],
               source["delay_p99_ns"]), (None, None, None), "what is unknown")
    for name in LOOPS:
        parts = parts_of(document, name)
        check(sum(parts) < 101, f"{name}: {parts}")
        check(parts[-1] > 0, f"{name} never waits")
    for thread in ("CPU 0/TCG",):
        loop, = (loop for loop in document["loops"] if loop["loop"] == thread)
        equal((loop["wait_percent"], loop["state"]), (None, None), thread)


@test("text says what it is, and what it is not")
def text():
    status, out, err = client.run("-b", "-n", "2", str(loaded().pid))
    equal((status, err), (0, ""), "status and complaint")
    check(re.search(r"interval .*SAMPLED at 49 Hz: \d+ samples, \d+ lost, \d+"
                    " that can't be told, [0-9.a-z]+ behind$", out,
                    re.MULTILINE),
          f"no such head in {out}")
    check(re.search(r"^LOOP +TID +DISP% +POLL% +WAIT% .* STATE$", out,
                    re.MULTILINE), f"no loops in {out}")
    check(re.search(r"^LOOP +KIND +NAME +LABEL +BUSY% +TOTAL% +SAMPLES$", out,
                    re.MULTILINE), f"no sources in {out}")
    check("Not profiled, but sampled" in out, f"no reason in {out}")


@test("it can be left out")
def left_out():
    document, = client.samples("-n", "1", "--no-sample", str(loaded().pid))
    equal((document["sources"], document["sampled"]), ([], None), "samples")


@test("lines of a flame graph have what is below a callback")
def folded():
    _, out, _ = client.run("-o", "folded", "-n", "1", "-d", "3", "--sample",
                           "199", str(loaded().pid))
    lines = out.splitlines()
    for line in lines:
        check(re.fullmatch(rf"{loaded().name};[^;]+;[^;]+(;[^;]+)* \d+", line),
              f"line {line!r}")
    check(any(re.search(";main-loop;waiting;.*;ppoll ", line)
              for line in lines), f"no wait in {out}")
    check(any(";CPU 0/TCG;thread;(code made at run time)" in line
              for line in lines), f"no guest in {out}")
    client.check_failure(
        client.run("-o", "folded", "--diagnose", str(loaded().pid)),
        "-o folded", status=2)


@test("the screen shows it")
def screen():
    terminal = Terminal(columns=160, lines=50)
    terminal.run(f"{client.program()} {loaded().pid}")
    terminal.wait_for(r"threads, not profiled  SAMPLED at 49 Hz: \d+ samples")
    terminal.wait_for(r"^ *CPU 0/TCG +thread ")
    terminal.wait_for(r"^ *iothread0 .* waiting|dispatching")
    terminal.send("q")
    terminal.close()


@test("another user is told what it takes")
def other_user():
    copy = processes.path("qemu-aiotop")
    shutil.copy(client.program(), copy)
    os.chmod(copy, 0o755)
    os.chmod(processes.directory(), 0o711)
    status, out, err = processes.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy,
         "-b", "-n", "1", str(loaded().pid)])
    equal((status, err), (0, ""), "status and complaint")
    check(re.search("^Not sampled: perf events of it are not permitted: .*"
                    "CAP_PERFMON", out, re.MULTILINE), f"no reason in {out}")
    check(re.search(r"^LOOP +TID +S +CPU%", out, re.MULTILINE),
          f"no threads in {out}")


@test("a main loop that is stuck in a callback is diagnosed")
def stuck():
    fifo = processes.path("sampling.fifo")
    os.mkfifo(fifo)
    with vm("stuck", stock=STOCK) as running:
        with running.monitor() as monitor:
            monitor.send("pmemsave", val=0, size=4096, filename=fifo)

            def diagnosed():
                _, out, _ = client.run("--diagnose", "-o", "json",
                                       str(running.pid))
                # a host that is short of CPUs is told of, too
                findings = [finding for finding in json.loads(out)["findings"]
                            if finding["class"] not in OF_THE_HOST]
                return findings and findings[0]["class"] == \
                    "callback-stuck" and findings

            finding, = wait_for("callback that is stuck", diagnosed)
            source = finding["source"]
            equal((finding["loop"], source["kind"], source["label"]),
                  ("main-loop", "bh", "in qmp_marshal_pmemsave"), "finding")
            with open(fifo, "rb") as file:
                while file.read(1 << 16):
                    pass
            monitor.answer()


@test("an executable that is not there any more is known all the same")
def deleted():
    copy = processes.path("qemu-system-x86_64")
    shutil.copy(STOCK, copy)
    # it looks for them beside itself
    os.environ["QEMU_MODULE_DIR"], = glob.glob("/usr/lib/*-linux-gnu/qemu")
    with vm("deleted", stock=copy) as running:
        running.monitor().close()
        os.remove(copy)

        def known():
            document = client.samples("-n", "2", str(running.pid))[-1]
            loop = document["loops"][0]
            return loop["state"] == "waiting" and document["build_id"]

        wait_for("main loop that waits", known)


@test("its end is told, in the middle of it")
def ends():
    with vm("ends", stock=STOCK) as running:
        reader = client.start("-b", "-o", "json", "-d", "0.1",
                              str(running.pid))
        wait_for("sample", lambda: processes.output(reader))
        processes.kill(running.process)
        equal(reader.wait(DEADLINE_S), 1, "status")
        client.check_failure((1, "", processes.output(reader, "stderr")),
                             "has ended", str(running.pid))


if __name__ == "__main__":
    import tap
    tap.main()
