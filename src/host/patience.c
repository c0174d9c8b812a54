/*
 * Files that may not answer
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "patience.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "counted.h"

#define MAX_FILE (8u << 20)
/* That of a QEMU with some hundred devices is a fifth of it */
#define MAX_COMMAND_LINE (256u << 10)
#define CHUNK (64u << 10)

/* How often it is looked whether a reader gets a CPU */
#define LOOK_US 50000

/*
 * How much longer a reader that has no CPU is waited for; what takes this much
 * of one is late by itself
 */
#define GRACE_US (60 * G_USEC_PER_SEC)
#define GRACE_CPU_US (G_USEC_PER_SEC / 2)

/*
 * Threads of one owner, as users are counted: those that are expected to be done
 * soon, and in all
 */
#define MAX_AT_ONCE 16
#define MAX_OF_OWNER 24
/* And of all owners */
#define MAX_READERS 96
/* For one of the former to be done, and how long it is not waited for again */
#define TURN_US 50000
#define NO_TURN_US G_USEC_PER_SEC

struct AiotopPatientReading {
    int ref_count;
    uint32_t owner;
    char *whose;
    char *path;
    AiotopPatientRead *read;
    /* The thread that reads, 0 as long as it has not begun; and its CPU time */
    pid_t tid;
    clockid_t cpu_clock;
    /* Atomic: it has only the lock to wait for, and then it is done */
    gint has_read;
    bool done;
    /* Somebody's patience has ended */
    bool given_up;
    /* It used no CPU for as long as somebody waited for that */
    bool quiet;
    char *text;
    gsize len;
};

/*
 * Of the process, as what does not answer is the kernel's: however many there
 * are who ask, one thread waits.  For all fields but those that are set before
 * the thread begins.
 */
static GMutex lock;
static GCond some_done;
/* Those that were given up and are not done, one of each @whose */
static GHashTable *overdue;
static unsigned n_readers;

/* Whose processes are read */
typedef struct Owner {
    unsigned n_readers;
    /* Of them */
    unsigned n_given_up;
    /* Until then none of the others is expected to be done */
    int64_t hopeless_until_us;
} Owner;

/* By number; those that have readers */
static GHashTable *owners;

/* With the lock; NULL if it has no readers */
static Owner *find_owner(uint32_t owner)
{
    return owners ? g_hash_table_lookup(owners, GUINT_TO_POINTER(owner)) : NULL;
}

/* With the lock */
static void count_reader(uint32_t number)
{
    Owner *owner = find_owner(number);

    if (!owner) {
        if (!owners) {
            owners = g_hash_table_new_full(NULL, NULL, NULL, g_free);
        }
        owner = g_new0(Owner, 1);
        g_hash_table_insert(owners, GUINT_TO_POINTER(number), owner);
    }
    owner->n_readers++;
    n_readers++;
}

/* With the lock: it is done */
static void discount_reader(const AiotopPatientReading *reading)
{
    Owner *owner = find_owner(reading->owner);

    n_readers--;
    owner->n_given_up -= reading->given_up;
    if (--owner->n_readers == 0) {
        g_hash_table_remove(owners, GUINT_TO_POINTER(reading->owner));
    }
}

static char *read_up_to(const char *path, gsize max, gsize *len)
{
    g_autoptr(GByteArray) text = g_byte_array_new();
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : 0;

    while (n >= 0 && text->len < max) {
        gsize used = text->len;

        g_byte_array_set_size(text, used + CHUNK);
        n = read(fd, text->data + used, CHUNK);
        g_byte_array_set_size(text, used + MAX(n, 0));
        if (n == 0 || (n < 0 && errno != EINTR)) {
            break;
        }
        n = 0;
    }
    if (fd >= 0) {
        close(fd);
    }
    if (n < 0) {
        return NULL;
    }
    *len = text->len;
    g_byte_array_append(text, (const guint8 *)"", 1);
    return (char *)g_byte_array_free(g_steal_pointer(&text), FALSE);
}

char *aiotop_patient_whole_file(const char *path, gsize *len)
{
    return read_up_to(path, MAX_FILE, len);
}

char *aiotop_patient_command_line(const char *path, gsize *len)
{
    char *text = read_up_to(path, MAX_COMMAND_LINE, len);

    if (text && *len >= MAX_COMMAND_LINE) {
        /* The last one may be half of one */
        while (*len && text[*len - 1]) {
            --*len;
        }
        text[*len] = '\0';
    }
    return text;
}

/* With the lock */
static void unref(AiotopPatientReading *reading)
{
    if (--reading->ref_count == 0) {
        g_free(reading->whose);
        g_free(reading->path);
        g_free(reading->text);
        g_free(reading);
    }
}

static gpointer run(gpointer opaque)
{
    AiotopPatientReading *reading = opaque;
    gsize len = 0;
    char *text;

    g_mutex_lock(&lock);
    reading->tid = gettid();
    pthread_getcpuclockid(pthread_self(), &reading->cpu_clock);
    g_mutex_unlock(&lock);
    text = reading->read(reading->path, &len);
    g_atomic_int_set(&reading->has_read, true);

    g_mutex_lock(&lock);
    reading->text = text;
    reading->len = len;
    reading->done = true;
    if (reading->given_up &&
        g_hash_table_lookup(overdue, reading->whose) == reading) {
        g_hash_table_remove(overdue, reading->whose);
    }
    discount_reader(reading);
    g_cond_broadcast(&some_done);
    unref(reading);
    g_mutex_unlock(&lock);
    return NULL;
}

/*
 * With the lock: waits for a turn, so that many processes do not take as many
 * threads.  However many of them do not answer, there is an end to it: false.
 */
static bool take_turn(uint32_t number)
{
    int64_t now_us = g_get_monotonic_time();
    Owner *owner = find_owner(number);

    while (owner && owner->n_readers - owner->n_given_up >= MAX_AT_ONCE &&
           now_us >= owner->hopeless_until_us) {
        bool is_over = !g_cond_wait_until(&some_done, &lock, now_us + TURN_US);

        owner = find_owner(number);
        if (owner && is_over) {
            owner->hopeless_until_us = g_get_monotonic_time() + NO_TURN_US;
        }
    }
    return n_readers < MAX_READERS &&
           (!owner || owner->n_readers < MAX_OF_OWNER);
}

/* With the lock: false if there can be no thread */
static bool begin_thread(AiotopPatientReading *reading)
{
    GThread *thread = g_thread_try_new("reader", run, reading, NULL);

    if (thread) {
        count_reader(reading->owner);
        g_thread_unref(thread);
    }
    return thread;
}

/* With the lock */
static AiotopPatientReading *begin(uint32_t owner, const char *whose,
                                   const char *path, AiotopPatientRead *read)
{
    AiotopPatientReading *reading =
        overdue ? g_hash_table_lookup(overdue, whose) : NULL;

    if (reading && strcmp(reading->path, path) != 0) {
        return NULL;
    }
    if (reading) {
        reading->ref_count++;
        return reading;
    }
    if (!take_turn(owner)) {
        return NULL;
    }
    reading = g_new0(AiotopPatientReading, 1);
    reading->ref_count = 2;
    reading->owner = owner;
    reading->whose = g_strdup(whose);
    reading->path = g_strdup(path);
    reading->read = read;
    if (!begin_thread(reading)) {
        reading->ref_count = 1;
        unref(reading);
        return NULL;
    }
    return reading;
}

AiotopPatientReading *aiotop_patience_begin_of(uint32_t owner,
                                               const char *whose,
                                               const char *path,
                                               AiotopPatientRead *read)
{
    AiotopPatientReading *reading;

    g_mutex_lock(&lock);
    reading = begin(aiotop_counted_as(owner), whose, path, read);
    g_mutex_unlock(&lock);
    return reading;
}

AiotopPatientReading *aiotop_patience_begin(uint32_t owner, const char *path,
                                            AiotopPatientRead *read)
{
    return aiotop_patience_begin_of(owner, path, path, read);
}

bool aiotop_patience_is_done(const AiotopPatientReading *reading)
{
    bool done;

    g_mutex_lock(&lock);
    done = !reading || reading->done;
    g_mutex_unlock(&lock);
    return done;
}

/* With the lock, and before it is done */
static int64_t used_cpu_ns(const AiotopPatientReading *reading)
{
    struct timespec used;

    return reading->tid && clock_gettime(reading->cpu_clock, &used) == 0
               ? used.tv_sec * INT64_C(1000000000) + used.tv_nsec
               : 0;
}

/*
 * With the lock, and before it is done: whether this thread of our own can run,
 * or has not begun, or waits for nothing but the lock
 */
static bool waits_for_cpu(const AiotopPatientReading *reading)
{
    g_autofree char *path =
        g_strdup_printf("/proc/self/task/%d/stat", reading->tid);
    g_autofree char *stat = NULL;
    const char *end;

    if (!reading->tid || !g_file_get_contents(path, &stat, NULL, NULL)) {
        return !reading->tid;
    }
    if (used_cpu_ns(reading) / 1000 > GRACE_CPU_US) {
        return false;
    }
    end = strrchr(stat, ')');
    /* In this order: it has read before it sleeps for the lock */
    return (end && g_str_has_prefix(end, ") R")) ||
           g_atomic_int_get(&reading->has_read);
}

/*
 * With the lock: whether it is done.  On a host without a CPU to spare, what
 * is late is not what is read but who reads, and that says nothing of the file.
 */
static bool wait_until(AiotopPatientReading *reading, int64_t deadline_us)
{
    int64_t end_us = g_get_monotonic_time();

    end_us = MIN(MAX(deadline_us, end_us), INT64_MAX - GRACE_US) + GRACE_US;
    while (!reading->done && !reading->given_up) {
        if (g_cond_wait_until(&some_done, &lock, deadline_us)) {
            continue;
        }
        if (g_get_monotonic_time() > end_us || !waits_for_cpu(reading)) {
            break;
        }
        deadline_us = g_get_monotonic_time() + LOOK_US;
    }
    return reading->done;
}

bool aiotop_patience_wait(AiotopPatientReading *reading, int64_t quiet_us,
                          int64_t deadline_us)
{
    int64_t now_us = g_get_monotonic_time(), since_us = now_us, used_ns = 0;
    bool gets_on;

    if (!reading) {
        return false;
    }
    g_mutex_lock(&lock);
    while (!reading->done && !reading->given_up && !reading->quiet &&
           now_us < deadline_us) {
        int64_t cpu_ns = used_cpu_ns(reading);

        since_us = cpu_ns != used_ns ? now_us : since_us;
        used_ns = cpu_ns;
        reading->quiet = now_us - since_us >= quiet_us;
        g_cond_wait_until(&some_done, &lock,
                          MIN(now_us + LOOK_US, deadline_us));
        now_us = g_get_monotonic_time();
    }
    gets_on = reading->done || !reading->quiet;
    g_mutex_unlock(&lock);
    return gets_on;
}

/* With the lock */
static void give_up(AiotopPatientReading *reading)
{
    if (!overdue) {
        overdue = g_hash_table_new(g_str_hash, g_str_equal);
    }
    reading->given_up = true;
    find_owner(reading->owner)->n_given_up++;
    if (!g_hash_table_contains(overdue, reading->whose)) {
        g_hash_table_insert(overdue, reading->whose, reading);
    }
}

char *aiotop_patience_end(AiotopPatientReading *reading, int64_t deadline_us,
                          gsize *len, bool *late)
{
    char *text = NULL;

    if (!reading) {
        *late = true;
        return NULL;
    }
    g_mutex_lock(&lock);
    if (wait_until(reading, deadline_us)) {
        text =
            reading->text ? g_memdup2(reading->text, reading->len + 1) : NULL;
        *len = reading->len;
    } else {
        *late = true;
        if (!reading->given_up) {
            give_up(reading);
        }
    }
    unref(reading);
    g_mutex_unlock(&lock);
    return text;
}
