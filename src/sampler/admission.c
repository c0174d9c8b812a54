/*
 * Which QEMUs are watched, if there are more than may be
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "admission.h"

#include "qemu-aiotop/host/procfs.h"

typedef struct Counts {
    unsigned all;
    /* By user: how many */
    GHashTable *of_owner;
} Counts;

/* Those who are not trusted are one: who has containers is any number of users */
static gpointer key_of(const AiotopProcess *process)
{
    return GUINT_TO_POINTER(process->trusted ? (unsigned)process->owner
                                             : UINT32_MAX);
}

static unsigned count_of(const Counts *counts, const AiotopProcess *process)
{
    return GPOINTER_TO_UINT(
        g_hash_table_lookup(counts->of_owner, key_of(process)));
}

static void count(Counts *counts, const AiotopProcess *process)
{
    counts->all++;
    g_hash_table_insert(counts->of_owner, key_of(process),
                        GUINT_TO_POINTER(count_of(counts, process) + 1));
}

/* Each takes a descriptor: others have to be left for what else is read */
static bool may_have(unsigned n)
{
    return aiotop_procfs_may_keep(n, 5);
}

GPtrArray *aiotop_admission(const GPtrArray *found, unsigned max,
                            unsigned max_of_owner, AiotopIsWatched *is_watched,
                            const void *opaque, unsigned *left_out)
{
    g_autoptr(GHashTable) of_owner = g_hash_table_new(NULL, NULL);
    g_autoptr(GPtrArray) others = g_ptr_array_new();
    GPtrArray *admitted = g_ptr_array_new();
    Counts counts = { .of_owner = of_owner };

    for (unsigned i = 0; i < found->len; i++) {
        if (is_watched(found->pdata[i], opaque)) {
            count(&counts, found->pdata[i]);
        } else {
            g_ptr_array_add(others, found->pdata[i]);
        }
    }
    for (unsigned i = 0; i < others->len; i++) {
        AiotopProcess *process = others->pdata[i];

        if ((!max || counts.all < max) && may_have(counts.all) &&
            (!max_of_owner || count_of(&counts, process) < max_of_owner)) {
            count(&counts, process);
            g_ptr_array_add(admitted, process);
        }
    }
    *left_out = others->len - admitted->len;
    return admitted;
}
