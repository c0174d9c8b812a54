/*
 * Event loop profiler: the hooks
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Counts and times every callback that an event loop dispatches: fd
 * handlers, bottom halves, timers and GLib sources, for each thread; and
 * where the loop's own time goes: waiting, polling, dispatching, taking the
 * big lock.  This header is all that the event loops see of it.
 *
 * Words: a *loop* is a thread that dispatches.  A *source* is what it
 * dispatches, by identity and not by allocation: kind, callback, and label
 * or file descriptor.  A *dispatch* is one call of a source's callback.
 *
 * Cost model.  Without a profiler each hook is a test of one global flag and
 * a branch that is not taken.  With one, each round of a loop is either timed
 * or only counted, so that the price stays within a bound: see
 * util/event-loop-draw.c.  A dispatch that is counted costs a look-up in a
 * table, a push and a pop of what is running, and an addition; one that is
 * timed two readings of the CPU's time stamp counter (one after a wait or
 * within a batch, see event_loop_batch_begin()) and a dozen plain stores more.
 * There is one writer, the loop's own thread: no lock, no atomic
 * read-modify-write, and no allocation but for a source's first dispatch.
 *
 * Invariants.  Time is booked on the thread that spent it, because a context
 * is not a thread: any holder of the big lock may dispatch for the main
 * context.  Nothing of a handler, bottom half or timer is read after its
 * callback ran, as the callback may have freed it.  Names are string
 * literals, and each source holds its label.
 *
 * Rejected: hooks as trace events (a flood of lines, and no sums), a uprobe
 * on each dispatch (a trap each: two to three times slower), and a cached
 * source in each handler, bottom half and timer (these are freed and made
 * anew all the time, and then the cache misses and its life time is one more
 * thing to get wrong).
 */

#ifndef QEMU_EVENT_LOOP_PROFILER_H
#define QEMU_EVENT_LOOP_PROFILER_H

#include "qemu/atomic.h"
#include "qapi/qapi-types-event-loop.h"

/*
 * What runs in each dispatch goes without what QEMU's compiler options do
 * against the leaking of old data: it has no secrets.
 */
#if __has_attribute(zero_call_used_regs)
#define EVENT_LOOP_HOT __attribute__((noinline, zero_call_used_regs("skip")))
#else
#define EVENT_LOOP_HOT __attribute__((noinline))
#endif
#if __has_attribute(uninitialized)
#define EVENT_LOOP_UNINITIALIZED __attribute__((uninitialized))
#else
#define EVENT_LOOP_UNINITIALIZED
#endif

/* Whether event loops are being profiled; read with event_loop_profiled() */
extern bool event_loop_profiling QEMU_ALIGNED(64);

static inline bool event_loop_profiled(void)
{
    return unlikely(qatomic_read(&event_loop_profiling));
}

/*
 * An instant on the profiler's clock, which only it can interpret.  It tells
 * the period of profiling too, as others may have other clocks.  0 stands for
 * none.
 */
typedef uint64_t EventLoopStamp;

EventLoopStamp event_loop_profiler_stamp(void);

/*
 * Now.  Any thread.  0 if nobody wants to know, and what is no time in a round
 * that is not timed: no delay is counted from there.
 */
static inline EventLoopStamp event_loop_stamp(void)
{
    return event_loop_profiled() ? event_loop_profiler_stamp() : 0;
}

/* Whether bottom halves are queued in a context, which it belongs to */
typedef struct EventLoopBacklog EventLoopBacklog;

/*
 * The backlog of the running thread's loop in a round that is only counted;
 * else NULL
 */
extern __thread const EventLoopBacklog *event_loop_counted;

EventLoopBacklog *event_loop_backlog_new(void);
/* Accepts NULL.  Readers may look at it until a grace period is over. */
void event_loop_backlog_free(EventLoopBacklog *backlog);

/*
 * A bottom half is about to be queued.  Any thread.  Sets @queued to the time,
 * or what stands for it in a round that is not timed.
 */
void event_loop_profiler_bh_queued(EventLoopBacklog *backlog,
                                   EventLoopStamp *queued);
/*
 * The one that was queued then is not to run: the loop may leave it where it
 * is, and sleep.  Others that are queued are not seen until the next one is.
 */
void event_loop_profiler_bh_cancelled(EventLoopBacklog *backlog,
                                      EventLoopStamp *queued);

/**
 * event_loop_profiler_timer_due:
 * @now: now
 * @armed: when the timer was armed
 * @late_ns: by how much its deadline has passed, on the timer's own clock
 *
 * Returns: since when the timer has been due, or 0 if that is not known.  It
 * is not before it was armed: one that is armed for a time long past is to
 * run at once, and the timer's clock may have jumped.
 */
EventLoopStamp event_loop_profiler_timer_due(EventLoopStamp now,
                                             EventLoopStamp armed,
                                             int64_t late_ns);

/*
 * What the callback is besides its address and name, as one word: its kind,
 * and its label, or file descriptor if it has none.  Labels are aligned to 16
 * bytes.  Descriptors are told from them by a bit.
 */
static inline uint64_t event_loop_what(EventLoopSourceKind kind,
                                       const char *label, int fd)
{
    uint64_t what = (uint64_t)kind << 56;

    if (fd < 0 || label) {
        return what | (uintptr_t)label;
    }
    return what | 1ull << 55 | (uint64_t)fd << 4;
}

/* The argument comes first, as it is the callback's, too */
void event_loop_profiler_dispatch(void *opaque, void (*cb)(void *),
                                  const char *name, uint64_t what, int fd,
                                  EventLoopStamp ready);
void event_loop_profiler_count(void *opaque, void (*cb)(void *),
                               const char *name, uint64_t what, int fd);

/* The same as event_loop_dispatch(), where somebody profiles for sure */
static inline void
event_loop_dispatch_profiled(EventLoopSourceKind kind, const char *name,
                             const char *label, int fd, EventLoopStamp ready,
                             void (*cb)(void *), void *opaque)
{
    uint64_t what = event_loop_what(kind, label, fd);

    if (event_loop_counted) {
        event_loop_profiler_count(opaque, cb, name, what, fd);
    } else {
        event_loop_profiler_dispatch(opaque, cb, name, what, fd, ready);
    }
}

/**
 * event_loop_submit:
 * @name: the name of @cb: a string literal
 * @cb: what hands over what was queued
 * @opaque: its argument
 *
 * Calls @cb with @opaque.  In a round that is timed it is booked as a dispatch;
 * in others it costs nothing, as it comes with each round of a loop.
 */
static inline void event_loop_submit(const char *name, void (*cb)(void *),
                                     void *opaque)
{
    if (event_loop_profiled() && !event_loop_counted) {
        event_loop_profiler_dispatch(opaque, cb, name,
                                     event_loop_what(
                                         EVENT_LOOP_SOURCE_KIND_SUBMIT, NULL,
                                         -1),
                                     -1, 0);
    } else {
        cb(opaque);
    }
}

/* The name of what a main loop dispatches of which no callback is known */
#define EVENT_LOOP_REMAINDER "g_main_context_dispatch"

/**
 * event_loop_dispatch:
 * @kind_: what is dispatched
 * @name_: the callback's name: a string literal, or NULL
 * @label_: what it works for: from event_loop_label_new(), or NULL
 * @fd_: the file descriptor, or -1
 * @ready: when the callback was due to be called; 0 if that is not known.
 *     It is not used for file descriptors: they are ready when the wait that
 *     found them so returns.
 * @cb: the callback
 * @opaque: its argument
 *
 * Calls @cb with @opaque, and books the call on the running thread.  A macro,
 * so that nothing is evaluated without need when nobody profiles.
 */
#define event_loop_dispatch(kind_, name_, label_, fd_, ready, cb, opaque)  \
    do {                                                                   \
        if (event_loop_profiled()) {                                       \
            event_loop_dispatch_profiled((kind_), (name_), (label_), (fd_), \
                                         (ready), (cb), (opaque));         \
        } else {                                                           \
            (cb)(opaque);                                                  \
        }                                                                  \
    } while (0)

/* A dispatch that is under way; lives on the stack of its caller */
typedef struct EventLoopDispatch {
    struct EventLoopThread *thread;
    struct EventLoopSource *source;
    /* on the thread's stack */
    struct EventLoopFrame *frame;
    /* 0: it is only counted */
    uint64_t start;
    /* -1: it has none */
    int64_t delay_ns;
    uint32_t period;
} EventLoopDispatch;

void event_loop_profiler_begin(EventLoopDispatch *dispatch,
                               void *address, const char *name,
                               uint64_t what, int fd);
void event_loop_profiler_end(EventLoopDispatch *dispatch);

/*
 * The same in two steps, for callbacks with another signature.  A dispatch
 * that ends in another thread is not counted.
 */
static inline void event_loop_dispatch_begin(EventLoopDispatch *dispatch,
                                             EventLoopSourceKind kind,
                                             void *address, const char *name,
                                             const char *label, int fd)
{
    dispatch->thread = NULL;
    if (event_loop_profiled()) {
        event_loop_profiler_begin(dispatch, address, name,
                                  event_loop_what(kind, label, fd), fd);
    }
}

static inline void event_loop_dispatch_end(EventLoopDispatch *dispatch)
{
    if (unlikely(dispatch->thread)) {
        event_loop_profiler_end(dispatch);
    }
}

#define EVENT_LOOP_HOOK_IF(verb, condition)              \
    void event_loop_profiler_##verb(void);               \
    static inline void event_loop_##verb(void)           \
    {                                                    \
        if (event_loop_profiled() && (condition)) {      \
            event_loop_profiler_##verb();                \
        }                                                \
    }
#define EVENT_LOOP_HOOK(verb) EVENT_LOOP_HOOK_IF(verb, true)

/*
 * From here to there dispatches follow each other without other work between
 * them.  The end of one is the beginning of the next, which saves a reading
 * of the clock a dispatch and books the few nanoseconds between them on the
 * later one.
 */
EVENT_LOOP_HOOK_IF(batch_begin, !event_loop_counted)
EVENT_LOOP_HOOK_IF(batch_end, !event_loop_counted)

/* The thread waits for events in the kernel, and no longer does */
EVENT_LOOP_HOOK(wait_end)

/*
 * The thread found the big lock taken and waits for it, and has it; and it
 * has the big lock, however it got it, and gives it up.
 */
EVENT_LOOP_HOOK(bql_wait_begin)
EVENT_LOOP_HOOK(bql_wait_end)
EVENT_LOOP_HOOK(bql_taken)
EVENT_LOOP_HOOK(bql_released)

/* The thread polls, and no longer does */
EVENT_LOOP_HOOK(poll_begin)

#undef EVENT_LOOP_HOOK
#undef EVENT_LOOP_HOOK_IF

void event_loop_profiler_bh_taken(EventLoopBacklog *backlog);
void event_loop_profiler_wait_begin(int64_t timeout_ns);
void event_loop_profiler_poll_end(bool hit);
void event_loop_profiler_iteration(int64_t poll_max_ns);

/* All bottom halves that were queued were taken: none is now */
static inline void event_loop_bh_taken(EventLoopBacklog *backlog)
{
    if (event_loop_profiled()) {
        event_loop_profiler_bh_taken(backlog);
    }
}

/* @timeout_ns: how long the wait may last, in nanoseconds; -1: for ever */
static inline void event_loop_wait_begin(int64_t timeout_ns)
{
    if (event_loop_profiled() && (timeout_ns || !event_loop_counted)) {
        event_loop_profiler_wait_begin(timeout_ns);
    }
}

/* @hit: whether polling found something to do */
static inline void event_loop_poll_end(bool hit)
{
    if (event_loop_profiled()) {
        event_loop_profiler_poll_end(hit);
    }
}

/*
 * The thread begins one more round of its loop.
 * @poll_max_ns: for how long it may poll, in nanoseconds
 */
static inline void event_loop_iteration(int64_t poll_max_ns)
{
    if (event_loop_profiled()) {
        event_loop_profiler_iteration(poll_max_ns);
    }
}

/**
 * event_loop_register:
 * @name: what the loop is called: "main-loop", or the id of an IOThread
 * @ctx: its context
 *
 * Makes the running thread known as an event loop, profiled or not.  It is
 * forgotten when the thread ends; @ctx must live until then.  What was counted
 * of it before it was a loop is forgotten, too.
 */
void event_loop_register(const char *name, AioContext *ctx);

/* The running thread, which is a loop, dispatches for this context too */
void event_loop_register_context(AioContext *ctx);

#endif /* QEMU_EVENT_LOOP_PROFILER_H */
