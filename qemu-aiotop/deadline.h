/*
 * The time by which there has to be an answer
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DEADLINE_H
#define AIOTOP_DEADLINE_H

#include <glib.h>

#include "options.h"

/* The source of options->deadline_us, unattached; NULL if there is none */
GSource *deadline_source(const Options *options);

/* Why there is no answer after that; the caller frees it */
char *deadline_reason(const Options *options);

#endif /* AIOTOP_DEADLINE_H */
