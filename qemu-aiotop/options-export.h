/*
 * The command line of "qemu-aiotop export"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_OPTIONS_EXPORT_H
#define AIOTOP_OPTIONS_EXPORT_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/diagnose/check.h>
#include <qemu-aiotop/wire/connection.h>

/* The first word that chooses it */
#define EXPORT_WORD "export"

typedef struct ExportOptions {
    /* Where to serve; NULL for nowhere */
    char *listen;
    /* A file for node_exporter; NULL for none */
    char *textfile;
    /* As in Options */
    GArray *users;
    unsigned interval_ms;
    AiotopQmpTimeouts timeouts;
    AiotopCheck check;
    /* Only say this, or the version, and exit */
    char *help;
    bool version;
} ExportOptions;

/**
 * export_options_parse:
 * @argv: EXPORT_WORD and the words after it
 *
 * As options_parse().
 */
bool export_options_parse(ExportOptions *options, char **argv, GError **error);
void export_options_clear(ExportOptions *options);

#endif /* AIOTOP_OPTIONS_EXPORT_H */
