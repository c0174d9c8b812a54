/*
 * A thread that is sampled: while it runs by the kernel, asleep by a look at it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "subject.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/uio.h>
#include <unistd.h>

#include "asleep.h"
#include "qemu-aiotop/host/procfs.h"

/* No system has smaller ones */
#define PAGE 4096

/* Looks that are left out at most, of a thread that goes on sleeping */
#define MAX_PAUSE 16

/* Where return addresses were, and what they were: the same are the same stack */
typedef struct Slots {
    uint64_t address[AIOTOP_WALK_FRAMES];
    uint64_t value[AIOTOP_WALK_FRAMES];
    unsigned n;
} Slots;

struct AiotopSubject {
    int64_t pid;
    AiotopRing *ring;
    /* Of its file "syscall" */
    int file;
    AiotopTally *tally;
    /* Looks until the next one that is not left out, and since the last one */
    unsigned pause;
    unsigned left;
    unsigned passed;
    /* It was asleep there at the last look, and this is what it was at */
    bool known;
    AiotopAsleep asleep;
    Slots slots;
    AiotopPlace place;
};

typedef struct Visit {
    AiotopSubject *subject;
    AiotopCode *code;
    GMutex *lock;
    AiotopSubjectCounts *counts;
    bool any;
} Visit;

AiotopSubject *aiotop_subject_new(int64_t pid, int64_t tid, uint64_t period_ns,
                                  bool small, bool stacks, uint64_t since_ns,
                                  GError **error)
{
    g_autofree char *path =
        g_strdup_printf("%s/%" PRId64 "/task/%" PRId64 "/syscall",
                        AIOTOP_PROCFS_ROOT, pid, tid);
    AiotopRing *ring = aiotop_ring_new(tid, period_ns, small, error);
    AiotopSubject *subject;

    if (!ring) {
        return NULL;
    }
    subject = g_new0(AiotopSubject, 1);
    subject->pid = pid;
    subject->ring = ring;
    subject->file = open(path, O_RDONLY | O_CLOEXEC);
    subject->tally = aiotop_tally_new(since_ns, stacks);
    return subject;
}

void aiotop_subject_free(AiotopSubject *subject)
{
    aiotop_ring_free(subject->ring);
    if (subject->file >= 0) {
        close(subject->file);
    }
    aiotop_tally_free(subject->tally);
    g_free(subject);
}

AiotopTally *aiotop_subject_tally(const AiotopSubject *subject)
{
    return subject->tally;
}

static void add(Visit *visit, const AiotopPlace *place, const AiotopWalk *walk,
                bool asleep, unsigned weight)
{
    g_mutex_lock(visit->lock);
    visit->counts->samples += weight;
    if (place->n_calls && place->calls[0].kind == AIOTOP_PLACE_UNKNOWN) {
        visit->counts->failed += weight;
    }
    aiotop_tally_add(visit->subject->tally, place, walk, asleep, weight);
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

        if (process_vm_readv(subject->pid, &local, 1, &remote, 1, 0) != 1) {
            return;
        }
    }
}

static void on_sample(const AiotopRegisters *registers,
                      const AiotopStackCopy *copy, void *opaque)
{
    Visit *visit = opaque;
    AiotopPlace place;
    AiotopWalk walk;

    aiotop_walk(&walk, visit->code, registers, copy);
    aiotop_place_find(&place, &walk);
    if (walk.end == AIOTOP_WALK_NOT_COPIED) {
        fetch_rest(visit->subject, copy);
    }
    add(visit, &place, &walk, false, 1);
    visit->any = true;
}

/* Whether all return addresses are where and what they were */
static bool is_unchanged(const AiotopSubject *subject)
{
    const Slots *slots = &subject->slots;
    uint64_t now[AIOTOP_WALK_FRAMES];
    struct iovec local = { now, slots->n * sizeof(*now) };
    struct iovec remote[AIOTOP_WALK_FRAMES];

    for (unsigned i = 0; i < slots->n; i++) {
        remote[i] = (struct iovec){ (void *)(uintptr_t)slots->address[i],
                                    sizeof(*now) };
    }
    if (process_vm_readv(subject->pid, &local, 1, remote, slots->n, 0) !=
        (ssize_t)local.iov_len) {
        return false;
    }
    for (unsigned i = 0; i < slots->n; i++) {
        if (now[i] != slots->value[i]) {
            return false;
        }
    }
    return true;
}

static void remember(AiotopSubject *subject, const AiotopWalk *walk)
{
    subject->slots.n = 0;
    for (unsigned i = 0; i < walk->n; i++) {
        const AiotopFrame *frame = &walk->frames[i];

        if (frame->slot) {
            subject->slots.address[subject->slots.n] = frame->slot;
            subject->slots.value[subject->slots.n++] = frame->pc;
        }
    }
}

static bool is_at(const AiotopAsleep *a, const AiotopAsleep *b)
{
    return a->number == b->number && a->sp == b->sp && a->pc == b->pc;
}

/* Walks the stack of a thread that sleeps; false if it did not go on sleeping */
static bool find_place(Visit *visit, const AiotopAsleep *asleep,
                       AiotopWalk *walk)
{
    AiotopSubject *subject = visit->subject;
    AiotopRegisters registers = aiotop_asleep_registers(asleep);
    uint8_t bytes[AIOTOP_RING_STACK];
    AiotopStackCopy copy;
    AiotopAsleep after;

    if (!aiotop_asleep_copy(subject->pid, asleep, bytes, sizeof(bytes),
                            &copy) ||
        aiotop_asleep_look(subject->file, &after) != AIOTOP_LOOK_ASLEEP ||
        !is_at(asleep, &after)) {
        return false;
    }
    aiotop_walk(walk, visit->code, &registers, &copy);
    aiotop_place_find(&subject->place, walk);
    remember(subject, walk);
    subject->asleep = *asleep;
    return true;
}

static void look_asleep(Visit *visit, const AiotopAsleep *asleep)
{
    AiotopSubject *subject = visit->subject;
    bool same = subject->known && is_at(&subject->asleep, asleep) &&
                is_unchanged(subject);
    AiotopWalk walk;

    if (same) {
        subject->pause = MIN(subject->pause * 2, MAX_PAUSE);
    } else {
        subject->pause = 1;
        subject->known = find_place(visit, asleep, &walk);
    }
    if (subject->known) {
        add(visit, &subject->place, same ? NULL : &walk, true, subject->passed);
    }
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
    uint64_t lost = aiotop_ring_drain(subject->ring, record, on_sample, &visit);
    AiotopAsleep asleep;
    AiotopLook look;

    counts->lost += lost;
    counts->user_only |= aiotop_ring_is_user_only(subject->ring);
    if (visit.any) {
        subject->pause = subject->left = 1;
    }
    subject->passed++;
    if (subject->left > 1) {
        subject->left--;
        return true;
    }
    look = aiotop_asleep_look(subject->file, &asleep);
    if (look == AIOTOP_LOOK_ASLEEP) {
        look_asleep(&visit, &asleep);
    } else {
        subject->known = false;
        subject->pause = 1;
        counts->denied |= look == AIOTOP_LOOK_DENIED;
        g_mutex_lock(lock);
        aiotop_tally_runs(subject->tally);
        g_mutex_unlock(lock);
    }
    subject->left = subject->pause;
    subject->passed = 0;
    return look != AIOTOP_LOOK_GONE;
}
