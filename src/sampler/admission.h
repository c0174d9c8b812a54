/*
 * Which QEMUs are watched, if there are more than may be
 *
 * Anybody may start processes that go by the name of a QEMU, and each that is
 * watched takes memory and a connection.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLER_ADMISSION_H
#define AIOTOP_SAMPLER_ADMISSION_H

#include "qemu-aiotop/host/process.h"

typedef bool AiotopIsWatched(const AiotopProcess *process, const void *opaque);

/**
 * aiotop_admission:
 * @found: AiotopProcess: all that there are
 * @max: of all, and @max_of_owner of the processes of one user, or of all who
 *     are not trusted; 0 for any number
 * @left_out: set to how many there is no room for
 *
 * Returns those that are to be watched from now on and are not yet, as an array
 * that does not own them.  Who is watched stays so.
 */
GPtrArray *aiotop_admission(const GPtrArray *found, unsigned max,
                            unsigned max_of_owner, AiotopIsWatched *is_watched,
                            const void *opaque, unsigned *left_out);

#endif /* AIOTOP_SAMPLER_ADMISSION_H */
