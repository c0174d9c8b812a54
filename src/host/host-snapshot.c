/*
 * A snapshot of a QEMU that only the kernel of the same host tells of
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/host-snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "freezer.h"
#include "qemu-aiotop/host/choice.h"
#include "qemu-aiotop/host/completion.h"
#include "qemu-aiotop/host/discover.h"
#include "qemu-aiotop/host/halted.h"
#include "qemu-aiotop/host/procfs.h"
#include "qemu-aiotop/host/target.h"

/* QEMU's name of an iothread's thread */
#define IOTHREAD_PREFIX "IO "

/* By its role: as the profiler names the same thread, if that has a loop */
static GRefString *loop_name(int64_t pid, int64_t tid, const char *comm)
{
    g_autofree char *valid = NULL;

    if (tid == pid) {
        return g_ref_string_new("main-loop");
    }
    if (g_str_has_prefix(comm, IOTHREAD_PREFIX)) {
        comm += strlen(IOTHREAD_PREFIX);
    }
    valid = g_utf8_make_valid(comm, -1);
    return g_ref_string_new(*valid ? valid : "thread");
}

/* The order of rows: what matters most comes first */
#define OTHER_RANK 3

static unsigned rank(const AiotopSnapshot *snapshot, const AiotopLoop *loop)
{
    const char *comm = loop->thread.comm;

    return loop->thread_id == snapshot->pid          ? 0
           : g_str_has_prefix(comm, IOTHREAD_PREFIX) ? 1
           : aiotop_thread_is_vcpu(comm)             ? 2
                                                     : OTHER_RANK;
}

static int compare_loops(gconstpointer a, gconstpointer b, gpointer snapshot)
{
    const AiotopLoop *x = a, *y = b;
    unsigned rank_x = rank(snapshot, x), rank_y = rank(snapshot, y);

    if (rank_x != rank_y) {
        return rank_x < rank_y ? -1 : 1;
    }
    return x->thread_id < y->thread_id ? -1 : x->thread_id > y->thread_id;
}

/* Whether threads have the program's name; but one that QEMU has not made may */
static bool has_unnamed(const AiotopSnapshot *snapshot)
{
    const AiotopLoop *loops = snapshot->loops;

    if (snapshot->n_loops > 1 && rank(snapshot, &loops[1]) < OTHER_RANK) {
        return false;
    }
    for (unsigned i = 1; i < snapshot->n_loops; i++) {
        if (strcmp(loops[i].thread.comm, loops[0].thread.comm) == 0) {
            return true;
        }
    }
    return false;
}

static void add_threads(const char *root, AiotopSnapshot *snapshot)
{
    g_autoptr(GArray) threads = aiotop_procfs_threads(root, snapshot->pid);
    unsigned n = threads->len;

    aiotop_choice_make(root, threads, snapshot->pid, AIOTOP_CHOICE_MOST);
    snapshot->n_left_out = n - threads->len;
    snapshot->loops = g_new(AiotopLoop, threads->len);
    snapshot->n_loops = threads->len;
    for (unsigned i = 0; i < threads->len; i++) {
        snapshot->loops[i] = (AiotopLoop)AIOTOP_LOOP_NOTHING_KNOWN;
        snapshot->loops[i].thread_id = g_array_index(threads, int64_t, i);
    }
}

/* Without those that have ended meanwhile */
static void name_loops(AiotopSnapshot *snapshot)
{
    unsigned n = 0;

    for (unsigned i = 0; i < snapshot->n_loops; i++) {
        AiotopLoop *loop = &snapshot->loops[n];

        *loop = snapshot->loops[i];
        if (loop->thread.state) {
            loop->name =
                loop_name(snapshot->pid, loop->thread_id, loop->thread.comm);
            loop->cpu_ns = loop->thread.cpu_ns;
            n++;
        }
    }
    snapshot->n_loops = n;
}

static GRefString *valid_string(const char *text)
{
    g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;

    return valid ? g_ref_string_new(valid) : NULL;
}

/* Whether it may be halted, for all that is known of its main thread */
static bool may_be_halted(const AiotopSnapshot *snapshot)
{
    const AiotopThread *main_thread = &snapshot->loops[0].thread;

    if (snapshot->loops[0].thread_id != snapshot->pid) {
        return false;
    }
    return aiotop_state_is_stopped(main_thread->state) ||
           aiotop_freezer_is_place(main_thread->wchan) ||
           (main_thread->state != 'R' && !*main_thread->wchan);
}

/* Without a file there is nothing to be known, not that it has ended either */
static bool can_open(const char *root)
{
    int fd = open(root, O_PATH | O_CLOEXEC);

    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0 || (errno != EMFILE && errno != ENFILE);
}

AiotopSnapshot *aiotop_host_snapshot(const char *root,
                                     const AiotopProcess *process,
                                     const AiotopSnapshot *before,
                                     uint64_t time_ns, GError **error)
{
    g_autoptr(AiotopSnapshot) snapshot = aiotop_snapshot_new();

    snapshot->host_only = true;
    snapshot->time_ns = time_ns;
    snapshot->pid = process->pid;
    snapshot->vm_name = valid_string(process->vm_name);
    snapshot->unprofiled = aiotop_process_unprofiled(process);
    add_threads(root, snapshot);
    aiotop_host_complete(root, snapshot, before);
    name_loops(snapshot);
    if (!aiotop_procfs_alive(root, process->pid) || !snapshot->n_loops ||
        aiotop_procfs_start_ticks(root, process->pid) != process->start_ticks) {
        g_set_error(error, AIOTOP_DISCOVER_ERROR,
                    AIOTOP_DISCOVER_ERROR_NOT_FOUND,
                    can_open(root) ? "%s (pid %" PRId64 ") has ended"
                                   : "%s (pid %" PRId64
                                     ") can't be looked at, as too many files"
                                     " are open: raise the limit with"
                                     " ulimit -n",
                    process->program, process->pid);
        return NULL;
    }
    qsort_r(snapshot->loops, snapshot->n_loops, sizeof(AiotopLoop),
            compare_loops, snapshot);
    snapshot->unnamed = !process->names_threads && has_unnamed(snapshot);
    if (may_be_halted(snapshot)) {
        snapshot->halt = aiotop_halted_find(
            root, &(AiotopIdentity){ process->pid, process->start_ticks });
    }
    return g_steal_pointer(&snapshot);
}
