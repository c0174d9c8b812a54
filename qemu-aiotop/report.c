/*
 * What goes to the user beside the data
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <qemu-aiotop/text.h>

void report(const char *message)
{
    g_autofree char *line = aiotop_text_escape(message);

    fprintf(stderr, "qemu-aiotop: %s\n", line);
}

bool report_output(GString *out, int *status)
{
    gsize done = 0;

    while (done < out->len) {
        ssize_t n = write(STDOUT_FILENO, out->str + done, out->len - done);

        if (n >= 0) {
            done += n;
        } else if (errno == EPIPE) {
            *status = EXIT_SUCCESS;
            return false;
        } else if (errno != EINTR) {
            g_autofree char *message = g_strdup_printf(
                "cannot write to stdout: %s", g_strerror(errno));

            report(message);
            *status = EXIT_FAILURE;
            return false;
        }
    }
    g_string_truncate(out, 0);
    return true;
}
