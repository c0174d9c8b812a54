# A qemu-aiotop export, and what it serves
#
# SPDX-License-Identifier: GPL-2.0-or-later

import http.client
import re
import signal
import subprocess
import time
import urllib.parse

from prometheus_client.openmetrics import parser as openmetrics

from program import HANG_S, run, start

OPENMETRICS = "application/openmetrics-text;version=1.0.0"


class Exporter:
    """One that listens at a port of its own, for as long as it is in use."""

    def __init__(self, *arguments, **options):
        self.process = start("export", "--listen", "127.0.0.1:0", "-d", "1",
                             "--timeout", str(HANG_S), *arguments,
                             patience_s=None, **options)
        line = self.process.stderr.readline().decode()
        match = re.fullmatch(r"qemu-aiotop: serving metrics at "
                             r"(127\.0\.0\.1:(\d+))\n", line)
        assert match, line
        self.address, self.port = match[1], int(match[2])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.returncode is None:
            self.end(signal.SIGTERM)

    def end(self, number):
        self.process.send_signal(number)
        _, self.err = self.process.communicate(timeout=HANG_S)
        assert self.process.returncode == 0, self.err

    def get(self, path, accept="", method="GET"):
        """Status, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=HANG_S)
        connection.request(method, path, headers={"Accept": accept})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, answer.headers, body

    def metrics(self, vm=None):
        """The series of one VM, or of all: read by the letter."""
        query = "" if vm is None else "?vm=" + urllib.parse.quote(vm)
        status, headers, body = self.get("/metrics" + query, OPENMETRICS)
        if status == 404 and vm is not None:
            return None
        if status == 503:
            return None
        assert status == 200, (status, body)
        assert headers["Content-Type"].startswith(
            "application/openmetrics-text; version=1.0.0"), headers
        return Metrics(body.decode())

    def wait_for(self, vm, condition):
        """The first metrics of a VM, None if there is none, that fulfil it."""
        end = time.monotonic() + HANG_S
        while True:
            metrics = self.metrics(vm)
            if condition(metrics):
                return metrics
            assert time.monotonic() < end, metrics and metrics.text
            time.sleep(0.05)

    def wait_until_up(self, vm):
        return self.wait_for(vm, lambda metrics: metrics and
                             metrics.value("up") == 1 and
                             metrics.find("status"))


class Metrics:
    """What Prometheus' own strict reader makes of a text."""

    def __init__(self, text):
        self.text = text
        self.samples = [sample for family in
                        openmetrics.text_string_to_metric_families(text)
                        for sample in family.samples]

    def find(self, name, **labels):
        """Those of this name, without its prefix, that have these labels."""
        return [sample for sample in self.samples
                if sample.name == "qemu_aiotop_" + name and
                labels.items() <= sample.labels.items()]

    def value(self, name, **labels):
        """The value of the only one."""
        sample, = self.find(name, **labels)
        return sample.value


def promtool(text):
    """What Prometheus' tool finds in the classic format."""
    result = subprocess.run(["promtool", "check", "metrics"], input=text,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            check=False)
    return result.returncode, result.stdout.decode()


def export(*arguments):
    return run("export", *arguments, patience_s=None)
