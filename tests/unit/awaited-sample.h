/*
 * Samples of QEMUs that wait: what is in flight, and what a callback is in
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_AWAITED_SAMPLE_H
#define TESTS_UNIT_AWAITED_SAMPLE_H

#include "diagnose-sample.h"

#define S (1000 * MS)

/* In flight since then, at 11 s of the clock */
#define REQUEST(id, node, stage, since, more)                                  \
    "{'id':" #id ",'node':'" node "','type':'read','stage':'" stage            \
    "','since-ns':" since ",'offset':4096,'bytes':512" more "}"
#define OLD "6000000000"
#define YOUNG "6000000001"

static inline AiotopSample *in_flight(const char *requests, const char *more)
{
    g_autofree char *members =
        g_strdup_printf("'requests':[%s]%s", requests, more);

    return idle_sample(members);
}

static inline void check_io(const char *requests, const char *more,
                            const char *words)
{
    g_autoptr(AiotopSample) sample = in_flight(requests, more);
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);

    if (words) {
        expect(sample, AIOTOP_CLASS_IO_STUCK, words);
        g_assert_cmpuint(findings->len, ==, 1);
    } else {
        expect_healthy(sample);
    }
}

static inline const AiotopFinding *find_class(const GPtrArray *findings,
                                              AiotopClassId id,
                                              const char *node)
{
    for (unsigned i = 0; i < findings->len; i++) {
        const AiotopFinding *finding = findings->pdata[i];

        if (finding->id == id && g_strcmp0(finding->node, node) == 0) {
            return finding;
        }
    }
    return NULL;
}

/* A callback that is stuck, in a wait of this name and for this */
static inline AiotopSample *stuck_in(const char *wait, const char *more)
{
    g_autofree char *members = g_strdup_printf(
        "'state':'dispatching','state-since-ns':10000000000,'stack':["
        "{'source-id':2,'since-ns':10000000000}%s],'sources':[" BH "%s%s]",
        wait ? ",{'source-id':1,'since-ns':10000000000}" : "", wait ? "," : "",
        wait ? wait : "");
    g_autofree char *now =
        g_strdup_printf(HEAD(11, "running") MAIN("%s") "%s}", members, more);

    return sample_of(HEAD(10, "running") MAIN(IDLE) "}", now);
}

static inline void add_tasks(AiotopSample *sample, char state, uint64_t cpu_ns)
{
    AiotopSnapshot *const snapshots[] = { sample->before, sample->now };

    for (unsigned i = 0; i < G_N_ELEMENTS(snapshots); i++) {
        snapshots[i]->tasks = g_new0(AiotopTask, 2);
        snapshots[i]->n_tasks = 2;
        snapshots[i]->tasks[0] = (AiotopTask){ 7, "qemu", 'S', 0 };
        snapshots[i]->tasks[1] =
            (AiotopTask){ 9, "CPU 0/TCG", state, i * cpu_ns };
    }
}

#define WAIT(name, label)                                                      \
    "{'id':1,'kind':'wait','name':'" name "','label':'" label "'}"

#endif /* TESTS_UNIT_AWAITED_SAMPLE_H */
