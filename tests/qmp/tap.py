# Runs tests and reports them in TAP
#
# SPDX-License-Identifier: GPL-2.0-or-later

import sys
import traceback


def main(tests):
    """Runs each function of tests, a list; its name says what must hold."""
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, test in enumerate(tests, 1):
        name = test.__name__.removeprefix("test_").replace("_", "-")
        try:
            test()
        except Exception:
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} - /qmp/{name}", flush=True)
        else:
            print(f"ok {number} - /qmp/{name}", flush=True)
    sys.exit(1 if failed else 0)
