/*
 * Whether a process does nothing at all, as it is kept from running
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/halted.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "freezer.h"
#include "qemu-aiotop/host/procfs.h"
#include "qemu-aiotop/text/escape.h"

/* What stops so many has stopped all: anybody's process may have thousands */
#define MAX_LOOKED_AT 256

#define TRACER "\nTracerPid:"

static void find_tracer(AiotopHalt *halt, const char *root, int64_t pid)
{
    g_autofree char *path = g_strdup_printf("%s/%" PRId64 "/status", root, pid);
    g_autofree char *status = NULL;
    g_autofree char *name = NULL;
    AiotopThread tracer;
    const char *at;
    int64_t number;

    if (!g_file_get_contents(path, &status, NULL, NULL)) {
        return;
    }
    at = strstr(status, TRACER);
    if (at && sscanf(at + strlen(TRACER), "%" SCNd64, &number) == 1 &&
        aiotop_procfs_thread(root, number, number, &tracer)) {
        name = aiotop_text_escape(tracer.comm);
        halt->tracer_pid = number;
        g_strlcpy(halt->tracer, name, sizeof(halt->tracer));
    }
}

static AiotopHaltKind kind_of(const AiotopThread *thread)
{
    return thread->state == 'T'                     ? AIOTOP_HALT_SIGNAL
           : thread->state == 't'                   ? AIOTOP_HALT_TRACED
           : aiotop_freezer_is_place(thread->wchan) ? AIOTOP_HALT_FROZEN
                                                    : AIOTOP_HALT_NONE;
}

/*
 * What all threads have in common, that of the first one if they differ; none
 * if one of them runs.  One that has ended but is not gone yet is none.  A
 * signal stops all: one that can't be interrupted stops as soon as it can.
 */
static AiotopHaltKind find_kind(const char *root, int64_t pid)
{
    g_autoptr(GArray) threads = aiotop_procfs_threads(root, pid);
    AiotopHaltKind first = AIOTOP_HALT_NONE;
    bool blocked = false;

    for (unsigned i = 0; i < MIN(threads->len, MAX_LOOKED_AT); i++) {
        AiotopHaltKind kind;
        AiotopThread thread;

        if (!aiotop_procfs_thread(root, pid, g_array_index(threads, int64_t, i),
                                  &thread) ||
            thread.state == 'Z' || thread.state == 'X') {
            continue;
        }
        kind = kind_of(&thread);
        if (kind == AIOTOP_HALT_NONE && thread.state == 'D') {
            blocked = true;
        } else if (kind == AIOTOP_HALT_NONE) {
            return kind;
        } else if (first == AIOTOP_HALT_NONE) {
            first = kind;
        }
    }
    return blocked && first != AIOTOP_HALT_SIGNAL ? AIOTOP_HALT_NONE : first;
}

AiotopHalt aiotop_halted_find(const char *root, const AiotopIdentity *process)
{
    AiotopHalt halt = { 0 };
    g_autofree char *thaw = NULL;

    if (!aiotop_procfs_is_same(root, process)) {
        return halt;
    }
    halt.kind = find_kind(root, process->pid);
    /* Where a thread sleeps takes a permission to know, the group's state none */
    if ((halt.kind == AIOTOP_HALT_NONE || halt.kind == AIOTOP_HALT_FROZEN) &&
        aiotop_freezer_find(root, process->pid, &thaw)) {
        halt.kind = AIOTOP_HALT_FROZEN;
    }
    /* A part of a command may be another command */
    if (thaw && strlen(thaw) < sizeof(halt.thaw)) {
        g_strlcpy(halt.thaw, thaw, sizeof(halt.thaw));
    }
    if (halt.kind == AIOTOP_HALT_TRACED) {
        find_tracer(&halt, root, process->pid);
    }
    return aiotop_procfs_is_same(root, process) ? halt : (AiotopHalt){ 0 };
}

char *aiotop_halted_why(const char *root, const AiotopIdentity *process)
{
    AiotopHalt halt = aiotop_halted_find(root, process);
    GString *out;

    if (halt.kind == AIOTOP_HALT_NONE) {
        return NULL;
    }
    out = g_string_new(NULL);
    aiotop_halt_append_why(out, &halt, process->pid);
    g_string_append(out, "; ");
    aiotop_halt_append_cure(out, &halt, process->pid);
    return g_string_free(out, FALSE);
}
