# The program against a peer that does as a script says
#
# SPDX-License-Identifier: GPL-2.0-or-later

from peer import Peer
from program import Directory, run


def sample(script, *args, **kwargs):
    """Runs it without a screen, as fast as it can."""
    with Directory() as directory:
        with Peer(directory.path("s"), script) as peer:
            result = run("-b", "-d", "0.01", *args, directory.path("s"),
                         **kwargs)
            assert not peer.errors, peer.errors
            return result
