/*
 * What is known of a QEMU's row from one round to the next
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "vm-tracks.h"

static guint hash(gconstpointer opaque)
{
    const AiotopIdentity *process = opaque;

    return process->pid * 31 + process->start_ticks;
}

static gboolean equal(gconstpointer a, gconstpointer b)
{
    return aiotop_identity_equal(a, b);
}

GHashTable *vm_tracks_new(void)
{
    return g_hash_table_new_full(hash, equal, g_free, g_free);
}

Track *vm_tracks_get(GHashTable *tracks, const AiotopIdentity *process)
{
    Track *track = g_hash_table_lookup(tracks, process);

    if (!track) {
        track = g_new0(Track, 1);
        g_hash_table_insert(tracks, g_memdup2(process, sizeof(*process)),
                            track);
    }
    return track;
}

typedef struct Forgetting {
    unsigned now;
    const Track *keep;
} Forgetting;

static gboolean is_gone(gpointer process G_GNUC_UNUSED, gpointer opaque,
                        gpointer data)
{
    const Forgetting *forgetting = data;
    const Track *track = opaque;

    return track->seen != forgetting->now && track != forgetting->keep;
}

void vm_tracks_forget(GHashTable *tracks, unsigned now, const Track *keep)
{
    Forgetting forgetting = { now, keep };

    g_hash_table_foreach_remove(tracks, is_gone, &forgetting);
}
