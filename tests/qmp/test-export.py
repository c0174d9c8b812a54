#!/usr/bin/python3
# What the exporter serves of VMs that come, go, hang and are called oddly
#
# SPDX-License-Identifier: GPL-2.0-or-later

import contextlib
import json
import os
import pwd
import resource
import signal
import socket
import subprocess
import threading
import time

import tap
from alone import be_alone
from exporter import OPENMETRICS, Exporter
from fake import OF_NOBODY, OWN_SERVER, FakeQemu
from program import HANG_S, Directory, run

# Stops in the middle of a reply once there is a file; says so in another one
CHOKING = """
import threading
from peer import encode

def serve(listener):
    connection = Connection(listener.accept()[0])
    connection.negotiate()
    model = Model()
    while request := connection.receive():
        model.advance()
        message = encode({{"return": model.reply(pid=os.getpid()),
                           "id": request["id"]}})
        if os.path.exists({flag!r}):
            connection.send(message[:len(message) // 2])
            open({flag!r} + ".done", "w")
            threading.Event().wait()
        connection.send(message)

own = socket.socket(socket.AF_UNIX)
own.bind({path!r})
own.listen()
threading.Thread(target=serve, args=[own], daemon=True).start()
print("serving", flush=True)
sys.stdin.read()
"""

# Has more sources each time than any QEMU lists when it is asked for so few
EXCESSIVE = OWN_SERVER.replace("model.reply(pid=os.getpid())", """excess(
                          model.reply(pid=os.getpid()))""").replace(
                              "own = socket", """
def excess(reply):
    reply["loops"][0]["sources"] += [
        {{"id": 100000 + number, "kind": "bh", "name": f"excess{{number}}",
          "calls": 1}} for number in range(2000)]
    return reply

own = socket""", 1)

# Has so many loops more, each time others, which are stuck
MANY_LOOPS = OWN_SERVER.replace("model.reply(pid=os.getpid())", """add(
                          model.reply(pid=os.getpid()))""").replace(
                              "own = socket", """
def add(reply):
    since = 9_100_000_000
    reply["loops"] += [
        {{"name": f"l{{reply['sequence']}}-{{number}}",
          "thread-id": 2_000_000 + number, "since-ns": since, "iterations": 1,
          "dispatches": 1, "state": "dispatching", "state-since-ns": since,
          "stack": [{{"source-id": 1, "since-ns": since}}],
          "sources": [{{"id": 1, "kind": "bh", "name": "f", "calls": 1}}]}}
        for number in range({more})]
    return reply

own = socket""", 1)

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

numbers = iter(range(1000))


def new_name():
    """That no VM has here, whatever else runs."""
    return f"test-{os.getpid()}-{next(numbers)}"


def vm(directory, name, work=OWN_SERVER, **words):
    """A QEMU with a profile, by this name."""
    path = directory.path(f"s{next(numbers)}")
    return FakeQemu("-name", f"guest={name.replace(',', ',,')}", "-object",
                    "event-loop-profiler,id=p,socket.type=unix,"
                    f"socket.path={path}", work=work.format(path=path, **words))


def promtool(text):
    """What Prometheus' tool finds in the classic format."""
    result = subprocess.run(["promtool", "check", "metrics"], input=text,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            check=False)
    return result.returncode, result.stdout.decode()


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


def test_far_too_many_sources():
    """They are counted together, and nobody is held up to judge them."""
    name = new_name()
    with Directory() as directory, vm(directory, name, EXCESSIVE), \
            Exporter() as exporter:
        metrics = exporter.wait_for(name, lambda metrics: metrics and
                                    metrics.find("loop_iterations_total"))
        for _ in range(2):
            before = metrics.value("loop_iterations_total", loop="main-loop")
            metrics = exporter.wait_for(name, lambda metrics: metrics.value(
                "loop_iterations_total", loop="main-loop") > before)
        assert metrics.value("up") == 1 and not metrics.find("status")
        assert len(metrics.find("source_calls_total", loop="main-loop")) <= 21


def test_many_loops():
    """What a peer makes up anew each time has few series, or none."""
    some, many = new_name(), new_name()
    with Directory() as directory, \
            vm(directory, some, MANY_LOOPS, more=100), \
            vm(directory, many, MANY_LOOPS, more=2000), \
            Exporter() as exporter:
        metrics = exporter.wait_until_up(some)
        assert metrics.value("status") == 2
        assert len(metrics.find("finding")) == 16, metrics.find("finding")
        assert metrics.value("findings_left_out") >= 84
        metrics = exporter.wait_for(many, lambda metrics: metrics and
                                    metrics.find("loop_iterations_total"))
        assert metrics.value("up") == 1 and not metrics.find("status")
        assert not metrics.find("finding"), metrics.find("finding")


def test_hangs_in_a_reply():
    name, other = new_name(), new_name()
    with Directory() as directory, \
            vm(directory, name, CHOKING, flag=directory.path("flag")), \
            vm(directory, other), Exporter() as exporter:
        exporter.wait_until_up(name)
        exporter.wait_until_up(other)
        with open(directory.path("flag"), "w"):
            pass
        choked = exporter.wait_for(name, lambda metrics: metrics.value(
            "up") == 0)
        assert os.path.exists(directory.path("flag.done"))
        choked = exporter.wait_for(name, lambda metrics: metrics.value(
            "unanswered", reason="silent") == 1)
        for gone in ("loop_iterations_total", "source_calls_total", "status"):
            assert not choked.find(gone), choked.text
        # It holds up nobody: neither scrapes nor other VMs
        ages = set()
        while len(ages) < 3:
            metrics = exporter.wait_until_up(other)
            ages.add(metrics.value("loop_iterations_total", loop="main-loop"))


def test_odd_names():
    names = [new_name() + odd for odd in
             ('"quoted\\', "line\nbreak} 1\n# EOF\n", "\x1b[2J\u202e", "x" * 4096,
              "x" * 4096)]
    with Directory() as directory, contextlib.ExitStack() as stack, \
            Exporter() as exporter:
        pids = {str(stack.enter_context(vm(directory, name)).pid)
                for name in names}
        pids.add(str(stack.enter_context(
            vm(directory, new_name() + "\udcff\udcfe")).pid))
        metrics = exporter.wait_for(None, lambda metrics: metrics and pids <= {
            info.labels["pid"] for info in metrics.find("vm_info")})
        labels = [info.labels["vm"] for info in metrics.find("vm_info")
                  if info.labels["pid"] in pids]
        assert len(set(labels)) == len(pids), labels
        for label in labels:
            assert label.isprintable() and len(label.encode()) < 200, label
            # Each is found by its label
            exporter.wait_until_up(label)
        status, _, body = exporter.get("/metrics")
        assert status == 200 and promtool(body) == (0, ""), promtool(body)


def test_many_scrapes():
    """As many as can be, at once: all are answered, and each with all."""
    name = new_name()
    with Directory() as directory, vm(directory, name), \
            Exporter() as exporter:
        exporter.wait_until_up(name)
        answers, failures = [], []

        def scrape():
            try:
                for _ in range(100):
                    status, _, body = exporter.get("/metrics", OPENMETRICS)
                    answers.append((status, body.endswith(b"# EOF\n")))
            except OSError as error:
                failures.append(error)

        threads = [threading.Thread(target=scrape) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures, failures
        assert answers == [(200, True)] * 1000, set(answers)
        # They share what is written, so that they cost little
        metrics = exporter.metrics()
        assert metrics.value("exporter_renderings_total") < 1000


def test_a_slow_reader():
    """One that takes a byte now and then holds up nobody."""
    name = new_name()
    with Directory() as directory, vm(directory, name), \
            Exporter() as exporter:
        exporter.wait_until_up(name)
        slow = []
        for _ in range(40):
            client = socket.create_connection(("127.0.0.1", exporter.port))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            client.sendall(b"GET /metrics HTTP/1.0\r\n")
            slow.append(client)
        statuses = set()
        end = time.monotonic() + HANG_S
        while 200 not in statuses:
            assert time.monotonic() < end
            statuses.add(exporter.get("/metrics")[0])
        assert statuses <= {200, 503}, statuses
        for client in slow:
            client.close()


def few_files():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(64, hard), hard))


def least_files():
    resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))


def test_descriptors():
    """As many as can be had; where they are few, who keeps many gets none."""
    with Exporter(preexec_fn=few_files) as exporter:
        soft, hard = resource.prlimit(exporter.process.pid,
                                      resource.RLIMIT_NOFILE)
        assert soft == hard, (soft, hard)
    with Exporter(preexec_fn=least_files) as exporter:
        idle = [socket.create_connection(("127.0.0.1", exporter.port))
                for _ in range(60)]
        # All but some are told to go
        answers = [client.recv(100) for client in idle[8:]]
        refusals = (b"HTTP/1.1 503 ", b"HTTP/1.1 408 ")
        assert all(not answer or answer.startswith(refusals)
                   for answer in answers), answers
        for client in idle:
            client.close()
        exporter.wait_for(None, lambda metrics: metrics)
    assert not exporter.err, exporter.err


def test_textfile():
    name = new_name()
    with Directory() as directory, vm(directory, name):
        path = directory.path("aiotop.prom")
        with Exporter("--textfile", path) as exporter:
            exporter.wait_until_up(name)
            line = f'qemu_aiotop_up{{vm="{name}"}} 1\n'
            end = time.monotonic() + HANG_S
            while not os.path.exists(path) or line not in open(path).read():
                assert time.monotonic() < end
                time.sleep(0.05)
            assert os.stat(path).st_mode & 0o777 == 0o644
            with open(path, "rb") as file:
                text = file.read()
            assert promtool(text) == (0, ""), promtool(text)
            assert b"# EOF" not in text
        # What is left would be taken for what is now
        assert not os.path.exists(path)


def small_files():
    """No file may be larger than this; to be told so, and not to be killed."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


# As a file of an exporter begins
OURS = "# TYPE qemu_aiotop_exporter_info gauge\n"


def test_textfile_of_one_that_cannot_listen():
    with Directory() as directory, socket.create_server(("127.0.0.1", 0)) \
            as taken:
        path = directory.path("aiotop.prom")
        for text in (OURS, "another one's\n"):
            with open(path, "w") as file:
                file.write(text)
            export("--textfile", path, "--listen",
                   "127.0.0.1:%d" % taken.getsockname()[1]) \
                .expect_failure("cannot listen")
            with open(path) as file:
                assert file.read() == text


def test_textfile_that_cannot_be_written():
    name = new_name()
    with Directory() as directory, vm(directory, name):
        path = directory.path("aiotop.prom")
        with open(path, "w") as file:
            file.write(OURS)
        with Exporter("--textfile", path, preexec_fn=small_files) as exporter:
            line = exporter.process.stderr.readline().decode()
            assert line.startswith(f"qemu-aiotop: cannot write {path}, and "
                                   "leave it as it is: "), line
            exporter.wait_until_up(name)
            with open(path) as file:
                assert file.read() == OURS
            assert os.listdir(directory.name).count("aiotop.prom") == 1
            assert not [found for found in os.listdir(directory.name)
                        if found.startswith("aiotop.prom.")]
        # It is said once, not at each try
        assert not exporter.err, exporter.err


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


def export(*arguments):
    return run("export", *arguments, patience_s=None)


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
