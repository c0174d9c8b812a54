/*
 * Event loop profiler: who waits until a descriptor can be written
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * No loop waits while the other end of a socket or a pipe reads nothing: each
 * has a handler that will go on with the rest, and is idle.  So handlers for
 * writing are noted from the time when they are armed on, whether or not
 * anybody profiles.  That is after a write that failed, so that nothing here
 * is in a dispatch that is usual.
 */

#ifndef QEMU_EVENT_LOOP_WRITER_H
#define QEMU_EVENT_LOOP_WRITER_H

typedef struct EventLoopWriter EventLoopWriter;

/**
 * event_loop_writer_new:
 * @name: the callback's name: a string literal, or NULL
 * @label: what it works for: from event_loop_label_new(), or NULL
 * @fd: the file descriptor
 *
 * A callback was armed, to be called once @fd can be written.  Any thread;
 * takes no lock.
 *
 * Returns: what event_loop_writer_free() is to have; NULL if there are so many
 * that there is no room
 */
EventLoopWriter *event_loop_writer_new(const char *name, const char *label,
                                       int fd);

/* It is armed no longer. Accepts NULL. Any thread; takes no lock */
void event_loop_writer_free(EventLoopWriter *writer);

/* What its callback is called, if that is known only later. Accepts NULL. */
void event_loop_writer_set_name(EventLoopWriter *writer, const char *name);

void event_loop_writer_restart(EventLoopWriter *writer);

/*
 * The descriptor can be written: if the callback stays armed, it waits from
 * now on.  Accepts NULL.
 */
static inline void event_loop_writer_ready(EventLoopWriter *writer)
{
    if (writer) {
        event_loop_writer_restart(writer);
    }
}

#endif /* QEMU_EVENT_LOOP_WRITER_H */
