/*
 * Samples whose diagnosis is read as a whole: what is awaited
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "words-cases.h"

#define LOOPS                                                                  \
    "{'name':'main-loop','thread-id':7,'since-ns':1000000000,'iterations':0,"  \
    "'dispatches':0,'state':'waiting','state-since-ns':10000000000,"           \
    "'sources':[]}"

static void halt(AiotopSample *sample, AiotopHalt why)
{
    sample->now->host_only = true;
    sample->now->halt = why;
}

static void stopped(AiotopSample *sample)
{
    halt(sample, (AiotopHalt){ .kind = AIOTOP_HALT_SIGNAL });
}

static void traced(AiotopSample *sample)
{
    halt(sample, (AiotopHalt){ .kind = AIOTOP_HALT_TRACED,
                               .tracer_pid = 12,
                               .tracer = "gdb" });
}

static void traced_by_somebody(AiotopSample *sample)
{
    halt(sample, (AiotopHalt){ .kind = AIOTOP_HALT_TRACED });
}

static void frozen(AiotopSample *sample)
{
    halt(sample,
         (AiotopHalt){ .kind = AIOTOP_HALT_FROZEN,
                       .thaw = "echo 0 > /sys/fs/cgroup/vm/cgroup.freeze" });
}

static void frozen_somewhere(AiotopSample *sample)
{
    halt(sample, (AiotopHalt){ .kind = AIOTOP_HALT_FROZEN });
}

const WordsCase words_awaited[] = {
    { "stopped: by a signal", LOOPS, "", stopped },
    { "stopped: by a debugger", LOOPS, "", traced },
    { "stopped: by an unknown debugger", LOOPS, "", traced_by_somebody },
    { "stopped: frozen", LOOPS, "", frozen },
    { "stopped: frozen, by an unknown group", LOOPS, "", frozen_somewhere },
};

const unsigned n_words_awaited = G_N_ELEMENTS(words_awaited);
