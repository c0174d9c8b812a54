#!/usr/bin/python3
# What the exporter serves of VMs that come, go and have the same name
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json
import os
import pwd
import signal
import socket
import subprocess

import tap
from alone import be_alone
from exporter import OPENMETRICS, Exporter, export, promtool
from fake import OF_NOBODY, OWN_SERVER, new_name, vm
from program import HANG_S, Directory

# Takes a connection and says nothing
SILENT = """
own = socket.socket(socket.AF_UNIX)
own.bind({path!r})
own.listen()
print("serving", flush=True)
sys.stdin.read()
"""

LISTENS_NOWHERE = """
print("idle", flush=True)
sys.stdin.read()
"""


def test_metrics():
    name = new_name()
    with Directory() as directory, vm(directory, name) as qemu, \
            Exporter() as exporter:
        metrics = exporter.wait_until_up(name)
        info, = metrics.find("vm_info")
        assert info.labels["pid"] == str(qemu.pid), info
        assert info.labels["qemu_version"] == "10.0.0 (Debian)", info
        assert metrics.value("status") == 0
        assert metrics.value("verdict", qemu_aiotop_verdict="healthy") == 1
        assert metrics.value("loop_dispatch_age_seconds", loop="main-loop") == 0
        calls = metrics.find("source_calls_total", loop="main-loop")
        assert {sample.labels["label"] for sample in calls} == \
            {"vd0/vq1", "vd0/vq2", "vd0/vq3", ""}, calls
        # Of the busiest, which are all, and they do something
        later = exporter.wait_for(name, lambda later: later.value(
            "source_calls_total", label="vd0/vq1") > calls[0].value + 1000)
        assert later.value("source_calls_total", loop="main-loop",
                           callback="(other)") == 0
        count = later.value("loop_dispatch_duration_seconds_count",
                            loop="main-loop")
        assert count == sum(sample.value for sample in later.find(
            "source_calls_total", loop="main-loop")), count


def test_formats():
    with Directory() as directory, vm(directory, new_name()), \
            Exporter() as exporter:
        for accept in (OPENMETRICS, "", "text/plain"):
            # It may not know yet
            status = 503
            while status == 503:
                status, headers, body = exporter.get("/metrics", accept)
            assert status == 200
            assert body.endswith(b"# EOF\n") == (accept == OPENMETRICS)
            if accept != OPENMETRICS:
                assert headers["Content-Type"] == \
                    "text/plain; version=0.0.4; charset=utf-8", headers
                assert promtool(body) == (0, ""), promtool(body)


def test_the_same_for_all():
    name = new_name()
    with Directory() as directory, vm(directory, name), \
            Exporter("-d", "60") as exporter:
        exporter.wait_for(name, lambda metrics: metrics and
                          metrics.value("up") == 1)
        # Without a round in between, a rendering is good for a while
        renderings = [sample.value for _ in range(50)
                      for sample in exporter.metrics().find(
                          "exporter_renderings_total")]
        assert len(set(renderings)) < 50, renderings


def test_pages():
    name = new_name() + "<\"&"
    with Directory() as directory, vm(directory, name), \
            Exporter() as exporter:
        exporter.wait_until_up(name)
        status, headers, body = exporter.get("/")
        assert (status, headers["Content-Type"]) == \
            (200, "text/html; charset=utf-8")
        assert name.replace("&", "&amp;").replace("<", "&lt;") \
            .replace('"', "&quot;") in body.decode(), body
        assert name not in body.decode()
        status, headers, body = exporter.get("/sd")
        assert (status, headers["Content-Type"]) == (200, "application/json")
        target, = [target for target in json.loads(body)
                   if target["labels"]["__param_vm"] == name]
        assert target == {"targets": [exporter.address], "labels": {
            "__param_vm": name, "instance": f"{exporter.address}/{name}",
            "host": exporter.address}}
        assert exporter.get("/other")[0] == 404
        assert exporter.get("/metrics/")[0] == 404
        assert exporter.get("/metrics?vm=" + new_name())[0] == 404
        status, headers, _ = exporter.get("/metrics", method="POST")
        assert (status, headers["Allow"]) == (405, "GET")
        assert exporter.get("/%ff")[0] == 400


def test_two_of_a_name():
    name = new_name()
    with Directory() as directory, Exporter() as exporter, \
            vm(directory, name) as first:
        info, = exporter.wait_until_up(name).find("vm_info")
        assert info.labels["pid"] == str(first.pid)
        with vm(directory, name) as second:
            numbered = f"{name}#{second.pid}"
            info, = exporter.wait_until_up(numbered).find("vm_info")
            assert info.labels["pid"] == str(second.pid)
            assert info.labels["name"] == name
            # Whoever had it first has it still
            info, = exporter.metrics(name).find("vm_info")
            assert info.labels["pid"] == str(first.pid)
            first.__exit__()
            exporter.wait_for(name, lambda metrics: metrics is None)
            # Its series must not become the other one's
            assert exporter.wait_until_up(numbered)


def test_of_another_user():
    """A name is not the one's who has it first."""
    name = new_name()
    # Which may not be another user's
    nobody = os.getuid() == 0 and pwd.getpwuid(65534).pw_name
    label = f"{name}@{nobody}" if nobody else name
    with Directory() as directory:
        os.chmod(directory.name, 0o777)
        with vm(directory, name, OF_NOBODY + OWN_SERVER) as other, \
                Exporter() as exporter, Exporter("-u0") as of_root:
            info, = exporter.wait_until_up(label).find("vm_info")
            assert info.labels["pid"] == str(other.pid), info
            if not nobody:
                return
            assert info.labels["user"] == nobody, info
            with vm(directory, name) as own:
                # One of them is connected to it, and both tell of it
                for one in (exporter, of_root):
                    info, = one.wait_for(name, lambda metrics: metrics).find(
                        "vm_info")
                    assert info.labels["pid"] == str(own.pid), info
                    assert info.labels["user"] == "root", info
                assert of_root.metrics(label) is None
                assert of_root.metrics().value("vms") < \
                    exporter.metrics().value("vms")
            status, _, body = exporter.get("/metrics")
            assert status == 200 and promtool(body) == (0, ""), promtool(body)


def test_a_restart():
    name = new_name()
    with Directory() as directory, Exporter() as exporter:
        with vm(directory, name) as first:
            exporter.wait_until_up(name)
            before = exporter.wait_for(name, lambda metrics: metrics.value(
                "loop_iterations_total", loop="main-loop") > 4000)
        with vm(directory, name) as second:
            after = exporter.wait_for(
                name, lambda metrics: metrics and
                metrics.find("vm_info", pid=str(second.pid)) and
                metrics.value("up") == 1)
            assert first.pid != second.pid
            # Which is a reset, and no other series
            iterations = after.value("loop_iterations_total", loop="main-loop")
            assert iterations < before.value("loop_iterations_total",
                                             loop="main-loop"), iterations


def test_killed():
    name = new_name()
    with Directory() as directory, Exporter() as exporter:
        with vm(directory, name) as qemu:
            exporter.wait_until_up(name)
            qemu.process.kill()
            exporter.wait_for(name, lambda metrics: metrics is None)
        assert exporter.metrics() is not None


def test_stopped():
    name = new_name()
    with Directory() as directory, vm(directory, name) as qemu, \
            Exporter() as exporter:
        exporter.wait_until_up(name)
        qemu.process.send_signal(signal.SIGSTOP)
        stopped = exporter.wait_for(name, lambda metrics: metrics.find(
            "finding", **{"class": "stopped"}))
        assert stopped.value("up") == 0 and stopped.value("status") == 2
        # What was there before is not repeated
        assert not stopped.find("loop_iterations_total"), stopped.text
        qemu.process.send_signal(signal.SIGCONT)
        again = exporter.wait_until_up(name)
        assert not again.find("finding", **{"class": "stopped"})


def test_not_before_it_is_known():
    """Nobody is told that there are no VMs while they are being asked."""
    name = new_name()
    with Directory() as directory:
        # A round with it lasts as long as one may
        with vm(directory, name, SILENT), Exporter() as exporter:
            for path in ("/metrics", "/sd", "/"):
                status = 503
                while status == 503:
                    status, _, body = exporter.get(path)
                assert status == 200 and name in body.decode(), (path, body)


def test_reasons():
    """Why a VM is not up: each is another one's matter."""
    silent, refused = new_name(), new_name()
    with Directory() as directory, vm(directory, silent, SILENT), \
            vm(directory, refused, LISTENS_NOWHERE), Exporter() as exporter:
        for name, reason in ((silent, "silent"), (refused, "refused")):
            metrics = exporter.wait_for(name, lambda metrics: metrics and
                                        metrics.value("unanswered",
                                                      reason=reason) == 1)
            assert metrics.value("up") == 0
            assert sum(sample.value
                       for sample in metrics.find("unanswered")) == 1


def test_unix_socket():
    with Directory() as directory:
        path = directory.path("http")
        process = subprocess.Popen(
            [os.environ["QEMU_AIOTOP"], "export", "--listen", path],
            stderr=subprocess.PIPE)
        assert process.stderr.readline() == \
            f"qemu-aiotop: serving metrics at {path}\n".encode()
        assert os.stat(path).st_mode & 0o777 == 0o660
        client = socket.socket(socket.AF_UNIX)
        client.connect(path)
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 ")
        client.close()
        process.terminate()
        assert process.wait(HANG_S) == 0
        assert not os.path.exists(path)
        process.stderr.close()


def test_command_line():
    for arguments, words in (
            (["vm1"], ["without TARGET", "name:export"]),
            (["--listen="], ["--listen", "where"]),
            (["-d", "x"], ["-d", '"x"']),
            (["-d0"], ["-d", "0.01"]),
            (["--stall-ms", "0"], ["--stall-ms", "1 to"]),
            (["--request-ms", "-1"], ["--request-ms"]),
            (["--timeout", "x"], ["--timeout"]),
            (["--textfile", "/etc/motd"], ["--textfile", ".prom", "motd"]),
            (["--user", "no such user"], ["--user", '"no such user"']),
            (["--nonsense"], ["--nonsense"]),
            (["--check"], ["--check"])):
        export(*arguments).expect_failure(*words, "export --help", status=2)
    export("--listen", "localhost").expect_failure("cannot listen at localhost",
                                                   "ADDRESS:PORT")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        export("--listen", address).expect_failure(
            f"cannot listen at {address}", "in use")
    help_text = export("--help").expect(0).out.decode()
    assert help_text.startswith("Usage:\n  qemu-aiotop export [OPTION...]"), \
        help_text
    assert help_text.isascii()
    assert export("-V").expect(0).out.startswith(b"qemu-aiotop ")


be_alone()
tap.main([value for name, value in list(globals().items())
          if name.startswith("test_")])
