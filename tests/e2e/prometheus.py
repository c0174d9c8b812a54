# SPDX-License-Identifier: GPL-2.0-or-later
"""A real Prometheus that scrapes the exporter, with the rules of contrib."""

import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request

import client
import processes
import tap

CONTRIB = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "../../contrib")


def get(address, path, accept=""):
    """The body of a page."""
    request = urllib.request.Request(f"http://{address}{path}",
                                     headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=tap.DEADLINE_S) as answer:
        return answer.read().decode()


class Exporter:
    """A qemu-aiotop export at a port of its own."""

    def __init__(self, *arguments, command=None):
        self.process = processes.start([
            *(command or [client.program()]), "export", "--listen",
            "127.0.0.1:0", "-d", "1", *arguments])

        def address():
            tap.check(self.process.poll() is None,
                      processes.output(self.process, "stderr"))
            return re.match(r"qemu-aiotop: serving metrics at (\S+)\n",
                            processes.output(self.process, "stderr"))

        self.address = tap.wait_for("the exporter", address)[1]

    def metrics(self):
        """The classic text; nothing before it has looked."""
        try:
            return get(self.address, "/metrics")
        except urllib.error.HTTPError as error:
            tap.equal(error.code, 503, "status")
            return ""

    def wait_for(self, line):
        tap.wait_for(line, lambda: line + "\n" in self.metrics())

    def stop(self):
        self.process.terminate()
        tap.equal(self.process.wait(tap.DEADLINE_S), 0,
                  "status of the exporter")


class Prometheus:
    """The one of Debian, which looks each second instead of each 15."""

    def __init__(self, exporter):
        with open(f"{CONTRIB}/prometheus/prometheus.yml") as file:
            config = file.read()
        for old, new in (
                ("interval: 15s", "interval: 1s"),
                ("- qemu-aiotop.rules.yml", f"- {os.path.abspath(CONTRIB)}"
                                            "/prometheus/qemu-aiotop.rules"
                                            ".yml"),
                ("localhost:29177", exporter.address)):
            tap.check(old in config, f"{old} is in the example")
            config = config.replace(old, new)
        config += (f"  - job_name: each-vm\n"
                   f"    http_sd_configs:\n"
                   f"      - url: http://{exporter.address}/sd\n"
                   f"        refresh_interval: 1s\n")
        with open(processes.path("prometheus.yml"), "w") as file:
            file.write(config)
        self.process = processes.start([
            "prometheus", f"--config.file={processes.path('prometheus.yml')}",
            f"--storage.tsdb.path={processes.path('tsdb')}",
            # a port that is free, which it tells of
            "--web.listen-address=127.0.0.1:0",
            "--enable-feature=exemplar-storage"])
        self.address = tap.wait_for("address of Prometheus", self.told)[1]
        tap.wait_for("Prometheus", self.is_ready)

    def told(self):
        """The address that it listens at, in what it has written."""
        said = processes.output(self.process, "stderr")
        tap.check(self.process.poll() is None, said)
        return re.search(r'msg="Listening on" address=(\S+)\n', said)

    def is_ready(self):
        """It has read what it has stored, and answers."""
        tap.check(self.process.poll() is None,
                  processes.output(self.process, "stderr"))
        try:
            return "Ready" in get(self.address, "/-/ready")
        except OSError:
            return False

    def api(self, what, **parameters):
        """What its API returns."""
        query = urllib.parse.urlencode(parameters)
        answer = json.loads(get(self.address, f"/api/v1/{what}?{query}"))
        tap.equal(answer["status"], "success", f"answer to {parameters}")
        return answer["data"]

    def query(self, expression):
        """The series, and their last values, that an expression has now."""
        return [(series["metric"], float(series["value"][1]))
                for series in self.api("query", query=expression)["result"]]

    def wait_for(self, expression, deadline_s=tap.DEADLINE_S):
        """The same, once there is one."""
        return tap.wait_for(expression, lambda: self.query(expression),
                            deadline_s, 0.5)

    def alerts(self, name):
        """Labels, and annotations, of those that fire."""
        return [(alert["labels"], alert["annotations"])
                for alert in self.api("alerts")["alerts"]
                if alert["labels"]["alertname"] == name and
                alert["state"] == "firing"]
