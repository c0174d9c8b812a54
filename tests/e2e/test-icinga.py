#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The command for Icinga, run by a real Icinga, of VMs that are well.

What its expressions make of a host's variables only Icinga knows.
"""

import functools
import getpass
import grp
import os
import re
import shutil

import client
import processes
import tap
from prometheus import CONTRIB
from tap import check, equal, test, wait_for
from vm import vm

CONFIG = """
include "{command}"
library "checker"
object CheckerComponent "checker" {{ }}
object FileLogger "log" {{
  severity = "notice"
  path = "{log}"
}}
object CheckCommand "alive" {{ command = [ "/bin/true" ] }}
template Host "with-vms" {{
  check_command = "alive"
  vars.qemu = true
}}
object Host "all" {{ import "with-vms" }}
object Host "some" {{
  import "with-vms"
  vars.qemu_aiotop_filter = "^b"
  vars.qemu_aiotop_users = "{user}"
  vars.qemu_aiotop_warn = [ "dispatch=200", "delay-p99=1h" ]
}}
object Host "one" {{
  import "with-vms"
  vars.qemu_aiotop_vm = "vm1"
  vars.qemu_aiotop_filter = "ignored"
}}
object Host "none" {{
  import "with-vms"
  vars.qemu_aiotop_vm = "gone"
}}
"""


@functools.lru_cache(maxsize=None)
def log():
    """What Icinga notes of itself: the file's path."""
    home = processes.path("icinga")
    os.mkdir(home)
    command = os.path.join(home, "command.conf")
    with open(os.path.join(CONTRIB, "icinga2/qemu-aiotop.conf")) as file:
        text = file.read()
    for shipped, here in (("/usr/bin/qemu-aiotop", client.program()),
                          ("check_interval = 1m", "check_interval = 2s")):
        equal(text.count(shipped), 1, f"lines with {shipped}")
        text = text.replace(shipped, here)
    with open(command, "w") as file:
        file.write(text)
    config = os.path.join(home, "icinga2.conf")
    with open(config, "w") as file:
        file.write(CONFIG.format(command=command, user=getpass.getuser(),
                                 log=os.path.join(home, "log")))
    directories = []
    for name in ("DataDir", "InitRunDir", "CacheDir", "LogDir", "SpoolDir"):
        os.mkdir(os.path.join(home, name))
        directories.append(f"-D{name}={os.path.join(home, name)}")
    program = shutil.which("icinga2", path=os.defpath + ":/usr/sbin:/sbin")
    check(program, "icinga2 is missing: scripts/deps --install")
    processes.start([program, "daemon", "-c", config, *directories], env={
        **os.environ, "ICINGA2_USER": getpass.getuser(),
        "ICINGA2_GROUP": grp.getgrgid(os.getgid()).gr_name})
    return os.path.join(home, "log")


def status_of(*wanted):
    """The status of the check whose arguments are these, of whatever it is."""
    arguments = " ".join(f"'{word}'" for word in wanted)
    line = re.compile(r"PID \d+ \('\S+/qemu-aiotop' '--check' " +
                      re.escape(arguments) +
                      r"\) terminated with exit code (\d)")

    def status():
        path = log()
        if os.path.exists(path):
            with open(path) as file:
                return line.search(file.read())
        return None

    return int(wait_for(f"a check with {arguments}", status)[1])


ALWAYS = ("--since", "90s", "--timeout", "9")
# A host that has too little CPU for its VMs is a warning
WELL = (0, 1)


@test("a host without a VM's name is checked whole")
def all_of_them():
    check(status_of("--host", *ALWAYS, "-d", "1") in WELL, "it is well")


@test("a filter, users and thresholds are handed on")
def some_of_them():
    check(status_of("--host", *ALWAYS, "--warn", "dispatch=200", "--warn",
                    "delay-p99=1h", "-d", "1", "-f", "^b", "-u",
                    getpass.getuser()) in WELL, "they are well")


@test("with a VM's name, that VM is checked, and no filter")
def one_of_them():
    check(status_of(*ALWAYS, "-d", "1", "name:vm1") in WELL, "it is well")


@test("a VM that is not there is unknown")
def none_of_them():
    equal(status_of(*ALWAYS, "-d", "1", "name:gone"), 3, "status")


if __name__ == "__main__":
    # All of a host are those of this test
    processes.be_alone()
    with vm("vm1", "-name", "vm1"), vm("b1", "-name", "b1"):
        tap.main()
