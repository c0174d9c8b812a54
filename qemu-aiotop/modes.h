/*
 * What the program can do, a file each; all return its exit code
 * 
 * The sentences and rules are the library's (src/diagnose, src/format).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_MODES_H
#define AIOTOP_MODES_H

#include "options.h"

/* Samples on the screen, or to stdout */
int mode_screen(const Options *options);
int mode_samples(const Options *options);
/* The QEMUs of this host */
int mode_list(const Options *options);
/* Findings in plain words */
int mode_diagnose(const Options *options);
/* What is awaited, or the threads */
int mode_awaited(const Options *options);
/* The log of stalls */
int mode_stalls(const Options *options);
/* The check for monitoring systems, an AiotopCheckStatus */
int mode_check(const Options *options);
/* The same without a look at QEMU: there is no answer, for this reason */
int mode_check_unknown(const char *reason);

/* Metrics of all QEMUs of this host; @argv begins with EXPORT_WORD */
int mode_export(char **argv);

#endif /* AIOTOP_MODES_H */
