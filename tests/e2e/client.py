# SPDX-License-Identifier: GPL-2.0-or-later
"""The client under test: AIOTOP_BUILD is the build directory it is in."""

import json
import os

import processes
import qemu
import tap


def program():
    """The path of qemu-aiotop."""
    return os.path.join(qemu.setting("AIOTOP_BUILD", "build directory of "
                                     "qemu-aiotop"),
                        "qemu-aiotop/qemu-aiotop")


def run(*arguments, timeout_s=300, **options):
    """Runs it to its end: the status, and what it wrote to both streams."""
    return processes.run([program(), *arguments], timeout_s, **options)


def start(*arguments, **options):
    """A running one."""
    return processes.start([program(), *arguments], **options)


def strict_json(text):
    """What one JSON document says, by the letter of the standard."""
    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    def members(pairs):
        names = [name for name, _ in pairs]
        tap.equal(len(set(names)), len(names), f"number of {names}")
        return dict(pairs)

    return json.loads(text, parse_constant=refuse, object_pairs_hook=members)


def documents(text):
    """The samples of JSON output, each a line."""
    tap.check(not text or text.endswith("\n"), "the last line has no end")
    return [strict_json(line) for line in text.splitlines()]


def samples(*arguments):
    """The samples that it writes, successfully and without a complaint."""
    status, out, err = run("-b", "-o", "json", *arguments)
    tap.equal((status, err), (0, ""), f"status and complaint of {arguments}")
    return documents(out)


def check_failure(result, *words, status=1):
    """That it failed with one line, which has all these words."""
    got, out, err = result
    tap.equal(got, status, f"status, after {err!r}")
    tap.equal(out, "", "standard output")
    lines = err.splitlines()
    tap.equal(len(lines), 1, f"number of lines in {err!r}")
    tap.check(lines[0].startswith("qemu-aiotop: "), f"it says {lines[0]!r}")
    for word in words:
        tap.check(word in lines[0], f"no {word!r} in {lines[0]!r}")
    return lines[0]
