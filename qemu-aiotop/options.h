/*
 * The command line
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_OPTIONS_H
#define QEMU_AIOTOP_OPTIONS_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/format.h>

/* Exit codes */
#define EXIT_USAGE 2
/* --check: a loop is stuck or was stalled */
#define EXIT_STUCK 3

/* What is to be shown */
typedef enum Mode {
    MODE_SAMPLES,
    MODE_LIST,
    MODE_DIAGNOSE,
    MODE_CHECK,
    MODE_STALLS,
} Mode;

typedef enum OutputFormat {
    OUTPUT_TEXT,
    OUTPUT_JSON,
    OUTPUT_CSV,
} OutputFormat;

typedef struct Options {
    /* NULL: the only profiled QEMU here */
    char *target;
    Mode mode;
    /* MODE_DIAGNOSE: with the native stacks of threads that are stuck */
    bool stacks;
    bool batch;
    /* 0: no end */
    unsigned iterations;
    unsigned interval_ms;
    /* Whether these were on the command line, so that settings yield */
    bool delay_given;
    bool sort_given;
    bool color_given;
    OutputFormat output;
    /* What is shown, in colour and ASCII or not */
    AiotopSelection selection;
    /* Since profiling began instead of an interval */
    bool cumulative;
    /* 0: QEMU's own threshold */
    unsigned stall_ms;
    bool enable;
    /* Only tell the version, or the columns, and exit */
    bool version;
    bool column_help;
} Options;

/**
 * options_parse:
 *
 * Reads the command line into @options.  Prints the help and exits for
 * --help.  Returns false with @error, in words for the user, if it is wrong.
 */
bool options_parse(Options *options, int *argc, char ***argv, GError **error);
void options_clear(Options *options);

#endif /* QEMU_AIOTOP_OPTIONS_H */
