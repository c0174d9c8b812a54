/*
 * Replies to snapshots
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include <qemu-aiotop/wire/commands.h>
#include <qemu-aiotop/model/snapshot.h>

#include "quoted.h"
#include "reply-text.h"

#define SOURCE(id, calls)                                                      \
    "{'id':" #id ",'kind':'bh','name':'f" #id "','calls':" #calls "}"

static void test_all_members(void)
{
    g_autoptr(AiotopSnapshot) snapshot = parse(
        "{'sequence':42,'time-ns':900,'pid':7,'vm-name':'vm','extra':[{}],"
        "'qemu-version':'10.0','build-id':'ab','profiling-since-ns':100,"
        "'stall-threshold-ns':5,'run-state':'running','loops':[{"
        "'sources':[{'id':9,'kind':'timer','name':'g','label':'l','fd':3,"
        "'callback':31,'calls':3,'busy-ns':4,'total-ns':5,'max-ns':6,"
        "'delay-ns':7,'delay-max-ns':8,'last-ns':9,"
        "'histogram':{'buckets':[0,137],'counts':[1,2]},"
        "'delay-histogram':{'buckets':[5],'counts':[3]}}],"
        "'name':'main-loop','thread-id':8,'since-ns':100,'iterations':1,"
        "'dispatches':3,'wait-ns':4,'poll-ns':5,'poll-hits':6,"
        "'poll-misses':7,'dispatch-ns':8,'bql-wait-ns':9,'poll-max-ns':10,"
        "'cpu-ns':11,'bh-pending-since-ns':12,'timer-deadline-ns':13,"
        "'state':'dispatching','state-since-ns':14,'stack':[{'source-id':9,"
        "'since-ns':15}]}]}");
    const AiotopLoop *loop = &snapshot->loops[0];
    const AiotopSource *source = loop->sources[0];

    g_assert_cmpuint(snapshot->sequence, ==, 42);
    g_assert_cmpuint(snapshot->time_ns, ==, 900);
    g_assert_cmpint(snapshot->pid, ==, 7);
    g_assert_cmpstr(snapshot->vm_name, ==, "vm");
    g_assert_cmpstr(snapshot->qemu_version, ==, "10.0");
    g_assert_cmpstr(snapshot->build_id, ==, "ab");
    g_assert_cmpstr(snapshot->run_state, ==, "running");
    g_assert_cmpuint(snapshot->profiling_since_ns, ==, 100);
    g_assert_cmpuint(snapshot->stall_threshold_ns, ==, 5);
    g_assert_cmpuint(snapshot->n_loops, ==, 1);
    g_assert_cmpstr(loop->name, ==, "main-loop");
    g_assert_cmpint(loop->thread_id, ==, 8);
    g_assert_cmpuint(loop->iterations, ==, 1);
    g_assert_cmpuint(loop->bql_wait_ns, ==, 9);
    g_assert_cmpuint(loop->cpu_ns, ==, 11);
    g_assert_cmpuint(loop->bh_pending_since_ns, ==, 12);
    g_assert_cmpuint(loop->timer_deadline_ns, ==, 13);
    g_assert_cmpint(loop->state, ==, AIOTOP_LOOP_DISPATCHING);
    g_assert_cmpuint(loop->state_since_ns, ==, 14);
    g_assert_cmpuint(loop->stack_depth, ==, 1);
    g_assert_cmpuint(loop->stack[0].source_id, ==, 9);
    g_assert_cmpuint(loop->stack[0].since_ns, ==, 15);
    g_assert_cmpuint(loop->n_sources, ==, 1);
    g_assert_cmpstr(source->kind, ==, "timer");
    g_assert_cmpstr(source->name, ==, "g");
    g_assert_cmpstr(source->label, ==, "l");
    g_assert_cmpuint(source->callback, ==, 0x1f);
    g_assert_null(source->module);
    g_assert_cmpint(source->fd, ==, 3);
    g_assert_cmpuint(source->delay_max_ns, ==, 8);
    g_assert_cmpuint(source->histogram.n, ==, 2);
    g_assert_cmpuint(source->histogram.bucket[1].index, ==, 137);
    g_assert_cmpuint(source->histogram.bucket[1].count, ==, 2);
    g_assert_cmpuint(source->delay_histogram.n, ==, 1);
    g_assert_cmpuint(source->delay_histogram.bucket[0].count, ==, 3);
}

static void test_missing_members_are_unknown(void)
{
    g_autoptr(AiotopSnapshot) snapshot =
        parse("{'time-ns':1,'loops':[{'name':'l','thread-id':1,"
              "'sources':[{'id':1,'kind':'bh','name':'f'}]}]}");
    const AiotopLoop *loop = &snapshot->loops[0];

    g_assert_null(snapshot->vm_name);
    g_assert_null(snapshot->run_state);
    g_assert_cmpuint(snapshot->profiling_since_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(loop->wait_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(loop->cpu_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpint(loop->state, ==, AIOTOP_LOOP_UNKNOWN);
    g_assert_cmpuint(loop->sources[0]->calls, ==, AIOTOP_UNKNOWN);
    g_assert_cmpint(loop->sources[0]->fd, ==, -1);
    g_assert_null(loop->sources[0]->label);
}

static void test_big_lock(void)
{
    g_autoptr(AiotopSnapshot) snapshot = parse(
        "{'time-ns':9,'bql':{'threads':[{'name':'main-loop','thread-id':7,"
        "'holds':1,'held-ns':2,'waits':3,'wait-ns':4,'waiting-since-ns':5},"
        "{'name':'CPU 0/TCG','thread-id':8,'extra':[1]}],"
        "'holder-thread-id':8,'held-since-ns':6,'extra':{}},'loops':[]}");
    const AiotopBql *bql = &snapshot->bql;

    g_assert_true(bql->known);
    g_assert_cmpint(bql->holder_thread_id, ==, 8);
    g_assert_cmpuint(bql->held_since_ns, ==, 6);
    g_assert_cmpuint(bql->n_threads, ==, 2);
    g_assert_cmpstr(bql->threads[0].name, ==, "main-loop");
    g_assert_cmpint(bql->threads[0].thread_id, ==, 7);
    g_assert_cmpuint(bql->threads[0].holds, ==, 1);
    g_assert_cmpuint(bql->threads[0].held_ns, ==, 2);
    g_assert_cmpuint(bql->threads[0].waits, ==, 3);
    g_assert_cmpuint(bql->threads[0].wait_ns, ==, 4);
    g_assert_cmpuint(bql->threads[0].waiting_since_ns, ==, 5);
    g_assert_cmpstr(bql->threads[1].name, ==, "CPU 0/TCG");
    g_assert_cmpuint(bql->threads[1].waits, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(bql->threads[1].waiting_since_ns, ==, AIOTOP_UNKNOWN);
}

/* Who has the lock no longer waits, whatever it says in that moment */
static void test_wait_of_holder(void)
{
    g_autoptr(AiotopSnapshot) snapshot =
        parse("{'time-ns':9,'bql':{'threads':["
              "{'name':'a','thread-id':7,'waiting-since-ns':5},"
              "{'name':'b','thread-id':8,'waiting-since-ns':5}],"
              "'holder-thread-id':7,'held-since-ns':6},'loops':[]}");
    const AiotopBqlThread *threads = snapshot->bql.threads;

    g_assert_cmpuint(threads[0].waiting_since_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(threads[1].waiting_since_ns, ==, 5);
}

static void test_stalls(void)
{
    g_autoptr(AiotopSnapshot) snapshot = parse(
        "{'time-ns':9,'stall-count':20,'loops':[],'stalls':["
        "{'id':17,'loop':'main-loop','thread-id':7,'cause':'dispatch',"
        "'source-id':3,'kind':'bh','name':'f','label':'l','start-ns':1,"
        "'duration-ns':2,'ongoing':false},"
        "{'id':20,'loop':'io','thread-id':8,'cause':'bql-wait','start-ns':3,"
        "'duration-ns':4,'ongoing':true,'extra':null}]}");
    const AiotopStall *stalls = snapshot->stalls;

    g_assert_cmpuint(snapshot->stall_count, ==, 20);
    g_assert_cmpuint(snapshot->n_stalls, ==, 2);
    g_assert_cmpuint(stalls[0].id, ==, 17);
    g_assert_cmpstr(stalls[0].loop, ==, "main-loop");
    g_assert_cmpint(stalls[0].thread_id, ==, 7);
    g_assert_false(stalls[0].bql_wait);
    g_assert_cmpuint(stalls[0].source_id, ==, 3);
    g_assert_cmpstr(stalls[0].kind, ==, "bh");
    g_assert_cmpstr(stalls[0].name, ==, "f");
    g_assert_cmpstr(stalls[0].label, ==, "l");
    g_assert_cmpuint(stalls[0].start_ns, ==, 1);
    g_assert_cmpuint(stalls[0].duration_ns, ==, 2);
    g_assert_false(stalls[0].ongoing);
    g_assert_true(stalls[1].bql_wait);
    g_assert_true(stalls[1].ongoing);
    g_assert_cmpuint(stalls[1].source_id, ==, 0);
    g_assert_null(stalls[1].name);
}

/* A tool has no big lock, and an older QEMU no stalls */
static void test_without_lock_and_stalls(void)
{
    g_autoptr(AiotopSnapshot) without = parse("{'time-ns':1,'loops':[]}");
    g_autoptr(AiotopSnapshot) empty =
        parse("{'time-ns':1,'loops':[],'bql':{},'stalls':[{'id':1,'loop':'l'}],"
              "'stall-count':0}");
    g_autoptr(AiotopSnapshot) none =
        parse("{'time-ns':1,'loops':[],'stalls':[]}");

    g_assert_false(without->bql.known);
    g_assert_null(without->stalls);
    g_assert_cmpuint(without->stall_count, ==, AIOTOP_UNKNOWN);
    g_assert_true(empty->bql.known);
    g_assert_cmpint(empty->bql.holder_thread_id, ==, 0);
    g_assert_cmpuint(empty->bql.held_since_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(empty->bql.n_threads, ==, 0);
    g_assert_cmpuint(empty->stalls[0].start_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(empty->stalls[0].duration_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpint(empty->stalls[0].thread_id, ==, -1);
    g_assert_nonnull(none->stalls);
    g_assert_cmpuint(none->n_stalls, ==, 0);
}

static void test_unknown_kind_and_state_are_no_error(void)
{
    g_autoptr(AiotopSnapshot) snapshot = parse(
        "{'time-ns':1,'loops':[{'name':'l','thread-id':1,'state':'dreaming',"
        "'sources':[{'id':1,'kind':'cqe','name':'f'}]}]}");

    g_assert_cmpint(snapshot->loops[0].state, ==, AIOTOP_LOOP_UNKNOWN);
    g_assert_cmpstr(snapshot->loops[0].sources[0]->kind, ==, "cqe");
}

static void test_sources_are_sorted(void)
{
    g_autoptr(AiotopSnapshot) snapshot = parse(
        "{'time-ns':1,'loops':[{'name':'l','thread-id':1,'sources':[" SOURCE(
            5, 1) "," SOURCE(2, 1) "," SOURCE(9, 1) "]}]}");
    const AiotopLoop *loop = &snapshot->loops[0];

    g_assert_cmpuint(loop->sources[0]->id, ==, 2);
    g_assert_cmpuint(loop->sources[2]->id, ==, 9);
    g_assert_true(aiotop_loop_find_source(loop, 5) == loop->sources[1]);
    g_assert_null(aiotop_loop_find_source(loop, 6));
}

#define LOOP(time, since, sources)                                             \
    "{'time-ns':" #time ",'pid':1,'profiling-since-ns':" #since ","            \
    "'loops':[{'name':'l','thread-id':1,'sources':[" sources "]}]}"

static void test_left_out_sources_are_kept(void)
{
    g_autoptr(AiotopSnapshot) before =
        parse(LOOP(10, 1, SOURCE(1, 5) "," SOURCE(2, 6) "," SOURCE(4, 7)));
    g_autoptr(AiotopSnapshot) now =
        parse_after(before, LOOP(20, 1, SOURCE(2, 8) "," SOURCE(3, 9)));
    const AiotopLoop *loop = &now->loops[0];

    g_assert_cmpuint(loop->n_sources, ==, 4);
    g_assert_true(loop->sources[0] == before->loops[0].sources[0]);
    g_assert_cmpuint(loop->sources[1]->calls, ==, 8);
    g_assert_cmpuint(loop->sources[2]->calls, ==, 9);
    g_assert_true(loop->sources[3] == before->loops[0].sources[2]);
}

static void test_kept_sources_outlive_their_snapshot(void)
{
    AiotopSnapshot *before = parse(LOOP(10, 1, SOURCE(1, 5)));
    g_autoptr(AiotopSnapshot) now = parse_after(before, LOOP(20, 1, ""));

    aiotop_snapshot_unref(before);
    g_assert_cmpstr(now->loops[0].sources[0]->name, ==, "f1");
}

static void test_nothing_is_kept_over_a_new_period(void)
{
    g_autoptr(AiotopSnapshot) before = parse(LOOP(10, 1, SOURCE(1, 5)));
    g_autoptr(AiotopSnapshot) now = parse_after(before, LOOP(20, 2, ""));

    g_assert_cmpuint(now->loops[0].n_sources, ==, 0);
}

static void test_request(void)
{
    g_autofree char *all =
        aiotop_command_query(&(AiotopQueryArguments){ .histograms = true });
    g_autofree char *since = aiotop_command_query(
        &(AiotopQueryArguments){ .after_sequence = 41, .histograms = true });
    g_autofree char *loops =
        aiotop_command_query(&(AiotopQueryArguments){ .loops_only = true });

    g_autofree char *busiest = aiotop_command_query(
        &(AiotopQueryArguments){ .after_sequence = 41, .max_sources = 20 });

    g_assert_cmpstr(busiest, ==,
                    "{\"after-sequence\":41,\"max-sources\":20,"
                    "\"histograms\":false}");
    g_assert_cmpstr(all, ==, "{\"histograms\":true}");
    g_assert_cmpstr(since, ==, "{\"after-sequence\":41,\"histograms\":true}");
    g_assert_cmpstr(loops, ==, "{\"max-sources\":0,\"histograms\":false}");
}

static void expect_version(const char *quotes, const char *cause)
{
    g_autofree char *text = quoted(quotes);
    g_autoptr(GError) error = NULL;

    g_assert_null(read_reply(text, strlen(text), NULL, &error));
    g_assert_error(error, AIOTOP_REPLY_ERROR, AIOTOP_REPLY_ERROR_VERSION);
    g_assert_nonnull(strstr(error->message, "of different versions"));
    g_assert_nonnull(strstr(error->message, cause));
}

/* It is not that the reply is broken: it is another one's */
static void test_other_versions(void)
{
    g_autoptr(GString) bounds = g_string_new("{'histogram-bounds':[0");
    g_autofree char *right = NULL, *text = NULL;
    g_autoptr(AiotopSnapshot) snapshot = NULL;

    expect_version("{'time-ns':1,'loops':[{'name':'l','thread-id':1,"
                   "'stack':[],'stack-since-ns':[],'sources':[]}]}",
                   "stack-since-ns: it is of a former form");
    expect_version("{'time-ns':1,'loops':[],'histogram-bounds':[0,64]}",
                   "buckets are others");
    for (unsigned i = 1; i < AIOTOP_HISTOGRAM_BUCKETS; i++) {
        g_string_append_printf(bounds, ",%" G_GUINT64_FORMAT,
                               aiotop_histogram_lower_ns(i));
    }
    right = g_strconcat(bounds->str, "],'time-ns':1,'loops':[]}", NULL);
    text = quoted(right);
    snapshot = read_reply(text, strlen(text), NULL, NULL);
    g_assert_nonnull(snapshot);
    /* One that ends elsewhere */
    bounds->str[bounds->len - 1] ^= 1;
    g_string_append(bounds, "],'time-ns':1,'loops':[]}");
    expect_version(bounds->str, "buckets are others");
}

/* The sum of what is not listed is no source */
static void test_rest(void)
{
    g_autoptr(AiotopSnapshot) snapshot =
        parse("{'time-ns':1,'loops':[{'name':'l','thread-id':1,'sources':["
              "{'id':0,'kind':'rest','name':'(rest)','calls':7},"
              "{'id':3,'kind':'bh','name':'f','calls':2}]}]}");
    g_autofree char *text =
        quoted("{'time-ns':1,'loops':[{'name':'l','thread-id':1,'sources':["
               "{'id':0,'kind':'rest','name':'a'},"
               "{'id':1,'kind':'rest','name':'b'}]}]}");

    g_assert_cmpuint(snapshot->loops[0].n_sources, ==, 1);
    g_assert_cmpuint(snapshot->loops[0].sources[0]->id, ==, 3);
    g_assert_cmpuint(snapshot->loops[0].rest->calls, ==, 7);
    g_assert_null(read_reply(text, strlen(text), NULL, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/snapshot/all-members", test_all_members);
    g_test_add_func("/snapshot/wait-of-holder", test_wait_of_holder);
    g_test_add_func("/snapshot/missing-members-are-unknown",
                    test_missing_members_are_unknown);
    g_test_add_func("/snapshot/big-lock", test_big_lock);
    g_test_add_func("/snapshot/stalls", test_stalls);
    g_test_add_func("/snapshot/without-lock-and-stalls",
                    test_without_lock_and_stalls);
    g_test_add_func("/snapshot/unknown-kind-and-state-are-no-error",
                    test_unknown_kind_and_state_are_no_error);
    g_test_add_func("/snapshot/sources-are-sorted", test_sources_are_sorted);
    g_test_add_func("/snapshot/left-out-sources-are-kept",
                    test_left_out_sources_are_kept);
    g_test_add_func("/snapshot/kept-sources-outlive-their-snapshot",
                    test_kept_sources_outlive_their_snapshot);
    g_test_add_func("/snapshot/nothing-is-kept-over-a-new-period",
                    test_nothing_is_kept_over_a_new_period);
    g_test_add_func("/snapshot/request", test_request);
    g_test_add_func("/snapshot/other-versions", test_other_versions);
    g_test_add_func("/snapshot/rest", test_rest);
    return g_test_run();
}
