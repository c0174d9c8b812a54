/*
 * Event loop profiler: what threads are called
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The records are read by who may wait for nobody, also while threads come and
 * go.  So they are never freed, but used again, and what is read belongs
 * together if their sequence number did not change, as in qemu/seqlock.h.
 */

#include "qemu/osdep.h"
#include "qemu/atomic.h"
#include "qemu/thread.h"
#include "qemu/timer.h"
#include "event-loop-name.h"

/* How often one that changes all the time is read, before it is left out */
#define TRIES 10

struct EventLoopNamed {
    /* odd while it changes */
    unsigned seq;
    /* 0: it has no thread */
    int thread_id;
    /* char by char, as it may change while it is read */
    char name[EVENT_LOOP_NAME_SIZE];
#ifdef CONFIG_LINUX
    clockid_t cpu_clock;
#endif
    /* the one that was made after it */
    EventLoopNamed *next;
};

/*
 * Protects the list, and which of it are free; held for a few instructions.
 * No QemuMutex: the first threads begin in constructors, before any that would
 * make it.
 */
static QemuSpin names_lock;
static EventLoopNamed *first_named;

static __thread EventLoopNamed *own;

#ifndef _WIN32
static void lock_names(void)
{
    qemu_spin_lock(&names_lock);
}

static void unlock_names(void)
{
    qemu_spin_unlock(&names_lock);
}

static void __attribute__((__constructor__)) event_loop_name_init(void)
{
    /* a child has no thread that could unlock it */
    pthread_atfork(lock_names, unlock_names, unlock_names);
}
#endif

static void write_begin(EventLoopNamed *named)
{
    qatomic_set(&named->seq, named->seq + 1);
    /* Before what is written next.  Pairs with read_named()'s second. */
    smp_wmb();
}

static void write_end(EventLoopNamed *named)
{
    /* After what was written.  Pairs with read_named()'s first. */
    smp_wmb();
    qatomic_set(&named->seq, named->seq + 1);
}

/* With the lock */
static void give_up(EventLoopNamed *named)
{
    write_begin(named);
    qatomic_set(&named->thread_id, 0);
    write_end(named);
}

static void thread_end(gpointer named)
{
    own = NULL;
    qemu_spin_lock(&names_lock);
    give_up(named);
    qemu_spin_unlock(&names_lock);
}

/* Not all threads that are named are QEMU's: a test's main loop is its own */
static GPrivate end_key = G_PRIVATE_INIT(thread_end);

static void set_name(EventLoopNamed *named, const char *name)
{
    size_t i;

    write_begin(named);
    qatomic_set(&named->thread_id, qemu_get_thread_id());
#ifdef CONFIG_LINUX
    clockid_t cpu_clock;

    pthread_getcpuclockid(pthread_self(), &cpu_clock);
    qatomic_set(&named->cpu_clock, cpu_clock);
#endif
    for (i = 0; i + 1 < sizeof(named->name) && name[i]; i++) {
        qatomic_set(&named->name[i], name[i]);
    }
    qatomic_set(&named->name[i], 0);
    write_end(named);
}

void event_loop_name_thread(const char *name)
{
    EventLoopNamed **link, *new_one = NULL;

    name = name ?: "(unnamed)";
    if (own) {
        set_name(own, name);
        return;
    }
    new_one = g_new0(EventLoopNamed, 1);
    qemu_spin_lock(&names_lock);
    for (link = &first_named; *link && (*link)->thread_id;
         link = &(*link)->next) {
        /* it is another thread's */
    }
    own = *link ?: new_one;
    set_name(own, name);
    if (own == new_one) {
        /* With its name.  Pairs with event_loop_next_named(). */
        qatomic_store_release(link, new_one);
        new_one = NULL;
    }
    qemu_spin_unlock(&names_lock);
    g_free(new_one);
    g_private_set(&end_key, own);
}

const char *event_loop_own_name(void)
{
    return own ? own->name : NULL;
}

void event_loop_name_child(void)
{
    if (own) {
        set_name(own, own->name);
    }
#ifdef CONFIG_LINUX
    EventLoopNamed *named;

    qemu_spin_lock(&names_lock);
    for (named = first_named; named; named = named->next) {
        struct timespec ts;

        /* those that began in the child can be asked */
        if (named->thread_id && clock_gettime(named->cpu_clock, &ts)) {
            give_up(named);
        }
    }
    qemu_spin_unlock(&names_lock);
#endif
}

/* Returns whether it has a thread */
static bool read_named(const EventLoopNamed *named, EventLoopNamedView *view)
{
    unsigned tries, seq;
    size_t i;

    for (tries = 0; tries < TRIES; tries++) {
        seq = qatomic_read(&named->seq);
        /* First */
        smp_rmb();
        view->thread_id = qatomic_read(&named->thread_id);
        for (i = 0; i < sizeof(view->name); i++) {
            view->name[i] = qatomic_read(&named->name[i]);
        }
        view->has_cpu_ns = false;
#ifdef CONFIG_LINUX
        struct timespec ts;

        if (!view->thread_id ||
            clock_gettime(qatomic_read(&named->cpu_clock), &ts)) {
            /* it has ended already */
            view->thread_id = 0;
        } else {
            view->has_cpu_ns = true;
            view->cpu_ns = ts.tv_sec * NANOSECONDS_PER_SECOND + ts.tv_nsec;
        }
#endif
        /* Second */
        smp_rmb();
        if (!(seq & 1) && qatomic_read(&named->seq) == seq) {
            return view->thread_id;
        }
    }
    return false;
}

const EventLoopNamed *event_loop_next_named(const EventLoopNamed *last,
                                            EventLoopNamedView *view)
{
    EventLoopNamed *const *link = last ? &last->next : &first_named;
    /* Both pair with event_loop_name_thread() */
    const EventLoopNamed *named = qatomic_load_acquire(link);

    while (named && !read_named(named, view)) {
        named = qatomic_load_acquire(&named->next);
    }
    return named;
}
