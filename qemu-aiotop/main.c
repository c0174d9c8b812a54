/*
 * qemu-aiotop: options to wiring
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "batch.h"
#include "connect.h"
#include "diagnosis.h"
#include "options.h"
#include "report.h"
#include "screen.h"

static int print_columns(void)
{
    g_autoptr(GString) out = g_string_new(NULL);
    int status = EXIT_SUCCESS;

    aiotop_format_columns(out);
    report_output(out, &status);
    return status;
}

static int run(Options *options)
{
    g_autoptr(GError) error = NULL;

    if (options->version) {
        printf("qemu-aiotop %s\n", VERSION);
        return EXIT_SUCCESS;
    }
    if (options->column_help) {
        return print_columns();
    }
    if (options->mode == MODE_LIST) {
        return batch_list(options);
    }
    if (options->enable && !connect_enable(options, &error)) {
        report(error->message);
        return EXIT_FAILURE;
    }
    if (options->mode != MODE_SAMPLES) {
        return diagnosis_run(options);
    }
    if (options->batch || options->output != OUTPUT_TEXT ||
        !isatty(STDOUT_FILENO)) {
        return batch_run(options);
    }
    return screen_run(options);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    Options options;
    int status;

    setlocale(LC_CTYPE, "");
    if (options_parse(&options, &argc, &argv, &error)) {
        status = run(&options);
    } else {
        g_autofree char *message =
            g_strconcat(error->message, " (--help lists the options)", NULL);

        report(message);
        status = EXIT_USAGE;
    }
    options_clear(&options);
    return status;
}
