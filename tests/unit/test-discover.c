/*
 * Which QEMUs run here: a made-up /proc
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <qemu-aiotop/host/target.h>
#include <qemu-aiotop/host/discover.h>

#include "proc-tree.h"
#include "processes.h"

static void add_file(const char *root, const char *name, const char *text,
                     gssize len)
{
    g_autofree char *path = g_build_filename(root, name, NULL);
    g_autofree char *dir = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, text, len, NULL));
}

static void add_link(const char *root, const char *name, const char *target)
{
    g_autofree char *path = g_build_filename(root, name, NULL);
    g_autofree char *dir = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
    g_assert_cmpint(symlink(target, path), ==, 0);
}

#define ARGV(text) text, sizeof(text)

/* What /proc/PID/fd says of it */
static char *inode_link(int fd)
{
    struct stat st;

    g_assert_cmpint(fstat(fd, &st), ==, 0);
    return g_strdup_printf("socket:[%lu]", (unsigned long)st.st_ino);
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(address)), ==,
                    0);
    g_assert_cmpint(listen(fd, 1), ==, 0);
    return fd;
}

static void test_walk_through_proc(void)
{
    g_autofree char *root = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    g_autofree char *socket_path =
        g_build_filename(root, AIOTOP_SOCKET_PREFIX "3.sock", NULL);
    int fd = listen_at(socket_path);
    g_autofree char *inode = inode_link(fd);
    g_autofree char *path = NULL;
    g_autofree char *expected = NULL;
    g_autoptr(GPtrArray) processes = NULL;
    AiotopProcess *process;

    add_file(root, "self/status", "", 0);
    add_link(root, "self/ns/mnt", "mnt:[1]");
    add_file(root, "20/cmdline",
             ARGV("qemu-system-x86_64\0-name\0b\0"
                  "-object\0event-loop-profiler,id=p,"
                  "socket.type=unix,socket.path=s"));
    add_file(root, "20/comm", "vm b\n", -1);
    add_link(root, "20/exe", "/usr/bin/qemu-system-x86_64 (deleted)");
    add_link(root, "20/cwd", "/here");
    add_file(root, "20/status", "Name:\tvm b\nUid:\t0\t0\t0\t0\n", -1);
    add_link(root, "20/ns/mnt", "mnt:[1]");
    /* In a container, and profiled at run time */
    add_file(root, "3/cmdline",
             ARGV("qemu-kvm\0-name\0a\0-qmp\0"
                  "unix:/m,server=on"));
    /* Of another user, whose executable is not told */
    add_file(root, "3/comm", "kvm\n", -1);
    add_link(root, "3/cwd", "/");
    add_link(root, "3/ns/mnt", "mnt:[2]");
    add_link(root, "3/fd/9", inode);
    add_file(root, "3/status",
             "Name:\tkvm\nUid:\t4242424242\t0\t0\t0\nGid:\t5\t5\t5\t5\n", -1);
    add_file(root, "4/comm", "bash\n", -1);
    add_file(root, "4/cmdline", ARGV("/bin/bash"));
    /* A kernel thread */
    add_file(root, "5/comm", "kvm-nx-lpage-re\n", -1);
    add_file(root, "5/cmdline", "", 0);
    /* Whose name is all that looks like one: its command line decides */
    add_file(root, "6/comm", "qemu-ga\n", -1);
    add_file(root, "6/cmdline", ARGV("qemu-ga"));
    /* Run by a loader */
    add_file(root, "7/comm", "qemu-nbd\n", -1);
    add_link(root, "7/exe", "/lib/ld-linux.so");
    add_file(root, "7/cmdline", ARGV("qemu-nbd"));

    processes = aiotop_discover(root);
    g_assert_cmpuint(processes->len, ==, 3);
    process = processes->pdata[0];
    g_assert_cmpint(process->pid, ==, 3);
    g_assert_cmpuint(process->owner, ==, 4242424242);
    g_assert_cmpstr(process->user, ==, "4242424242");
    g_assert_false(process->trusted);
    g_assert_cmpstr(process->vm_name, ==, "a");
    g_assert_cmpuint(process->profilers->len, ==, 1);
    /* by way of the process's own root directory */
    path = g_build_filename(root, "3", "root", socket_path, NULL);
    expected = g_strconcat("unix:", path, NULL);
    g_assert_cmpstr(process->profilers->pdata[0], ==, expected);
    process = processes->pdata[1];
    g_assert_cmpint(process->pid, ==, 7);
    g_assert_cmpuint(process->owner, ==, UINT32_MAX);
    g_assert_null(process->user);
    g_assert_false(process->trusted);
    process = processes->pdata[2];
    g_assert_cmpint(process->pid, ==, 20);
    check_address(process->profilers, "unix:/here/s");
    g_assert_cmpstr(process->user, ==, "root");
    g_assert_true(process->trusted);
    close(fd);
    proc_tree_free(g_steal_pointer(&root));
}

static void add_fifo(const char *root, const char *name)
{
    g_autofree char *path = g_build_filename(root, name, NULL);
    g_autofree char *dir = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
}

/* Lets who reads it go on */
static void release_fifo(const char *root, const char *name)
{
    g_autofree char *path = g_build_filename(root, name, NULL);
    int fd;

    /* Not before it has begun */
    while ((fd = open(path, O_WRONLY | O_NONBLOCK)) < 0) {
        g_assert_cmpint(errno, ==, ENXIO);
        g_usleep(1000);
    }
    close(fd);
}

/* As of one whose memory map is locked; and of one that is not even asked */
static void test_a_process_that_does_not_answer(void)
{
    g_autofree char *root = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    g_autofree char *exe = g_build_filename(root, "20/exe", NULL);
    g_autoptr(AiotopProcess) alone = NULL;
    g_autoptr(AiotopProcess) loaded = NULL;
    g_autoptr(AiotopProcess) shell = NULL;

    add_file(root, "20/comm", "qemu-system-x86\n", -1);
    add_link(root, "20/exe", "/usr/bin/qemu-system-x86_64");
    add_fifo(root, "20/cmdline");
    add_file(root, "21/comm", "bash\n", -1);
    add_fifo(root, "21/cmdline");
    add_file(root, "22/comm", "qemu-nbd\n", -1);
    add_file(root, "22/cmdline", ARGV("qemu-nbd"));
    /* The second time nobody waits, and no second one reads */
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(GPtrArray) processes = aiotop_discover(root);
        AiotopProcess *process = processes->pdata[0];

        g_assert_cmpuint(processes->len, ==, 2);
        g_assert_cmpint(process->pid, ==, 20);
        g_assert_cmpstr(process->program, ==, "qemu-system-x86_64");
        g_assert_false(aiotop_process_profiled(process));
        g_assert_cmpint(aiotop_process_unprofiled(process), ==,
                        AIOTOP_UNPROFILED_SILENT);
        process = processes->pdata[1];
        g_assert_cmpstr(process->program, ==, "qemu-nbd");
        g_assert_false(process->unreadable);
    }
    alone = aiotop_discover_process(root, 20);
    g_assert_true(alone->unreadable);
    /* Under a name that its thread alone has */
    g_assert_cmpint(unlink(exe), ==, 0);
    add_link(root, "20/exe", "/lib64/ld-linux-x86-64.so.2");
    loaded = aiotop_discover_process(root, 20);
    g_assert_cmpstr(loaded->program, ==, "qemu-system-x86");
    shell = aiotop_discover_process(root, 21);
    g_assert_null(shell);
    release_fifo(root, "20/cmdline");
    release_fifo(root, "21/cmdline");
    proc_tree_free(g_steal_pointer(&root));
}

static void test_one_that_answers_again(void)
{
    g_autofree char *root = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    g_autofree char *fifo = g_build_filename(root, "20/cmdline", NULL);
    bool answers = false;

    add_file(root, "20/comm", "qemu-nbd\n", -1);
    add_fifo(root, "20/cmdline");
    g_ptr_array_unref(aiotop_discover(root));
    release_fifo(root, "20/cmdline");
    g_assert_cmpint(unlink(fifo), ==, 0);
    add_file(root, "20/cmdline", ARGV("qemu-nbd"));
    while (!answers) {
        g_autoptr(GPtrArray) processes = aiotop_discover(root);
        const AiotopProcess *process =
            processes->len ? processes->pdata[0] : NULL;

        answers = process && !process->unreadable;
    }
    proc_tree_free(g_steal_pointer(&root));
}

/* The type's name in the executable, also across two of the pieces read */
static void test_built_with_the_profiler(void)
{
    static const gsize places[] = { 0, 255 * 1024 + 1020, 300000 };
    g_autofree char *root = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    gsize size = 400000;

    for (unsigned i = 0; i <= G_N_ELEMENTS(places); i++) {
        g_autofree char *dir = g_strdup_printf("%u", i + 1);
        g_autofree char *exe = g_strconcat(dir, "/exe", NULL);
        g_autofree char *cmdline = g_strconcat(dir, "/cmdline", NULL);
        g_autofree char *bytes = g_malloc0(size);
        g_autoptr(AiotopProcess) process = NULL;
        bool there = i < G_N_ELEMENTS(places);

        if (there) {
            strcpy(bytes + places[i], "event-loop-profiler");
        }
        add_file(root, exe, bytes, size);
        add_file(root, cmdline, ARGV("qemu-nbd\0-qmp\0unix:/m"));
        process = aiotop_discover_process(root, i + 1);
        g_assert_cmpint(process->patches, ==,
                        there ? AIOTOP_PATCHES_THERE : AIOTOP_PATCHES_NONE);
        g_assert_cmpint(aiotop_process_unprofiled(process), ==,
                        there ? AIOTOP_UNPROFILED_ADD
                              : AIOTOP_UNPROFILED_NOT_BUILT);
    }
    proc_tree_free(g_steal_pointer(&root));
}

static void test_not_known_how_it_was_built(void)
{
    g_autofree char *root = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    g_autoptr(AiotopProcess) process = NULL;

    add_file(root, "5/cmdline", ARGV("qemu-kvm\0-qmp\0unix:/m"));
    process = aiotop_discover_process(root, 5);
    g_assert_cmpint(process->patches, ==, AIOTOP_PATCHES_UNKNOWN);
    g_assert_cmpint(aiotop_process_unprofiled(process), ==,
                    AIOTOP_UNPROFILED_PERHAPS_ADD);
    proc_tree_free(g_steal_pointer(&root));
}

static void write_vm(const char *root, const char *name, int start)
{
    g_autofree char *stat = g_strdup_printf(
        "7 (qemu) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %d 0 0\n", start);
    g_autoptr(GString) argv = g_string_new("/usr/bin/qemu-system-x86_64");

    g_string_append_len(argv, "\0-name\0", 7);
    g_string_append_len(argv, name, strlen(name) + 1);
    add_file(root, "7/cmdline", argv->str, argv->len);
    add_file(root, "7/comm", "qemu-system-x86\n", -1);
    add_file(root, "7/stat", stat, -1);
}

/* The name that look @number has it by; it goes into @known */
static void expect_name(const char *root, GPtrArray **known, unsigned number,
                        const char *name)
{
    GPtrArray *processes = aiotop_discover_again(root, *known, number);

    g_assert_cmpuint(processes->len, ==, name ? 1 : 0);
    if (name) {
        g_assert_cmpstr(((AiotopProcess *)processes->pdata[0])->vm_name, ==,
                        name);
    }
    g_ptr_array_unref(*known);
    *known = processes;
}

static void test_what_is_known_is_not_read_again(void)
{
    char *root = proc_tree_new();
    GPtrArray *known = g_ptr_array_new();
    unsigned due = 0;

    while ((7 + due) % AIOTOP_DISCOVER_AGAIN) {
        due++;
    }
    write_vm(root, "a", 100);
    expect_name(root, &known, due + 1, "a");
    write_vm(root, "b", 100);
    expect_name(root, &known, due + 2, "a");
    /* But now and then */
    expect_name(root, &known, due + AIOTOP_DISCOVER_AGAIN, "b");
    /* Another process with its number is read at once */
    write_vm(root, "c", 101);
    expect_name(root, &known, due + 1, "c");
    proc_tree_remove(root, "7");
    expect_name(root, &known, due + 2, NULL);
    g_ptr_array_unref(known);
    proc_tree_free(root);
}

/* What is too long is not read to its end; half an argument is none */
static void test_a_long_command_line(void)
{
    g_autofree char *x = g_strnfill(100000, 'x');
    g_autofree char *root = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    g_autoptr(GString) argv = g_string_new("qemu-nbd");
    g_autoptr(AiotopProcess) process = NULL;

    g_string_append_len(argv, "\0-qmp\0unix:/first\0", 18);
    g_string_append_len(argv, x, 100001);
    g_string_append_len(argv, x, 100001);
    /* The 256th KiB ends in here */
    g_string_append_len(argv, "-name\0vm", 8);
    g_string_append_len(argv, x, 100001);
    g_string_append_len(argv, "-qmp\0unix:/last", 16);
    add_file(root, "5/comm", "qemu-nbd\n", -1);
    add_file(root, "5/cmdline", argv->str, argv->len);
    process = aiotop_discover_process(root, 5);
    check_address(process->monitors, "unix:/first");
    g_assert_null(process->vm_name);
    proc_tree_free(g_steal_pointer(&root));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/discover/walk-through-proc", test_walk_through_proc);
    g_test_add_func("/discover/a-process-that-does-not-answer",
                    test_a_process_that_does_not_answer);
    g_test_add_func("/discover/one-that-answers-again",
                    test_one_that_answers_again);
    g_test_add_func("/discover/built-with-the-profiler",
                    test_built_with_the_profiler);
    g_test_add_func("/discover/not-known-how-it-was-built",
                    test_not_known_how_it_was_built);
    g_test_add_func("/discover/a-long-command-line", test_a_long_command_line);
    g_test_add_func("/discover/known", test_what_is_known_is_not_read_again);
    return g_test_run();
}
