/*
 * The check for monitoring systems: always one line on stdout
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_CHECK_H
#define AIOTOP_CHECK_H

#include "options.h"

/* Both return the program's exit code, an AiotopCheckStatus */
int check_run(const Options *options);
/* Without a look at QEMU: there is no answer, for this reason */
int check_unknown(const char *reason);

#endif /* AIOTOP_CHECK_H */
