/*
 * A ledger that is told of one snapshot after the other
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "told.h"

#include "quoted.h"

Told *told_new(void)
{
    Told *told = g_new0(Told, 1);

    told->ledger = aiotop_ledger_new();
    told->time_s = 10;
    told->since_s = 1;
    return told;
}

void told_free(Told *told)
{
    aiotop_ledger_free(told->ledger);
    aiotop_snapshot_unref(told->last);
    aiotop_sample_free(told->sample);
    g_free(told);
}

AiotopSnapshot *make(Told *told, unsigned seconds, const char *loops)
{
    g_autofree char *text = NULL;

    told->own_s += seconds;
    told->time_s += told->creeps ? 0 : seconds;
    told->sequence++;
    text = g_strdup_printf("{'sequence':%u,'time-ns':%u%09u,'pid':7,"
                           "'profiling-since-ns':%u000000000,%s}",
                           told->sequence, told->time_s,
                           told->creeps ? told->sequence : 0, told->since_s,
                           loops);
    return parse_after(told->afresh ? NULL : told->last, text);
}

void take(Told *told, AiotopSnapshot *now)
{
    aiotop_sample_free(told->sample);
    told->sample = aiotop_sample_new(told->last, now);
    aiotop_snapshot_unref(told->last);
    told->last = now;
}

void book(Told *told)
{
    aiotop_ledger_update(told->ledger, told->sample,
                         told->own_s * UINT64_C(1000000000));
}

void tell(Told *told, unsigned seconds, const char *loops)
{
    take(told, make(told, seconds, loops));
    book(told);
}

char *source(unsigned id, const char *kind, const char *name, const char *label,
             unsigned calls, unsigned busy_ms)
{
    return g_strdup_printf(
        "{'id':%u,'kind':'%s','name':'%s','label':'%s','calls':%u,"
        "'timed-calls':%u,'busy-ns':%u000000,'total-ns':%u000000,'max-ns':1,"
        "'histogram':{'buckets':[9],'counts':[%u]}}",
        id, kind, name, label, calls, calls, busy_ms, busy_ms, calls);
}

const AiotopLedgerSource *find(const Told *told, const char *name)
{
    const AiotopLedgerLoop *loop = aiotop_ledger_loop(told->ledger, 0);

    for (unsigned i = 0; i < loop->sources->len; i++) {
        const AiotopLedgerSource *found = loop->sources->pdata[i];

        if (strcmp(found->name, name) == 0) {
            return found;
        }
    }
    return NULL;
}

unsigned count_shown(const Told *told)
{
    const AiotopLedgerLoop *loop = aiotop_ledger_loop(told->ledger, 0);
    unsigned n = 0;

    for (unsigned i = 0; i < loop->sources->len; i++) {
        n += ((AiotopLedgerSource *)loop->sources->pdata[i])->shown;
    }
    return n;
}

const AiotopLedgerCounts *other(const Told *told)
{
    return &aiotop_ledger_loop(told->ledger, 0)->other;
}

void tell_many(Told *told, unsigned seconds, const unsigned *calls, unsigned n)
{
    g_autoptr(GString) sources = g_string_new(NULL);
    g_autofree char *loops = NULL;

    for (unsigned i = 0; i < n; i++) {
        g_autofree char *name = g_strdup_printf("s%u", i);
        g_autofree char *text =
            source(i + 1, "bh", name, "", calls[i], calls[i]);

        g_string_append_printf(sources, "%s%s", i ? "," : "", text);
    }
    loops = g_strdup_printf(LOOPS(LOOP("main-loop", 7, "%s")), sources->str);
    tell(told, seconds, loops);
}
