#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The exporter, on real QEMUs, with a real Prometheus that scrapes it."""

import contextlib
import functools
import json
import os
import shutil
import subprocess

import client
import processes
import tap
from guest import Guest
from prometheus import CONTRIB, Exporter, Prometheus
from qemu import StorageDaemon
from tap import check, equal, test, wait_for
from vm import vm

# from when on the rule for a VM that is stuck raises the alert, and then some
# for a machine that does other things too
ALERT_S = 30
ALERT_DEADLINE_S = ALERT_S + 120


@functools.lru_cache(maxsize=None)
def guest():
    """A VM whose guest uses its disks."""
    running = Guest("demo", ["steady"])
    running.wait_for("ready")
    return running


@functools.lru_cache(maxsize=None)
def daemons():
    """More QEMUs, without a name."""
    return [StorageDaemon(f"daemon{number}", ["null-co"])
            for number in range(3)]


@functools.lru_cache(maxsize=None)
def exporter():
    guest(), daemons()
    return Exporter()


@functools.lru_cache(maxsize=None)
def prometheus():
    return Prometheus(exporter())


@contextlib.contextmanager
def stuck(name="stuck"):
    """Within it a VM's main loop is stuck in a command of the monitor, until
    what it gives is called."""
    fifo = processes.path("fifo")
    os.mkfifo(fifo)

    def release():
        with open(fifo, "rb") as file:
            file.read()
        os.unlink(fifo)

    with vm(name, "-name", name) as running, \
            running.monitor() as monitor:
        monitor.send("pmemsave", val=0, size=4096, filename=fifo)
        try:
            yield release
        finally:
            if os.path.exists(fifo):
                release()
        monitor.answer()


@test("the targets are up, one a host or one a VM, and OpenMetrics is spoken")
def targets():
    prometheus().wait_for('up{job="qemu-aiotop"} == 1')
    wait_for("a target for each VM", lambda: len(prometheus().query(
        'up{job="each-vm"} == 1')) == 4)
    (labels, _), = prometheus().wait_for(
        f'qemu_aiotop_up{{job="each-vm",vm="{guest().name}"}} == 1')
    equal(labels["instance"], f"{exporter().address}/{guest().name}",
          "instance")
    # the classic format has no such type
    metadata = wait_for("metadata", lambda: prometheus().api(
        "metadata", metric="qemu_aiotop_verdict"))
    equal(metadata["qemu_aiotop_verdict"][0]["type"], "stateset", "type")


@test("the disks of the demo are in queries")
def disks():
    name = guest().name
    for node, device, loop in (("disk0", "vd0", "iothread0"),
                               ("disk1", "vd1", "iothread1")):
        (_, rate), = prometheus().wait_for(
            "rate(qemu_aiotop_node_completed_requests_total"
            f'{{job="qemu-aiotop",vm="{name}",node="{node}"}}[20s]) > 0')
        prometheus().wait_for(
            'rate(qemu_aiotop_source_busy_seconds_total{job="qemu-aiotop",'
            f'vm="{name}",loop="{loop}",label="{device}/vq0"}}[20s]) > 0')
        (_, whole), = prometheus().wait_for(
            'sum(qemu_aiotop_source_calls_total{job="qemu-aiotop",'
            f'vm="{name}",loop="{loop}"}})')
        check(whole > 0 and rate > 0, (whole, rate))


def each_query():
    """The dashboard's panels, and their expressions for the demo's VM."""
    with open(f"{CONTRIB}/grafana/dashboard.json") as file:
        dashboard = json.load(file)
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"]
            for variable, value in (
                    ("$__rate_interval", "20s"), ("$job", "qemu-aiotop"),
                    ("$instance", exporter().address),
                    ("$vm", guest().name), ("$loop", "iothread0")):
                expression = expression.replace(variable, value)
            check("$" not in expression, f"{expression} has a variable")
            yield panel["title"], expression


def alert_of_callback():
    """Labels and annotations; there may be others, of who waits for it."""
    for labels, annotations in prometheus().alerts("QemuVmStuck"):
        if labels["class"] == "callback-stuck":
            return labels, annotations
    return None


@test("a stuck VM raises the alert, which names the callback; and each query"
      " of the dashboard has data")
def alert():
    prometheus()
    with stuck():
        labels, annotations = wait_for("the alert", alert_of_callback,
                                       ALERT_DEADLINE_S, 0.5)
        for name, value in (("vm", "stuck"), ("loop", "main-loop"),
                            ("callback", "do_qmp_dispatch_bh"),
                            ("label", "pmemsave")):
            equal(labels[name], value, name)
        check("do_qmp_dispatch_bh pmemsave" in annotations["summary"],
              annotations)
        check(annotations["description"].endswith(f" {labels['pid']}"),
              annotations)
        # It answers, and so is up; how long it has been stuck is told
        # a scrape that came too late leaves a gap
        (_, age), = prometheus().wait_for(
            'qemu_aiotop_loop_dispatch_age_seconds{job="qemu-aiotop",'
            'vm="stuck",loop="main-loop"}')
        check(age >= ALERT_S, f"age of the dispatch is {age}")
        equal(len(prometheus().wait_for(
            'qemu_aiotop_up{job="qemu-aiotop",vm="stuck"} == 1')), 1, "up")
        for title, expression in each_query():
            tap.note(f"{title}: {expression}")
            prometheus().wait_for(expression)
    wait_for("end of it", lambda: not prometheus().alerts("QemuVmStuck"))


def exemplars():
    """Labels of those that there are of stalls."""
    found = prometheus().api(
        "query_exemplars", start="0", end="9999999999",
        query='qemu_aiotop_stalls_total{job="qemu-aiotop",vm="released"}')
    return [exemplar["labels"] for series in found
            for exemplar in series["exemplars"]]


@test("the exemplar of a stall that is over says what it was")
def exemplar():
    # by another name than one that has been stuck before: for minutes that
    # may be what Prometheus tells
    with stuck("released") as release:
        prometheus().wait_for('qemu_aiotop_loop_dispatch_age_seconds'
                              '{vm="released",loop="main-loop"} > 1')
        release()
        # a machine that is busy may have had others, as of its start
        labels = wait_for("exemplar", lambda: next(
            (labels for labels in exemplars() if labels["callback"] ==
             "bh do_qmp_dispatch_bh pmemsave"), None))
    equal(labels["loop"], "main-loop", "loop")
    check(int(labels["stall_id"]) >= 1, labels)


@test("rules and configuration are what promtool takes, and do what they say")
def rules():
    directory = f"{CONTRIB}/prometheus"
    for arguments in (["check", "config", "prometheus.yml"],
                      ["check", "rules", "qemu-aiotop.rules.yml"],
                      ["test", "rules", "qemu-aiotop.test.yml",
                       "qemu-aiotop-week.test.yml"]):
        processes.check_run(["promtool", *arguments], cwd=directory,
                            timeout_s=1800)


@test("promtool finds nothing in the metrics of real QEMUs")
def lint():
    exporter().wait_for(f'qemu_aiotop_up{{vm="{guest().name}"}} 1')
    result = subprocess.run(["promtool", "check", "metrics"],
                            input=exporter().metrics(), text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            check=False)
    equal((result.returncode, result.stdout), (0, ""), "what it finds")


@test("a user who may use only some of the sockets")
def other_user():
    """Neither root, nor QEMU's: with a group that one of the sockets has."""
    one, two, _ = daemons()
    group = 54321
    os.chmod(processes.directory(), 0o711)
    os.chown(one.socket, -1, group)
    os.chmod(one.socket, 0o660)
    os.chmod(two.socket, 0o600)
    # where that user may execute it
    program = processes.path("qemu-aiotop")
    shutil.copy(client.program(), program)
    os.chmod(program, 0o755)
    served = Exporter(command=["setpriv", "--reuid=65534", f"--regid={group}",
                               "--clear-groups", program])
    served.wait_for(f'qemu_aiotop_up{{vm="qemu-storage-daemon#{one.pid}"}} 1')
    served.wait_for(f'qemu_aiotop_up{{vm="qemu-storage-daemon#{two.pid}"}} 0')
    served.wait_for('qemu_aiotop_unanswered{vm="qemu-storage-daemon#'
                    f'{two.pid}",reason="denied"}} 1')
    check('loop="iothread0"' in served.metrics(), "no loop is served")
    served.stop()
    os.chmod(two.socket, 0o755)


@test("a full disk leaves the file as it was, and it goes on once there is room")
def full_disk():
    daemons()  # without a VM there is next to nothing in the file
    directory = processes.path("disk")
    os.mkdir(directory)
    # in this test's own name space
    processes.check_run(["mount", "-t", "tmpfs", "-o", "size=8M", "tmpfs",
                         directory])
    path = f"{directory}/aiotop.prom"

    def text():
        if not os.path.exists(path):
            return ""
        with open(path) as file:
            return file.read()

    writer = Exporter("--textfile", path)
    before = wait_for("the file", text)

    def complains():
        # what was about to replace the file may have left its place free
        with contextlib.suppress(OSError), \
                open(f"{directory}/filler", "ab", buffering=0) as filler:
            while filler.write(bytes(1 << 12)):
                pass
        return "No space left" in processes.output(writer.process, "stderr")

    wait_for("complaint", complains)
    full = text()
    check(full.count("# TYPE") >= before.count("# TYPE") > 10,
          "the file is not whole")
    # but for one that it tries with again
    wait_for("no other files", lambda: sorted(os.listdir(directory)) ==
             ["aiotop.prom", "filler"])
    os.unlink(f"{directory}/filler")
    wait_for("another one", lambda: text() != full)
    writer.stop()
    equal(os.listdir(directory), [], "files after its end")
    processes.check_run(["umount", directory])


if __name__ == "__main__":
    processes.be_alone()
    tap.main()
