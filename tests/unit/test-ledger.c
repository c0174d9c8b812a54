/*
 * Sums that only grow, whatever becomes of sources
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>

#include <qemu-aiotop/format/ledger.h>

#include "quoted.h"

/* A VM whose sources are told of one snapshot after the other */
typedef struct Told {
    AiotopLedger *ledger;
    AiotopSnapshot *last;
    AiotopSample *sample;
    unsigned sequence;
    unsigned time_s;
    unsigned since_s;
    /* The reader's; QEMU's own may go by a nanosecond at a time */
    unsigned own_s;
    bool creeps;
    /* Replies have all sources, as the first one of a connection has */
    bool afresh;
} Told;

static Told *told_new(void)
{
    Told *told = g_new0(Told, 1);

    told->ledger = aiotop_ledger_new();
    told->time_s = 10;
    told->since_s = 1;
    return told;
}

static void told_free(Told *told)
{
    aiotop_ledger_free(told->ledger);
    aiotop_snapshot_unref(told->last);
    aiotop_sample_free(told->sample);
    g_free(told);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Told, told_free)

static AiotopSnapshot *make(Told *told, unsigned seconds, const char *loops)
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

/* Takes @now; the sample is of the interval since the last one */
static void take(Told *told, AiotopSnapshot *now)
{
    aiotop_sample_free(told->sample);
    told->sample = aiotop_sample_new(told->last, now);
    aiotop_snapshot_unref(told->last);
    told->last = now;
}

static void book(Told *told)
{
    aiotop_ledger_update(told->ledger, told->sample,
                         told->own_s * UINT64_C(1000000000));
}

/* So many seconds later there are these loops */
static void tell(Told *told, unsigned seconds, const char *loops)
{
    take(told, make(told, seconds, loops));
    book(told);
}

#define LOOPS(members) "'loops':[" members "]"
#define LOOP(name, thread, sources)                                            \
    "{'name':'" name "','thread-id':" #thread ",'since-ns':1,"                 \
    "'state':'waiting','iterations':1,'dispatches':1,"                         \
    "'sources':[" sources "]}"

/* One source, as JSON; the caller frees it */
static char *source(unsigned id, const char *kind, const char *name,
                    const char *label, unsigned calls, unsigned busy_ms)
{
    return g_strdup_printf(
        "{'id':%u,'kind':'%s','name':'%s','label':'%s','calls':%u,"
        "'timed-calls':%u,'busy-ns':%u000000,'total-ns':%u000000,'max-ns':1,"
        "'histogram':{'buckets':[9],'counts':[%u]}}",
        id, kind, name, label, calls, calls, busy_ms, busy_ms, calls);
}

static const AiotopLedgerSource *find(const Told *told, const char *name)
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

static unsigned count_shown(const Told *told)
{
    const AiotopLedgerLoop *loop = aiotop_ledger_loop(told->ledger, 0);
    unsigned n = 0;

    for (unsigned i = 0; i < loop->sources->len; i++) {
        n += ((AiotopLedgerSource *)loop->sources->pdata[i])->shown;
    }
    return n;
}

static const AiotopLedgerCounts *other(const Told *told)
{
    return &aiotop_ledger_loop(told->ledger, 0)->other;
}

/* Sources "s0" on, each with the calls, and so many ms, of its number's place */
static void tell_many(Told *told, unsigned seconds, const unsigned *calls,
                      unsigned n)
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

#define MANY (AIOTOP_LEDGER_SOURCES + 4)

/* All begins at 0, as what was before the exporter is not its own */
static void test_begins_at_zero(void)
{
    g_autoptr(Told) told = told_new();
    const unsigned before[] = { 100 }, now[] = { 130 };

    tell_many(told, 1, before, 1);
    g_assert_true(find(told, "s0")->shown);
    g_assert_cmpuint(find(told, "s0")->counts.calls, ==, 0);
    tell_many(told, 1, now, 1);
    g_assert_cmpuint(find(told, "s0")->counts.calls, ==, 30);
    g_assert_cmpuint(find(told, "s0")->counts.busy_ns, ==, 30000000);
    g_assert_cmpuint(other(told)->calls, ==, 0);
}

static void test_those_with_the_same_labels_are_one(void)
{
    g_autoptr(Told) told = told_new();

    for (unsigned i = 1; i <= 2; i++) {
        g_autofree char *one = source(1, "bh", "f", "vd0", i, i);
        g_autofree char *two = source(2, "bh", "f", "vd0", 10 * i, i);
        g_autofree char *loops =
            g_strdup_printf(LOOPS(LOOP("l", 7, "%s,%s")), one, two);

        tell(told, 1, loops);
    }
    g_assert_cmpuint(aiotop_ledger_loop(told->ledger, 0)->sources->len, ==, 1);
    g_assert_cmpuint(find(told, "f")->counts.calls, ==, 11);
}

/* The busiest have series; what others do is summed, and nothing is lost */
static void test_the_busiest_and_the_others(void)
{
    g_autoptr(Told) told = told_new();
    unsigned calls[MANY];
    uint64_t sum = 0;

    for (unsigned round = 1; round <= 3; round++) {
        for (unsigned i = 0; i < MANY; i++) {
            calls[i] = round * (i + 1) * 10;
        }
        tell_many(told, 1, calls, MANY);
    }
    g_assert_cmpuint(count_shown(told), ==, AIOTOP_LEDGER_SOURCES);
    for (unsigned i = 0; i < MANY; i++) {
        g_autofree char *name = g_strdup_printf("s%u", i);

        g_assert_cmpint(find(told, name)->shown, ==, i >= 4);
        sum += find(told, name)->counts.calls;
    }
    g_assert_cmpuint(other(told)->calls, ==, 2 * (10 + 20 + 30 + 40));
    g_assert_cmpuint(sum + other(told)->calls, ==,
                     2 * 10 * MANY * (MANY + 1) / 2);
}

/* Adds @more to each, and takes them so many seconds later */
static void go_on(Told *told, unsigned *calls, const unsigned *more,
                  unsigned seconds)
{
    for (unsigned i = 0; i < MANY; i++) {
        calls[i] += more[i];
    }
    tell_many(told, seconds, calls, MANY);
}

/*
 * A source that becomes the busiest takes another one's place, but neither at
 * once nor for a little; and no counter falls, nor jumps, when it does
 */
static void test_changes_of_places(void)
{
    g_autoptr(Told) told = told_new();
    unsigned calls[MANY], more[MANY];
    uint64_t other_before, of_last;

    for (unsigned i = 0; i < MANY; i++) {
        calls[i] = more[i] = 10 * (i + 1);
    }
    tell_many(told, 1, calls, MANY);
    go_on(told, calls, more, 1);
    g_assert_false(find(told, "s0")->shown);
    g_assert_true(find(told, "s4")->shown);

    /* Far ahead, but the last one has had its place for a minute only */
    more[0] = 900;
    for (unsigned i = 0; i < 60; i++) {
        go_on(told, calls, more, 1);
    }
    g_assert_false(find(told, "s0")->shown);
    g_assert_cmpuint(find(told, "s0")->counts.calls, ==, 0);
    for (unsigned i = 0; i < AIOTOP_LEDGER_KEEP_S; i++) {
        go_on(told, calls, more, 1);
    }
    g_assert_true(find(told, "s0")->shown);
    g_assert_false(find(told, "s4")->shown);
    g_assert_cmpuint(count_shown(told), ==, AIOTOP_LEDGER_SOURCES);

    /* Each increment is booked once */
    other_before = other(told)->calls;
    of_last = find(told, "s4")->counts.calls;
    {
        uint64_t of_first = find(told, "s0")->counts.calls;

        go_on(told, calls, more, 1);
        g_assert_cmpuint(find(told, "s0")->counts.calls, ==, of_first + 900);
    }
    g_assert_cmpuint(find(told, "s4")->counts.calls, ==, of_last);
    g_assert_cmpuint(other(told)->calls, ==, other_before + 20 + 30 + 40 + 50);
}

/* Not twice as busy as the last one: places would go to and fro */
static void test_hysteresis(void)
{
    g_autoptr(Told) told = told_new();
    unsigned calls[MANY], more[MANY];

    for (unsigned i = 0; i < MANY; i++) {
        calls[i] = more[i] = 100 + i;
    }
    tell_many(told, 1, calls, MANY);
    more[0] = 190;
    for (unsigned i = 0; i < 3 * AIOTOP_LEDGER_KEEP_S; i++) {
        go_on(told, calls, more, 1);
    }
    g_assert_false(find(told, "s0")->shown);
}

#define REST(calls, busy)                                                      \
    ",{'id':0,'kind':'rest','name':'rest','calls':" #calls                     \
    ",'timed-calls':" #calls ",'busy-ns':" #busy "000000,"                     \
    "'total-ns':" #busy "000000,'max-ns':1,"                                   \
    "'histogram':{'buckets':[9],'counts':[" #calls "]}}"

/* Which sources QEMU lists, and which are its rest, changes all the time */
static void test_a_rest_that_changes(void)
{
    g_autoptr(Told) told = told_new();
    g_autofree char *a1 = source(1, "bh", "a", "", 100, 100);
    g_autofree char *a2 = source(1, "bh", "a", "", 150, 150);
    g_autofree char *b3 = source(2, "bh", "b", "", 500, 500);
    g_autofree char *b4 = source(2, "bh", "b", "", 510, 510);
    g_autofree char *first =
        g_strdup_printf(LOOPS(LOOP("l", 7, "%s" REST(20, 20))), a1);
    g_autofree char *second =
        g_strdup_printf(LOOPS(LOOP("l", 7, "%s" REST(30, 30))), a2);
    /* "a" goes into the rest with 151, "b" comes out of it */
    g_autofree char *third =
        g_strdup_printf(LOOPS(LOOP("l", 7, "%s" REST(151, 151))), b3);
    g_autofree char *fourth =
        g_strdup_printf(LOOPS(LOOP("l", 7, "%s" REST(152, 152))), b4);

    tell(told, 1, first);
    tell(told, 1, second);
    g_assert_cmpuint(find(told, "a")->counts.calls, ==, 50);
    g_assert_cmpuint(other(told)->calls, ==, 10);
    tell(told, 1, third);
    g_assert_cmpuint(find(told, "a")->counts.calls, ==, 50);
    g_assert_cmpuint(find(told, "b")->counts.calls, ==, 0);
    /* 651 of all now, 180 before */
    g_assert_cmpuint(other(told)->calls, ==, 10 + 471);
    tell(told, 1, fourth);
    g_assert_cmpuint(find(told, "b")->counts.calls + other(told)->calls, ==,
                     10 + 471 + 11);
    g_assert_cmpuint(aiotop_ledger_loop(told->ledger, 0)->duration.count[2], ==,
                     662 - 120);
}

/* One that ends takes its counters out of QEMU's sum, not out of ours */
static void test_a_source_that_ends(void)
{
    g_autoptr(Told) told = told_new();
    const unsigned two[] = { 100, 200 }, more[] = { 110, 220 }, one[] = { 115 };

    tell_many(told, 1, two, 2);
    tell_many(told, 1, more, 2);
    g_assert_cmpuint(find(told, "s1")->counts.calls, ==, 20);
    g_assert_cmpuint(aiotop_ledger_loop(told->ledger, 0)->duration.count[2], ==,
                     30);
    told->afresh = true;
    tell_many(told, 1, one, 1);
    g_assert_cmpuint(find(told, "s0")->counts.calls, ==, 15);
    g_assert_cmpuint(find(told, "s1")->counts.calls, ==, 20);
    g_assert_cmpuint(aiotop_ledger_loop(told->ledger, 0)->duration.count[2], ==,
                     35);
    g_assert_cmpuint(other(told)->calls, ==, 0);
}

/*
 * The same where QEMU lists only some: what is booked on sources, in buckets
 * and as sums is of the same dispatches
 */
static void test_an_end_beside_a_rest(void)
{
    g_autoptr(Told) told = told_new();
    g_autofree char *a1 = source(1, "bh", "a", "", 100, 100);
    g_autofree char *a2 = source(1, "bh", "a", "", 130, 130);
    g_autofree char *a3 = source(1, "bh", "a", "", 170, 170);
    g_autofree char *first =
        g_strdup_printf(LOOPS(LOOP("l", 7, "%s" REST(900, 900))), a1);
    /* One that had 850 has ended: the sum over all has fallen */
    g_autofree char *second =
        g_strdup_printf(LOOPS(LOOP("l", 7, "%s" REST(60, 60))), a2);
    /* One that had 10: it has grown, but by less than "a" alone */
    g_autofree char *third =
        g_strdup_printf(LOOPS(LOOP("l", 7, "%s" REST(55, 55))), a3);
    const AiotopLedgerLoop *loop;

    tell(told, 1, first);
    tell(told, 1, second);
    loop = aiotop_ledger_loop(told->ledger, 0);
    g_assert_cmpuint(find(told, "a")->counts.calls, ==, 30);
    g_assert_cmpuint(other(told)->calls, ==, 0);
    g_assert_cmpuint(loop->duration.count[2], ==, 30);
    g_assert_cmpfloat(loop->duration.sum_ns, ==, 30e6);
    tell(told, 1, third);
    g_assert_cmpuint(find(told, "a")->counts.calls, ==, 70);
    g_assert_cmpuint(other(told)->calls, ==, 0);
    g_assert_cmpuint(loop->duration.count[2], ==, 70);
    g_assert_cmpfloat(loop->duration.sum_ns, ==, 70e6);
}

/* One bucket that fell says it, too, whatever came in others */
static void test_a_bucket_that_falls(void)
{
    g_autoptr(Told) told = told_new();
    static const char text[] =
        LOOPS(LOOP("l", 7,
                   "{'id':1,'kind':'bh','name':'a','calls':%u,"
                   "'timed-calls':%u,'busy-ns':%u,'total-ns':%u,'max-ns':1,"
                   "'histogram':{'buckets':[5],'counts':[%u]}},"
                   "{'id':0,'kind':'rest','name':'rest','calls':%u,"
                   "'timed-calls':%u,'busy-ns':%u,'total-ns':%u,'max-ns':1,"
                   "'histogram':{'buckets':[5,9],'counts':[%u,%u]}}"));
    g_autofree char *first =
        g_strdup_printf(text, 9, 9, 9, 9, 9, 10, 10, 10, 10, 0, 10);
    g_autofree char *second =
        g_strdup_printf(text, 19, 19, 19, 19, 19, 80, 80, 80, 80, 80, 0);
    const AiotopLedgerLoop *loop;
    unsigned n = 0;

    tell(told, 1, first);
    tell(told, 1, second);
    loop = aiotop_ledger_loop(told->ledger, 0);
    for (unsigned i = 0; i <= AIOTOP_LEDGER_BOUNDS; i++) {
        n += loop->duration.count[i];
    }
    g_assert_cmpuint(n, ==, find(told, "a")->counts.calls + other(told)->calls);
    g_assert_cmpuint(n, ==, 10);
    g_assert_cmpfloat(loop->duration.sum_ns, ==, 10);
}

/* Each as many as QEMU tells of at most, with names that were not there yet */
static char *new_sources(unsigned round, unsigned n, unsigned calls)
{
    GString *sources = g_string_new(NULL);

    for (unsigned i = 0; i < n; i++) {
        g_autofree char *name = g_strdup_printf("s%u-%u", round, i);
        g_autofree char *text =
            source(round * n + i + 1, "bh", name, "", calls, calls);

        g_string_append_printf(sources, "%s%s", i ? "," : "", text);
    }
    return g_string_free(sources, FALSE);
}

/*
 * A QEMU that has others all the time, and whose clock creeps, takes no
 * more memory for it; what it says is counted all the same
 */
static void test_no_more_than_so_many_places(void)
{
    g_autoptr(Told) told = told_new();

    told->afresh = true;
    told->creeps = true;
    for (unsigned round = 0; round < 4; round++) {
        g_autofree char *sources = new_sources(round, 1000, 2);
        g_autofree char *loops =
            g_strdup_printf(LOOPS(LOOP("l", 7, "%s")), sources);

        tell(told, 1, loops);
        g_assert_cmpuint(aiotop_ledger_loop(told->ledger, 0)->sources->len, ==,
                         AIOTOP_LEDGER_LOOP_PLACES);
    }
    g_assert_cmpuint(other(told)->calls, ==, 3 * 2000);
    g_assert_nonnull(find(told, "s0-0"));
    /* Those that have ended do not keep their places for ever */
    for (unsigned round = 4; round < 6; round++) {
        g_autofree char *sources = new_sources(round, 10, 2);
        g_autofree char *loops =
            g_strdup_printf(LOOPS(LOOP("l", 7, "%s")), sources);

        tell(told, AIOTOP_LEDGER_KEEP_S, loops);
    }
    g_assert_null(find(told, "s0-0"));
    g_assert_nonnull(find(told, "s5-0"));
}

static void test_no_more_than_so_many_of_a_vm(void)
{
    g_autoptr(Told) told = told_new();
    g_autofree char *sources = new_sources(0, AIOTOP_LEDGER_LOOP_PLACES - 1, 1);
    g_autoptr(GString) loops = g_string_new("'loops':[");
    unsigned n = 0;

    for (unsigned i = 0; i < 8; i++) {
        g_string_append_printf(loops, "%s" LOOP("io%u", 7, "%s"), i ? "," : "",
                               i, sources);
    }
    g_string_append_c(loops, ']');
    tell(told, 1, loops->str);
    for (unsigned i = 0; i < 8; i++) {
        n += aiotop_ledger_loop(told->ledger, i)->sources->len;
    }
    g_assert_cmpuint(n, ==, AIOTOP_LEDGER_PLACES);
}

/* The name of all others is nobody's own */
static void test_reserved_names(void)
{
    g_autoptr(Told) told = told_new();

    for (unsigned i = 1; i <= 2; i++) {
        g_autofree char *own = source(1, "", "(other)", "", 10 * i, i);
        /* As QEMU calls those of a kind for which it has no room */
        g_autofree char *of_kind = source(2, "bh", "(other)", "", i, i);
        g_autofree char *text = g_strdup_printf(
            LOOPS(LOOP("l", 7, "%s,%s")) ",'nodes':[{'node':'(other)',"
                                         "'completed':%u,'stages':[]}]",
            own, of_kind, i);

        tell(told, 1, text);
    }
    g_assert_cmpuint(aiotop_ledger_loop(told->ledger, 0)->sources->len, ==, 1);
    g_assert_cmpstr(find(told, "(other)")->kind, ==, "bh");
    g_assert_cmpuint(other(told)->calls, ==, 10);
    g_assert_null(aiotop_ledger_node(told->ledger, "(other)"));
    g_assert_cmpuint(aiotop_ledger_other_completed(told->ledger), ==, 1);
}

/* What was not sampled in between is not lost, nor is what came twice */
static void test_samples_that_were_missed(void)
{
    g_autoptr(Told) told = told_new();
    const unsigned calls[][1] = { { 100 }, { 110 }, { 130 } };

    tell_many(told, 1, calls[0], 1);
    {
        g_autofree char *text = source(1, "bh", "s0", "", 110, 110);
        g_autofree char *loops =
            g_strdup_printf(LOOPS(LOOP("main-loop", 7, "%s")), text);

        take(told, make(told, 1, loops));
    }
    tell_many(told, 1, calls[2], 1);
    g_assert_cmpuint(find(told, "s0")->counts.calls, ==, 30);
    book(told);
    g_assert_cmpuint(find(told, "s0")->counts.calls, ==, 30);
}

/* Another profiling period: a reset, which Prometheus knows */
static void test_begins_anew(void)
{
    g_autoptr(Told) told = told_new();
    const unsigned calls[][1] = { { 100 }, { 150 }, { 3 }, { 5 } };

    tell_many(told, 1, calls[0], 1);
    tell_many(told, 1, calls[1], 1);
    told->since_s = 12;
    told->sequence = 0;
    tell_many(told, 1, calls[2], 1);
    g_assert_cmpuint(find(told, "s0")->counts.calls, ==, 0);
    tell_many(told, 1, calls[3], 1);
    g_assert_cmpuint(find(told, "s0")->counts.calls, ==, 2);
}

static void test_loops_of_one_name(void)
{
    g_autoptr(Told) told = told_new();

    tell(told, 1, LOOPS(LOOP("io", 8, "") "," LOOP("io", 9, "")));
    g_assert_cmpstr(aiotop_ledger_loop(told->ledger, 0)->name, ==, "io");
    g_assert_cmpstr(aiotop_ledger_loop(told->ledger, 1)->name, ==,
                    "io (thread 9)");
    /* The other one keeps its name, as its series would jump */
    tell(told, 1, LOOPS(LOOP("io", 9, "")));
    g_assert_cmpstr(aiotop_ledger_loop(told->ledger, 0)->name, ==,
                    "io (thread 9)");
    /* Whatever they are called, no two are called the same */
    tell(told, 1,
         LOOPS(LOOP("io", 9, "") "," LOOP("x", 4, "") "," LOOP(
             "x (thread 5)", 6, "") "," LOOP("x", 5, "")));
    g_assert_cmpstr(aiotop_ledger_loop(told->ledger, 3)->name, !=,
                    aiotop_ledger_loop(told->ledger, 2)->name);
}

/* One that was deleted and made again is another thread, of the same name */
static void test_a_loop_that_was_made_again(void)
{
    g_autoptr(Told) told = told_new();

    tell(told, 1, LOOPS(LOOP("io", 8, "")));
    tell(told, 1, LOOPS(LOOP("io", 9, "")));
    g_assert_cmpstr(aiotop_ledger_loop(told->ledger, 0)->name, ==, "io");
}

static void test_no_more_than_so_many_loops(void)
{
    g_autoptr(Told) told = told_new();
    g_autoptr(GString) loops = g_string_new("'loops':[");

    for (unsigned i = 0; i < AIOTOP_LEDGER_LOOPS + 2; i++) {
        g_string_append_printf(loops,
                               "%s{'name':'io%u','thread-id':%u,"
                               "'state':'waiting','iterations':1}",
                               i ? "," : "", i, 100 + i);
    }
    g_string_append_c(loops, ']');
    tell(told, 1, loops->str);
    g_assert_nonnull(aiotop_ledger_loop(told->ledger, AIOTOP_LEDGER_LOOPS - 1));
    g_assert_null(aiotop_ledger_loop(told->ledger, AIOTOP_LEDGER_LOOPS));
    g_assert_null(aiotop_ledger_loop(told->ledger, AIOTOP_LEDGER_LOOPS + 2));
}

/* Every bound is one of QEMU's, so that nothing is shared out between two */
static void test_bounds(void)
{
    for (unsigned i = 0; i < AIOTOP_LEDGER_BOUNDS; i++) {
        uint64_t bound_ns = aiotop_ledger_bound_ns(i);
        unsigned bucket = aiotop_histogram_index(bound_ns);

        g_assert_cmpuint(bound_ns, ==, UINT64_C(64) << 2 * i);
        g_assert_cmpuint(aiotop_histogram_lower_ns(bucket), ==, bound_ns);
    }
}

/* Each bucket, and what it takes, by itself */
static void test_histogram(void)
{
    for (unsigned bucket = 0; bucket < AIOTOP_HISTOGRAM_BUCKETS; bucket++) {
        g_autoptr(Told) told = told_new();
        g_autofree char *loops = g_strdup_printf(
            LOOPS(LOOP("l", 7,
                       "{'id':1,'kind':'bh','name':'f','calls':3,"
                       "'timed-calls':3,'busy-ns':600,'total-ns':600,"
                       "'max-ns':1,'delay-ns':90,"
                       "'histogram':{'buckets':[%u],'counts':[3]},"
                       "'delay-histogram':{'buckets':[%u],'counts':[2]}}")),
            bucket, bucket);
        const AiotopLedgerLoop *loop;
        unsigned slot = 0;

        tell(told, 1, LOOPS(LOOP("l", 7, "")));
        tell(told, 1, loops);
        loop = aiotop_ledger_loop(told->ledger, 0);
        while (!loop->duration.count[slot]) {
            slot++;
        }
        g_assert_cmpuint(loop->duration.count[slot], ==, 3);
        g_assert_cmpuint(loop->delay.count[slot], ==, 2);
        if (slot < AIOTOP_LEDGER_BOUNDS) {
            g_assert_cmpuint(aiotop_histogram_upper_ns(bucket), <=,
                             aiotop_ledger_bound_ns(slot));
        }
        if (slot) {
            g_assert_cmpuint(aiotop_histogram_lower_ns(bucket), >=,
                             aiotop_ledger_bound_ns(slot - 1));
        }
        g_assert_cmpfloat(loop->duration.sum_ns, ==, 600);
        g_assert_cmpfloat(loop->delay.sum_ns, ==, 90);
    }
}

/* The sum is of the calls that the histogram counts */
static void test_histogram_of_a_thinned_loop(void)
{
    g_autoptr(Told) told = told_new();

    tell(told, 1, LOOPS(LOOP("l", 7, "")));
    tell(told, 1,
         LOOPS(LOOP("l", 7,
                    "{'id':1,'kind':'bh','name':'f','calls':1000,"
                    "'timed-calls':10,'busy-ns':200000,'total-ns':200000,"
                    "'max-ns':1,'histogram':{'buckets':[5],'counts':[10]}}")));
    g_assert_cmpfloat(aiotop_ledger_loop(told->ledger, 0)->duration.sum_ns, ==,
                      2000);
}

static void test_nodes(void)
{
    g_autoptr(Told) told = told_new();
    g_autoptr(GString) first = g_string_new("'loops':[],'nodes':[");
    g_autoptr(GString) second = g_string_new("'loops':[],'nodes':[");

    for (unsigned i = 0; i < AIOTOP_LEDGER_NODES + 3; i++) {
        const char *comma = i ? "," : "";

        g_string_append_printf(first,
                               "%s"
                               "{'node':'n%u',"
                               "'in-flight':0,'completed':%u,'stages':[]}",
                               comma, i, 100);
        g_string_append_printf(second,
                               "%s"
                               "{'node':'n%u',"
                               "'in-flight':0,'completed':%u,'stages':[]}",
                               comma, i, 101 + i);
    }
    g_string_append(first, "]");
    g_string_append(second, "]");
    tell(told, 1, first->str);
    tell(told, 1, second->str);
    g_assert_cmpstr(aiotop_ledger_node(told->ledger, "n0")->name, ==, "n0");
    g_assert_null(aiotop_ledger_node(told->ledger, "n64"));
    g_assert_cmpuint(aiotop_ledger_other_completed(told->ledger), ==,
                     65 + 66 + 67);
}

/* QEMU says which device has a request there now, and that is no name */
static void test_devices(void)
{
    g_autoptr(Told) told = told_new();
    static const char *const devices[] = { "", "'device':'vd0',", "",
                                           "'device':'vd1'," };

    for (unsigned i = 0; i < G_N_ELEMENTS(devices); i++) {
        g_autofree char *text = g_strdup_printf(
            "'loops':[],'nodes':[{'node':'n',%s'stages':[]}]", devices[i]);

        tell(told, 1, text);
        g_assert_cmpstr(aiotop_ledger_node(told->ledger, "n")->device, ==,
                        i ? "vd0" : "");
    }
}

/* Threads that end take what they had out of QEMU's list */
static void test_big_lock(void)
{
    g_autoptr(Told) told = told_new();

    tell(told, 1,
         "'loops':[],'bql':{'threads':[{'name':'a','thread-id':7,'holds':1,"
         "'held-ns':100,'waits':1,'wait-ns':10},{'name':'b','thread-id':8,"
         "'holds':1,'held-ns':900,'waits':1,'wait-ns':90}]}");
    g_assert_cmpuint(aiotop_ledger_bql_held_ns(told->ledger), ==, 0);
    tell(told, 1,
         "'loops':[],'bql':{'threads':[{'name':'a','thread-id':7,'holds':1,"
         "'held-ns':150,'waits':1,'wait-ns':12}]}");
    g_assert_cmpuint(aiotop_ledger_bql_held_ns(told->ledger), ==, 50);
    g_assert_cmpuint(aiotop_ledger_bql_wait_ns(told->ledger), ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ledger/begins-at-zero", test_begins_at_zero);
    g_test_add_func("/ledger/those-with-the-same-labels-are-one",
                    test_those_with_the_same_labels_are_one);
    g_test_add_func("/ledger/the-busiest-and-the-others",
                    test_the_busiest_and_the_others);
    g_test_add_func("/ledger/changes-of-places", test_changes_of_places);
    g_test_add_func("/ledger/hysteresis", test_hysteresis);
    g_test_add_func("/ledger/a-rest-that-changes", test_a_rest_that_changes);
    g_test_add_func("/ledger/a-source-that-ends", test_a_source_that_ends);
    g_test_add_func("/ledger/an-end-beside-a-rest", test_an_end_beside_a_rest);
    g_test_add_func("/ledger/a-bucket-that-falls", test_a_bucket_that_falls);
    g_test_add_func("/ledger/no-more-than-so-many-places",
                    test_no_more_than_so_many_places);
    g_test_add_func("/ledger/no-more-than-so-many-of-a-vm",
                    test_no_more_than_so_many_of_a_vm);
    g_test_add_func("/ledger/reserved-names", test_reserved_names);
    g_test_add_func("/ledger/samples-that-were-missed",
                    test_samples_that_were_missed);
    g_test_add_func("/ledger/begins-anew", test_begins_anew);
    g_test_add_func("/ledger/loops-of-one-name", test_loops_of_one_name);
    g_test_add_func("/ledger/a-loop-that-was-made-again",
                    test_a_loop_that_was_made_again);
    g_test_add_func("/ledger/no-more-than-so-many-loops",
                    test_no_more_than_so_many_loops);
    g_test_add_func("/ledger/bounds", test_bounds);
    g_test_add_func("/ledger/histogram", test_histogram);
    g_test_add_func("/ledger/histogram-of-a-thinned-loop",
                    test_histogram_of_a_thinned_loop);
    g_test_add_func("/ledger/nodes", test_nodes);
    g_test_add_func("/ledger/devices", test_devices);
    g_test_add_func("/ledger/big-lock", test_big_lock);
    return g_test_run();
}
