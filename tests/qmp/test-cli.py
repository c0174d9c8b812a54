#!/usr/bin/python3
# The command line: what of a sample is shown, and how
#
# SPDX-License-Identifier: GPL-2.0-or-later

import datetime
import re

import tap
from peer import Model
from program import run
from sampling import sample, stalled

LOOP_KEYS = {"loop", "thread_id", "dispatch_percent", "poll_percent",
             "wait_percent", "bql_wait_percent", "other_percent", "wall_ns",
             "cpu_percent", "counters", "state", "p99_ns", "delay_p99_ns"}
SOURCE_KEYS = {"loop", "kind", "name", "label", "fd", "calls", "busy_percent",
               "calls_per_second", "p50_ns", "p99_ns", "max_ns", "total_ns",
               "delay_p99_ns", "callback", "id", "counters"}


def sources(*args):
    return sample("-n", "1", "-o", "json", *args).expect(0) \
        .json_lines()[0]["sources"]


def test_text():
    out = sample("-n", "2").expect(0).out.decode()
    assert out.count("vm1  pid 4711  QEMU 10.0.0 (Debian)") == 2
    blocks = out.split("\n\n")
    assert len(blocks) == 7 and blocks[-1] == "", blocks
    for loops, table in ((blocks[1], blocks[2]), (blocks[4], blocks[5])):
        assert loops.startswith("LOOP ") and loops.count("\n") == 3
        assert table.startswith("LOOP ") and table.count("\n") == 12
        # Aligned: right-aligned columns end where their heads end
        lines = table.split("\n")
        for head in ("CALLS/S", "BUSY%", "P99", "TOTAL"):
            end = lines[0].index(head + "  " if head != "TOTAL" else head) \
                + len(head)
            for line in lines[1:]:
                assert line[end - 1] != " ", line
                assert line[end:end + 2].strip() == "", line


def test_json():
    line = sample("-n", "1", "-o", "json").expect(0).json_lines()[0]
    assert {"time", "time_ns", "interval_ns", "pid", "vm_name", "loops",
            "sources", "qemu_version", "sequence"} <= line.keys()
    assert len(line["loops"]) == 3 and len(line["sources"]) == 12
    for loop in line["loops"]:
        assert LOOP_KEYS <= loop.keys(), LOOP_KEYS - loop.keys()
        assert loop["dispatch_percent"] == 50
    for source in line["sources"]:
        assert SOURCE_KEYS <= source.keys(), SOURCE_KEYS - source.keys()
        histogram = source["counters"]["histogram"]
        assert sum(count for _, count in histogram) == \
            source["counters"]["calls"]


def test_csv():
    rows = sample("-n", "2", "-o", "csv").expect(0).csv_rows()
    assert len(rows) == 2 * (3 + 12)
    assert [row["record"] for row in rows[:15]] == \
        ["loop"] * 3 + ["source"] * 12
    assert float(rows[0]["dispatch_percent"]) == 50
    assert rows[0]["name"] == ""
    assert rows[3]["name"] == "virtio_queue_host_notifier_read"
    assert rows[3]["dispatch_percent"] == ""
    assert int(rows[3]["calls"]) == 992


def test_csv_and_json_agree():
    def frozen(peer):
        model = Model(2, 2)
        model.advance()
        peer.negotiate()
        while (request := peer.receive()):
            peer.send({"return": model.reply(), "id": request["id"]})

    line = sample("--cumulative", "-o", "json", script=frozen) \
        .expect(0).json_lines()[0]
    rows = sample("--cumulative", "-o", "csv", script=frozen) \
        .expect(0).csv_rows()
    for kind, row in [("loop", row) for row in line["loops"]] + \
            [("source", row) for row in line["sources"]]:
        other = rows.pop(0)
        assert other["record"] == kind
        for key, value in row.items():
            if key in ("counters", "wall_ns"):
                continue
            text = other[key]
            if value is None:
                assert text == "", key
            elif isinstance(value, str):
                assert text == value, key
            else:
                assert float(text) == value, key
    assert not rows


def test_sort():
    ids = [source["id"] for source in sources("-s", "id")]
    assert ids == sorted(ids)
    assert [source["id"] for source in sources("-s", "id", "-r")] == \
        ids[::-1]
    p99 = [source["p99_ns"] for source in sources("-s", "p99")]
    assert p99 == sorted(p99, reverse=True)
    line = sample("-n", "1", "-o", "json", "-s", "loop.loop").expect(0) \
        .json_lines()[0]
    assert [loop["loop"] for loop in line["loops"]] == \
        ["main-loop", "iothread0", "iothread1"]
    line = sample("-n", "1", "-o", "json").expect(0).json_lines()[0]
    assert [loop["loop"] for loop in line["loops"]] == \
        ["main-loop", "iothread0", "iothread1"]
    line = sample("-n", "1", "-o", "json", "-s", "loop.loop", "-r").expect(0) \
        .json_lines()[0]
    assert [loop["loop"] for loop in line["loops"]] == \
        ["iothread1", "iothread0", "main-loop"]


def test_programs_see_an_order_of_all_digits():
    class Uneven(Model):
        def advance(self, *args, **kwargs):
            super().advance(*args, **kwargs)
            for number, source in enumerate(self.loops[0]["sources"]):
                source["busy-ns"] += number * 100_000  # of a second

    line, = sample("-n", "1", "-o", "json",
                   script=lambda peer: peer.serve(Uneven(loops=1))) \
        .expect(0).json_lines()
    busy = [source["busy_percent"] for source in line["sources"]]
    assert len(set(busy)) == 3, busy
    assert busy == sorted(busy, reverse=True), busy


def test_sort_help_lists_the_columns():
    out = run("-s", "help").expect(0).out.decode()
    for name in ("busy", "p99.9", "delay-p99", "loop.cpu", "loop.run-queue"):
        assert re.search(rf"^ [ *] {re.escape(name)} ", out, re.M), name
    # Each of them can be asked for
    names = re.findall(r"^ [ *] (\S+) ", out, re.M)
    assert len(names) > 40
    for name in names:
        assert run("-s", name, "-c", name, "--version").status == 0, name


def test_top():
    assert len(sources("-t", "5")) == 5
    assert len(sources("-t", "500")) == 12


def test_filter():
    assert {source["id"] for source in sources("-f", "vq1$")} == {1}
    assert len(sources("-f", "!vq1$")) == 11
    assert len(sources("-f", "iothread[01]")) == 8
    assert len(sources("-f", "^fd-read$")) == 12


def test_loop():
    line = sample("-n", "1", "-o", "json", "-L", "iothread1").expect(0) \
        .json_lines()[0]
    assert [loop["loop"] for loop in line["loops"]] == ["iothread1"]
    assert {source["loop"] for source in line["sources"]} == {"iothread1"}


def test_filter_that_matches_nothing():
    for args in ([], ["-o", "json"], ["-o", "csv"]):
        result = sample("-n", "3", *args, "-f", "nothing").expect(0)
        assert result.err.decode() == \
            "qemu-aiotop: the filter matches nothing at present\n"
        assert result.out
        for word in ("iothread0", "vq1$", "!iothread0"):
            assert not sample("-n", "1", *args, "-f", word).expect(0).err


def test_loop_that_is_not_there():
    for args in ([], ["-o", "json"], ["-o", "csv"], ["--cumulative"]):
        result = sample(*args, "-L", "iothread\n")
        result.expect_failure("no loop is named iothread\\n; there is "
                              "main-loop, iothread0, iothread1")
        assert not result.out

    def many(peer):
        peer.serve(Model(20, 1))

    sample("-L", "x", script=many) \
        .expect_failure("there is main-loop, ", "iothread14 and 4 more")

    def ends(peer):
        model = Model(3, 1)
        peer.negotiate()
        for _ in range(3):
            request = peer.receive()
            model.advance()
            peer.send({"return": model.reply(), "id": request["id"]})
            model.loops = model.loops[:2]

    # One that ends later does not end it
    lines = sample("-n", "2", "-o", "json", "-L", "iothread1", script=ends) \
        .expect(0).json_lines()
    assert [len(line["loops"]) for line in lines] == [0, 0]


def test_columns():
    out = sample("-n", "1", "-c", "name,p99,loop.loop,loop.cpu").expect(0) \
        .out.decode()
    blocks = out.split("\n\n")
    assert blocks[1].split("\n")[0].split() == ["LOOP", "CPU%"]
    assert blocks[2].split("\n")[0].split() == ["NAME", "P99"]
    rows = sample("-n", "1", "-o", "csv", "-c", "name,loop.cpu").expect(0) \
        .csv_rows()
    assert list(rows[0]) == ["time", "time_ns", "interval_ns", "pid",
                             "vm_name", "record", "cpu_percent", "name"]
    copied = ",".join(rows[0])
    again = sample("-n", "1", "-o", "csv", "-c", copied).expect(0).csv_rows()
    assert list(again[0]) == list(rows[0])
    sample("-c", "time,pid").expect_failure(
        "-c names nothing but what is of a whole sample", status=2)
    sample("-s", "time").expect_failure(
        '"time" is of a whole sample, and no column', status=2)
    line = sample("-n", "1", "-o", "json", "-c", "calls,loop.cpu") \
        .expect(0).json_lines()[0]
    assert {tuple(source) for source in line["sources"]} == {("calls",)}
    assert {tuple(loop) for loop in line["loops"]} == {("cpu_percent",)}


def test_times_are_of_the_clock():
    row = sample("-n", "1", "-o", "csv").expect(0).csv_rows()[0]
    line = sample("-n", "1", "-o", "json").expect(0).json_lines()[0]
    for text in (row["time"], line["time"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text)
        assert datetime.datetime.fromisoformat(text).year >= 2024
    row = sample("--stalls", "-o", "csv", script=stalled).expect(0) \
        .csv_rows()[0]
    assert row["time"].endswith("Z")


def test_table_without_named_columns_is_left_out():
    out = sample("-n", "1", "-c", "name").expect(0).out.decode()
    assert [block.split("\n")[0] for block in out.split("\n\n")[1:]] == \
        ["NAME", ""]
    rows = sample("-n", "1", "-o", "csv", "-c", "loop.cpu").expect(0) \
        .csv_rows()
    assert {row["record"] for row in rows} == {"loop"}
    line = sample("-n", "1", "-o", "json", "-c", "name").expect(0) \
        .json_lines()[0]
    assert "loops" not in line and len(line["sources"]) == 12


def test_cumulative_needs_one_snapshot():
    def script(peer):
        peer.serve(Model(), snapshots=1)

    line = sample("--cumulative", "-o", "json", script=script).expect(0) \
        .json_lines()
    assert len(line) == 1 and line[0]["cumulative"]
    assert line[0]["interval_ns"] == 2_000_000_000
    assert len(sample("--cumulative", "-n", "3", "-o", "json").expect(0)
               .json_lines()) == 3


def test_silent_sources_are_left_out_of_text_only():
    def script(peer):
        model = Model(1, 2)
        model.advance()
        peer.negotiate()
        while (request := peer.receive()):
            reply = model.reply()
            model.time_ns += 1_000_000_000
            peer.send({"return": reply, "id": request["id"]})

    out = sample("-n", "1", script=script).expect(0).out.decode()
    assert "virtio_queue" not in out
    assert len(sample("-n", "1", "-o", "json", script=script).expect(0)
               .json_lines()[0]["sources"]) == 2


def test_color():
    assert b"\033" not in sample("-n", "1").expect(0).out
    assert b"\033" in sample("-n", "1", "--color", "always").expect(0).out


def test_usage_errors():
    for args in (["--nonsense"], ["-n", "0"], ["-n", "x"], ["-n"],
                 ["-n", "99999999999"], ["-d", "0"], ["-d", "-1"],
                 ["-d", "nan"], ["-d", "1e9"], ["-d", "x"], ["-t", "0"],
                 ["-o", "xml"], ["-s", "nonsense"], ["-s", "loop.nonsense"],
                 ["-c", "busy,nonsense"], ["-c", ""], ["-f", "("],
                 ["-f", "![z-a]"], ["--color", "perhaps"],
                 ["--stall-ms", "0"], ["a", "b"], [""]):
        result = run("-b", *args)
        result.expect_failure("help lists", status=2)
        # One list is enough
        assert result.err.count(b"help lists") == 1, result.err
        assert not result.out, args


def test_help_and_version():
    out = run("--help").expect(0).out.decode()
    for option in ("--list", "--batch", "--iterations", "--delay", "--output",
                   "--sort", "--reverse", "--top", "--filter", "--loop",
                   "--columns", "--cumulative", "--diagnose", "--stacks",
                   "--check", "--stalls", "--requests", "--threads",
                   "--stall-ms", "--enable",
                   "--color", "--ascii", "--version"):
        assert option in out, option
    assert re.fullmatch(r"qemu-aiotop \d+\.\d+\.\d+\n",
                        run("--version").expect(0).out.decode())


tap.main([value for name, value in list(globals().items())
          if name.startswith("test_")])
