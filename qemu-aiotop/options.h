/*
 * The command line
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_OPTIONS_H
#define AIOTOP_OPTIONS_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/diagnose/check.h>
#include <qemu-aiotop/table/query.h>
#include <qemu-aiotop/text/style.h>
#include <qemu-aiotop/wire/connection.h>

/* Exit code; those of --check are AiotopCheckStatus */
#define EXIT_USAGE 2

/* What is to be shown */
typedef enum Mode {
    MODE_SAMPLES,
    MODE_LIST,
    MODE_DIAGNOSE,
    MODE_CHECK,
    MODE_STALLS,
    MODE_REQUESTS,
    MODE_THREADS,
} Mode;

typedef enum OutputFormat {
    OUTPUT_TEXT,
    OUTPUT_JSON,
    OUTPUT_CSV,
    /* Lines of a flame graph */
    OUTPUT_FOLDED,
} OutputFormat;

typedef struct Options {
    /* NULL: the only profiled QEMU here, or all, if several are */
    char *target;
    Mode mode;
    /* All QEMUs of this host, whatever their number */
    bool host;
    /* Of uint32_t: only those of these users; NULL for any */
    GArray *users;
    /* How long one of them is waited for; 0 for AIOTOP_ROUND_DEADLINE_MS */
    unsigned round_ms;
    /* MODE_DIAGNOSE: with the native stacks of threads that are stuck */
    bool stacks;
    /* MODE_SAMPLES: on the screen */
    bool screen;
    /* The screen takes the mouse, if its settings say so too */
    bool mouse;
    /* 0: no end */
    unsigned iterations;
    unsigned interval_ms;
    /* Whether these were on the command line, so that settings yield */
    bool delay_given;
    bool sort_given;
    bool color_given;
    OutputFormat output;
    /* What is shown, in colour and ASCII or not */
    AiotopQuery query;
    AiotopTextStyle style;
    /* Since profiling began instead of an interval */
    bool cumulative;
    /* How often a second one that is not profiled is sampled; 0: not at all */
    unsigned sample_hz;
    /* The user has said so: one that is profiled as well, and by functions */
    bool sample_given;
    /* 0: QEMU's own threshold */
    unsigned stall_ms;
    /* 0 for what the rules have */
    unsigned request_ms;
    bool enable;
    /* MODE_CHECK: what is asked for; and nothing is said if all is OK */
    AiotopCheck check;
    bool quiet;
    /* For QEMU, each of them counted for itself */
    AiotopQmpTimeouts timeouts;
    /*
     * MODE_CHECK: g_get_monotonic_time() by which there has to be an answer,
     * and the seconds that it had at first; 0 if it may take any time
     */
    int64_t deadline_us;
    double timeout_s;
    /* Only say this, the version, or the columns, and exit */
    char *help;
    bool version;
    bool column_help;
} Options;

/**
 * options_parse:
 * @argv: the program's name and the words after it
 *
 * Reads the command line into @options, to be cleared also if that fails.
 * Returns false with @error, in words for the user, if it is wrong; the mode
 * is set then as far as the words tell it.
 */
bool options_parse(Options *options, char **argv, GError **error);
void options_clear(Options *options);

/* Whether some of what is asked for is of one QEMU alone, however many run */
bool options_are_of_one(const Options *options);

#endif /* AIOTOP_OPTIONS_H */
