/*
 * Snapshots of one loop; times in whole seconds
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_ONE_LOOP_H
#define TESTS_UNIT_ONE_LOOP_H

#include "sampled.h"

/* A snapshot of one loop; times in whole seconds */
#define SNAPSHOT(time, pid, since, loop)                                       \
    "{'sequence':" #time ",'time-ns':" #time SECOND ",'pid':" #pid ","         \
    "'profiling-since-ns':" #since SECOND ",'loops':[" loop "]}"

#define LOOP(since, counters, sources)                                         \
    "{'name':'l','thread-id':1,'since-ns':" #since SECOND "," counters         \
    ",'sources':[" sources "]}"

#define COUNTERS(n, wait, dispatch)                                            \
    "'state':'waiting','iterations':" #n ",'dispatches':" #n                   \
    ",'wait-ns':" #wait ","                                                    \
    "'dispatch-ns':" #dispatch ",'poll-ns':0,'bql-wait-ns':0"

#define SOURCE(id, calls, busy)                                                \
    "{'id':" #id ",'kind':'bh','name':'f','calls':" #calls ","                 \
    "'busy-ns':" #busy ",'total-ns':" #busy ",'max-ns':100,"                   \
    "'histogram':{'buckets':[1],'counts':[" #calls "]}}"

#endif /* TESTS_UNIT_ONE_LOOP_H */
