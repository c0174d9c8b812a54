# Samples of a peer that answers as a QEMU would
#
# SPDX-License-Identifier: GPL-2.0-or-later

from peer import Model, Peer
from program import Directory, run


def serve(peer):
    peer.serve(Model(3, 4))


def sample(*args, script=serve, **kwargs):
    with Directory() as directory:
        with Peer(directory.path("s"), script):
            # The log of stalls takes no interval
            delay = [] if "--stalls" in args else ["-d", "0.01"]
            return run(*delay, *args, directory.path("s"), **kwargs)


def stalled(peer):
    """One stall has ended, another goes on."""
    model = Model(1, 1)
    peer.negotiate()
    while (request := peer.receive()):
        model.advance()
        now = model.time_ns
        peer.send({"return": {
            **model.reply(), "stall-count": 12, "stalls": [
                {"id": 11, "loop": "main-loop", "thread-id": 5000,
                 "cause": "dispatch", "source-id": 1, "kind": "fd-read",
                 "name": "read\x1b[2J", "start-ns": now - 700_000_000,
                 "duration-ns": 200_000_000, "ongoing": False},
                {"id": 12, "loop": "CPU 0", "thread-id": 5009,
                 "cause": "bql-wait", "start-ns": now - 150_000_000,
                 "duration-ns": 150_000_000, "ongoing": True}]},
            "id": request["id"]})
