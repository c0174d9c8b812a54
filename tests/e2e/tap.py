# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests that report in TAP, and what they wait and compare with.

A file of tests decorates its functions with @test("the behaviour") and ends
with main().  Nothing here sleeps as a proof: what takes its time is waited
for with wait_for(), which fails at its deadline.
"""

import sys
import time
import traceback

# how long is waited for what takes a moment on a machine that is not busy
DEADLINE_S = 120

_tests = []


def test(name):
    """The function is the test of the behaviour that @name says."""
    def add(function):
        _tests.append((name, function))
        return function
    return add


def check(condition, what):
    """Fails unless @condition is true; @what says what was found instead."""
    if not condition:
        raise AssertionError(what)


def equal(actual, wanted, what):
    """Fails unless both are the same."""
    if actual != wanted:
        raise AssertionError(f"{what} is {actual!r}, not {wanted!r}")


def within(low, value, high, what):
    """Fails unless @low <= @value <= @high."""
    if not low <= value <= high:
        raise AssertionError(f"{what} is {value}, not {low} to {high}")


def wait_for(what, function, deadline_s=DEADLINE_S, pause_s=0.02):
    """The first true value of @function, which is called until then."""
    end = time.monotonic() + deadline_s
    while True:
        value = function()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"no {what} within {deadline_s} s")
        time.sleep(pause_s)


def bail_out(why):
    """Ends the file of tests, as none of them can be run."""
    print(f"Bail out! {why}", flush=True)
    sys.exit(1)


def note(text):
    """Prints a comment."""
    for line in str(text).splitlines():
        print("#", line, flush=True)


def main():
    """Runs the tests whose names contain an argument, or all of them."""
    chosen = [(name, function) for name, function in _tests
              if len(sys.argv) < 2 or any(a in name for a in sys.argv[1:])]
    failed = 0

    print(f"1..{len(chosen)}", flush=True)
    for number, (name, function) in enumerate(chosen, 1):
        verdict = "ok"
        try:
            function()
        except Exception:  # whatever it is, the other tests go on
            note(traceback.format_exc())
            verdict = "not ok"
            failed += 1
        print(f"{verdict} {number} - {name}", flush=True)
    sys.exit(1 if failed else 0)
