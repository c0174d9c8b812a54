# SPDX-License-Identifier: GPL-2.0-or-later
"""What --diagnose and --check find in a running QEMU."""

import client
from tap import check, equal, wait_for

# what the machine makes of it that all of this runs on
OF_THE_HOST = {"not-scheduled", "stalled", "cpu-elsewhere", "late-neighbour"}


def diagnose(target, *options):
    """The findings, by class."""
    status, out, err = client.run("--diagnose", "-o", "json", "-d", "0.5",
                                  *options, str(target))
    equal((status, err), (0, ""), "status and complaint")
    document, = client.documents(out)
    return {finding["class"]: finding for finding in document["findings"]}


def find(target, kind, *words, options=()):
    """The finding of a class, which says all of the words; waits for it."""
    found = {}

    def attempt():
        found.update(diagnose(target, *options))
        return found.get(kind)

    try:
        finding = wait_for(kind, attempt)
    except AssertionError as error:
        raise AssertionError(f"{error}; found were {found}") from None
    text = f"{finding['evidence']} {finding['next_step']}"
    for word in words:
        check(word in text, f"no {word!r} in {text!r}")
    return finding


def check_nothing(target, *options):
    """That nothing is said but what the host is the cause of."""
    found = diagnose(target, *options)
    check(set(found) <= OF_THE_HOST | {"healthy"}, f"found were {found}")


def check_critical(target, kind):
    status, out, err = client.run("--check", "-d", "0.5", str(target))
    equal((status, err), (2, ""), f"status and complaint, after {out!r}")
    check(f"{kind}" in out.partition(" | ")[0], f"it says {out!r}")
