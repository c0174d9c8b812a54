/*
 * Event loop labels: what a handler, bottom half or timer works for
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A label is a string of which there is one for each text, so that two are
 * the same if their addresses are.  Devices come and go with ids that are
 * never used again, so that it counts its references, and ends with the
 * last of them.  Who registers a handler, bottom half or timer with a label
 * owns the label as it owns the opaque pointer, and both have to live as
 * long as it may be called.  The profiler holds labels of what it has seen,
 * which does not make it an owner.
 */

#ifndef QEMU_EVENT_LOOP_LABEL_H
#define QEMU_EVENT_LOOP_LABEL_H

/**
 * event_loop_label_new:
 * @text: what it says, which is copied; or NULL
 *
 * Any thread; takes a lock for the time of a look-up.
 *
 * Returns: the label with this text, with one more owner; NULL for NULL
 */
const char *event_loop_label_new(const char *text);

/*
 * One owner less; accepts NULL.  Any thread; takes no lock.  The text is there
 * until a grace period is over.
 */
void event_loop_label_unref(const char *label);

/* Whether what it stands for is there still */
bool event_loop_label_has_owner(const char *label);

/* Holds a label, or NULL, which it returns. Any thread; takes no lock */
const char *event_loop_label_hold(const char *label);

/* No longer. Accepts NULL. */
void event_loop_label_drop(const char *label);

/* How many labels there are */
unsigned event_loop_label_count(void);

#endif /* QEMU_EVENT_LOOP_LABEL_H */
