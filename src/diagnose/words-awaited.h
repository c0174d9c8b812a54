/*
 * Diagnosis: the words about requests in flight, and who has something to write
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DIAGNOSE_WORDS_AWAITED_H
#define AIOTOP_DIAGNOSE_WORDS_AWAITED_H

#include "diagnosis.h"
#include "requests.h"

/* Nodes that are named */
#define AIOTOP_WORDS_MAX_NODES 3

/* "node n (device vd0)" */
void aiotop_word_append_node(GString *out, const char *node,
                             const char *device);
/* "2 requests" */
void aiotop_word_append_count(GString *out, unsigned n);
/* "; and 2 more nodes" of @n, if more than AIOTOP_WORDS_MAX_NODES */
void aiotop_word_append_more_nodes(GString *out, unsigned n);
/* When the node, which may be NULL, last got something done, as a sentence */
void aiotop_word_append_last(GString *out, const Diagnosis *d,
                             const AiotopNode *node);

/*
 * Which requests are in flight that a loop may wait for, where, and how old the
 * oldest is
 */
void aiotop_word_append_in_flight(GString *out, const Diagnosis *d,
                                  const AiotopLoop *loop);

/* Which requests wait in a driver behind those, as a sentence; if any do */
void aiotop_word_append_behind(GString *out, const RequestGroup *group);
void aiotop_word_io_stuck(AiotopFinding *finding, const Diagnosis *d,
                          const RequestGroup *group);
/*
 * @queued: the oldest requests that wait for a thread, or NULL; @is_only: all
 * that wait for a thread wait for one of that pool
 */
void aiotop_word_pool_starved(AiotopFinding *finding, const Diagnosis *d,
                              const AiotopPool *pool,
                              const RequestGroup *queued, bool is_only);

/*
 * What the requests' node has to write as long, and can't, as sentences;
 * returns false if there is nothing
 */
bool aiotop_word_append_writer(GString *out, const Diagnosis *d,
                               const RequestGroup *group);
/* That it has something to write, and can't, as sentences */
void aiotop_word_append_blocked(GString *out, const Diagnosis *d,
                                const AiotopWriter *writer);
void aiotop_word_back_pressure(AiotopFinding *finding, const Diagnosis *d,
                               const AiotopWriter *writer);

/* Commands that have had no answer for AIOTOP_RULE_COMMAND_S */
void aiotop_word_append_commands(GString *out, const AiotopSample *sample);

/* What there is to say of requests where all is well */
void aiotop_word_append_requests(GString *out, const AiotopSample *sample);

#endif /* AIOTOP_DIAGNOSE_WORDS_AWAITED_H */
