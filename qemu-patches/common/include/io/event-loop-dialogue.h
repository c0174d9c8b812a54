/*
 * Event loop profiler: one client's QMP dialogue
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QIO_EVENT_LOOP_DIALOGUE_H
#define QIO_EVENT_LOOP_DIALOGUE_H

#include "qemu/event-loop-snapshot.h"

/* A longer request ends the dialogue; bytes */
#define EVENT_LOOP_REQUEST_MAX (64 * KiB)

/* What the replies tell about the process, and the profiler cannot know */
typedef struct EventLoopOwner {
    /* the VM's name, or NULL */
    const char *vm_name;
} EventLoopOwner;

typedef struct EventLoopDialogue EventLoopDialogue;

/**
 * event_loop_query:
 * @json: where the EventLoopsInfo is appended, in JSON
 * @owner: what to tell about the process
 * @query: what it is to have
 *
 * Like event_loop_snapshot(), and may be called where that may.
 */
bool event_loop_query(GString *json, const EventLoopOwner *owner,
                      const EventLoopQuery *query);

/**
 * event_loop_dialogue_new:
 * @owner: what to tell about the process; must outlive the dialogue
 * @out: where all replies are appended, the greeting as the first; must
 *     outlive the dialogue
 *
 * Begins a QMP dialogue, which may go on in any one thread that
 * event_loop_snapshot() may be called in, while profiling is on.  It takes no
 * locks and waits for nothing.
 */
EventLoopDialogue *event_loop_dialogue_new(const EventLoopOwner *owner,
                                           GString *out);

void event_loop_dialogue_free(EventLoopDialogue *dialogue);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EventLoopDialogue, event_loop_dialogue_free)

/**
 * event_loop_dialogue_feed:
 * @dialogue: the dialogue
 * @buf, @size: what the client sent
 *
 * Goes on with the dialogue until there is a reply or all of @buf is used up.
 *
 * Returns: how many bytes of @buf were used
 */
size_t event_loop_dialogue_feed(EventLoopDialogue *dialogue,
                                const char *buf, size_t size);

/* Whether capabilities have been negotiated: the client does speak QMP */
bool event_loop_dialogue_is_open(const EventLoopDialogue *dialogue);

/* Whether the client is to be dropped once it has all replies */
bool event_loop_dialogue_is_over(const EventLoopDialogue *dialogue);

/* Appends an error that is no reply to anything */
void event_loop_dialogue_refuse(GString *out, const char *reason);

#endif /* QIO_EVENT_LOOP_DIALOGUE_H */
