/*
 * The screen: terminal, sampler, signals and user interface, wired up
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SCREEN_LIVE_H
#define AIOTOP_SCREEN_LIVE_H

#include "options.h"

/* Returns the program's exit code */
int screen_run(const Options *options);

#endif /* AIOTOP_SCREEN_LIVE_H */
