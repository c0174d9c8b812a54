/*
 * Notes: what a source's figures mean, where its name misleads
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/diagnose/note.h"

const AiotopNote aiotop_notes[] = {
    { "virtio_queue_host_notifier_", "virtio_queue_host_notifier_*",
      "The guest has put something into the device's queue. This is the time"
      " that the loop takes for it, not how long a disk's requests take:"
      " query-blockstats on the monitor tells that." },
    { "g_main_context_dispatch", "g_main_context_dispatch",
      "What GLib calls in the main loop and has no source of its own here, such"
      " as time-outs and sockets of libraries. All that GLib calls is nested in"
      " it and counts in its total, but not in its busy time and not in its"
      " durations." },
    { "aio_context_notifier_", "aio_context_notifier_*",
      "Another thread, or this one, woke the loop up, most often to have it"
      " run a bottom half." },
    { "(other)", "(other)",
      "All further sources of this kind together: a loop has 4096 that are"
      " told apart." },
    { NULL, NULL, NULL },
};

const char *aiotop_note_find(const char *name)
{
    for (unsigned i = 0; aiotop_notes[i].prefix; i++) {
        if (g_str_has_prefix(name, aiotop_notes[i].prefix)) {
            return aiotop_notes[i].text;
        }
    }
    return NULL;
}
