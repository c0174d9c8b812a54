# SPDX-License-Identifier: GPL-2.0-or-later
"""Throughput under a load, and what a dispatch costs: patched or not."""

import os
import re
import time

import measure
import processes
import programs
from measure import Row

# a value is the least of so many runs
BEST_OF = 3
# a request's time may be so much longer, in per cent
THROUGHPUT_LIMIT = 1
# where a request is one to two microseconds
NULL_AIO_LIMIT = 2
OFF_LIMIT_NS = 1
OFF_LIMIT_INSTRUCTIONS = 3
COUNTED_LIMIT_INSTRUCTIONS = 25
TIMED_LIMIT_INSTRUCTIONS = 110
REQUEST_LIMIT_NS = 5

NULL_AIO = "driver=null-aio,size=1G,read-zeroes=off"
FILE_SIZE = 64 << 20


class Builds:
    """The kinds that are compared, and how long to measure them.

    "whole" is profiled without a bound: each dispatch is timed.
    """

    kinds = ["base", "off", "on", "whole"]

    def __init__(self, baseline, patched, rounds, scale, tell):
        self.directories = {kind: patched for kind in self.kinds}
        self.directories["base"] = baseline
        self.rounds = rounds
        self.scale = scale
        self.tell = tell

    def program(self, kind, name):
        """One of QEMU's programs."""
        return os.path.join(self.directories[kind], name)

    def profiler(self, kind, name):
        """The options that switch profiling on, where it is to be on."""
        if kind not in ("on", "whole"):
            return []
        bound = ",max-overhead=0" if kind == "whole" else ""
        return ["--object", "event-loop-profiler,id=prof0,socket.type=unix,"
                            f"socket.path={processes.path(name)}{bound}"]

    def pairs(self, one):
        """Measures all kinds in turn."""
        return measure.in_turn(self.kinds, self.rounds, BEST_OF, one,
                               self.tell)


def seconds_of_bench(argv):
    """How long qemu-img bench says that its requests took."""
    found = re.search(r"Run completed in ([0-9.]+) seconds",
                      measure.output_of(argv))
    return float(found.group(1))


def compare(name, values, limit=THROUGHPUT_LIMIT):
    """The rows of a load, from the times of all kinds."""
    def longer(kind):
        return [100 * (ours / base - 1)
                for ours, base in zip(values[kind], values["base"])]

    return [Row(f"{name}, on", longer("on"), "% longer", limit),
            Row(f"{name}, all timed", longer("whole"), "% longer"),
            Row(f"{name}, off", longer("off"), "% longer", differs=True)]


def qemu_img(builds, name, image, requests, depth, options=(),
             limit=THROUGHPUT_LIMIT):
    """qemu-img bench on an image."""
    count = str(int(requests * builds.scale))

    # a request that is done at once begins the next one on the same stack
    def one(kind):
        return seconds_of_bench(measure.on_cpu(1, [
            "prlimit", "--stack=unlimited",
            builds.program(kind, "qemu-img"), "bench",
            *builds.profiler(kind, "img.prof"), "-c", count,
            "-d", str(depth), *options, "--image-opts", image]))

    return compare(name, builds.pairs(one), limit)


def null_aio_1(builds):
    """qemu-img bench, null-aio, depth 1"""
    return qemu_img(builds, "null-aio depth 1", NULL_AIO, 120000, 1,
                    limit=NULL_AIO_LIMIT)


def null_aio_64(builds):
    """qemu-img bench, null-aio, depth 64"""
    return qemu_img(builds, "null-aio depth 64", NULL_AIO, 250000, 64,
                    limit=NULL_AIO_LIMIT)


def cached_file():
    """The options of a file that is read from the page cache."""
    path = processes.path("file.raw")
    if not os.path.exists(path):
        with open(path, "wb") as file:
            for _ in range(FILE_SIZE >> 20):
                file.write(os.urandom(1 << 20))
    return f"driver=file,filename={path},aio=io_uring"


def io_uring_1(builds):
    """qemu-img bench, a cached file with io_uring, depth 1"""
    return qemu_img(builds, "io_uring depth 1", cached_file(), 80000, 1,
                    ["-i", "io_uring"])


def io_uring_64(builds):
    """qemu-img bench, a cached file with io_uring, depth 64"""
    return qemu_img(builds, "io_uring depth 64", cached_file(), 150000, 64,
                    ["-i", "io_uring"])


def exiting_guest(exits):
    """Firmware that writes to a port so often, and then resets the machine."""
    code = (b"\x66\xb9" + exits.to_bytes(4, "little") +  # mov ecx, exits
            b"\xba\x80\x00"                              # mov dx, 0x80
            b"\xee\x66\x49\x75\xfb"       # out dx, al; dec ecx; jnz to out
            b"\xba\xf9\x0c\xb0\x06\xee"   # mov dx, 0xcf9; mov al, 6; out
            b"\xf4\xeb\xfd")                # hlt; jmp to hlt
    path = processes.path(f"exits{exits}.bin")
    with open(path, "wb") as file:
        image = bytearray(1 << 16)
        image[:len(code)] = code
        image[0xfff0:0xfff5] = b"\xea\x00\x00\x00\xf0"  # jmp f000:0000
        file.write(image)
    return path


def bql_exits(builds):
    """a vCPU that takes the big lock at each exit, in a loop of port writes"""
    exits = int(20000000 * builds.scale)
    guests = [exiting_guest(number) for number in (1, exits)]

    def one(kind):
        seconds = []
        for guest in guests:
            start = time.monotonic()
            measure.output_of(measure.on_cpu(1, [
                builds.program(kind, "qemu-system-x86_64"), "-machine", "q35",
                "-nodefaults",
                "-display", "none", "-accel", "tcg", "-no-reboot",
                *builds.profiler(kind, "guest.prof"), "-bios", guest]))
            seconds.append(time.monotonic() - start)
        # what it takes to start drops out
        return seconds[1] - seconds[0]

    return compare("TCG, a port write", builds.pairs(one))


def bench_programs(builds):
    """event-loop-bench, as each kind is to be run."""
    commands = {}
    for kind in ("base", "off"):
        directory = processes.path(f"bench-{kind}")
        os.makedirs(directory, exist_ok=True)
        commands[kind] = [programs.build_program(
            "event-loop-bench", builds.directories[kind], directory)]
    commands["on"] = commands["off"] + ["--profile"]
    commands["whole"] = commands["on"] + ["--max-overhead=0"]
    return commands


def dispatch(builds):
    """nanoseconds a dispatch costs, in BHs that schedule themselves"""
    commands = bench_programs(builds)
    rows = []
    for number in (1, 16):
        count = str(int(3000000 * builds.scale))

        def one(kind):
            return float(measure.output_of(measure.on_cpu(
                1, commands[kind] + ["-n", count, "-b", str(number)])))

        values = builds.pairs(one)
        what = "a BH and its loop" if number == 1 else f"{number} BHs a round"
        rows.append(Row(f"{what}: a dispatch, unpatched", values["base"],
                        "ns"))
        for kind, how, limit in (("on", "on", None),
                                 ("whole", "all timed", None),
                                 ("off", "off", OFF_LIMIT_NS)):
            rows.append(Row(f"{what}: a dispatch, {how}",
                            [ours - base for ours, base in
                             zip(values[kind], values["base"])],
                            "ns more", limit))
    return rows


def requests(builds):
    """nanoseconds that the begin and the end of a block request take"""
    program = programs.build_program("event-loop-request-bench",
                                     builds.directories["on"],
                                     processes.directory())
    count = str(int(10000000 * builds.scale))

    def one(kind):
        profile = ["--profile"] if kind == "on" else []
        return float(measure.output_of(measure.on_cpu(
            1, [program, "-n", count, *profile])))

    values = measure.in_turn(["off", "on"], builds.rounds, BEST_OF, one,
                             builds.tell)
    return [Row("a request's begin and end, on",
                [on - off for on, off in zip(values["on"], values["off"])],
                "ns more", REQUEST_LIMIT_NS),
            Row("a request's begin and end, off", values["off"], "ns")]


def self_costs(report):
    """The instructions of each function in a report of callgrind.

    Those of functions that are inlined in it are among them, those of
    functions that it calls are not. And how often each was called.
    """
    names = {}
    costs = {}
    calls = {}
    callee = None
    function = None
    is_call = False
    with open(report) as file:
        for line in file:
            found = re.match(r"(c?)fn=\((\d+)\)(?: (.*))?$", line)
            if found:
                called, number, name = found.groups()
                name = names.setdefault(number, name)
                if called:
                    callee = name
                else:
                    function = name
            elif line.startswith("calls="):
                calls[callee] = (calls.get(callee, 0) +
                                 int(line[len("calls="):].split()[0]))
                is_call = True
            elif re.match(r"[+*-]?\d* ?\d+$", line) and function:
                if not is_call:
                    costs[function] = (costs.get(function, 0) +
                                       int(line.split()[-1]))
                is_call = False
    return costs, calls


def instructions(builds):
    """instructions that hooks and dispatches cost"""
    commands = bench_programs(builds)
    report = processes.path("callgrind.out")

    def executed(kind, dispatches, number):
        measure.output_of(["valgrind", "--tool=callgrind",
                           f"--callgrind-out-file={report}"] +
                          commands[kind] +
                          ["-n", str(dispatches), "-b", str(number)])
        costs, _ = self_costs(report)
        return [costs["aio_bh_call"],
                costs["aio_bh_enqueue"] + costs["qemu_bh_schedule"],
                sum(costs.values())]

    def per_dispatch(kind, number):
        # the warm-up is a tenth; what is common to both runs drops out
        return [(many - few) / 44000 for many, few in
                zip(executed(kind, 60000, number),
                    executed(kind, 20000, number))]

    def more(number):
        return [off - base for off, base in zip(per_dispatch("off", number),
                                                per_dispatch("base", number))]

    # a round of n dispatches costs its own hooks and n times a dispatch's
    few, many = 1, 50
    call, schedule, all_of_few = more(few)
    builds.tell("1/3")
    each = (more(many)[2] * many - all_of_few * few) / (many - few)
    builds.tell("2/3")

    def each_call(kind, bound, *functions):
        measure.output_of(["valgrind", "--tool=callgrind",
                           f"--callgrind-out-file={report}"] +
                          commands[kind] +
                          [f"--max-overhead={bound}", "-n", "60000"])
        costs, calls = self_costs(report)
        # the compiler may have made a function.constprop.0 of it
        return (sum(cost for name, cost in costs.items()
                    if name.split(".")[0] in functions) /
                calls[functions[0]])

    counted = each_call("on", 1, "event_loop_profiler_count")
    timed = each_call("on", 0, "event_loop_profiler_dispatch", "book")
    builds.tell("3/3")
    return [Row("instructions, on: a dispatch that is counted", [counted],
                "in all", COUNTED_LIMIT_INSTRUCTIONS),
            Row("instructions, on: a dispatch that is timed", [timed],
                "in all", TIMED_LIMIT_INSTRUCTIONS),
            Row("instructions, off: a dispatch", [call], "more",
                OFF_LIMIT_INSTRUCTIONS),
            Row("instructions, off: scheduling a BH", [schedule], "more"),
            Row("instructions, off: a BH in all", [each], "more"),
            Row("instructions, off: a round of the loop",
                [all_of_few - each], "more")]
