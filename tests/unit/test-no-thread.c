/*
 * Where there can be no thread, as a limit of threads is reached
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <pthread.h>
#include <unistd.h>

#include <glib.h>

#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/host/stack-error.h>
#include <qemu-aiotop/host/thread-copy.h>
#include <qemu-aiotop/sampling/sampling.h>

#include "host/unix-diag.h"
#include "proc-tree.h"

/* More than there are addresses */
#define ENDLESS ((size_t)1 << 48)

static AiotopIdentity self(void)
{
    return aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, getpid());
}

static void test_stack(void)
{
    AiotopIdentity process = self();
    g_autoptr(GError) error = NULL;

    g_assert_null(aiotop_thread_copy_new(&process, process.pid, &error));
    g_assert_error(error, AIOTOP_STACK_ERROR, AIOTOP_STACK_ERROR_FAILED);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, "there is no thread to look"));
}

static void test_sampling(void)
{
    AiotopIdentity process = self();
    AiotopSampling *sampling = aiotop_sampling_new(&process, 99, true);
    AiotopSnapshot *snapshot = aiotop_snapshot_new();

    aiotop_sampling_complete(sampling, snapshot);
    g_assert_nonnull(snapshot->sampled.refused);
    g_assert_nonnull(
        strstr(snapshot->sampled.refused, "there is no thread to do it"));
    g_assert_cmpuint(snapshot->sampled.hz, ==, 0);
    aiotop_snapshot_unref(snapshot);
    aiotop_sampling_unref(sampling);
}

/* Anybody may have a process in a name space of its own */
static void test_name_space(void)
{
    char *root = proc_tree_new();
    bool elsewhere = false;

    proc_tree_link(root, "self/ns/net", "net:[1]");
    proc_tree_link(root, "7/ns/net", "net:[2]");
    g_assert_cmpint(aiotop_unix_diag_open_of(root, 7, &elsewhere), ==, -1);
    g_assert_true(elsewhere);
    proc_tree_free(root);
}

int main(int argc, char **argv)
{
    pthread_attr_t attr;

    g_test_init(&argc, &argv, NULL);
    pthread_attr_init(&attr);
    g_assert_cmpint(pthread_attr_setstacksize(&attr, ENDLESS), ==, 0);
    g_assert_cmpint(pthread_setattr_default_np(&attr), ==, 0);
    g_test_add_func("/no-thread/stack", test_stack);
    g_test_add_func("/no-thread/sampling", test_sampling);
    g_test_add_func("/no-thread/name-space", test_name_space);
    return g_test_run();
}
