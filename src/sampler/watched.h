/*
 * One QEMU that the host sampler watches: its sampler, and what is known
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLER_WATCHED_H
#define AIOTOP_SAMPLER_WATCHED_H

#include "qemu-aiotop/host/process.h"
#include "qemu-aiotop/model/vm.h"
#include "qemu-aiotop/sampler/sampler.h"

typedef struct AiotopWatched AiotopWatched;

/* It is not awaited any more: it has answered, or can't */
typedef void AiotopWatchedDone(void *opaque);

/**
 * aiotop_watched_new:
 * @config: what is asked for, and how; stays valid as long as it is watched
 *
 * Begins to connect at once, and awaits the first answer.
 */
AiotopWatched *aiotop_watched_new(const AiotopProcess *process,
                                  const AiotopSamplerConfig *config,
                                  AiotopWatchedDone *done, void *opaque);
/* May be called by @done.  Accepts NULL. */
void aiotop_watched_free(AiotopWatched *watched);

/* Whether it is this very process */
bool aiotop_watched_is(const AiotopWatched *watched,
                       const AiotopIdentity *process);

/* What is known by now of the process that it is */
void aiotop_watched_update(AiotopWatched *watched,
                           const AiotopProcess *process);

/* A round begins: it is to answer, unless it is lost or lent */
void aiotop_watched_ask(AiotopWatched *watched, int64_t now_us);

/* Whether an answer is awaited that was asked for in a round */
bool aiotop_watched_is_awaited(const AiotopWatched *watched);

/*
 * Returns what is known at the end of the round, with a reference; one that was
 * asked for the first time less than @patience_us ago is not late
 */
AiotopVm *aiotop_watched_publish(AiotopWatched *watched, int64_t now_us,
                                 int64_t patience_us);

/* Gives the connection up; makes it anew, unless it is there */
void aiotop_watched_lend(AiotopWatched *watched);
void aiotop_watched_take_back(AiotopWatched *watched);

#endif /* AIOTOP_SAMPLER_WATCHED_H */
