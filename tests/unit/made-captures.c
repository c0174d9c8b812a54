/*
 * Stacks as they are captured, and what is to be in them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "made-captures.h"

#include <string.h>

#include <qemu-aiotop/host/procfs.h>

#include "own-fds.h"

/* Takes away the kernel's frames, which are there for some and come first */
void drop_kernel(GPtrArray *frames)
{
    while (frames->len && g_str_has_suffix(frames->pdata[0], " (kernel)")) {
        g_ptr_array_remove_index(frames, 0);
    }
    for (unsigned i = 0; i < frames->len; i++) {
        g_assert_false(g_str_has_suffix(frames->pdata[i], " (kernel)"));
    }
}

AiotopIdentity identify(int64_t pid)
{
    AiotopIdentity process = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, pid);

    /* Whether the thread is there is seen in any case */
    process.pid = pid;
    return process;
}

/* Captures, and leaves no file open */
GPtrArray *capture_of(const AiotopIdentity *process, int64_t tid,
                      GError **error)
{
    unsigned n_fds = count_fds();
    GPtrArray *frames = aiotop_stack_capture(process, tid, error);

    g_assert_cmpuint(count_fds(), ==, n_fds);
    if (frames) {
        drop_kernel(frames);
    }
    return frames;
}

GPtrArray *capture(int64_t pid, int64_t tid, GError **error)
{
    AiotopIdentity process = identify(pid);

    return capture_of(&process, tid, error);
}

bool is_traced(pid_t tid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", tid);
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return !strstr(text, "\nTracerPid:\t0\n");
}

/* The number of the frame that begins with this, or fails */
unsigned find_frame(const GPtrArray *frames, const char *function)
{
    for (unsigned i = 0; i < frames->len; i++) {
        if (g_str_has_prefix(frames->pdata[i], function)) {
            return i;
        }
    }
    for (unsigned i = 0; i < frames->len; i++) {
        g_test_message("#%u %s", i, (const char *)frames->pdata[i]);
    }
    g_error("no %s", function);
}

static void check_functions(const GPtrArray *frames)
{
    static const char *const names[] = { "inner_function+0x",
                                         "middle_function+0x",
                                         "inlined_function (inlined) at ",
                                         "outer_function+0x" };
    unsigned first = find_frame(frames, names[0]);

    g_assert_cmpuint(first, >, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_assert_cmpuint(find_frame(frames, names[i]), ==, first + i);
        g_assert_nonnull(strstr(frames->pdata[first + i], "blocked.c:"));
    }
    find_frame(frames, "main+0x");
}

void check_capture(pid_t pid, pid_t tid)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) frames = capture(pid, tid, &error);

    g_assert_no_error(error);
    check_functions(frames);
    g_assert_false(is_traced(tid));
}

void check_fails(int64_t pid, int64_t tid, AiotopStackError code,
                 const char *words)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(capture(pid, tid, &error));
    g_assert_error(error, AIOTOP_STACK_ERROR, (int)code);
    if (!strstr(error->message, words)) {
        g_error("no \"%s\" in: %s", words, error->message);
    }
    g_assert_null(strchr(error->message, '\n'));
}
