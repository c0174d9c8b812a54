#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""VMs of a real libvirtd, with the QEMU that the README has installed.

To be run in tests/libvirt/world.
"""

import functools
import os
import re
import shutil
import sys

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
sys.path.insert(0, os.path.join(TOP, "tests/e2e"))

import client  # noqa: E402
import processes  # noqa: E402
import tap  # noqa: E402
from tap import check, equal, test, wait_for  # noqa: E402

# The version of QEMU that the README names, and the one that is tried
README_VERSION = "v10.0"
VERSION = os.environ.get("AIOTOP_QEMU_VERSION", README_VERSION)
IMAGES = "/var/lib/libvirt/images"
EMULATOR = "/opt/qemu-aiotop/bin/qemu-system-x86_64"
# Emulated, on a machine that does other things too
BOOT_DEADLINE_S = 120

# What libvirt makes of an ordinary VM, and all that takes a feature of QEMU's
DESKTOP = """
    <graphics type='vnc'/>
    <graphics type='spice'/>
    <video><model type='qxl'/></video>
    <interface type='user'><model type='virtio'/></interface>
    <interface type='user'><model type='e1000'/></interface>
    <input type='tablet' bus='usb'/>
    <redirdev bus='usb' type='spicevmc'/>
    <channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
"""


def virsh(*arguments):
    """What virsh says. libvirtd may look into an emulator first."""
    return processes.check_run(["virsh", "-q", *arguments],
                               timeout_s=BOOT_DEADLINE_S)


@functools.lru_cache(maxsize=None)
def guest():
    """Kernel and initramfs, where QEMU's user may read them."""
    made = processes.check_run([os.path.join(TOP, "scripts/guest"), "build"],
                               timeout_s=300).split()[-1]
    for name in ("kernel", "initramfs"):
        shutil.copy(os.path.join(made, name), IMAGES)


def disk(name, target, number):
    """A disk on an iothread."""
    file = f"{IMAGES}/{name}-{target}.raw"
    with open(file, "wb") as image:
        image.truncate(16 << 20)
    return f"""
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw' iothread='{number}'/>
      <source file='{file}'/><target dev='{target}' bus='virtio'/>
    </disk>"""


def define(name, machine, emulator, devices=""):
    """Makes a VM known to libvirt: two disks, which its guest loads."""
    guest()
    path = processes.path(f"{name}.xml")
    with open(path, "w") as file:
        file.write(f"""
<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>256</memory>
  <iothreads>2</iothreads>
  <os>
    <type arch='x86_64' machine='{machine}'>hvm</type>
    <kernel>{IMAGES}/kernel</kernel>
    <initrd>{IMAGES}/initramfs</initrd>
    <cmdline>console=ttyS0 quiet no_timer_check job=steady</cmdline>
  </os>
  <features><acpi/></features>
  <devices>
    <emulator>{emulator}</emulator>
    {disk(name, 'vda', 1)} {disk(name, 'vdb', 2)}
    <serial type='file'><source path='{IMAGES}/{name}.console'/></serial>
    {devices}
  </devices>
</domain>""")
    virsh("define", path)


def wait_for_guest(name):
    """Waits until its guest loads the disks."""
    def ready():
        if virsh("domstate", name).strip() != "running":
            with open(f"/var/log/libvirt/qemu/{name}.log") as log:
                raise AssertionError(log.read())
        with open(f"{IMAGES}/{name}.console", errors="replace") as console:
            return re.search(r"^guest: ready\s*$", console.read(),
                             re.MULTILINE)

    wait_for(f"guest in {name}", ready, BOOT_DEADLINE_S)


def readme_commands():
    """The first block of README's section on libvirt, line by line.

    For another version of QEMU, that one is named instead.
    """
    with open(os.path.join(TOP, "README.md")) as file:
        section = file.read().split("\n## Under libvirt\n")[1]
    block = section.split("```\n")[1]
    if VERSION != README_VERSION:
        block = block.replace(f"qemu build {README_VERSION} ",
                              f"qemu build {VERSION} ")
        block = block.replace("qemu install ", f"qemu install {VERSION} ")
    return block.splitlines()


def type_in(line, **options):
    """Types a line in a shell of root's."""
    environment = {**os.environ, "PATH": os.pathsep.join([
        os.path.dirname(client.program()), os.environ["PATH"]])}
    return processes.check_run(
        ["bash", "-e", "-c", f'sudo() {{ "$@"; }}\n{line}'], cwd=TOP,
        env=environment, timeout_s=600, **options)


def shows_disks(out):
    """Whether the disks are there, by the names that libvirt gives them."""
    return all(re.search(rf"^iothread\d .* virtio-disk{number}/vq0 ", out,
                         re.MULTILINE) for number in (0, 1))


@test("README's commands end with a VM's disks by name")
def readme():
    *commands, last = readme_commands()
    # Where libvirt's daemon has only just begun
    wait_for("libvirtd", lambda: processes.run(["virsh", "uri"])[0] == 0)
    # It has another emulator at first
    define("vm1", "q35",
           type_in(f"scripts/qemu install {VERSION} /opt/before --full")
           .split()[-1])
    for line in commands:
        type_in(line)
    wait_for_guest("vm1")
    out = type_in(f"{last} -b -n 2 -d 2")
    tap.note(out)
    check(shows_disks(out), "no disks, or not by their names")
    check(f" QEMU {VERSION[1:]}." in out, f"not QEMU {VERSION[1:]}")


def as_user(groups, *arguments):
    """qemu-aiotop as another user, who is in these groups besides."""
    program = shutil.copy(client.program(), "/usr/local/bin")
    return processes.run(
        ["setpriv", "--reuid=nobody", "--regid=nogroup",
         f"--groups={groups}", program, *arguments])


@test("who is in the group of the socket's directory may look")
def group():
    status, out, err = as_user("aiotop", "-b", "-n", "2", "-d", "1", "vm1")
    equal(status, 0, f"status, after {err!r}")
    check(shows_disks(out), f"no disks in {out}")


@test("who is not in it is told so")
def no_group():
    client.check_failure(as_user("nogroup", "-b", "-n", "1", "vm1"),
                         "/run/qemu-aiotop/vm1.sock", "ermission")


@test("a VM of the default machine has all that a desktop takes")
def desktop():
    define("vm 2", "pc", EMULATOR, DESKTOP)
    virsh("start", "vm 2")
    wait_for_guest("vm 2")
    with open("/var/log/libvirt/qemu/vm 2.log") as log:
        check("rom" not in log.read().split("char device")[-1],
              "firmware is missing")


@test("--enable says what to type where the monitor is libvirt's")
def enable():
    _status, out, _err = client.run("--list")
    check("the QMP monitor is libvirt's" in out, out)
    said = client.check_failure(
        client.run("-b", "-n", "1", "--enable", "vm 2"),
        "virsh -c qemu:///system qemu-monitor-command '--domain=vm 2' ")
    type_in(said[said.index("virsh -c"):])
    out = type_in("qemu-aiotop -b -n 2 -d 2 'vm 2'")
    check(shows_disks(out), f"no disks in {out}")
    equal(virsh("domstate", "vm 2").strip(), "running", "its state")


@test("--check and --diagnose know a VM of libvirt's by its name")
def check_by_name():
    status, out, err = client.run("--check", "vm1")
    check(status in (0, 1, 2), f"{status} {out} {err}")
    status, out, err = client.run("--diagnose", "vm1")
    check("vm1" in out, f"{status} {out} {err}")


if __name__ == "__main__":
    tap.main()
