/*
 * The time by which there has to be an answer
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "deadline.h"

GSource *deadline_begin(const Options *options, GSourceFunc function,
                        void *opaque)
{
    int64_t left_us = options->deadline_us - g_get_monotonic_time();
    GSource *source = NULL;

    if (options->deadline_us) {
        source = g_timeout_source_new(MAX(left_us, 0) / 1000);
        g_source_set_priority(source, G_PRIORITY_HIGH);
        g_source_set_callback(source, function, opaque, NULL);
        g_source_attach(source, NULL);
    }
    return source;
}

char *deadline_reason(const Options *options)
{
    return g_strdup_printf("no answer within %g s (--timeout): QEMU may be"
                           " stopped, or its main loop stuck if this is an"
                           " ordinary monitor",
                           options->timeout_s);
}
