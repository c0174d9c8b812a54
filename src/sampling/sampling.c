/*
 * A QEMU without a profiler, sampled from outside
 *
 * The thread alone reads of the process, and holds the lock only where it adds
 * up what it has found, as reading may take as long as the process likes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/sampling/sampling.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "code.h"
#include "qemu-aiotop/host/choice.h"
#include "qemu-aiotop/host/procfs.h"
#include "subject.h"
#include "turn.h"

/* Between two looks which threads there are */
#define THREADS_US (G_USEC_PER_SEC / 4)
/* For it to begin, so that the first snapshot has what later ones have */
#define BEGIN_US G_USEC_PER_SEC
/* Without a look, until it is said that there is none */
#define SILENT_US (5 * G_USEC_PER_SEC)
/* From so many threads on each gets less memory for its samples */
#define MANY 64

struct AiotopSampling {
    /* With how many use it */
    AiotopTurn turn;
    /* Atomic: all those who use it, together, and the thread as one */
    int ref_count;
    AiotopIdentity process;
    unsigned hz;
    bool stacks;
    /* Until then the first snapshot waits */
    int64_t begin_until_us;

    GMutex lock;
    GCond changed;
    /* All that follows is behind the lock */
    bool begun;
    bool ended;
    /* There are no looks any more */
    bool over;
    /* When the last look at all threads began that is over */
    int64_t look_us;
    /* That stacks take */
    size_t stack_bytes;
    uint64_t since_ns;
    AiotopSubjectCounts counts;
    char *refused;
    GRefString *build_id;
    /* Of AiotopSubject, by thread; only the thread adds and removes */
    GHashTable *subjects;

    /* The thread's own */
    AiotopCode *code;
    struct stat program;
    uint64_t *record;
    int64_t threads_us;
};

static uint64_t now_ns(void)
{
    return g_get_monotonic_time() * UINT64_C(1000);
}

AiotopSampling *aiotop_sampling_ref(AiotopSampling *sampling)
{
    g_atomic_int_inc(&sampling->turn.n_users);
    return sampling;
}

static void drop(AiotopSampling *sampling)
{
    if (!g_atomic_int_dec_and_test(&sampling->ref_count)) {
        return;
    }
    g_hash_table_unref(sampling->subjects);
    aiotop_code_free(sampling->code);
    g_clear_pointer(&sampling->build_id, g_ref_string_release);
    g_free(sampling->refused);
    g_free(sampling->record);
    g_mutex_clear(&sampling->lock);
    g_cond_clear(&sampling->changed);
    g_free(sampling);
}

/* @why: NULL if nothing is; what was before is no longer so */
static void refuse(AiotopSampling *sampling, const char *why)
{
    g_mutex_lock(&sampling->lock);
    g_free(sampling->refused);
    sampling->refused = g_strdup(why);
    g_mutex_unlock(&sampling->lock);
}

/* Sets @error unless it has ended; if it is set, it stays */
static void watch(AiotopSampling *sampling, int64_t tid, bool small,
                  uint64_t since_ns, GError **error)
{
    g_autoptr(GError) now = NULL;
    AiotopSubject *subject = aiotop_subject_new(
        &sampling->process, tid, G_GUINT64_CONSTANT(1000000000) / sampling->hz,
        small, sampling->stacks ? &sampling->stack_bytes : NULL, since_ns,
        &now);

    if (subject) {
        g_mutex_lock(&sampling->lock);
        g_hash_table_insert(sampling->subjects, g_memdup2(&tid, sizeof(tid)),
                            subject);
        g_mutex_unlock(&sampling->lock);
    } else if (!*error && !g_error_matches(now, AIOTOP_RING_ERROR,
                                           AIOTOP_RING_ERROR_GONE)) {
        *error = g_steal_pointer(&now);
    }
}

static GArray *list_new(const AiotopSampling *sampling, const GArray *threads)
{
    GArray *new_ones = g_array_new(FALSE, FALSE, sizeof(int64_t));

    for (unsigned i = 0; i < threads->len; i++) {
        int64_t tid = g_array_index(threads, int64_t, i);

        if (!g_hash_table_contains(sampling->subjects, &tid)) {
            g_array_append_val(new_ones, tid);
        }
    }
    return new_ones;
}

/* If not, what has its number now is another one, of which nothing is kept */
static bool is_there(AiotopSampling *sampling)
{
    if (!aiotop_procfs_has_ended(AIOTOP_PROCFS_ROOT, &sampling->process)) {
        return true;
    }
    g_mutex_lock(&sampling->lock);
    g_hash_table_remove_all(sampling->subjects);
    g_mutex_unlock(&sampling->lock);
    return false;
}

/* Watches threads that are new, since then; false if the process has ended */
static bool find_threads(AiotopSampling *sampling, uint64_t since_ns)
{
    g_autoptr(GArray) threads =
        aiotop_procfs_threads(AIOTOP_PROCFS_ROOT, sampling->process.pid);
    g_autoptr(GArray) new_ones = list_new(sampling, threads);
    unsigned n_new = new_ones->len;
    g_autoptr(GError) error = NULL;
    g_autofree char *left_out = NULL, *why = NULL;

    aiotop_choice_make(AIOTOP_PROCFS_ROOT, new_ones, sampling->process.pid,
                       AIOTOP_CHOICE_MOST -
                           g_hash_table_size(sampling->subjects));
    for (unsigned i = 0; i < new_ones->len; i++) {
        watch(sampling, g_array_index(new_ones, int64_t, i),
              threads->len >= MANY, since_ns, &error);
    }
    if (new_ones->len < n_new) {
        left_out = g_strdup_printf(
            "it has %u, and %u at most are: those of loops and CPUs, then the"
            " busiest",
            threads->len, AIOTOP_CHOICE_MOST);
    }
    if (error) {
        why = left_out ? g_strdup_printf("%s; %s", error->message, left_out)
                       : g_strdup(error->message);
    }
    refuse(sampling, error ? why : left_out);
    /* Else these are threads of another one */
    return is_there(sampling);
}

static void look_at_all(AiotopSampling *sampling)
{
    AiotopSubjectCounts counts = { .samples = 0 };
    g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(int64_t));
    int64_t begun_us = g_get_monotonic_time();
    GHashTableIter iter;
    gpointer key, subjects;

    aiotop_code_refresh(sampling->code);
    g_hash_table_iter_init(&iter, sampling->subjects);
    while (g_hash_table_iter_next(&iter, &key, &subjects)) {
        if (!aiotop_subject_look(subjects, sampling->code, sampling->record,
                                 &sampling->lock, &counts)) {
            g_array_append_vals(gone, key, 1);
        }
    }
    g_mutex_lock(&sampling->lock);
    for (unsigned i = 0; i < gone->len; i++) {
        g_hash_table_remove(sampling->subjects,
                            &g_array_index(gone, int64_t, i));
    }
    sampling->counts.samples += counts.samples;
    sampling->counts.lost += counts.lost;
    sampling->counts.failed += counts.failed;
    sampling->counts.denied = counts.denied;
    sampling->counts.user_only |= counts.user_only;
    sampling->look_us = begun_us;
    g_mutex_unlock(&sampling->lock);
}

/* Half of the time to one and a half, so that it keeps step with nothing */
static bool sleep_a_while(AiotopSampling *sampling)
{
    int64_t us =
        G_USEC_PER_SEC / sampling->hz * g_random_double_range(0.5, 1.5);
    int64_t until_us = g_get_monotonic_time() + us;
    bool ended;

    g_mutex_lock(&sampling->lock);
    while (!sampling->ended &&
           g_cond_wait_until(&sampling->changed, &sampling->lock, until_us)) {
        continue;
    }
    ended = sampling->ended;
    g_mutex_unlock(&sampling->lock);
    return !ended;
}

static bool read_program(const AiotopSampling *sampling, struct stat *program)
{
    g_autofree char *path = g_strdup_printf(
        "%s/%" PRId64 "/exe", AIOTOP_PROCFS_ROOT, sampling->process.pid);

    return stat(path, program) == 0;
}

/* A process may go on as another program, with the same number */
static bool is_other_program(const AiotopSampling *sampling)
{
    struct stat now;

    return read_program(sampling, &now) &&
           (now.st_dev != sampling->program.st_dev ||
            now.st_ino != sampling->program.st_ino);
}

static void begin(AiotopSampling *sampling)
{
    g_autoptr(GError) error = NULL;
    const char *build_id;

    read_program(sampling, &sampling->program);
    /* Whether it is permitted is known before its code is */
    if (is_there(sampling) && find_threads(sampling, sampling->since_ns) &&
        g_hash_table_size(sampling->subjects)) {
        sampling->code = aiotop_code_new(&sampling->process, &error);
    }
    if (error) {
        refuse(sampling, error->message);
    }
    if (sampling->code) {
        /* So that loops that sleep are known to be some in the first snapshot */
        look_at_all(sampling);
    }
    build_id = sampling->code ? aiotop_code_build_id(sampling->code) : NULL;
    g_mutex_lock(&sampling->lock);
    sampling->build_id = build_id ? g_ref_string_new(build_id) : NULL;
    sampling->begun = true;
    g_cond_signal(&sampling->changed);
    g_mutex_unlock(&sampling->lock);
}

/* Nothing that was seen is of the program that it is now */
static void begin_anew(AiotopSampling *sampling)
{
    g_mutex_lock(&sampling->lock);
    g_hash_table_remove_all(sampling->subjects);
    sampling->counts = (AiotopSubjectCounts){ .samples = 0 };
    sampling->since_ns = now_ns();
    g_clear_pointer(&sampling->build_id, g_ref_string_release);
    g_mutex_unlock(&sampling->lock);
    g_clear_pointer(&sampling->code, aiotop_code_free);
    begin(sampling);
}

static void look_on(AiotopSampling *sampling)
{
    while (sampling->code && sleep_a_while(sampling)) {
        int64_t us = g_get_monotonic_time();

        if (us - sampling->threads_us >= THREADS_US) {
            sampling->threads_us = us;
            if (is_other_program(sampling)) {
                begin_anew(sampling);
                continue;
            }
            if (!find_threads(sampling, now_ns())) {
                break;
            }
        }
        look_at_all(sampling);
    }
}

static gpointer run(gpointer opaque)
{
    AiotopSampling *sampling = opaque;

    if (aiotop_turn_take(&sampling->turn)) {
        begin(sampling);
        look_on(sampling);
    }
    g_mutex_lock(&sampling->lock);
    sampling->over = true;
    g_mutex_unlock(&sampling->lock);
    aiotop_turn_end(&sampling->turn);
    drop(sampling);
    return NULL;
}

/* There are as many threads as there may be: all is over before it began */
static void give_up(AiotopSampling *sampling, const char *why)
{
    sampling->refused = g_strdup_printf("there is no thread to do it: %s", why);
    sampling->begun = true;
    sampling->over = true;
    sampling->ref_count--;
}

static void free_subject(gpointer subjects)
{
    aiotop_subject_free(subjects);
}

AiotopSampling *aiotop_sampling_new(const AiotopIdentity *process, unsigned hz,
                                    bool stacks)
{
    AiotopSampling *sampling = g_new0(AiotopSampling, 1);
    g_autoptr(GError) error = NULL;
    GThread *thread;

    sampling->turn = (AiotopTurn){ .process = *process, .n_users = 1 };
    sampling->ref_count = 2;
    sampling->process = *process;
    sampling->hz = hz;
    sampling->stacks = stacks;
    sampling->since_ns = now_ns();
    sampling->look_us = g_get_monotonic_time();
    sampling->begin_until_us = sampling->look_us + BEGIN_US;
    g_mutex_init(&sampling->lock);
    g_cond_init(&sampling->changed);
    sampling->subjects = g_hash_table_new_full(g_int64_hash, g_int64_equal,
                                               g_free, free_subject);
    sampling->record = g_new(uint64_t, AIOTOP_RING_RECORD);
    thread = g_thread_try_new("sampling", run, sampling, &error);
    if (thread) {
        g_thread_unref(thread);
    } else {
        give_up(sampling, error->message);
    }
    return sampling;
}

void aiotop_sampling_unref(AiotopSampling *sampling)
{
    if (!sampling || !g_atomic_int_dec_and_test(&sampling->turn.n_users)) {
        return;
    }
    g_mutex_lock(&sampling->lock);
    sampling->ended = true;
    g_cond_signal(&sampling->changed);
    g_mutex_unlock(&sampling->lock);
    aiotop_turn_wake();
    drop(sampling);
}

/* With the lock */
static GRefString *why_not(const AiotopSampling *sampling)
{
    int64_t silent_us = g_get_monotonic_time() - sampling->look_us;

    if (!sampling->over && silent_us >= SILENT_US) {
        g_autofree char *text = g_strdup_printf(
            "its memory does not answer: no look for %" PRId64 " s",
            silent_us / G_USEC_PER_SEC);

        return g_ref_string_new(text);
    }
    return sampling->refused ? g_ref_string_new(sampling->refused)
           : sampling->counts.denied
               ? g_ref_string_new("the kernel does not tell where they sleep:"
                                  " needs CAP_SYS_PTRACE and"
                                  " CAP_DAC_READ_SEARCH")
               : NULL;
}

/* With the lock; whether there is something to tell */
static bool tell(const AiotopSampling *sampling, AiotopSampled *sampled)
{
    sampled->refused = why_not(sampling);
    if (!g_hash_table_size(sampling->subjects)) {
        return false;
    }
    sampled->hz = sampling->hz;
    sampled->samples = sampling->counts.samples;
    sampled->lost = sampling->counts.lost;
    sampled->failed = sampling->counts.failed;
    sampled->behind_ns =
        aiotop_age_ns(now_ns(), sampling->look_us * UINT64_C(1000));
    sampled->user_only = sampling->counts.user_only;
    return true;
}

/* With the lock; @profiled: its loops have sources and times of QEMU's own */
static void add_loops(AiotopSampling *sampling, AiotopSnapshot *snapshot,
                      bool profiled)
{
    GArray *stacks = g_array_new(FALSE, FALSE, sizeof(AiotopSampledStack));

    for (unsigned i = 0; i < snapshot->n_loops; i++) {
        AiotopLoop *loop = &snapshot->loops[i];
        const AiotopSubject *subject =
            g_hash_table_lookup(sampling->subjects, &loop->thread_id);
        AiotopTally *tally = subject ? aiotop_subject_tally(subject) : NULL;

        if (tally && !profiled) {
            aiotop_tally_fill(tally, loop, snapshot->time_ns);
        }
        if (tally) {
            aiotop_tally_add_stacks(tally, loop, profiled, stacks);
        }
    }
    snapshot->n_sampled_stacks = stacks->len;
    snapshot->sampled_stacks =
        (AiotopSampledStack *)g_array_free(stacks, FALSE);
}

void aiotop_sampling_complete(AiotopSampling *sampling,
                              AiotopSnapshot *snapshot)
{
    g_mutex_lock(&sampling->lock);
    while (!sampling->begun &&
           g_cond_wait_until(&sampling->changed, &sampling->lock,
                             sampling->begin_until_us)) {
        continue;
    }
    if (tell(sampling, &snapshot->sampled)) {
        snapshot->profiling_since_ns = sampling->since_ns;
        snapshot->build_id = sampling->build_id
                                 ? g_ref_string_acquire(sampling->build_id)
                                 : NULL;
    }
    add_loops(sampling, snapshot, false);
    g_mutex_unlock(&sampling->lock);
}

void aiotop_sampling_add_stacks(AiotopSampling *sampling,
                                AiotopSnapshot *snapshot)
{
    g_mutex_lock(&sampling->lock);
    tell(sampling, &snapshot->sampled);
    add_loops(sampling, snapshot, true);
    g_mutex_unlock(&sampling->lock);
}
