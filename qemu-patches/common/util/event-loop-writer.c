/*
 * Event loop profiler: who waits until a descriptor can be written
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A table of slots that are there for ever, so that a reader needs nothing of
 * whoever has one: it copies a slot, and then looks whether it is the same
 * one's still.
 */

#include "qemu/osdep.h"
#include "qemu/atomic.h"
#include "qemu/event-loop-label.h"
#include "qemu/event-loop-writer.h"
#include "qemu/rcu.h"
#include "qemu/timer.h"
#include "event-loop-json.h"
#include "event-loop-snapshot-int.h"

/* So many are noted, and so many are listed, those that wait longest */
#define WRITERS_MAX 1024
#define LISTED_MAX 64

/* The lowest bits of a slot's turn: whether it has somebody's data */
#define TURN_STATE 3u
#define TURN_FREE 0u
#define TURN_CHANGES 1u
#define TURN_TAKEN 2u

/* Each has a line of the cache: whoever arms often disturbs nobody else */
struct QEMU_ALIGNED(64) EventLoopWriter {
    /* changes before and after all others */
    unsigned turn;
    int fd;
    const char *name;
    /* held */
    const char *label;
    uint64_t since_ns;
};

static EventLoopWriter writers[WRITERS_MAX];
/* All slots from there on are free, and always were */
static unsigned writers_used;
/* Where this thread begins to look for a free one */
static __thread unsigned begin_at;

static void note_used(unsigned n)
{
    unsigned used = qatomic_read(&writers_used), seen;

    while (used < n) {
        seen = qatomic_cmpxchg(&writers_used, used, n);
        if (seen == used) {
            break;
        }
        used = seen;
    }
}

EventLoopWriter *event_loop_writer_new(const char *name, const char *label,
                                       int fd)
{
    for (unsigned n = 0; n < WRITERS_MAX; n++) {
        unsigned i = (begin_at + n) % WRITERS_MAX;
        EventLoopWriter *writer = &writers[i];
        unsigned turn = qatomic_read(&writer->turn);

        if ((turn & TURN_STATE) == TURN_FREE &&
            qatomic_cmpxchg(&writer->turn, turn,
                            turn | TURN_CHANGES) == turn) {
            qatomic_set(&writer->fd, fd);
            qatomic_set(&writer->name, name ?: "(unknown)");
            qatomic_set(&writer->label, event_loop_label_hold(label));
            qatomic_set_u64(&writer->since_ns, get_clock());
            note_used(i + 1);
            begin_at = i;
            /* After all of that.  Pairs with read_writer()'s acquire. */
            qatomic_store_release(&writer->turn, turn | TURN_TAKEN);
            return writer;
        }
    }
    return NULL;
}

void event_loop_writer_free(EventLoopWriter *writer)
{
    const char *label;
    unsigned turn;

    if (!writer) {
        return;
    }
    label = qatomic_read(&writer->label);
    turn = qatomic_read(&writer->turn) & ~TURN_STATE;
    /*
     * Before what its next owner writes, who begins by reading the turn that
     * this gives it.  Pairs with read_writer()'s last.
     */
    qatomic_set_mb(&writer->turn, turn | TURN_CHANGES);
    qatomic_store_release(&writer->turn, turn + TURN_STATE + 1);
    begin_at = MIN(begin_at, writer - writers);
    event_loop_label_drop(label);
}

void event_loop_writer_set_name(EventLoopWriter *writer, const char *name)
{
    if (writer) {
        qatomic_set(&writer->name, name ?: "(unknown)");
    }
}

void event_loop_writer_restart(EventLoopWriter *writer)
{
    qatomic_set_u64(&writer->since_ns, get_clock());
}

/* Its label is there until the RCU critical section ends */
static bool read_writer(EventLoopWriter *writer, EventLoopWriter *copy)
{
    /* Pairs with event_loop_writer_new() */
    copy->turn = qatomic_load_acquire(&writer->turn);
    if ((copy->turn & TURN_STATE) != TURN_TAKEN) {
        return false;
    }
    copy->fd = qatomic_read(&writer->fd);
    copy->name = qatomic_read(&writer->name);
    copy->label = qatomic_read(&writer->label);
    copy->since_ns = qatomic_read_u64(&writer->since_ns);
    /* What was copied, before whose it is.  Pairs with writer_free()'s. */
    smp_rmb();
    return qatomic_read(&writer->turn) == copy->turn;
}

/* Puts it among the @n that wait longest, oldest first. Returns how many */
static unsigned insert_writer(EventLoopWriter *oldest, unsigned n,
                              const EventLoopWriter *writer)
{
    unsigned at = n;

    while (at && oldest[at - 1].since_ns > writer->since_ns) {
        at--;
    }
    if (at == LISTED_MAX) {
        return n;
    }
    n = MIN(n + 1, LISTED_MAX);
    memmove(&oldest[at + 1], &oldest[at], (n - 1 - at) * sizeof(*oldest));
    oldest[at] = *writer;
    return n;
}

static void put_writer(GString *json, const EventLoopWriter *writer)
{
    put(json, "{\"since-ns\": ");
    put_u64(json, writer->since_ns);
    put_string(json, "name", writer->name);
    if (writer->label) {
        put_string(json, "label", writer->label);
    }
    put_member(json, "fd", writer->fd);
    put(json, "}");
}

void event_loop_put_writers(const EventLoopSnapshot *snapshot)
{
    unsigned used = qatomic_read(&writers_used);
    EventLoopWriter oldest[LISTED_MAX], copy;
    unsigned n = 0;

    RCU_READ_LOCK_GUARD();
    for (unsigned i = 0; i < used; i++) {
        if (read_writer(&writers[i], &copy)) {
            n = insert_writer(oldest, n, &copy);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        if (i) {
            put(snapshot->json, ", ");
        } else {
            put(snapshot->json, ", \"writers\": [");
        }
        put_writer(snapshot->json, &oldest[i]);
    }
    if (n) {
        put(snapshot->json, "]");
    }
}
