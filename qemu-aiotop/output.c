/*
 * What goes to the user beside the data
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <qemu-aiotop/text/escape.h>

void report_prepare(void)
{
    /* open() takes the lowest number that is free */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        int wrong_way = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", wrong_way) != fd) {
            _exit(EXIT_FAILURE);
        }
    }
    signal(SIGPIPE, SIG_IGN);
}

void report(const char *message)
{
    g_autofree char *line = aiotop_text_escape(message);

    fprintf(stderr, "qemu-aiotop: %s\n", line);
}

static void report_stdout(int error)
{
    g_autofree char *message =
        g_strdup_printf("cannot write to stdout: %s", g_strerror(error));

    report(message);
}

/* All of it, or an errno */
static int write_all(const char *text, gsize len)
{
    struct pollfd room = { .fd = STDOUT_FILENO, .events = POLLOUT };

    while (len) {
        ssize_t n = write(STDOUT_FILENO, text, len);

        if (n >= 0) {
            text += n;
            len -= n;
        } else if (errno == EAGAIN) {
            /* Another program that has it, too, made it non-blocking */
            poll(&room, 1, -1);
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

bool report_output(GString *out, int *status)
{
    int error = write_all(out->str, out->len);

    g_string_truncate(out, 0);
    if (error == EPIPE) {
        *status = EXIT_SUCCESS;
    } else if (error) {
        report_stdout(error);
        *status = EXIT_FAILURE;
    }
    return !error;
}

bool report_close(void)
{
    if (close(STDOUT_FILENO) == 0) {
        return true;
    }
    report_stdout(errno);
    return false;
}
