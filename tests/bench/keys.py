# SPDX-License-Identifier: GPL-2.0-or-later
"""How soon a key shows its effect while large samples arrive."""

import math
import os
import random
import time

import client
import processes
from measure import Row

LOOPS = 64
SOURCES = 10000
LIMIT_MS = 50
KEYS = 240
# between two keys: at random, so that they come in all phases of a second
PAUSE_S = (0.05, 0.35)
# a key without effect; far over the limit
GIVE_UP_S = 5
# each in its turn, and what nothing but its effect writes: the prompt opens,
# nothing matches, everything does again, the cursor is hidden
STEPS = [(b"/", b"Filter"), (b"~", b"No source that"),
         (b"\x7f", b"virtio_queue"), (b"\r", b"\x1b[?25l")]


def press_ms(terminal, key, effect):
    """Milliseconds from a key to what it writes."""
    terminal.text = b""
    start = time.monotonic()
    os.write(terminal.fd, key)
    while effect not in terminal.text:
        if time.monotonic() > start + GIVE_UP_S:
            raise RuntimeError(f"no effect of the key {key!r}")
        terminal.read_some(GIVE_UP_S)
    return 1e3 * (time.monotonic() - start)


def keys(builds):
    """a key on the screen at 1 Hz with 10,000 active sources"""
    program = os.path.join(builds.client, "qemu-aiotop/qemu-aiotop")
    server, socket = client.replay(LOOPS, SOURCES)
    terminal = client.Terminal([program, "-d", "1", socket])
    dice = random.Random(0)
    values = []
    try:
        terminal.first(b"virtio_queue")
        terminal.read(client.SETTLE_S)
        for number in range(max(len(STEPS), int(KEYS * builds.scale))):
            terminal.read(dice.uniform(*PAUSE_S))
            values.append(press_ms(terminal, *STEPS[number % len(STEPS)]))
            if number % 20 == 19:
                builds.tell(f"{number + 1} keys")
    finally:
        terminal.stop()
        processes.kill(server)
    values.sort()
    p99 = values[math.ceil(0.99 * len(values)) - 1]
    return [Row("a key, 10,000 sources", values, "ms", LIMIT_MS),
            Row("a key, 10,000 sources: p99", [p99], "ms", LIMIT_MS),
            Row("a key, 10,000 sources: worst", values[-1:], "ms", LIMIT_MS)]
