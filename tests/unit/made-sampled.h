/*
 * Processes that are sampled, and snapshots of them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_MADE_SAMPLED_H
#define TESTS_UNIT_MADE_SAMPLED_H

#include <sys/resource.h>
#include <sys/types.h>
#include <glib.h>

#include <qemu-aiotop/sampling/sampling.h>

/* A process with that many threads besides its first one, until it is killed */
pid_t sampled_start(unsigned n);

AiotopSnapshot *sampled_take(AiotopSampling *sampling, pid_t pid,
                             const AiotopSnapshot *before);

/* Takes them until this is why not all is sampled */
void sampled_until_refused(AiotopSampling *sampling, pid_t pid,
                           const char *words);

/* Frees what it has, so that it may be filled again */
void sampled_clear(AiotopLoop *loop);

/* So many descriptors this process may have */
void set_limit(rlim_t most);

/* For a byte; the latter as a thread, with the descriptor as @opaque */
void wait_for(int fd);
gpointer wait_to_end(gpointer opaque);

#endif /* TESTS_UNIT_MADE_SAMPLED_H */
