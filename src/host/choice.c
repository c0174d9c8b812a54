/*
 * Which threads of a process are looked at, if there are too many
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/choice.h"

#include <stdbool.h>

#include "qemu-aiotop/host/procfs.h"

typedef struct Candidate {
    int64_t tid;
    /* Who is a loop for sure comes first */
    unsigned rank;
    uint64_t cpu_ns;
} Candidate;

static Candidate make_candidate(const char *root, int64_t pid, int64_t tid)
{
    AiotopTask task;

    if (!aiotop_procfs_task(root, pid, tid, &task)) {
        return (Candidate){ .tid = tid };
    }
    return (Candidate){
        .tid = tid,
        .rank = tid == pid                           ? 3
                : g_str_has_prefix(task.comm, "IO ") ? 2
                : aiotop_thread_is_vcpu(task.comm)   ? 1
                                                     : 0,
        .cpu_ns = aiotop_known_or_zero(task.cpu_ns),
    };
}

static gint compare(gconstpointer a, gconstpointer b)
{
    const Candidate *x = a, *y = b;

    return x->rank != y->rank       ? (x->rank < y->rank ? 1 : -1)
           : x->cpu_ns != y->cpu_ns ? (x->cpu_ns < y->cpu_ns ? 1 : -1)
                                    : (x->tid > y->tid) - (x->tid < y->tid);
}

void aiotop_choice_make(const char *root, GArray *threads, int64_t pid,
                        unsigned most)
{
    g_autoptr(GArray) candidates = NULL;

    if (threads->len <= most) {
        return;
    }
    candidates = g_array_new(FALSE, FALSE, sizeof(Candidate));
    for (unsigned i = 0; most && i < threads->len; i++) {
        int64_t tid = g_array_index(threads, int64_t, i);

        /* Numbers begin anew one day: the first thread need not be the lowest */
        if (i < MAX(most, AIOTOP_CHOICE_CANDIDATES) || tid == pid) {
            Candidate candidate = make_candidate(root, pid, tid);

            g_array_append_val(candidates, candidate);
        }
    }
    g_array_sort(candidates, compare);
    g_array_set_size(threads, most);
    for (unsigned i = 0; i < most; i++) {
        g_array_index(threads, int64_t, i) =
            g_array_index(candidates, Candidate, i).tid;
    }
}
