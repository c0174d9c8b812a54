/*
 * Batch mode: samples to stdout
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_BATCH_H
#define QEMU_AIOTOP_BATCH_H

#include "options.h"

/* Both return the program's exit code */
int batch_run(Options *options);
int batch_list(const Options *options);

#endif /* QEMU_AIOTOP_BATCH_H */
