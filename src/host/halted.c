/*
 * Why a process does nothing at all
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/halted.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "qemu-aiotop/host/procfs.h"
#include "qemu-aiotop/text/escape.h"

#define TRACER "\nTracerPid:"

/* Where threads wait that the freezer of control groups keeps, new and old */
static bool is_frozen(const AiotopThread *thread)
{
    return strcmp(thread->wchan, "do_freezer_trap") == 0 ||
           strcmp(thread->wchan, "__refrigerator") == 0;
}

/* " by process 12 (gdb)", or nothing if that is not known */
static char *describe_tracer(const char *root, int64_t pid)
{
    g_autofree char *path = g_strdup_printf("%s/%" PRId64 "/status", root, pid);
    g_autofree char *status = NULL;
    g_autofree char *name = NULL;
    AiotopThread tracer;
    const char *at;
    int64_t number;

    if (!g_file_get_contents(path, &status, NULL, NULL)) {
        return g_strdup("");
    }
    at = strstr(status, TRACER);
    if (!at || sscanf(at + strlen(TRACER), "%" SCNd64, &number) != 1 ||
        !aiotop_procfs_thread(root, number, number, &tracer)) {
        return g_strdup("");
    }
    name = aiotop_text_escape(tracer.comm);
    return g_strdup_printf(" by process %" PRId64 " (%s)", number, name);
}

static char *describe(const char *root, int64_t pid, const AiotopThread *thread)
{
    g_autofree char *tracer = NULL;

    if (thread->state == 'T') {
        return g_strdup_printf("process %" PRId64 " is stopped by a signal;"
                               " kill -CONT %" PRId64 " lets it go on",
                               pid, pid);
    }
    if (thread->state == 't') {
        tracer = describe_tracer(root, pid);
        return g_strdup_printf("process %" PRId64 " is held%s, as debuggers"
                               " do; it goes on when they let go",
                               pid, tracer);
    }
    if (is_frozen(thread)) {
        return g_strdup_printf("process %" PRId64 " is frozen with its control"
                               " group; it goes on when that is thawed",
                               pid);
    }
    return NULL;
}

char *aiotop_halted_why(const char *root, const AiotopIdentity *process)
{
    g_autofree char *why = NULL;
    AiotopThread thread;

    if (!process->pid ||
        !aiotop_procfs_thread(root, process->pid, process->pid, &thread)) {
        return NULL;
    }
    why = describe(root, process->pid, &thread);
    return aiotop_procfs_is_same(root, process) ? g_steal_pointer(&why) : NULL;
}
