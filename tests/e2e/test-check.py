#!/usr/bin/python3
# What a monitoring system gets, with its own plug-in "negate" in between
#
# SPDX-License-Identifier: GPL-2.0-or-later

import client
import processes
from qemu import StorageDaemon
from tap import check, equal, test
import tap

NEGATE = "/usr/lib/nagios/plugins/negate"


def plugin(*arguments):
    """Status, output and complaint of the check, and of its negation."""
    argv = ["--check", "-d", "0.5", "--since", "0", "--stall-ms", "60000",
            *arguments]
    negated = processes.run([NEGATE, "-s", client.program(), *argv])
    return client.run(*argv), negated


@test("OK and CRITICAL are what negate takes them for")
def negate():
    daemon = StorageDaemon("negated", ["null-co"])
    for arguments, status, word, opposite, other in (
            ([], 0, "OK", 2, "CRITICAL"),
            (["--crit", "dispatch=@0:100"], 2, "CRITICAL", 0, "OK"),
            (["--warn", "dispatch=@0:100"], 1, "WARNING", 1, "WARNING")):
        plain, negated = plugin(*arguments, daemon.socket)
        equal((plain[0], plain[2]), (status, ""), f"status, after {plain[1]!r}")
        check(plain[1].startswith(f"QEMU-AIOTOP {word} - "), plain[1])
        equal(negated[0], opposite, f"negated status, after {negated[1]!r}")
        check(negated[1].startswith(f"QEMU-AIOTOP {other} - ") and
              " | loops=" in negated[1], negated[1])
    daemon.stop()
    plain, negated = plugin(daemon.socket)
    equal((plain[0], negated[0]), (3, 3), "status when QEMU has ended")
    check(negated[1].startswith("QEMU-AIOTOP UNKNOWN - "), negated[1])


if __name__ == "__main__":
    tap.main()
