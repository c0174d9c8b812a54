/*
 * Samples to be checked, and the line that comes of them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_MADE_CHECK_H
#define TESTS_UNIT_MADE_CHECK_H

#include <glib.h>

#include <qemu-aiotop/diagnose/check.h>
#include <qemu-aiotop/model/sample.h>

#define S UINT64_C(1000000000)

/* Busy for so many nanoseconds of the second, with other members */
#define LOOP(name, thread, busy, members)                                      \
    "{'name':'" name "','thread-id':" #thread ",'since-ns':1,"                 \
    "'iterations':9,'dispatches':9,'dispatch-ns':" #busy                       \
    ",'bql-wait-ns':0,'state':'waiting','state-since-ns':399999999999" members \
    "}"

#define IDLE LOOP("main-loop", 7, 0, "") "," LOOP("io0", 8, 0, "")

#define STUCK(since)                                                           \
    LOOP("main-loop", 7, 0,                                                    \
         ",'state':'dispatching','stack':[{'source-id':1,"                     \
         "'since-ns':" #since "}],"                                            \
         "'sources':[{'id':1,'kind':'fd-read','name':'chr_read'}]")

/* Two snapshots a second apart, in the 400th; the stall threshold is 100 ms */
AiotopSample *sample_of(const char *loops, const char *members);

/* Stalls of the last 300 s */
extern const AiotopCheck defaults;

/* The line, which must begin with @word, and have all of @words */
char *expect(const AiotopSample *sample, const AiotopCheck *check,
             AiotopCheckStatus status, const char *words);
void check_line(const AiotopSample *sample, const AiotopCheck *check,
                AiotopCheckStatus status, const char *words);

void set_threshold(AiotopCheck *check, AiotopCheckStatus level,
                   const char *text);

#endif /* TESTS_UNIT_MADE_CHECK_H */
