# SPDX-License-Identifier: GPL-2.0-or-later
"""A QMP client, of its own so that the one under test is not its own judge."""

import json
import socket

# more than a machine takes that is busy with other things
TIMEOUT_S = 120


class QmpError(Exception):
    """An error that the peer answered."""

    def __init__(self, error):
        super().__init__(f"{error['class']}: {error['desc']}")
        self.error_class = error["class"]
        self.desc = error["desc"]


class Qmp:
    """A connection to the monitor, or the profiler, at a UNIX socket."""

    def __init__(self, path, timeout_s=TIMEOUT_S, negotiate=True):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout_s)
        self.events = []
        try:
            self.socket.connect(path)
            self.file = self.socket.makefile("r", encoding="utf-8")
            self.greeting = self.read()["QMP"]
            if negotiate:
                self.command("qmp_capabilities")
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()

    def close(self):
        """Ends the connection."""
        self.socket.close()
        self.file.close()

    def read(self):
        """The next message."""
        line = self.file.readline()
        if not line:
            raise EOFError("the peer closed the connection")
        return json.loads(line)

    def send(self, name, **arguments):
        """Sends a command; _ in names of arguments stands for -."""
        message = {"execute": name}
        if arguments:
            message["arguments"] = {key.replace("_", "-"): value
                                    for key, value in arguments.items()}
        self.socket.sendall(json.dumps(message).encode() + b"\n")

    def answer(self):
        """What the next answer returns; events before it are kept."""
        while True:
            message = self.read()
            if "return" in message:
                return message["return"]
            if "error" in message:
                raise QmpError(message["error"])
            self.events.append(message)

    def event(self, name):
        """The next event of this name; others before it are dropped."""
        while True:
            message = self.events.pop(0) if self.events else self.read()
            if message.get("event") == name:
                return message

    def command(self, name, **arguments):
        """Sends a command and returns what the answer returns."""
        self.send(name, **arguments)
        return self.answer()
