/*
 * More processes that go by the name of a QEMU than anybody has
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib/gstdio.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <qemu-aiotop/host/discover.h>

#include "host/patience.h"
#include "host/unix-diag.h"
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

void __real_aiotop_unix_diag_ask(int diag, uint32_t inode, uint32_t states,
                                 uint32_t show, AiotopOnUnixSocket *on_socket,
                                 void *opaque);
void __wrap_aiotop_unix_diag_ask(int diag, uint32_t inode, uint32_t states,
                                 uint32_t show, AiotopOnUnixSocket *on_socket,
                                 void *opaque);

static unsigned n_asked;

void __wrap_aiotop_unix_diag_ask(int diag, uint32_t inode, uint32_t states,
                                 uint32_t show, AiotopOnUnixSocket *on_socket,
                                 void *opaque)
{
    n_asked++;
    __real_aiotop_unix_diag_ask(diag, inode, states, show, on_socket, opaque);
}

/* The kernel's list of them is as long as anybody likes */
static void test_sockets_of_many(void)
{
    g_autofree char *dir = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "qemu-aiotop-1", NULL);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char *root = proc_tree_new();
    g_autofree char *link = NULL;
    g_autoptr(GPtrArray) processes = NULL;
    struct stat st;

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(address)), ==,
                    0);
    g_assert_cmpint(listen(fd, 1), ==, 0);
    g_assert_cmpint(fstat(fd, &st), ==, 0);
    link = g_strdup_printf("socket:[%ju]", (uintmax_t)st.st_ino);
    for (unsigned i = 1; i <= 20; i++) {
        g_autofree char *cmdline = g_strdup_printf("%u/cmdline", i);
        g_autofree char *comm = g_strdup_printf("%u/comm", i);
        g_autofree char *number = g_strdup_printf("%u/fd/3", i);

        proc_tree_write(root, cmdline, "qemu-nbd");
        proc_tree_write(root, comm, "qemu-nbd\n");
        proc_tree_link(root, number, link);
    }
    n_asked = 0;
    processes = aiotop_discover(root);
    g_assert_cmpuint(processes->len, ==, 20);
    for (unsigned i = 0; i < processes->len; i++) {
        const AiotopProcess *process = processes->pdata[i];

        g_assert_cmpuint(process->profilers->len, ==, 1);
    }
    g_assert_cmpuint(n_asked, ==, 1);
    close(fd);
    proc_tree_free(root);
    g_unlink(path);
    g_rmdir(dir);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/discover-many/texts", test_texts_of_many);
    g_test_add_func("/discover-many/sockets", test_sockets_of_many);
    return g_test_run();
}
