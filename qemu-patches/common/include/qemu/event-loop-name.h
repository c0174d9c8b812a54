/*
 * Event loop profiler: what threads are called
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU knows a name for each of its threads, but tells the host of it only
 * with -name debug-threads=on.  So it is kept here, profiled or not.
 */

#ifndef QEMU_EVENT_LOOP_NAME_H
#define QEMU_EVENT_LOOP_NAME_H

/* Longer names are cut; with the 0 at its end */
#define EVENT_LOOP_NAME_SIZE 64

/**
 * event_loop_name_thread:
 * @name: what the running thread is called until it ends, or is named anew;
 *     NULL: nobody gave it a name
 *
 * Any thread, and as early as in a constructor.
 */
void event_loop_name_thread(const char *name);

/*
 * The running thread's name; NULL if it has none.  It is valid until the
 * thread is named anew.
 */
const char *event_loop_own_name(void);

#endif /* QEMU_EVENT_LOOP_NAME_H */
