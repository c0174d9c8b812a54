#!/usr/bin/python3
# The exporter, its VMs and its readers: too much, too slow, called oddly
#
# SPDX-License-Identifier: GPL-2.0-or-later

import contextlib
import os
import resource
import socket
import threading
import time

import tap
from alone import be_alone
from exporter import OPENMETRICS, Exporter, promtool
from fake import OWN_SERVER, new_name, vm
from program import HANG_S, Directory

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


be_alone()
tap.main([value for name, value in list(globals().items())
          if name.startswith("test_")])
