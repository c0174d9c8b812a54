# A test that looks at all processes of the host, without those of others
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import sys

ALONE = "AIOTOP_TEST_ALONE"


def be_alone():
    """Begins anew in a pid name space of its own, with no other process.

    What looks at all QEMUs connects to them, and takes the place of other
    tests' clients.
    """
    if os.environ.get(ALONE) is None:
        root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        os.execvpe("unshare", ["unshare", *root, "--pid", "--fork",
                               "--mount-proc", "--kill-child",
                               sys.executable, *sys.argv],
                   {**os.environ, ALONE: "yes"})
