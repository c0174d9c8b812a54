/*
 * What a sample is made of besides loops: what became of requests, and where the
 * CPU time went
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_MODEL_SAMPLE_PARTS_H
#define AIOTOP_MODEL_SAMPLE_PARTS_H

typedef struct AiotopSample AiotopSample;

/* Makes @nodes, of @now and @before of the same sample */
void aiotop_sample_add_nodes(AiotopSample *sample);

/* Makes @threads, with the process's CPU time, likewise */
void aiotop_sample_add_threads(AiotopSample *sample);

#endif /* AIOTOP_MODEL_SAMPLE_PARTS_H */
