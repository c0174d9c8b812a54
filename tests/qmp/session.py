#!/usr/bin/python3
# What a shell does for a program: a session, and the front of its terminal
#
# SPDX-License-Identifier: GPL-2.0-or-later

"""usage: session.py REPORT IGNORED COMMAND...

stdin is a terminal, and becomes that of the session. The command runs in
front of it, with the signals IGNORED (as in "1,2"). What becomes of it is
written to the file descriptor REPORT, a line each: "pid N", "stopped N",
"continued", "ended N" with a negative number for a signal. SIGUSR1 brings the
command back to the front and lets it go on.
"""

import fcntl
import os
import resource
import signal
import sys
import termios


def become_command(ignored, command):
    """In the child."""
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    for number in set(signal.valid_signals()) - {signal.SIGKILL,
                                                 signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN if number in ignored
                      else signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.execvp(command[0], command)


def main():
    """Leads the session until the command has ended."""
    report = int(sys.argv[1])
    ignored = [int(number) for number in sys.argv[2].split(",") if number]
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number in (signal.SIGTTOU, signal.SIGTTIN, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    pid = os.fork()
    if pid == 0:
        become_command(ignored, sys.argv[3:])

    def bring_to_front(*_):
        os.tcsetpgrp(0, pid)
        os.kill(pid, signal.SIGCONT)

    signal.signal(signal.SIGUSR1, bring_to_front)
    os.write(report, b"pid %d\n" % pid)
    while True:
        _, status = os.waitpid(pid, os.WUNTRACED | os.WCONTINUED)
        if os.WIFSTOPPED(status):
            os.tcsetpgrp(0, os.getpgrp())
            os.write(report, b"stopped %d\n" % os.WSTOPSIG(status))
        elif os.WIFCONTINUED(status):
            os.write(report, b"continued\n")
        else:
            # As a shell does, and before the terminal loses its session
            if os.isatty(0):
                os.tcsetpgrp(0, os.getpgrp())
            os.write(report, b"ended %d\n" %
                     os.waitstatus_to_exitcode(status))
            return


main()
