/*
 * Descriptors of those that wait for long are looked up, once, in a made-up
 * /proc
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <inttypes.h>

#include <qemu-aiotop/host/completion.h>

#include "made-host.h"
#include "quoted.h"

/* The main loop, in a read that began after @since_ns; at 7 s */
static AiotopSnapshot *take_reading(const char *root, uint64_t since_ns,
                                    const AiotopSnapshot *before)
{
    AiotopSnapshot *snapshot = aiotop_snapshot_new();
    AiotopLoop *loop = g_new(AiotopLoop, 1);

    *loop = (AiotopLoop)AIOTOP_LOOP_NOTHING_KNOWN;
    loop->name = g_ref_string_new("main-loop");
    loop->thread_id = PID;
    if (since_ns) {
        loop->stack_depth = 1;
        loop->stack = g_new0(AiotopDispatch, 1);
        loop->stack[0].since_ns = since_ns;
    }
    snapshot->pid = PID;
    snapshot->time_ns = 7 * SECOND;
    snapshot->loops = loop;
    snapshot->n_loops = 1;
    aiotop_host_complete(root, snapshot, before);
    return snapshot;
}

static ProcThread reader = {
    PID,         "qemu-system-x86",
    'S',         5 * SECOND,
    SECOND,      100,
    10,          1,
    "pipe_read", "0 0x15 0x7f00 0x1 0x0 0x0 0x0 0x7ffd 0x7f01\n",
};

/* Where one is expected it comes in the end, however busy this host is */
static void check_descriptor(const char *root, uint64_t since_ns,
                             const AiotopSnapshot *before, const char *expected)
{
    g_autoptr(AiotopSnapshot) snapshot = take_reading(root, since_ns, before);

    while (*expected && !*snapshot->loops->thread.descriptor) {
        aiotop_snapshot_unref(snapshot);
        snapshot = take_reading(root, since_ns, before);
    }
    g_assert_cmpstr(snapshot->loops->thread.descriptor, ==, expected);
}

static void test_descriptor_of_a_long_call(void)
{
    char *root = host_root("vm1");
    ProcThread worker = reader;
    g_autoptr(AiotopSnapshot) host = NULL;
    g_autoptr(AiotopSnapshot) holder = NULL;

    proc_tree_thread(root, PID, &reader);
    proc_tree_link(root, "4711/fd/21", "/tmp/\33[1mdisk");
    check_descriptor(root, 0, NULL, "");
    check_descriptor(root, 7 * SECOND - 9999999, NULL, "");
    check_descriptor(root, 8 * SECOND, NULL, "");
    check_descriptor(root, 7 * SECOND - 10000000, NULL, "/tmp/\\x1b[1mdisk");
    worker.tid = PID + 1;
    proc_tree_thread(root, PID, &worker);
    do {
        g_clear_pointer(&host, aiotop_snapshot_unref);
        host = host_take(root, 7 * SECOND);
    } while (!*host->loops[0].thread.descriptor);
    /* What is not known to be stuck is not looked at */
    for (unsigned i = 1; i < host->n_loops; i++) {
        g_assert_cmpstr(host->loops[i].thread.descriptor, ==, "");
    }
    g_assert_cmpstr(host->loops[0].thread.descriptor, ==, "/tmp/\\x1b[1mdisk");
    reader.state = 'R';
    proc_tree_thread(root, PID, &reader);
    check_descriptor(root, SECOND, NULL, "");
    reader.state = 'D';
    proc_tree_thread(root, PID, &reader);
    check_descriptor(root, SECOND, NULL, "/tmp/\\x1b[1mdisk");
    reader.state = 'S';
    proc_tree_free(root);
}

static AiotopSnapshot *take_writer(const char *root, uint64_t since_ns,
                                   const AiotopSnapshot *before)
{
    AiotopSnapshot *snapshot = aiotop_snapshot_new();

    snapshot->pid = PID;
    snapshot->time_ns = 7 * SECOND;
    snapshot->awaited.n_writers = 1;
    snapshot->awaited.writers = g_new0(AiotopWriter, 1);
    snapshot->awaited.writers->name = g_ref_string_new("writer");
    snapshot->awaited.writers->fd = 21;
    snapshot->awaited.writers->since_ns = since_ns;
    aiotop_host_complete(root, snapshot, before);
    return snapshot;
}

/* Of one that has waited for long, and it is not looked for again */
static void test_descriptor_of_a_writer(void)
{
    char *root = host_root("vm1");
    g_autoptr(AiotopSnapshot) young = NULL;
    g_autoptr(AiotopSnapshot) old = NULL;
    g_autoptr(AiotopSnapshot) again = NULL;
    g_autoptr(AiotopSnapshot) another = NULL;

    proc_tree_link(root, "4711/fd/21", "/tmp/fifo");
    young = take_writer(root, 2 * SECOND + 1, NULL);
    g_assert_null(young->awaited.writers->descriptor);
    do {
        g_clear_pointer(&old, aiotop_snapshot_unref);
        old = take_writer(root, 2 * SECOND, NULL);
    } while (!old->awaited.writers->descriptor);
    g_assert_cmpstr(old->awaited.writers->descriptor, ==, "/tmp/fifo");
    proc_tree_remove(root, "4711/fd/21");
    proc_tree_link(root, "4711/fd/21", "/tmp/other");
    again = take_writer(root, 2 * SECOND, old);
    g_assert_cmpstr(again->awaited.writers->descriptor, ==, "/tmp/fifo");
    do {
        g_clear_pointer(&another, aiotop_snapshot_unref);
        another = take_writer(root, SECOND, old);
    } while (!another->awaited.writers->descriptor);
    g_assert_cmpstr(another->awaited.writers->descriptor, ==, "/tmp/other");
    proc_tree_free(root);
}

/* The target of a migration, which last got something at @last_ns; at 7 s */
static AiotopSnapshot *take_incoming(const char *root, int64_t pid,
                                     uint64_t last_ns,
                                     const AiotopSnapshot *before)
{
    g_autofree char *text = g_strdup_printf(
        "{'time-ns':7000000000,'pid':%" PRId64 ",'run-state':'inmigrate',"
        "'loops':[{'name':'main-loop','thread-id':4711,'sources':[{'id':1,"
        "'kind':'fd-read','name':'process_incoming_migration_co','fd':21,"
        "'last-ns':%" PRIu64 "}]}]}",
        pid, last_ns);
    AiotopSnapshot *snapshot = parse(text);

    aiotop_host_complete(root, snapshot, before);
    return snapshot;
}

static void check_sender(const char *root, uint64_t last_ns,
                         const AiotopSnapshot *before, const char *expected)
{
    g_autoptr(AiotopSnapshot) snapshot =
        take_incoming(root, PID, last_ns, before);

    while (!snapshot->sender) {
        aiotop_snapshot_unref(snapshot);
        snapshot = take_incoming(root, PID, last_ns, before);
    }
    g_assert_cmpstr(snapshot->sender, ==, expected);
}

/* Also if each reply has all sources anew, as in the host's view */
static void test_descriptor_of_the_sender(void)
{
    char *root = host_root("vm1");
    g_autoptr(AiotopSnapshot) young = NULL;
    g_autoptr(AiotopSnapshot) before = NULL;

    proc_tree_link(root, "4711/fd/21", "/first");
    young = take_incoming(root, PID, 2 * SECOND + 1, NULL);
    g_assert_null(young->sender);
    do {
        g_clear_pointer(&before, aiotop_snapshot_unref);
        before = take_incoming(root, PID, SECOND, NULL);
    } while (!before->sender);
    g_assert_cmpstr(before->sender, ==, "/first");
    proc_tree_remove(root, "4711/fd/21");
    proc_tree_link(root, "4711/fd/21", "/second");
    check_sender(root, SECOND, before, "/first");
    check_sender(root, SECOND + 1, before, "/second");
    before->pid = 1;
    check_sender(root, SECOND, before, "/second");
    proc_tree_free(root);
}

/* Its loop does nothing, but all wait for it */
static void test_descriptor_of_the_holder(void)
{
    char *root = host_root("vm1");
    g_autoptr(AiotopSnapshot) snapshot = NULL;

    proc_tree_thread(root, PID, &reader);
    proc_tree_link(root, "4711/fd/21", "/dev/null");
    snapshot = take_reading(root, 0, NULL);
    snapshot->bql.holder_thread_id = PID;
    snapshot->bql.held_since_ns = SECOND;
    do {
        aiotop_host_complete(root, snapshot, NULL);
    } while (!*snapshot->loops->thread.descriptor);
    g_assert_cmpstr(snapshot->loops->thread.descriptor, ==, "/dev/null");
    proc_tree_free(root);
}

/* As long as the thread was not woken, nor is in another call */
static void test_descriptor_is_looked_up_once(void)
{
    char *root = host_root("vm1");
    g_autoptr(AiotopSnapshot) before = NULL;

    proc_tree_thread(root, PID, &reader);
    proc_tree_link(root, "4711/fd/21", "/first");
    do {
        g_clear_pointer(&before, aiotop_snapshot_unref);
        before = take_reading(root, SECOND, NULL);
    } while (!*before->loops->thread.descriptor);
    proc_tree_remove(root, "4711/fd/21");
    proc_tree_link(root, "4711/fd/21", "/second");
    proc_tree_link(root, "4711/fd/22", "/third");
    check_descriptor(root, SECOND, before, "/first");
    check_descriptor(root, SECOND, NULL, "/second");
    before->loops->thread_id = 1;
    check_descriptor(root, SECOND, before, "/second");
    before->loops->thread_id = PID;
    before->loops->thread.voluntary_switches++;
    check_descriptor(root, SECOND, before, "/second");
    before->loops->thread.voluntary_switches--;
    reader.syscall = "0 0x16 0x7f00 0x1 0x0 0x0 0x0 0x7ffd 0x7f01\n";
    proc_tree_thread(root, PID, &reader);
    check_descriptor(root, SECOND, before, "/third");
    proc_tree_free(root);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/completion/descriptor-of-a-long-call",
                    test_descriptor_of_a_long_call);
    g_test_add_func("/completion/descriptor-of-a-writer",
                    test_descriptor_of_a_writer);
    g_test_add_func("/completion/descriptor-of-the-sender",
                    test_descriptor_of_the_sender);
    g_test_add_func("/completion/descriptor-of-the-holder",
                    test_descriptor_of_the_holder);
    g_test_add_func("/completion/descriptor-is-looked-up-once",
                    test_descriptor_is_looked_up_once);
    return g_test_run();
}
