/*
 * A thread that is sampled: while it runs by the kernel, asleep by a look at it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "subject.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "asleep.h"
#include "qemu-aiotop/host/procfs.h"
#include "qemu-aiotop/host/thread-copy.h"

/* No system has smaller ones */
#define PAGE 4096

/* For registers, in all: a stop ends some system calls before their time */
#define MAX_STOPS 32

/* Looks that are left out at most, of a thread that goes on sleeping */
#define MAX_PAUSE 16

/* Where return addresses were, and what they were: the same are the same stack */
typedef struct Slots {
    uint64_t address[AIOTOP_WALK_FRAMES];
    uint64_t value[AIOTOP_WALK_FRAMES];
    unsigned n;
} Slots;

/* Where a thread was asleep, and what it was at */
typedef struct Known {
    AiotopAsleep asleep;
    Slots slots;
    AiotopPlace place;
    AiotopSampledStack *stack;
    /* Its stack did not tell by the stack pointer alone: it may be stopped once */
    bool unclear;
} Known;

/* A loop sleeps at the same few places again and again */
#define MAX_KNOWN 8

struct AiotopSubject {
    AiotopIdentity process;
    int64_t tid;
    AiotopRing *ring;
    /* Of its file "syscall" */
    int file;
    /* Of that of its files that counts its runs */
    int counter;
    /* How many it had just before the last look that was not left out */
    uint64_t runs;
    AiotopTally *tally;
    unsigned stops;
    /* Looks until the next one that is not left out, and since the last one */
    unsigned pause;
    unsigned left;
    unsigned passed;
    /* It was asleep there at the last look; NULL: it was not */
    Known *last;
    Known known[MAX_KNOWN];
    unsigned n_known;
    /* The next one to be forgotten */
    unsigned oldest;
};

typedef struct Visit {
    AiotopSubject *subject;
    AiotopCode *code;
    GMutex *lock;
    AiotopSubjectCounts *counts;
    bool any;
} Visit;

static int open_file(int64_t pid, int64_t tid, const char *name)
{
    g_autofree char *path =
        g_strdup_printf("%s/%" PRId64 "/task/%" PRId64 "/%s",
                        AIOTOP_PROCFS_ROOT, pid, tid, name);

    return open(path, O_RDONLY | O_CLOEXEC);
}

static void close_file(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

static uint64_t read_runs(const AiotopSubject *subject)
{
    char text[4096];
    ssize_t n = pread(subject->counter, text, sizeof(text) - 1, 0);

    text[MAX(n, 0)] = '\0';
    return aiotop_procfs_read_runs(text);
}

static void open_counter(AiotopSubject *subject)
{
    int64_t pid = subject->process.pid;
    const char *name = aiotop_procfs_runs_file(AIOTOP_PROCFS_ROOT);

    subject->counter = open_file(pid, subject->tid, name);
}

AiotopSubject *aiotop_subject_new(const AiotopIdentity *process, int64_t tid,
                                  uint64_t period_ns, bool small,
                                  size_t *stack_bytes, uint64_t since_ns,
                                  GError **error)
{
    g_autoptr(AiotopRing) ring = aiotop_ring_new(tid, period_ns, small, error);
    AiotopSubject *subject;
    int file;

    if (!ring) {
        return NULL;
    }
    file = open_file(process->pid, tid, "syscall");
    /* Where it runs is known without */
    if (file < 0 && errno != EACCES && errno != EPERM) {
        aiotop_ring_set_error(error, errno == ENOENT ? ESRCH : errno);
        return NULL;
    }
    subject = g_new0(AiotopSubject, 1);
    subject->process = *process;
    subject->tid = tid;
    subject->ring = g_steal_pointer(&ring);
    subject->file = file;
    open_counter(subject);
    subject->tally = aiotop_tally_new(since_ns, stack_bytes);
    return subject;
}

void aiotop_subject_free(AiotopSubject *subject)
{
    aiotop_ring_free(subject->ring);
    close_file(subject->file);
    close_file(subject->counter);
    aiotop_tally_free(subject->tally);
    g_free(subject);
}

AiotopTally *aiotop_subject_tally(const AiotopSubject *subject)
{
    return subject->tally;
}

static void add(Visit *visit, const AiotopPlace *place, const AiotopWalk *walk,
                AiotopSampledStack **stack, bool asleep, unsigned weight)
{
    g_mutex_lock(visit->lock);
    visit->counts->samples++;
    if (place->n_calls && place->calls[0].kind == AIOTOP_PLACE_UNKNOWN) {
        visit->counts->failed++;
    }
    aiotop_tally_add(visit->subject->tally, place, walk, stack, asleep, weight);
    g_mutex_unlock(visit->lock);
}

/*
 * The kernel copies up to the first page that is not there, as a part of a stack
 * that was never used.  What is asked for is there afterwards.
 */
static void fetch_rest(const AiotopSubject *subject,
                       const AiotopStackCopy *copy)
{
    for (size_t len = copy->len; len < AIOTOP_RING_STACK; len += PAGE) {
        uint8_t byte;
        struct iovec local = { &byte, 1 };
        struct iovec remote = { (void *)(uintptr_t)(copy->start + len), 1 };

        if (process_vm_readv(subject->process.pid, &local, 1, &remote, 1, 0) !=
            1) {
            return;
        }
    }
}

static void on_sample(const AiotopRegisters *registers,
                      const AiotopStackCopy *copy, bool in_kernel, void *opaque)
{
    Visit *visit = opaque;
    AiotopSampledStack *stack;
    AiotopPlace place;
    AiotopWalk walk;

    aiotop_walk(&walk, visit->code, registers, copy);
    aiotop_place_find(&place, &walk);
    if (walk.end == AIOTOP_WALK_NOT_COPIED) {
        fetch_rest(visit->subject, copy);
    }
    add(visit, &place, &walk, &stack, false, 1);
    g_mutex_lock(visit->lock);
    aiotop_tally_count(visit->subject->tally, in_kernel);
    g_mutex_unlock(visit->lock);
    visit->any = true;
}

/* Whether all return addresses are where and what they were */
static bool is_unchanged(const AiotopSubject *subject, const Known *known)
{
    const Slots *slots = &known->slots;
    uint64_t now[AIOTOP_WALK_FRAMES];
    struct iovec local = { now, slots->n * sizeof(*now) };
    struct iovec remote[AIOTOP_WALK_FRAMES];

    for (unsigned i = 0; i < slots->n; i++) {
        remote[i] = (struct iovec){ (void *)(uintptr_t)slots->address[i],
                                    sizeof(*now) };
    }
    if (process_vm_readv(subject->process.pid, &local, 1, remote, slots->n,
                         0) != (ssize_t)local.iov_len) {
        return false;
    }
    for (unsigned i = 0; i < slots->n; i++) {
        if (now[i] != slots->value[i]) {
            return false;
        }
    }
    return true;
}

static void remember(Known *known, const AiotopWalk *walk)
{
    known->slots.n = 0;
    for (unsigned i = 0; i < walk->n; i++) {
        const AiotopFrame *frame = &walk->frames[i];

        if (frame->slot) {
            known->slots.address[known->slots.n] = frame->slot;
            known->slots.value[known->slots.n++] = frame->pc;
        }
    }
}

static bool is_at(const AiotopAsleep *a, const AiotopAsleep *b)
{
    return a->number == b->number && a->sp == b->sp && a->pc == b->pc;
}

static Known *find_known(AiotopSubject *subject, const AiotopAsleep *asleep)
{
    for (unsigned i = 0; i < subject->n_known; i++) {
        Known *known = &subject->known[i];

        if (is_at(&known->asleep, asleep) && is_unchanged(subject, known)) {
            return known;
        }
    }
    return NULL;
}

static Known *forget_oldest(AiotopSubject *subject)
{
    unsigned i = subject->oldest++ % MAX_KNOWN;

    subject->n_known = MAX(subject->n_known, i + 1);
    return &subject->known[i];
}

static void take(Known *known, const AiotopAsleep *asleep,
                 const AiotopWalk *walk)
{
    known->asleep = *asleep;
    known->stack = NULL;
    known->unclear = walk->end == AIOTOP_WALK_NO_REGISTER;
    aiotop_place_find(&known->place, walk);
    remember(known, walk);
}

/* Walks the stack of a thread that sleeps; NULL if it did not go on sleeping */
static Known *walk_asleep(Visit *visit, const AiotopAsleep *asleep,
                          AiotopWalk *walk)
{
    AiotopSubject *subject = visit->subject;
    AiotopRegisters registers = aiotop_asleep_registers(asleep);
    uint8_t bytes[AIOTOP_RING_STACK];
    AiotopStackCopy copy;
    AiotopAsleep after;
    Known *known;

    if (!aiotop_asleep_copy(subject->process.pid, asleep, bytes, sizeof(bytes),
                            &copy) ||
        aiotop_asleep_look(subject->file, &after) != AIOTOP_LOOK_ASLEEP ||
        !is_at(asleep, &after)) {
        return NULL;
    }
    aiotop_walk(walk, visit->code, &registers, &copy);
    known = forget_oldest(subject);
    take(known, asleep, walk);
    return known;
}

/* A fault that its own process is to end would keep it from stopping */
static bool may_be_stopped(const AiotopSubject *subject)
{
    AiotopThread thread;

    return aiotop_procfs_thread(AIOTOP_PROCFS_ROOT, subject->process.pid,
                                subject->tid, &thread) &&
           thread.state == 'S' && !strstr(thread.wchan, "userfault");
}

/*
 * Code that keeps a frame pointer does not tell without it: it is stopped for a
 * moment to have all registers.  Once for each place, if it stays there.
 */
static bool stop_asleep(Visit *visit, Known *known, AiotopWalk *walk)
{
    AiotopSubject *subject = visit->subject;
    bool may = subject->stops < MAX_STOPS && may_be_stopped(subject);
    g_autofree AiotopThreadCopy *copy =
        may ? aiotop_thread_copy_new(&subject->process, subject->tid, NULL)
            : NULL;
    AiotopRegisters registers;
    AiotopStackCopy stack;

    subject->stops += may;
    known->unclear = false;
    if (!copy) {
        return false;
    }
    aiotop_machine_from_ptrace(&registers, &copy->registers);
    if (registers.value[AIOTOP_REGISTER_SP] != known->asleep.sp ||
        registers.value[AIOTOP_REGISTER_PC] != known->asleep.pc) {
        return false;
    }
    stack =
        (AiotopStackCopy){ copy->stack_start, copy->stack_len, copy->stack };
    aiotop_walk(walk, visit->code, &registers, &stack);
    take(known, &known->asleep, walk);
    /* Whatever is missing still */
    known->unclear = false;
    return true;
}

/* It was where it slept at the last look until it was woken up, just now */
static void credit_last(const Visit *visit)
{
    AiotopSubject *subject = visit->subject;

    if (subject->last && subject->passed > 1) {
        g_mutex_lock(visit->lock);
        aiotop_tally_credit(subject->tally, &subject->last->place,
                            &subject->last->stack, subject->passed - 1);
        g_mutex_unlock(visit->lock);
    }
}

/* @known: where that is, if it was there before; else NULL */
static void look_asleep(Visit *visit, Known *known, const AiotopAsleep *asleep)
{
    AiotopSubject *subject = visit->subject;
    bool goes_on = known && known == subject->last, walked = false;
    AiotopWalk walk;

    if (goes_on) {
        subject->pause = MIN(subject->pause * 2, MAX_PAUSE);
        walked = known->unclear && stop_asleep(visit, known, &walk);
    } else {
        credit_last(visit);
        subject->pause = 1;
    }
    if (!known) {
        known = walk_asleep(visit, asleep, &walk);
        walked = known;
    }
    subject->last = known;
    if (known) {
        add(visit, &known->place, walked ? &walk : NULL, &known->stack, true,
            goes_on ? subject->passed : 1);
    }
}

static void note_look(const AiotopSubject *subject, GMutex *lock, uint64_t runs)
{
    g_mutex_lock(lock);
    aiotop_tally_look(subject->tally, g_get_monotonic_time() * UINT64_C(1000),
                      runs);
    g_mutex_unlock(lock);
}

/*
 * Who was asleep at the last look, is so now, and has not run since before
 * that sleeps on.  That it has not run is not enough: who has been woken up,
 * and waits for a CPU, is asleep no more.
 */
static bool sleeps_on(const AiotopSubject *subject, const AiotopAsleep *asleep,
                      uint64_t runs)
{
    return subject->last && runs != AIOTOP_UNKNOWN && runs == subject->runs &&
           is_at(&subject->last->asleep, asleep);
}

/* @runs: how many it had just before */
static AiotopLook look(Visit *visit, uint64_t runs)
{
    AiotopSubject *subject = visit->subject;
    AiotopAsleep asleep;
    AiotopLook seen = aiotop_asleep_look(subject->file, &asleep);

    if (seen == AIOTOP_LOOK_ASLEEP) {
        look_asleep(visit,
                    sleeps_on(subject, &asleep, runs)
                        ? subject->last
                        : find_known(subject, &asleep),
                    &asleep);
        return seen;
    }
    credit_last(visit);
    subject->last = NULL;
    subject->pause = 1;
    visit->counts->denied |= seen == AIOTOP_LOOK_DENIED;
    g_mutex_lock(visit->lock);
    aiotop_tally_runs(subject->tally);
    g_mutex_unlock(visit->lock);
    return seen;
}

bool aiotop_subject_look(AiotopSubject *subject, AiotopCode *code,
                         uint64_t *record, GMutex *lock,
                         AiotopSubjectCounts *counts)
{
    Visit visit = {
        .subject = subject,
        .code = code,
        .lock = lock,
        .counts = counts,
    };
    AiotopLook seen;
    uint64_t runs;

    note_look(subject, lock, AIOTOP_UNKNOWN);
    counts->lost += aiotop_ring_drain(subject->ring, record, on_sample, &visit);
    counts->user_only |= aiotop_ring_is_user_only(subject->ring);
    if (visit.any) {
        subject->pause = subject->left = 1;
    }
    subject->passed++;
    if (subject->left > 1) {
        subject->left--;
        return true;
    }
    /* Before the look: who has run since is somewhere else */
    runs = read_runs(subject);
    note_look(subject, lock, runs);
    seen = look(&visit, runs);
    subject->runs = runs;
    subject->left = subject->pause;
    subject->passed = 0;
    return seen != AIOTOP_LOOK_GONE;
}
