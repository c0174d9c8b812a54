/*
 * Samples to diagnose, and what is to be found in them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_DIAGNOSE_SAMPLE_H
#define TESTS_UNIT_DIAGNOSE_SAMPLE_H

#include <glib.h>
#include <string.h>

#include <qemu-aiotop/diagnose/diagnose.h>
#include <qemu-aiotop/diagnose/stalls.h>

#include "quoted.h"

#define MS UINT64_C(1000000)

/* Two snapshots, at 10 s and 11 s of the clock; the threshold is 100 ms */
#define HEAD(seconds, state)                                                   \
    "{'time-ns':" #seconds "000000000,'sequence':" #seconds ",'pid':7,"        \
    "'profiling-since-ns':1000000000,'stall-threshold-ns':100000000,"          \
    "'run-state':'" state "',"

/* The main loop, with what it has counted so far */
#define MAIN(members)                                                          \
    "'loops':[{'name':'main-loop','thread-id':7,'since-ns':1000000000,"        \
    "'wait-ns':0,'poll-ns':0,'dispatch-ns':0,'bql-wait-ns':0,"                 \
    "'iterations':0,'dispatches':0,'poll-hits':0,'poll-misses':0,"             \
    "'cpu-ns':0," members "}]"

#define IDLE "'state':'waiting','state-since-ns':10000000000,'sources':[]"

/* What is not said again is as it was: members of an object may repeat */
static inline AiotopSample *sample_of(const char *before, const char *now)
{
    g_autoptr(AiotopSnapshot) first = parse(before);
    g_autoptr(AiotopSnapshot) second = parse_after(first, now);

    return aiotop_sample_new(first, second);
}

static inline AiotopSample *main_loop_sample(const char *members)
{
    g_autofree char *now =
        g_strdup_printf(HEAD(11, "running") MAIN("%s") "}", members);

    return sample_of(HEAD(10, "running") MAIN(IDLE) "}", now);
}

/* With members of the snapshot, and an idle loop */
static inline AiotopSample *idle_sample(const char *members)
{
    g_autofree char *now = g_strdup_printf(
        HEAD(11, "running") MAIN(IDLE) "%s%s}", *members ? "," : "", members);

    return sample_of(HEAD(10, "running") MAIN(IDLE) "}", now);
}

static inline GPtrArray *diagnose(const AiotopSample *sample, uint64_t stall_ns)
{
    return aiotop_diagnose(sample,
                           &(AiotopDiagnoseOptions){ .stall_ns = stall_ns });
}

/* The first finding, which must be of this class, and say all of @words */
static inline void expect(const AiotopSample *sample, AiotopClassId id,
                          const char *words)
{
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *first = findings->pdata[0];
    g_auto(GStrv) parts = g_strsplit(words, "|", -1);

    g_test_message("%s: %s", aiotop_classes[first->id].name, first->evidence);
    g_assert_cmpstr(aiotop_classes[first->id].name, ==,
                    aiotop_classes[id].name);
    for (unsigned i = 0; parts[i]; i++) {
        g_test_message("\"%s\"?", parts[i]);
        g_assert_true(strstr(first->evidence, parts[i]) ||
                      strstr(first->next_step, parts[i]));
    }
    g_assert_true(*first->next_step);
    g_assert_null(first->stack);
    g_assert_cmpint(aiotop_diagnosis_healthy(findings), ==,
                    id == AIOTOP_CLASS_HEALTHY);
    g_assert_cmpint(aiotop_diagnosis_stuck(findings) > 0, ==,
                    aiotop_classes[id].stuck && !first->goes_on);
    for (unsigned i = 1; i < findings->len; i++) {
        const AiotopFinding *before = findings->pdata[i - 1];
        const AiotopFinding *after = findings->pdata[i];

        /* What only warns comes after what is stuck */
        if (aiotop_finding_is_stuck(before) == aiotop_finding_is_stuck(after)) {
            g_assert_cmpint(before->id, <=, after->id);
        } else {
            g_assert_true(aiotop_finding_is_stuck(before));
        }
    }
}

static inline void expect_healthy(const AiotopSample *sample)
{
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);

    g_assert_cmpuint(findings->len, ==, 1);
    expect(sample, AIOTOP_CLASS_HEALTHY, "");
}

#define FD_READ "{'id':1,'kind':'fd-read','name':'chr_read','label':'mon0'}"
#define BH "{'id':2,'kind':'bh','name':'nested_bh'}"

/* The stack of one in source 1, or in 2 and that in 1 */
#define IN_ONE(since) "{'source-id':1,'since-ns':" #since "}"
#define IN_TWO(since) IN_ONE(since) ",{'source-id':2,'since-ns':10960000000}"

static inline AiotopSample *dispatching(const char *state, const char *stack)
{
    g_autofree char *members = g_strdup_printf(
        "'state':'%s','state-since-ns':10950000000,'stack':[%s],"
        "'sources':[" FD_READ "," BH "]",
        state, stack);

    return main_loop_sample(members);
}

/* Bucket 84 begins at 117 ms, 82 at 83 ms */
static inline AiotopSample *with_source(const char *source, const char *loop)
{
    g_autofree char *members = g_strdup_printf(
        "'state':'running','state-since-ns':10999999999,%s'sources':[%s]", loop,
        source);

    return main_loop_sample(members);
}

#endif /* TESTS_UNIT_DIAGNOSE_SAMPLE_H */
