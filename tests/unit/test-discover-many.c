/*
 * More processes that go by the name of a QEMU than anybody has
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <qemu-aiotop/host/discover.h>

#include "host/patience.h"
#include "proc-tree.h"

/* The linker puts these in place of those of the library */
AiotopPatientReading *__real_aiotop_patience_begin(uint32_t owner,
                                                   const char *path,
                                                   AiotopPatientRead *read);
AiotopPatientReading *__wrap_aiotop_patience_begin(uint32_t owner,
                                                   const char *path,
                                                   AiotopPatientRead *read);
char *__real_aiotop_patience_end(AiotopPatientReading *reading,
                                 int64_t deadline_us, gsize *len, bool *late);
char *__wrap_aiotop_patience_end(AiotopPatientReading *reading,
                                 int64_t deadline_us, gsize *len, bool *late);

static unsigned n_now, n_most;

AiotopPatientReading *__wrap_aiotop_patience_begin(uint32_t owner,
                                                   const char *path,
                                                   AiotopPatientRead *read)
{
    n_now++;
    n_most = MAX(n_most, n_now);
    return __real_aiotop_patience_begin(owner, path, read);
}

char *__wrap_aiotop_patience_end(AiotopPatientReading *reading,
                                 int64_t deadline_us, gsize *len, bool *late)
{
    n_now--;
    return __real_aiotop_patience_end(reading, deadline_us, len, late);
}

#define N_PROCESSES 300

/* Their command lines are not all in memory at once */
static void test_texts_of_many(void)
{
    char *root = proc_tree_new();
    g_autoptr(GPtrArray) processes = NULL;

    for (unsigned i = 1; i <= N_PROCESSES; i++) {
        g_autofree char *cmdline = g_strdup_printf("%u/cmdline", i);
        g_autofree char *comm = g_strdup_printf("%u/comm", i);

        proc_tree_write(root, cmdline, "qemu-nbd");
        proc_tree_write(root, comm, "qemu-nbd\n");
    }
    processes = aiotop_discover(root);
    g_assert_cmpuint(processes->len, ==, N_PROCESSES);
    for (unsigned i = 0; i < N_PROCESSES; i++) {
        g_assert_cmpint(((AiotopProcess *)processes->pdata[i])->pid, ==, i + 1);
    }
    g_assert_cmpuint(n_now, ==, 0);
    g_assert_cmpuint(n_most, <, 64);
    proc_tree_free(root);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/discover-many/texts", test_texts_of_many);
    return g_test_run();
}
