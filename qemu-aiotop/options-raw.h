/*
 * The command line as it was given, before it is made sense of
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_OPTIONS_RAW_H
#define AIOTOP_OPTIONS_RAW_H

#include <stdbool.h>
#include <glib.h>

/* What --help says, and holds where nothing was given: of --since */
#define DEFAULT_SINCE "5m"

/* What there is for an answer besides the interval: most plug-ins have 10 s */
#define ANSWER_S 8

/* NULL: not given */
typedef struct RawOptions {
    char *iterations;
    char *delay;
    char *top;
    char *stall_ms;
    char *request_ms;
    char *sample;
    char *output;
    char *sort;
    char *filter;
    char *loop;
    char *columns;
    char *color;
    char *since;
    char *timeout;
    char *pid;
    char *user;
    char **warn;
    char **crit;
    char **rest;
    gboolean host, list, diagnose, check, stalls, requests, threads, stacks,
        quiet;
    gboolean batch, reverse, cumulative, enable, ascii, no_mouse, no_sample;
    gboolean version, help;
    /* What owns the strings; NULL if none were kept */
    GPtrArray *kept;
} RawOptions;

/**
 * raw_options_parse:
 * @raw: all zero; to be cleared also if that fails
 * @help: set to what --help shows if that was asked for, to be freed
 * @argv: the program's name and the words after it
 *
 * Returns false with @error, in words for the user, if a word is wrong; @raw
 * has the others then, as far as they can be told apart.
 */
bool raw_options_parse(RawOptions *raw, char **help, char **argv,
                       GError **error);
void raw_options_clear(RawOptions *raw);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RawOptions, raw_options_clear)

#endif /* AIOTOP_OPTIONS_RAW_H */
