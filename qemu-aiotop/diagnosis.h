/*
 * What is the matter: findings, the log of stalls
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DIAGNOSIS_H
#define AIOTOP_DIAGNOSIS_H

#include "options.h"

/* Does what options->mode says; returns the program's exit code */
int diagnosis_run(const Options *options);

#endif /* AIOTOP_DIAGNOSIS_H */
