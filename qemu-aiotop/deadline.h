/*
 * The time by which there has to be an answer
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DEADLINE_H
#define AIOTOP_DEADLINE_H

#include <glib.h>

#include "options.h"

/*
 * Calls @function with @opaque at options->deadline_us; NULL if there is none,
 * else for aiotop_timer_clear()
 */
GSource *deadline_begin(const Options *options, GSourceFunc function,
                        void *opaque);

/* Why there is no answer after that; the caller frees it */
char *deadline_reason(const Options *options);

#endif /* AIOTOP_DEADLINE_H */
