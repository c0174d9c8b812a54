/*
 * Diagnosis: a VM that is saved, or whose state comes from elsewhere
 *
 * Each with its twin that goes on, or is just under the threshold.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <sys/syscall.h>

#include "diagnose-sample.h"

/* At 10 s and 11 s of the clock */
static AiotopSample *sample_in(const char *state, const char *sources,
                               const char *before, const char *now)
{
#define BOTH                                                                   \
    "'iterations':5,'state':'waiting','state-since-ns':10000000000,'sources':" \
    "[%s]"
    g_autofree char *first = g_strdup_printf(
        "{'time-ns':10000000000,'sequence':10,'pid':7,"
        "'profiling-since-ns':1000000000,'run-state':'%s'," MAIN(
            BOTH) ",'threads':[%s]}",
        state, sources, before);
    g_autofree char *second = g_strdup_printf(
        "{'time-ns':11000000000,'sequence':11,'pid':7,"
        "'profiling-since-ns':1000000000,'run-state':'%s'," MAIN(
            BOTH) ",'threads':[%s]}",
        state, sources, now);
#undef BOTH

    return sample_of(first, second);
}

#define DUMP(cpu) "{'name':'dump_thread','thread-id':9,'cpu-ns':" #cpu "}"

static AiotopSample *saved(const char *state, const char *before,
                           const char *now)
{
    return sample_in(state, "", before, now);
}

static void test_saver(void)
{
    g_autoptr(AiotopSample) idle = saved("save-vm", DUMP(5), DUMP(5));
    g_autoptr(AiotopSample) busy = saved("save-vm", DUMP(5), DUMP(6));
    g_autoptr(AiotopSample) none = saved("save-vm", "", "");
    g_autoptr(AiotopSample) new_one = saved("save-vm", "", DUMP(5));
    g_autoptr(AiotopSample) other = saved("running", DUMP(5), DUMP(5));
    AiotopThread *saver = &idle->now->saver;

    expect(
        idle, AIOTOP_CLASS_TRANSFER_STUCK,
        "dump_thread, has not run for 1.00s, or longer|what it is written to");
    *saver = (AiotopThread){
        .state = 'S',
        .syscall = { .known = true,
                     .has_args = true,
                     .number = SYS_write,
                     .args = { 12 } },
        .descriptor = "a pipe, open in process 12 (cat)",
    };
    expect(idle, AIOTOP_CLASS_TRANSFER_STUCK,
           "write(fd 12)|a pipe, open in process 12 (cat)|who is to read it");
    /* It wants a CPU; or it was stopped, which is another finding */
    saver->state = 'R';
    expect_healthy(idle);
    saver->state = 'T';
    expect_healthy(idle);
    expect_healthy(busy);
    expect_healthy(none);
    expect_healthy(new_one);
    expect_healthy(other);
}

#define SEND(cpu) "{'name':'mig/src/main','thread-id':9,'cpu-ns':" #cpu "}"

/* The guest runs, so that it only warns */
static void test_migration(void)
{
    g_autoptr(AiotopSample) idle = saved("running", SEND(5), SEND(5));
    g_autoptr(AiotopSample) busy = saved("running", SEND(5), SEND(6));
    AiotopThread *saver = &idle->now->saver;
    g_autoptr(GPtrArray) findings = NULL;

    idle->now->threads[0].idle_since_ns = UINT64_C(1000000000);
    *saver = (AiotopThread){
        .state = 'S',
        .syscall = { .known = true,
                     .has_args = true,
                     .number = SYS_sendmsg,
                     .args = { 12 } },
        .descriptor = "a TCP socket to 10.0.0.1:49152",
    };
    busy->now->saver = *saver;
    expect(idle, AIOTOP_CLASS_TRANSFER_STUCK,
           "being migrated, and the thread that sends it, mig/src/main, has not"
           " run for 10.0s|sendmsg(fd 12)|10.0.0.1|migrate_cancel");
    findings = diagnose(idle, 0);
    g_assert_cmpuint(findings->len, ==, 1);
    g_assert_cmpuint(aiotop_diagnosis_stuck(findings), ==, 0);
    /* A connection can be shut down, a pipe can't */
    g_assert_nonnull(strstr(((AiotopFinding *)findings->pdata[0])->next_step,
                            "migrate_cancel ends it"));
    g_strlcpy(saver->descriptor, "a pipe, open in process 12 (sh)",
              sizeof(saver->descriptor));
    expect(idle, AIOTOP_CLASS_TRANSFER_STUCK,
           "process 12 (sh)|migrate_cancel can't end it");
    expect_healthy(busy);
    /* The other end is slow: for a moment there is no room */
    idle->now->threads[0].idle_since_ns = UINT64_C(10100000001);
    expect_healthy(idle);
    idle->now->threads[0].idle_since_ns = UINT64_C(10100000000);
    expect(idle, AIOTOP_CLASS_TRANSFER_STUCK, "has not run for 900ms");
    /* Who waits for the lock is told of with what is at the other end */
    idle->now->bql.holder_thread_id = 9;
    expect_healthy(idle);
    idle->now->bql.holder_thread_id = 0;
    /* It waits for another thread, or was told to wait */
    *saver->descriptor = '\0';
    saver->syscall.number = SYS_futex;
    expect_healthy(idle);
}

/* It has been watched for longer than the interval */
static void test_saver_watched(void)
{
    g_autoptr(AiotopSample) over = saved("save-vm", DUMP(5), DUMP(5));
    g_autoptr(AiotopSample) under = saved("save-vm", DUMP(5), DUMP(5));
    g_autoptr(GPtrArray) stuck = NULL, warned = NULL;

    over->now->threads[0].idle_since_ns = UINT64_C(6000000000);
    under->now->threads[0].idle_since_ns = UINT64_C(6000000001);
    expect(over, AIOTOP_CLASS_TRANSFER_STUCK, "for 5.00s");
    stuck = diagnose(over, 0);
    warned = diagnose(under, 0);
    g_assert_cmpuint(aiotop_diagnosis_stuck(stuck), ==, 1);
    g_assert_cmpuint(aiotop_diagnosis_stuck(warned), ==, 0);
}

/* Since when a thread has not run is known over several snapshots */
static void test_idle(void)
{
    g_autoptr(AiotopSample) idle = saved("save-vm", DUMP(5), DUMP(5));
    g_autoptr(AiotopSample) busy = saved("save-vm", DUMP(5), DUMP(6));
    g_autoptr(AiotopSnapshot) third = parse_after(
        idle->now,
        "{'time-ns':12000000000,'sequence':12,'pid':7,"
        "'profiling-since-ns':1000000000," MAIN(
            IDLE) ","
                  "'threads':[{'name':'a','thread-id':10,'cpu-ns':5}," DUMP(
                      5) "]}");

    g_assert_cmpuint(idle->before->threads[0].idle_since_ns, ==,
                     AIOTOP_UNKNOWN);
    g_assert_cmpuint(idle->now->threads[0].idle_since_ns, ==,
                     UINT64_C(10000000000));
    g_assert_cmpuint(busy->now->threads[0].idle_since_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(third->threads[0].idle_since_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(third->threads[1].idle_since_ns, ==,
                     UINT64_C(10000000000));
}

#define RECEIVER(name, label, last)                                            \
    "{'id':1,'kind':'fd-read','name':'" name "','label':'" label               \
    "','fd':8,'last-ns':" #last "}"
#define SOCKET(last)                                                           \
    RECEIVER("qio_channel_restart_read", "migration-socket-incoming", last)
#define RECV(cpu) "{'name':'mig/dst/recv_0','thread-id':9,'cpu-ns':" #cpu "}"

static AiotopSample *incoming(const char *sources)
{
    return sample_in("inmigrate", sources, "", "");
}

static void test_sender(void)
{
    g_autoptr(AiotopSample) over = incoming(SOCKET(6000000000));
    g_autoptr(AiotopSample) under = incoming(SOCKET(6000000001));
    g_autoptr(AiotopSample) connected =
        incoming(RECEIVER("process_incoming_migration_co", "", 6000000000));
    g_autoptr(AiotopSample) other = incoming(
        RECEIVER("qio_channel_restart_read", "nbd-server", 6000000000));
    g_autoptr(AiotopSample) outgoing =
        incoming(RECEIVER("f", "migration-socket-outgoing", 6000000000));
    g_autoptr(AiotopSample) over_there =
        sample_in("postmigrate", SOCKET(6000000000), "", "");
    g_autoptr(AiotopSample) elsewhere =
        sample_in("inmigrate", SOCKET(6000000000), RECV(5), RECV(6));
    g_autoptr(AiotopSample) idle =
        sample_in("inmigrate", SOCKET(6000000000), RECV(5), RECV(5));

    expect(over, AIOTOP_CLASS_TRANSFER_STUCK,
           "sent nothing for 5.00s|migration-socket-incoming was last called"
           "|what query-migrate says there");
    over->now->sender = g_ref_string_new("a TCP socket to 10.0.0.1:49152");
    expect(over, AIOTOP_CLASS_TRANSFER_STUCK,
           "Its channel is a TCP socket to 10.0.0.1:49152.");
    expect(connected, AIOTOP_CLASS_TRANSFER_STUCK,
           "process_incoming_migration_co");
    expect(idle, AIOTOP_CLASS_TRANSFER_STUCK, "sent nothing for 5.00s");
    expect_healthy(under);
    expect(under, AIOTOP_CLASS_HEALTHY, "last sent something 5.00s ago");
    expect_healthy(other);
    expect(other, AIOTOP_CLASS_HEALTHY, "No sender of the migration");
    expect_healthy(outgoing);
    expect_healthy(over_there);
    expect_healthy(elsewhere);
}

/* What has come since then is not seen by a loop that is stuck */
static void check_stuck_since(uint64_t since_ns, bool is_told)
{
    g_autoptr(AiotopSample) sample = incoming(SOCKET(4000000000));
    AiotopLoop *loop = &sample->now->loops[0];
    g_autoptr(GPtrArray) findings = NULL;
    bool found = false;

    loop->stack = g_new(AiotopDispatch, 1);
    loop->stack[0] = (AiotopDispatch){ 9, since_ns };
    loop->stack_depth = 1;
    findings = diagnose(sample, 0);
    for (unsigned i = 0; i < findings->len; i++) {
        const AiotopFinding *finding = findings->pdata[i];

        found = found || finding->id == AIOTOP_CLASS_TRANSFER_STUCK;
    }
    g_assert_cmpint(found, ==, is_told);
}

static void test_sender_not_seen(void)
{
    check_stuck_since(UINT64_C(8999999999), false);
    check_stuck_since(UINT64_C(9000000000), true);
}

static bool is_only_a_warning(const AiotopSample *sample)
{
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *finding = findings->pdata[0];

    g_assert_cmpint(finding->id, ==, AIOTOP_CLASS_TRANSFER_STUCK);
    return !aiotop_finding_is_stuck(finding);
}

/* It may be held on purpose, before it switches over */
static void test_sender_held(void)
{
    g_autoptr(AiotopSample) sample = incoming(SOCKET(6000000000));

    g_assert_true(is_only_a_warning(sample));
    sample->now->time_ns = UINT64_C(35999999999);
    g_assert_true(is_only_a_warning(sample));
    sample->now->time_ns = UINT64_C(36000000000);
    g_assert_false(is_only_a_warning(sample));
}

/* Nobody says that there is none who has not asked for all sources */
static void test_sender_unknown(void)
{
    g_autoptr(AiotopSample) sample = incoming("");
    g_autoptr(GPtrArray) findings = NULL;
    const AiotopFinding *finding;

    expect(sample, AIOTOP_CLASS_HEALTHY, "No sender of the migration");
    sample->now->loops[0].rest = g_new0(AiotopSource, 1);
    sample->now->loops[0].rest->ref_count = 1;
    findings = diagnose(sample, 0);
    finding = findings->pdata[0];
    g_assert_cmpint(finding->id, ==, AIOTOP_CLASS_HEALTHY);
    g_assert_null(strstr(finding->evidence, "No sender"));
}

/* What is read just now is no news of before */
static void test_sender_running(void)
{
    g_autoptr(AiotopSample) sample = incoming(SOCKET(6000000000));
    AiotopLoop *loop = &sample->now->loops[0];

    loop->stack = g_new(AiotopDispatch, 1);
    loop->stack[0] = (AiotopDispatch){ 1, UINT64_C(10999999999) };
    loop->stack_depth = 1;
    expect_healthy(sample);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/transfer/saver", test_saver);
    g_test_add_func("/transfer/migration", test_migration);
    g_test_add_func("/transfer/saver/watched", test_saver_watched);
    g_test_add_func("/transfer/saver/idle", test_idle);
    g_test_add_func("/transfer/sender", test_sender);
    g_test_add_func("/transfer/sender/running", test_sender_running);
    g_test_add_func("/transfer/sender/not-seen", test_sender_not_seen);
    g_test_add_func("/transfer/sender/held", test_sender_held);
    g_test_add_func("/transfer/sender/unknown", test_sender_unknown);
    return g_test_run();
}
