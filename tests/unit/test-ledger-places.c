/*
 * Who has a place of its own in a ledger, and that no sum jumps by it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>

#include <qemu-aiotop/format/ledger.h>

#include "told.h"

#define MANY (AIOTOP_LEDGER_SOURCES + 4)

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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ledger-places/the-busiest-and-the-others",
                    test_the_busiest_and_the_others);
    g_test_add_func("/ledger-places/changes-of-places", test_changes_of_places);
    g_test_add_func("/ledger-places/hysteresis", test_hysteresis);
    g_test_add_func("/ledger-places/a-rest-that-changes",
                    test_a_rest_that_changes);
    g_test_add_func("/ledger-places/a-source-that-ends",
                    test_a_source_that_ends);
    g_test_add_func("/ledger-places/an-end-beside-a-rest",
                    test_an_end_beside_a_rest);
    g_test_add_func("/ledger-places/a-bucket-that-falls",
                    test_a_bucket_that_falls);
    g_test_add_func("/ledger-places/no-more-than-so-many-places",
                    test_no_more_than_so_many_places);
    g_test_add_func("/ledger-places/no-more-than-so-many-of-a-vm",
                    test_no_more_than_so_many_of_a_vm);
    g_test_add_func("/ledger-places/reserved-names", test_reserved_names);
    return g_test_run();
}
