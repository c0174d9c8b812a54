/*
 * Why a QEMU that is connected to gives no samples
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_SAMPLER_ERROR_H
#define QEMU_AIOTOP_SAMPLER_ERROR_H

#include <glib.h>

#define AIOTOP_SAMPLER_ERROR (aiotop_sampler_error_quark())
GQuark aiotop_sampler_error_quark(void);

typedef enum AiotopSamplerError {
    /* Reached, but it has no query-event-loops: QEMU lacks the patches */
    AIOTOP_SAMPLER_ERROR_NOT_SUPPORTED,
    /* It has, but there is no event-loop-profiler object */
    AIOTOP_SAMPLER_ERROR_NO_PROFILER,
    /* Replies that can't be understood, many in a row */
    AIOTOP_SAMPLER_ERROR_MALFORMED,
} AiotopSamplerError;

#endif /* QEMU_AIOTOP_SAMPLER_ERROR_H */
