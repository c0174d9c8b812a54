/*
 * Event loop profiler: which rounds of a loop are timed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * All of this is for the loop's own thread.
 */

#ifndef EVENT_LOOP_DRAW_H
#define EVENT_LOOP_DRAW_H

#include "event-loop-profiler-int.h"

/* A new period, whose first rounds are timed */
void event_loop_draw_init(EventLoopThread *t, EventLoopTicks now);

/* A round begins, and with it another stretch of rounds */
void event_loop_draw_next(EventLoopThread *t);

/*
 * A loop has waited in a round that is only counted, until now.  If there was
 * little else for long, the next round begins another stretch.
 */
void event_loop_draw_waited(EventLoopThread *t, EventLoopTicks now);

/*
 * A loop waits in a dispatch, which may last.  It stands for itself, and so
 * does what is nested in it, in any round; so both are timed from now on.
 */
void event_loop_draw_nested(EventLoopThread *t);

/*
 * A hold of the big lock that was timed ends: how many more are only counted?
 */
void event_loop_draw_holds(EventLoopThread *t, EventLoopTicks now);

#endif /* EVENT_LOOP_DRAW_H */
