/*
 * Event loop profiler: which rounds of a loop are timed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A loop with long rounds is timed in all of them.  Where a round is so short
 * that the readings of the clock would cost more of it than the bound allows,
 * rounds are drawn.  Some are only counted, then two are timed: two, so that
 * what the first one schedules is dispatched in the second, and its delay is
 * known.  Each timed round stands for the counted ones before it, too: its
 * time is booked so many times, its weight.
 *
 * How many are counted is drawn in advance, evenly between none and twice as
 * many as it takes to keep the bound.  So it depends neither on what these
 * rounds do, nor on a rhythm that the load may have, and sums are unbiased: a
 * round's chance to be timed is one in the mean weight.  But what a loop did
 * since it was timed last is booked on no source if it falls idle for seconds
 * then: the last stretch of a rush.
 *
 * What does not depend on it: how often each source is called; how long the
 * loop waits where that may last, in the kernel or for the big lock; the first
 * dispatches of each source; and those that are so long that the watch sees
 * them, or in which the loop waits.  The loop's dispatches as a whole are
 * known, too: they are its time, less its waits and what the loop itself takes
 * a round, as the timed ones show.
 */

#include "qemu/osdep.h"
#include "event-loop-clock.h"
#include "event-loop-draw.h"
#include "event-loop-request-int.h"

/* Rounds that are timed at the beginning, and before it is looked again */
#define WHOLE_ROUNDS 64

/* Of a stretch that is timed after one that is counted */
#define TIMED_ROUNDS 2

/* The longest stretch that is counted */
#define COUNTED_MAX 2048

/* Older rounds than about so many do not matter any more */
#define MEMORY 1024

/*
 * What a timed dispatch and round cost, without readings, and what those that
 * are only counted do, and a wait and a request in any; nanoseconds.  The
 * callbacks' data have driven the profiler's out of the nearest cache: alone
 * these would be a third.
 */
#define DISPATCH_NS 40
#define ROUND_NS 60
#define COUNTED_DISPATCH_NS 8
#define COUNTED_ROUND_NS 8
#define WAIT_NS 40
#define REQUEST_NS 20

/* Holds may have this share of the bound, in per cent; the rest is rounds' */
#define HOLDS_SHARE 20
#define ROUNDS_SHARE 70
/* So much timed rounds have, even where nothing is left for them */
#define TIMED_SHARE 10

/*
 * A stretch that takes so much longer than so many times what was expected has
 * a long round in it, and what comes after it is timed
 */
#define LONG_NS SCALE_MS
#define LONG_TIMES 2

/*
 * No stretch is drawn that takes so long.  One that does was drawn while there
 * was more to do: a loop that is idle now would not come to its end for hours.
 */
#define STRETCH_NS (5 * NANOSECONDS_PER_SECOND)

static uint64_t next_random(EventLoopDraw *draw)
{
    draw->random ^= draw->random << 13;
    draw->random ^= draw->random >> 7;
    draw->random ^= draw->random << 17;
    return draw->random;
}

/* How long the loop has waited, whatever for */
static uint64_t idle_ns(const EventLoopThread *t)
{
    return t->wait_ns + t->bql_wait_ns;
}

/* It is another one when the clock changes */
static uint32_t reading_ns(void)
{
    return qatomic_read(&event_loop_globals.reading_ns);
}

static uint64_t without(uint64_t n, uint64_t less)
{
    return n > less ? n - less : 0;
}

/* Between two changes of @seq; @looks_ns: what of that is booked */
static void begin_stretch(EventLoopThread *t, EventLoopTicks now,
                          uint64_t looks_ns, bool counted, uint32_t rounds,
                          uint32_t weight)
{
    EventLoopDraw *draw = &t->draw;

    event_loop_counted = counted ? t->backlogs[0] : NULL;
    t->timed_dispatches = 0;
    t->timed_waits = 0;
    /* this one is the first */
    t->rounds_left = rounds - 1;
    qatomic_set(&t->counted, counted);
    qatomic_set(&t->counted_depth, 0);
    qatomic_set(&t->weight, weight);
    qatomic_set(&draw->counted, counted);
    elp_set(draw->since, now);
    elp_set(draw->iterations, t->iterations);
    elp_set(draw->idle_ns, idle_ns(t));
    elp_set(draw->dispatch_ns, t->dispatch_ns);
    elp_set(draw->looks_ns, looks_ns);
    draw->poll_ns = t->poll_ns;
    draw->requests = event_loop_requests_ended();
}

void event_loop_draw_init(EventLoopThread *t, EventLoopTicks now)
{
    t->draw.all_rounds = 0;
    t->draw.all_ns = 0;
    t->draw.all_requests = 0;
    t->draw.timed_rounds = 0;
    t->draw.timed_dispatches = 0;
    t->draw.timed_poll_ns = 0;
    t->draw.timed_waits = 0;
    t->draw.work_ns = 0;
    elp_set(t->draw.other_ns, 0);
    t->draw.random = (now ^ t->number << 32) | 1;
    begin_stretch(t, now, elp_get(t->looks_ns), false, WHOLE_ROUNDS, 1);
}

/*
 * What the loop itself takes a round is known as a median, which moves by a
 * sixteenth: a thread that lost its CPU must not spoil it.
 */
static void follow_work(EventLoopDraw *draw, uint64_t ns)
{
    uint64_t step = draw->work_ns / 16 + 1;

    if (!draw->timed_rounds) {
        draw->work_ns = ns;
    } else if (ns > draw->work_ns) {
        draw->work_ns += step;
    } else {
        draw->work_ns -= MIN(step, draw->work_ns);
    }
}

/* A stretch is over, of which so many rounds took @ns without its waits */
static void remember(EventLoopThread *t, uint64_t rounds, uint64_t ns,
                     uint64_t active_ns)
{
    EventLoopDraw *draw = &t->draw;

    draw->all_rounds += rounds;
    draw->all_ns += ns;
    draw->all_requests += event_loop_requests_ended() - draw->requests;
    if (!draw->counted) {
        uint64_t poll_ns = (t->poll_ns - draw->poll_ns) / t->weight;
        /* what it takes to time them is no work of rounds that are counted */
        uint64_t cost_ns = ROUND_NS * rounds + t->timed_dispatches *
                           (reading_ns() + DISPATCH_NS);

        follow_work(draw, without(active_ns, poll_ns + cost_ns +
                                             t->dispatch_ns -
                                             draw->dispatch_ns) / rounds);
        draw->timed_rounds += rounds;
        draw->timed_dispatches += t->timed_dispatches;
        draw->timed_waits += t->timed_waits;
        draw->timed_poll_ns += poll_ns;
        /* of polling it is the mean, as it is seldom the same */
        elp_set(draw->other_ns, draw->work_ns +
                                draw->timed_poll_ns / draw->timed_rounds);
    }
    if (draw->all_rounds > MEMORY) {
        draw->all_rounds /= 2;
        draw->all_ns /= 2;
        draw->all_requests /= 2;
    }
    if (draw->timed_rounds > MEMORY / 4) {
        draw->timed_rounds /= 2;
        draw->timed_dispatches /= 2;
        draw->timed_waits /= 2;
        draw->timed_poll_ns /= 2;
    }
}

/*
 * How many rounds are to be counted for TIMED_ROUNDS that are timed, so that
 * all of them together cost no more than the bound allows.  Waits that may
 * last are timed in each round, and requests are noted in each.
 */
static uint64_t rounds_to_count(const EventLoopDraw *draw, unsigned max)
{
    double clock_ns = reading_ns();
    double timed_rounds = MAX(draw->timed_rounds, 1);
    double all_rounds = MAX(draw->all_rounds, 1);
    double round_ns = draw->all_ns / all_rounds;
    double requests = draw->all_requests / all_rounds;
    double dispatches = draw->timed_dispatches / timed_rounds;
    double waits = draw->timed_waits / timed_rounds;
    double bound_ns = round_ns * max / 1000;
    double counted_ns = dispatches * COUNTED_DISPATCH_NS +
                        waits * (2 * clock_ns + WAIT_NS) +
                        requests * REQUEST_NS + COUNTED_ROUND_NS;
    double cost_ns = dispatches * (3 * clock_ns + DISPATCH_NS) + ROUND_NS;
    double allowed_ns = MAX(bound_ns * ROUNDS_SHARE / 100 - counted_ns,
                            bound_ns * TIMED_SHARE / 100);

    if (cost_ns <= allowed_ns) {
        return 0;
    }
    return MIN(TIMED_ROUNDS * (cost_ns / MAX(allowed_ns, 0.01) - 1) + 1,
               COUNTED_MAX);
}

/*
 * Looks for events that lasted, and that nobody timed: they are waits.  What
 * the watch saw until just before the stretch may be booked in it, but no more
 * than there is of it.  Returns how long they were.
 */
static uint64_t add_looks(EventLoopThread *t, uint64_t looks_ns,
                          uint64_t most_ns)
{
    uint64_t ns = MIN(without(looks_ns, t->draw.looks_ns), most_ns);

    event_loop_add(&t->wait_ns, ns);
    return ns;
}

/*
 * The loop's dispatches in rounds that were not timed.  Returns whether one of
 * these was so long as none was expected to be.
 */
static bool add_counted(EventLoopThread *t, uint64_t rounds,
                        uint64_t active_ns, uint64_t looks_ns)
{
    const EventLoopDraw *draw = &t->draw;
    uint64_t expected_ns = draw->all_ns * rounds / MAX(draw->all_rounds, 1);
    uint64_t still_ns = add_looks(t, looks_ns, active_ns);
    uint64_t ns = without(active_ns - still_ns, draw->other_ns * rounds);

    /* what was nested in a wait was timed nevertheless, and is there already */
    elp_set(t->dispatch_ns, MAX(draw->dispatch_ns + ns, t->dispatch_ns));
    return active_ns > LONG_NS + LONG_TIMES * expected_ns;
}

void event_loop_draw_next(EventLoopThread *t)
{
    EventLoopDraw *draw = &t->draw;
    EventLoopTicks now = event_loop_ticks(t->period);
    uint64_t rounds = t->iterations - draw->iterations;
    uint64_t ns = event_loop_ns(draw->since, now);
    uint64_t active_ns = without(ns, idle_ns(t) - draw->idle_ns);
    unsigned max = qatomic_read(&event_loop_globals.max_overhead);
    /* once, as the server's thread may add to it */
    uint64_t looks_ns = elp_get(t->looks_ns);
    uint64_t count, drawn;

    event_loop_write_begin(&t->seq);
    if (draw->counted) {
        bool was_long = add_counted(t, rounds, active_ns, looks_ns);

        remember(t, rounds, ns, active_ns);
        if (was_long || ns >= STRETCH_NS) {
            begin_stretch(t, now, looks_ns, false, WHOLE_ROUNDS, 1);
        } else {
            begin_stretch(t, now, looks_ns, false, TIMED_ROUNDS,
                          1 + rounds / TIMED_ROUNDS);
        }
        event_loop_write_end(&t->seq);
        return;
    }
    active_ns -= add_looks(t, looks_ns,
                           without(active_ns,
                                   t->dispatch_ns - draw->dispatch_ns));
    remember(t, rounds, ns, active_ns);
    count = max && t->backlogs[0] ? rounds_to_count(draw, max) : 0;
    /* even numbers, so that their weight is a whole one */
    drawn = next_random(draw) % (count + 1) * TIMED_ROUNDS;
    if (drawn) {
        begin_stretch(t, now, looks_ns, true, drawn, 1);
    } else {
        begin_stretch(t, now, looks_ns, false,
                      count ? TIMED_ROUNDS : WHOLE_ROUNDS, 1);
    }
    event_loop_write_end(&t->seq);
}

void event_loop_draw_waited(EventLoopThread *t, EventLoopTicks now)
{
    if (event_loop_ns(t->draw.since, now) >= STRETCH_NS) {
        t->rounds_left = 0;
    }
}

void event_loop_draw_nested(EventLoopThread *t)
{
    unsigned depth = event_loop_depth(t) > 1 && t->stack[0].source->remainder;

    if (t->counted && depth < event_loop_depth(t) &&
        qatomic_cmpxchg(&t->mark.state, EVENT_LOOP_MARK_NONE,
                        EVENT_LOOP_MARK_BUSY) == EVENT_LOOP_MARK_NONE) {
        EventLoopSource *s = t->stack[depth].source;

        qatomic_set(&t->mark.depth, depth);
        qatomic_set(&t->mark.source, s);
        elp_set(t->mark.calls, s->calls);
        elp_set(t->mark.since, event_loop_ticks(t->period));
        t->mark.waits = true;
        /* After all of that.  Pairs with set_mark()'s acquire. */
        qatomic_store_release(&t->mark.state, EVENT_LOOP_MARK_SET);
    }
    /* of what was polled until now the weight is still known */
    t->draw.poll_ns = t->poll_ns - (t->poll_ns - t->draw.poll_ns) / t->weight;
    /* until the end of the round, which ends the stretch */
    if (t->counted) {
        qatomic_set(&t->counted_depth, event_loop_depth(t));
    }
    qatomic_set(&t->counted, false);
    event_loop_counted = NULL;
    qatomic_set(&t->weight, 1);
    t->rounds_left = 0;
}

void event_loop_draw_holds(EventLoopThread *t, EventLoopTicks now)
{
    unsigned max = qatomic_read(&event_loop_globals.max_overhead);
    uint64_t holds = t->bql.weight;
    double each_ns = (double)event_loop_ns(t->bql.drawn, now) / MAX(holds, 1);
    double cost_ns = 2 * reading_ns() + ROUND_NS;
    double allowed_ns = each_ns * max / 1000 * HOLDS_SHARE / 100;
    uint64_t count = 0;

    if (max && t->bql.drawn && cost_ns > allowed_ns) {
        count = MIN(cost_ns / MAX(allowed_ns, 0.01), COUNTED_MAX);
        count = next_random(&t->draw) % (2 * count + 1);
    }
    t->bql.left = count;
    t->bql.weight = count + 1;
    t->bql.drawn = now;
}
