/*
 * Event loop profiler: the counters, as their writers and readers share them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each loop is written by its own thread only.  Readers come from anywhere
 * and never make it wait: lists only grow at their end, memory is freed by
 * RCU, and what belongs together is read between two equal and even values
 * of a sequence number, as in qemu/seqlock.h.  A writer that was stopped
 * between two such values must not stop its readers, so that these give up
 * after a while and take what is there.
 */

#ifndef EVENT_LOOP_PROFILER_INT_H
#define EVENT_LOOP_PROFILER_INT_H

#include "block/aio.h"
#include "qemu/event-loop-profiler.h"
#include "qemu/host-utils.h"
#include "qemu/queue.h"
#include "qemu/rcu.h"
#include "qemu/thread.h"

/*
 * Log-linear histogram: bucket 0 is for less than 64 ns; from there on there
 * are four buckets of the same width an octave, so that a bucket's bounds are
 * within 25 % and its middle within 12.5 % of each time in it.
 */
#define EVENT_LOOP_BUCKETS 138
#define EVENT_LOOP_BUCKET_MIN_SHIFT 6

static inline unsigned event_loop_bucket(uint64_t ns)
{
    unsigned octave, quarter;

    if (ns < (1 << EVENT_LOOP_BUCKET_MIN_SHIFT)) {
        return 0;
    }
    octave = 63 - clz64(ns);
    quarter = (ns >> (octave - 2)) & 3;
    return MIN(1 + (octave - EVENT_LOOP_BUCKET_MIN_SHIFT) * 4 + quarter,
               EVENT_LOOP_BUCKETS - 1);
}

/* The least time that is in a bucket; nanoseconds */
static inline uint64_t event_loop_bucket_bound(unsigned bucket)
{
    unsigned octave, quarter;

    if (!bucket) {
        return 0;
    }
    octave = (bucket - 1) / 4 + EVENT_LOOP_BUCKET_MIN_SHIFT;
    quarter = (bucket - 1) % 4;
    return (4ull + quarter) << (octave - 2);
}

/* One more source, and it is counted in "(other)" */
#define EVENT_LOOP_SOURCES_MAX 4096

/*
 * When a thread that has many sources drops some of them; nanoseconds.  They
 * are variables for the sake of tests.
 */
typedef struct EventLoopExpiry {
    /* since the last dispatch, if the label has no owner any more */
    uint64_t ended_ns;
    /* the same for all others, and only if there is no room for one more */
    uint64_t idle_ns;
    /* no sooner than so long after the last time that there was no room */
    uint64_t pause_ns;
} EventLoopExpiry;

extern EventLoopExpiry event_loop_expiry;

/* The writer's store, and the reader's load, of a counter */
#define elp_set(counter, value) qatomic_set_u64((uint64_t *)&(counter), (value))
#define elp_get(counter) qatomic_read_u64((const uint64_t *)&(counter))

/*
 * A period of profiling is known by a word, which changes as one, so that
 * whoever has read it knows how to read the clock, too:
 *   bit 0: ticks are those of the CPU's counter, else nanoseconds
 *   bits 1 and 2: the tag of the stamps that are made in it
 *   the rest: its number
 * No tag is 0, so that no period is: a thread's record that has not seen any
 * period differs from each of them.
 */
#define EVENT_LOOP_PERIOD_COUNTER 1u
#define EVENT_LOOP_TAG_MASK 3u

static inline unsigned event_loop_period_tag(uint32_t period)
{
    return (period >> 1) & EVENT_LOOP_TAG_MASK;
}

/* An instant in the period in which it was read */
typedef uint64_t EventLoopTicks;

#define EVENT_LOOP_CLOCK_SHIFT 32

/* Dispatches nested more deeply are only counted, and not shown as running */
#define EVENT_LOOP_STACK_MAX 16

/* So many contexts are one thread's: the main thread has two */
#define EVENT_LOOP_BACKLOGS 2

/*
 * How often the watch looks in one threshold; how often where dispatches are
 * only counted, as it then takes their beginning for somewhere between two
 * looks; and how long it is from one look to the next
 */
#define EVENT_LOOP_LOOKS 2
#define EVENT_LOOP_LOOKS_COUNTED 8
#define EVENT_LOOP_LOOK_MIN_NS (5 * (uint64_t)SCALE_MS)
#define EVENT_LOOP_LOOK_MAX_NS (250 * (uint64_t)SCALE_MS)

/* A source with fewer calls is timed in each of them */
#define EVENT_LOOP_MATURE_CALLS 100

/* No time has it */
#define EVENT_LOOP_HOLD (1ull << 63)

/* For so many snapshots it is known what their sources had */
#define EVENT_LOOP_SEQUENCES 16

/* One less than so many overruns of a thread wait for a reader */
#define EVENT_LOOP_OVERRUNS 16

typedef struct EventLoopSource EventLoopSource;
typedef struct EventLoopThread EventLoopThread;

/* What is counted of a source in a histogram: dispatches, and their delays */
typedef enum EventLoopHistogram {
    EVENT_LOOP_HISTOGRAM_TIME,
    EVENT_LOOP_HISTOGRAM_DELAY,
    EVENT_LOOP_HISTOGRAM__MAX,
} EventLoopHistogram;

/* How often the numbers in the buckets did not fit, times 2: see add_carry() */
typedef uint32_t EventLoopCarry[EVENT_LOOP_HISTOGRAM__MAX][EVENT_LOOP_BUCKETS];

struct EventLoopSource {
    /*
     * Who it is: does not change, and the writer looks for it.  See
     * event_loop_what() for @what.
     */
    void *address;
    const char *name;
    uint64_t what;

    /*
     * Counters: written by the loop, in the order in which they are read the
     * other way round, see event_loop_read_source()
     */
    uint64_t calls;
    /* of timed dispatches: the end of the last one, and its own time */
    EventLoopTicks last;
    uint64_t busy_ns;
    /* the time of what was nested in it; with its own it is the total */
    uint64_t nested_ns;
    uint64_t max_ns;
    uint64_t delay_ns;
    uint64_t delay_max_ns;
    uint32_t histograms[EVENT_LOOP_HISTOGRAM__MAX][EVENT_LOOP_BUCKETS];
    /* NULL: all numbers fit */
    EventLoopCarry *carry;

    uint32_t id;
    EventLoopSourceKind kind;
    /* held, so that its address stands for no other one; or NULL */
    const char *label;
    /* where it has a label: of the last timed dispatch */
    int fd;
    /* its own time is that of its histogram: what is nested is no part of it */
    bool remainder;
    /* it is called in other rounds, too, but not counted there */
    bool sampled;
    /* what does not change of its JSON form */
    const char *json;
    QSIMPLEQ_ENTRY(EventLoopSource) next;
    /* the next one that is to be freed */
    EventLoopSource *dropped;
    /* Of the loop alone: how often it had been called, and when that was */
    struct {
        uint64_t calls;
        EventLoopTicks since;
    } idle;

    /* Of the readers: what was shown of it, and in which snapshot first */
    struct {
        uint64_t calls;
        uint64_t sequence;
        uint64_t busy_ns;
        uint64_t total_ns;
        /* in the last snapshots, by their number */
        uint64_t busy_ns_at[EVENT_LOOP_SEQUENCES];
    } shown;
};

/* A dispatch on the stack of a loop */
typedef struct EventLoopFrame {
    EventLoopSource *source;
    /* 0: it begins just now, or it is only counted */
    EventLoopTicks start;
    /* time of the dispatches nested in it that are over */
    uint64_t nested_ns;
    /* when the loop around it woke, if a loop within it has waited since */
    EventLoopTicks woken;
} EventLoopFrame;

/* A dispatch, or something that a loop does otherwise, that took too long */
typedef struct EventLoopOverrun {
    EventLoopStallCause cause;
    /* the dispatch's, or NULL */
    EventLoopSource *source;
    EventLoopTicks start;
    EventLoopTicks end;
} EventLoopOverrun;

/* Since when bottom halves are queued in a context; outlives it by RCU */
struct EventLoopBacklog {
    struct rcu_head rcu;
    /* written by any thread; 0: none is queued */
    EventLoopStamp since;
};

/*
 * Which of a loop's rounds are timed; see util/event-loop-draw.c.  Readers see
 * the first part of it, which changes between two changes of @seq.
 */
typedef struct EventLoopDraw {
    /* of the stretch of rounds that goes on: its kind and its beginning */
    bool counted;
    EventLoopTicks since;
    /* what the loop's counters were then; nanoseconds */
    uint64_t iterations;
    uint64_t idle_ns;
    uint64_t dispatch_ns;
    uint64_t poll_ns;
    /* the watch's @looks_ns */
    uint64_t looks_ns;
    /* how many requests had ended in its thread */
    uint64_t requests;
    /* how long a round of the loop takes besides its waits and dispatches */
    uint64_t other_ns;

    /*
     * Of the rounds until then, the older the less: their number, how long
     * they took and the requests that ended in them; of those that were timed
     * their number, their dispatches and waits, and how long they polled
     */
    uint64_t all_rounds;
    uint64_t all_ns;
    uint64_t all_requests;
    uint64_t timed_rounds;
    uint64_t timed_dispatches;
    uint64_t timed_waits;
    uint64_t timed_poll_ns;
    /* of @other_ns: what is no polling */
    uint64_t work_ns;
    /* of xorshift */
    uint64_t random;
} EventLoopDraw;

/*
 * That a dispatch goes on which is only counted, as the watch saw it: the
 * loop reads the clock when it ends.  There is one for each thread, and it is
 * handed over by its state.
 */
typedef enum EventLoopMarkState {
    EVENT_LOOP_MARK_NONE,
    /* it is set, by the watch */
    EVENT_LOOP_MARK_SET,
    /* it is being read by the loop, or changed by the watch */
    EVENT_LOOP_MARK_BUSY,
} EventLoopMarkState;

typedef struct EventLoopMark {
    EventLoopMarkState state;
    unsigned depth;
    const EventLoopSource *source;
    /* of the source: how often it had been called before */
    uint64_t calls;
    /* about when it began */
    EventLoopTicks since;
    /* its loop waits in it: it is booked however short it is */
    bool waits;
} EventLoopMark;

/* In the mature sources' table, see event_loop_find_source() */
#define EVENT_LOOP_MATURE_BITS 6

struct EventLoopThread {
    struct rcu_head rcu;

    /*
     * What each dispatch needs, on as few cache lines as possible.  Counters
     * are written by the loop.  They are those of the period of this word;
     * others are to be ignored.
     *
     * Whether the dispatches of this round are counted only; of the loop alone
     */
    bool counted;
    /* where the next dispatch's frame is to be */
    EventLoopFrame *top;
    EventLoopMark mark;
    EventLoopFrame stack[EVENT_LOOP_STACK_MAX];
    /*
     * Sources with so many calls that they need not be timed, at the place
     * that event_loop_source_slot() has for them; of the loop alone
     */
    EventLoopSource *mature[1 << EVENT_LOOP_MATURE_BITS];

    /* Of the loop alone, but for @counted_depth and @batch */
    /* frames below it without a beginning are only counted, @counted or not */
    unsigned counted_depth;
    /* how many rounds more are as this one */
    uint32_t rounds_left;
    /* so many rounds each timed one stands for */
    uint32_t weight;
    uint32_t timed_dispatches;
    uint32_t timed_waits;
    /* where those of a batch have their frames; NULL: there is no batch */
    const EventLoopFrame *batch_frame;
    /*
     * End of the last dispatch of a batch, in which the next one begins
     * whenever it does: the time since then may be that of another callback
     * than the one that runs the batch.  0: no batch
     */
    EventLoopTicks batch;
    /* when it woke, if it did nothing else since; else 0 */
    EventLoopTicks fresh;
    EventLoopTicks woken;
    EventLoopSource **table;
    unsigned table_bits;
    unsigned source_count;
    EventLoopSource *other[EVENT_LOOP_SOURCE_KIND__MAX];
    /* when there was no room for one more source */
    EventLoopTicks full;
    EventLoopDraw draw;

    /*
     * The loop's own time.  What belongs together is changed between two
     * changes of @seq.
     */
    unsigned seq;
    uint32_t period;
    uint64_t since_ns;
    /*
     * Never EVENT_LOOP_STATE_DISPATCHING, which is what a thread does that is
     * in a dispatch and, for the rest, running
     */
    EventLoopState state;
    EventLoopTicks state_since;
    int64_t timeout_ns;
    uint64_t iterations;
    /* the dispatches of sources that are no longer there */
    uint64_t dropped_calls;
    uint64_t wait_ns;
    uint64_t poll_ns;
    uint64_t dispatch_ns;
    uint64_t bql_wait_ns;
    uint64_t poll_hits;
    uint64_t poll_misses;
    uint64_t poll_max_ns;
    QSIMPLEQ_HEAD(, EventLoopSource) sources;

    /* How many overruns there were; the last ones are kept, in a ring */
    uint64_t overrun_count;
    EventLoopOverrun overruns[EVENT_LOOP_OVERRUNS];

    /* The big lock: not between changes of @seq, see util/event-loop-bql.c */
    struct {
        /*
         * 0: it does not have the lock, and does not wait for it.  Of a hold
         * that is only counted its number instead, with EVENT_LOOP_HOLD, until
         * the watch sees that it goes on.
         */
        EventLoopTicks held_since;
        EventLoopTicks wait_since;
        uint64_t holds;
        uint64_t held_ns;
        uint64_t waits;
        uint64_t wait_ns;
        /* of the thread alone: as of rounds, but of holds */
        bool timed;
        uint32_t left;
        uint32_t weight;
        EventLoopTicks drawn;
    } bql;

    /* Does not change. The name is a label, as the log of stalls needs it. */
    const char *name;
    int thread_id;
    /* what does not change of the JSON form of a loop */
    const char *json;
    /* in the order of their birth, from 1 on */
    uint64_t number;
#ifdef CONFIG_LINUX
    clockid_t cpu_clock;
#endif
    /* NULL for a thread that was caught dispatching, or takes the big lock */
    AioContext *ctx;
    /* of the contexts that it dispatches for; NULL where there are fewer */
    const EventLoopBacklog *backlogs[EVENT_LOOP_BACKLOGS];
    QTAILQ_ENTRY(EventLoopThread) next;

    /* Of the readers: what was shown of it */
    struct {
        uint64_t dispatches;
        uint64_t wait_ns;
        uint64_t poll_ns;
        uint64_t dispatch_ns;
        uint64_t bql_wait_ns;
        uint64_t bql_held_ns;
        uint64_t bql_lock_wait_ns;
    } shown;
    /* Of those who look for stalls, see util/event-loop-stall.c */
    struct {
        uint32_t period;
        /* how many overruns are in the log already */
        uint64_t overruns;
        /* id of a stall that is to be told; 0: none */
        uint64_t news;
        /* how many were to be told before it, and were not */
        uint64_t suppressed;
        /* when one was told; CLOCK_MONOTONIC */
        uint64_t told_ns;
        /* when it was last looked at; see event_loop_look() */
        EventLoopTicks looked;
        /* a dispatch that is only counted, as a mark has it; set: seen twice */
        EventLoopMark running;
        /* its @iterations then, and about when that round began */
        uint64_t iterations;
        EventLoopTicks round_since;
        /* it was seen twice */
        bool round_lasts;
        /*
         * Between two dispatches, where nobody times: how many there had
         * been, what was timed of waits, and since when there was none of
         * either at each look; 0: there is
         */
        uint64_t dispatches;
        uint64_t idle_ns;
        EventLoopTicks still_since;
        /* until when that is in @looks_ns */
        EventLoopTicks still_until;
        /* bottom halves that were queued, who knows when; 0: none */
        EventLoopTicks pending_since;
        /* a hold of the lock that is only counted: which, and about when */
        uint64_t hold;
        EventLoopTicks held_since;
    } watch;
    /*
     * Of the watch, whatever the period: how long loops looked for events, as
     * it was seen, which nobody timed.  The loop books it.
     */
    uint64_t looks_ns;
} QEMU_ALIGNED(64);

/* How many dispatches are on the stack; for the loop's own thread */
static inline unsigned event_loop_depth(const EventLoopThread *t)
{
    return t->top - t->stack;
}

/* Threads in the order of their birth; read in RCU critical sections */
typedef QTAILQ_HEAD(EventLoopThreads, EventLoopThread) EventLoopThreads;

extern EventLoopThreads event_loop_threads;

/*
 * What all threads read and hardly anybody writes, on a cache line of its
 * own.  See event_loop_profiling for the other one of these.
 */
typedef struct EventLoopGlobals {
    uint32_t period;
    /* when the period began, on both clocks */
    uint64_t since_ns;
    EventLoopTicks since_ticks;
    /* a dispatch, or a wait for the big lock, of so many nanoseconds stalls */
    uint64_t stall_ns;
    /* one that is timed is so long that it was seen even if it was not */
    uint64_t long_ns;
    /* the lesser of both: it is to be looked at which of them it is */
    uint64_t notable_ns;
    /* what profiling may cost of a loop's time, per mille; 0: whatever it is */
    uint32_t max_overhead;
    /* what a reading of the clock costs; nanoseconds */
    uint32_t reading_ns;
    /* nanoseconds a tick, times 2^EVENT_LOOP_CLOCK_SHIFT; it may change */
    uint64_t rate;
} QEMU_ALIGNED(64) EventLoopGlobals;

extern EventLoopGlobals event_loop_globals;

/* What a source is called; lives for ever */
static inline const char *event_loop_source_name(const EventLoopSource *s)
{
    /* what came when there were too many has no callback */
    return s->name ?: (s->address ? "(unnamed)" : "(other)");
}

/*
 * The running thread's record; event_loop_nobody if it has none.  Nothing that
 * uses it yields, so that a coroutine cannot move to another thread between
 * the look-up and the use; which holds as long as none of it is inlined into a
 * coroutine's code.
 */
extern __thread EventLoopThread *event_loop_this_thread;
extern EventLoopThread event_loop_nobody;

/*
 * The same, after a callback in which the running thread may have become
 * another one.  Where the address of thread-local variables is not part of the
 * instruction, the compiler keeps that of the thread before.
 */
#ifdef __x86_64__
static inline EventLoopThread *event_loop_thread_now(void)
{
    return event_loop_this_thread;
}
#else
EventLoopThread *event_loop_thread_now(void);
#endif

/* A thread's first hook in a period of profiling; it may make its record */
EventLoopThread *event_loop_begin_period(EventLoopThread *t);

/* Whether the running thread's record is of the present period */
static inline bool event_loop_is_of_period(const EventLoopThread *t)
{
    /*
     * Nobody's period is none.  Pairs with begin_profiling(): what is of the
     * period is seen with it
     */
    return t->period == qatomic_load_acquire(&event_loop_globals.period);
}

/* The running thread's loop, in the present period */
static inline EventLoopThread *event_loop_current_thread(void)
{
    EventLoopThread *t = event_loop_this_thread;

    return likely(event_loop_is_of_period(t)) ? t : event_loop_begin_period(t);
}

/* The running thread may be the child of the process in which it began */
void event_loop_identify_child(void);

/* Makes all loops come by a hook */
void event_loop_wake_all(void);

/*
 * Whether a dispatch that takes long is a stall.  That of a thread that is no
 * event loop, and waits for something, holds nobody up: if it has the big lock,
 * that is told of who waits for it.
 */
static inline bool event_loop_may_stall(const EventLoopThread *t,
                                        const EventLoopSource *s)
{
    return t->ctx || s->kind != EVENT_LOOP_SOURCE_KIND_WAIT;
}

/* Something was too long, and is over; @source: of a dispatch, else NULL */
void event_loop_add_overrun(EventLoopThread *t, EventLoopStallCause cause,
                            EventLoopSource *source, EventLoopTicks start,
                            EventLoopTicks end);

/*
 * After how many nanoseconds what a loop does outside of dispatches is a
 * stall, and of which cause.  Returns UINT64_MAX if it never is.
 * @timeout_ns: how long it may wait; -1: for ever
 */
static inline uint64_t event_loop_state_limit(EventLoopState state,
                                              int64_t timeout_ns,
                                              EventLoopStallCause *cause)
{
    uint64_t stall_ns = elp_get(event_loop_globals.stall_ns);

    switch (state) {
    case EVENT_LOOP_STATE_BQL_WAIT:
        *cause = EVENT_LOOP_STALL_CAUSE_BQL_WAIT;
        return stall_ns;
    case EVENT_LOOP_STATE_POLLING:
        *cause = EVENT_LOOP_STALL_CAUSE_POLL;
        return stall_ns;
    case EVENT_LOOP_STATE_WAITING:
        *cause = EVENT_LOOP_STALL_CAUSE_WAIT;
        /* neither for ever, nor so long that it is as good as that */
        return timeout_ns < 0 || stall_ns > UINT64_MAX - timeout_ns
               ? UINT64_MAX : timeout_ns + stall_ns;
    default:
        *cause = EVENT_LOOP_STALL_CAUSE_DISPATCH;
        return UINT64_MAX;
    }
}

/* The loop waits for the big lock, or no longer does */
void event_loop_profiler_bql_state(EventLoopThread *t, bool waits);

/* A period begins in which the clock is CLOCK_MONOTONIC */
void event_loop_profiler_leave_counter(void);

/*
 * What a reader must see at once is written between these.  They order the
 * stores.  They do not order the reading of the clock that comes in between:
 * where a CPU reads it too early, a reader finds that a dispatch ended before
 * it saw it running, by some nanoseconds, which not_less() hides.
 */
static inline void event_loop_write_begin(unsigned *seq)
{
    qatomic_set(seq, *seq + 1);
    /* Before what is written next.  Pairs with read_retry()'s. */
    smp_wmb();
}

static inline void event_loop_write_end(unsigned *seq)
{
    /* After what was written.  Pairs with read_begin()'s. */
    smp_wmb();
    qatomic_set(seq, *seq + 1);
}

/* The writer's addition to a counter */
static inline void event_loop_add(uint64_t *counter, uint64_t n)
{
    qatomic_set_u64(counter, *counter + n);
}

#endif /* EVENT_LOOP_PROFILER_INT_H */
