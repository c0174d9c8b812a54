# SPDX-License-Identifier: GPL-2.0-or-later
"""What --diagnose and --check find in a running QEMU."""

import time

import client
from tap import check, equal, note, wait_for

# what the machine makes of it that all of this runs on
OF_THE_HOST = {"not-scheduled", "stalled", "cpu-elsewhere", "late-neighbour"}


def list_findings(target, *options):
    status, out, err = client.run("--diagnose", "-o", "json", "-d", "0.5",
                                  *options, str(target))
    equal((status, err), (0, ""), "status and complaint")
    document, = client.documents(out)
    return document["findings"]


def diagnose(target, *options, loop=None):
    """The findings, by class, of a loop or all."""
    return {finding["class"]: finding
            for finding in list_findings(target, *options)
            if loop in (None, finding["loop"])}


def find(target, kind, *words, options=(), loop=None):
    """The finding of a class, which says all of the words; waits for it.

    @loop: which one it is about; None: any
    """
    found = {}

    def attempt():
        found.update(diagnose(target, *options, loop=loop))
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


def check_only(target, kind, node):
    """That of all nodes with requests one is found, and nothing else is."""
    found = [(finding["class"], finding.get("node"))
             for finding in list_findings(target)
             if finding["class"] not in OF_THE_HOST]
    equal(found, [(kind, node)], "what is found")


def check_status(target, wanted, kind, seconds=0.5):
    """That --check ends with this, and says the kind."""
    status, out, err = client.run("--check", "-d", str(seconds), str(target))
    equal((status, err), (wanted, ""), f"status and complaint, after {out!r}")
    check(f"{kind}" in out.partition(" | ")[0], f"it says {out!r}")


def check_critical(target, kind, seconds=0.5):
    check_status(target, 2, kind, seconds)


def check_nothing_until(target, end, *apart):
    """That nothing is said up to then, a value of time.monotonic().

    What is said by a look that takes longer does not count, so that this does
    not depend on how fast the machine is.  @apart: classes that may be said.
    """
    looks = 0
    while True:
        found = diagnose(target)
        if time.monotonic() >= end:
            break
        check(set(found) <= OF_THE_HOST | {"healthy", *apart},
              f"found were {found}")
        looks += 1
    if not looks:
        note("no look was over in time")
