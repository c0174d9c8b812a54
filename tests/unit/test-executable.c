/*
 * Whether an executable has the profiler: files of any size
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "host/executable.h"

#define MIB (INT64_C(1) << 20)

/* The linker puts these in place of those of the library */
ssize_t __real_pread64(int fd, void *buffer, size_t size, off64_t at);
ssize_t __wrap_pread64(int fd, void *buffer, size_t size, off64_t at);
off64_t __real_lseek64(int fd, off64_t at, int whence);
off64_t __wrap_lseek64(int fd, off64_t at, int whence);

static int64_t n_read;
/* As of a file that someone has really written */
static bool has_no_holes;

ssize_t __wrap_pread64(int fd, void *buffer, size_t size, off64_t at)
{
    n_read += size;
    return __real_pread64(fd, buffer, size, at);
}

off64_t __wrap_lseek64(int fd, off64_t at, int whence)
{
    return whence == SEEK_DATA && has_no_holes ? at
                                               : __real_lseek64(fd, at, whence);
}

/* What is said of a file of @size with the type's name @at, if that is not 0 */
static void expect(int64_t size, int64_t at, const char *expected)
{
    static const char wanted[] = "event-loop-profiler";
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("aiotop-XXXXXX", &path, NULL);
    g_autofree char *answer = NULL;
    gsize len = 0;

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(ftruncate(fd, size), ==, 0);
    g_assert_cmpint(pwrite(fd, "\177ELF", 4, 0), ==, 4);
    if (at) {
        g_assert_cmpint(pwrite(fd, wanted, strlen(wanted), at), ==,
                        strlen(wanted));
    }
    close(fd);
    n_read = 0;
    answer = aiotop_executable_has_profiler(path, &len);
    g_assert_cmpstr(answer, ==, expected);
    g_assert_cmpuint(len, ==, strlen(expected));
    g_unlink(path);
}

/* Which take no room on a disk, and may be of any length */
static void test_holes_are_not_read(void)
{
    has_no_holes = false;
    expect(8192 * MIB, 0, "no");
    g_assert_cmpint(n_read, <=, 2 * MIB);
    expect(8192 * MIB, 4096 * MIB - 7, "yes");
    g_assert_cmpint(n_read, <=, 4 * MIB);
}

static void test_a_long_file_is_not_read_to_its_end(void)
{
    has_no_holes = true;
    expect(200 * MIB, 199 * MIB, "yes");
    expect(8192 * MIB, 4096 * MIB, "");
    g_assert_cmpint(n_read, <=, 260 * MIB);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/executable/holes", test_holes_are_not_read);
    g_test_add_func("/executable/long",
                    test_a_long_file_is_not_read_to_its_end);
    return g_test_run();
}
