/*
 * Diagnosis: the words of findings about sources that share a loop
 *
 * Advice to move something names only what can be moved: a device or an
 * export.  What a monitor, GLib or a job does stays where it is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "words.h"
#include "qemu-aiotop/diagnose/thresholds.h"

/* Labels of a loop that are named */
#define MAX_SHARES 4
/* Sources that are named for waking a loop up */
#define MAX_WAKERS 2

#define GLIB_REST "g_main_context_dispatch"

/* What takes a loop's time: a device, or a source that has no label */
typedef struct Share {
    const char *name;
    /* Of the name: a device without its queue */
    int len;
    uint64_t busy_ns;
    /* It can be given to an iothread */
    bool moves;
    /* It can be spread over several */
    bool spreads;
} Share;

static bool is_queue(const AiotopSource *source)
{
    return source->label &&
           g_str_has_prefix(source->name, "virtio_queue_host_notifier");
}

static bool is_export(const AiotopSource *source)
{
    return source->label &&
           (strcmp(source->name, "kick_handler") == 0 ||
            strcmp(source->name, "read_from_fuse_export") == 0);
}

static Share share_of(const AiotopSource *source)
{
    const char *name = source->label ? source->label : source->name;

    return (Share){
        .name = name,
        .len = source->label ? strcspn(name, "/") : strlen(name),
        .moves = is_queue(source) || is_export(source),
        .spreads = is_queue(source),
    };
}

static bool same_share(const Share *a, const Share *b)
{
    return a->len == b->len && memcmp(a->name, b->name, a->len) == 0;
}

static void add_share(GArray *shares, const AiotopSourceSample *source)
{
    Share share = share_of(source->now);

    share.busy_ns = source->busy_ns;
    for (unsigned i = 0; i < shares->len; i++) {
        Share *other = &g_array_index(shares, Share, i);

        if (same_share(other, &share)) {
            other->busy_ns += share.busy_ns;
            other->moves |= share.moves;
            other->spreads |= share.spreads;
            return;
        }
    }
    g_array_append_val(shares, share);
}

static int compare_shares(gconstpointer a, gconstpointer b)
{
    const Share *x = a, *y = b;

    return x->busy_ns > y->busy_ns ? -1 : x->busy_ns < y->busy_ns;
}

/* Of Share, those first that take most */
static GArray *get_shares(const Diagnosis *d, const AiotopLoopSample *loop)
{
    GArray *shares = g_array_new(FALSE, FALSE, sizeof(Share));

    for (unsigned i = 0; i < loop->n_sources; i++) {
        const AiotopSourceSample *source = aiotop_diagnose_source(d, loop, i);

        if (source->busy_ns && source->busy_ns != AIOTOP_UNKNOWN) {
            add_share(shares, source);
        }
    }
    g_array_sort(shares, compare_shares);
    return shares;
}

static unsigned count_moving(const GArray *shares)
{
    unsigned n = 0;

    for (unsigned i = 0; i < shares->len; i++) {
        n += g_array_index(shares, Share, i).moves;
    }
    return n;
}

/* How to take @share away from its loop, as the beginning of a sentence */
static char *word_move(const AiotopLoopSample *loop, const GArray *shares,
                       const Share *share)
{
    if (!share->moves) {
        return NULL;
    }
    if (aiotop_word_is_main_loop(loop)) {
        return g_strdup_printf("Give %.*s an iothread (iothread= of a disk or"
                               " an export; a network card has vhost=on"
                               " instead)",
                               share->len, share->name);
    }
    if (count_moving(shares) > 1) {
        return g_strdup_printf("Give %.*s an iothread of its own", share->len,
                               share->name);
    }
    if (share->spreads) {
        return g_strdup_printf("Spread the queues of %.*s over several"
                               " iothreads (iothread-vq-mapping)",
                               share->len, share->name);
    }
    return NULL;
}

/* The share that takes most of what can be moved; NULL if that is too little */
static const Share *biggest_to_move(const GArray *shares)
{
    const Share *biggest = NULL;
    uint64_t moving_ns = 0, all_ns = 0;

    for (unsigned i = shares->len; i-- > 0;) {
        const Share *share = &g_array_index(shares, Share, i);

        all_ns += share->busy_ns;
        if (share->moves) {
            moving_ns += share->busy_ns;
            biggest = share;
        }
    }
    return moving_ns >= all_ns / 3 ? biggest : NULL;
}

void aiotop_word_overloaded(AiotopFinding *finding, const Diagnosis *d,
                            const AiotopLoopSample *loop, uint64_t ns)
{
    g_autoptr(GArray) shares = get_shares(d, loop);
    const Share *biggest = biggest_to_move(shares);
    g_autofree char *move = biggest ? word_move(loop, shares, biggest) : NULL;
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "It spends %.1f %% of its time in callbacks",
                           aiotop_part_percent(ns, loop->wall_ns));
    for (unsigned i = 0; i < shares->len && i < MAX_SHARES; i++) {
        const Share *share = &g_array_index(shares, Share, i);

        g_string_append_printf(
            out, "%s %.*s %.1f %%", i ? "," : ":", share->len, share->name,
            aiotop_share_percent(share->busy_ns, loop->wall_ns));
    }
    if (shares->len > MAX_SHARES) {
        g_string_append_printf(out, ", and %u more", shares->len - MAX_SHARES);
    }
    g_string_append_c(out, '.');
    if (move) {
        aiotop_word_settle(finding, out, "%s.", move);
    } else {
        aiotop_word_settle(finding, out,
                           "Look at why these callbacks are called so often,"
                           " or take so long: a job, a monitor command, a"
                           " backend that fails again and again.");
    }
}

void aiotop_word_late_neighbour(AiotopFinding *finding, const Diagnosis *d,
                                const AiotopLoopSample *loop,
                                const AiotopSourceSample *late,
                                const AiotopSourceSample *slow, unsigned n)
{
    g_autoptr(GArray) shares = get_shares(d, loop);
    Share first = share_of(slow->now), second = share_of(late->now);
    g_autofree char *move = word_move(loop, shares, &first);
    g_autoptr(GString) why = g_string_new("why ");
    GString *out = g_string_new(NULL);

    aiotop_word_append_source(out, slow->now);
    g_string_append_printf(out, " takes up to %s (p99 ",
                           TIME(slow->duration.max_ns));
    g_string_append_printf(out, "%s) and delays ", TIME(slow->duration.p99_ns));
    aiotop_word_append_source(out, late->now);
    g_string_append_printf(out, ", whose delay's p99 is %s",
                           TIME(late->delay.p99_ns));
    if (n > 1) {
        g_string_append_printf(out, ", and %u more", n - 1);
    }
    g_string_append_c(out, '.');

    aiotop_word_append_source(why, slow->now);
    g_string_append(why, " takes so long");
    if (!move) {
        move = word_move(loop, shares, &second);
    }
    if (move) {
        aiotop_word_settle(finding, out, "%s, or look at %s.", move, why->str);
    } else {
        aiotop_word_settle(finding, out, "Look at %s.", why->str);
    }
}

static const AiotopSourceSample *next_waker(const Diagnosis *d,
                                            const AiotopLoopSample *loop,
                                            const AiotopSourceSample *last,
                                            bool glib)
{
    const AiotopSourceSample *next = NULL;

    for (unsigned i = 0; i < loop->n_sources; i++) {
        const AiotopSourceSample *source = aiotop_diagnose_source(d, loop, i);

        if (source->calls && source->calls != AIOTOP_UNKNOWN &&
            (!last || source->calls < last->calls ||
             (source->calls == last->calls && source > last)) &&
            (glib || strcmp(source->now->name, GLIB_REST) != 0) &&
            (!next || source->calls > next->calls)) {
            next = source;
        }
    }
    return next;
}

/* GLib calls most others; what is its own is what they leave */
static bool glib_wakes(const Diagnosis *d, const AiotopLoopSample *loop)
{
    uint64_t glib = 0, others = 0;

    for (unsigned i = 0; i < loop->n_sources; i++) {
        const AiotopSourceSample *source = aiotop_diagnose_source(d, loop, i);

        if (source->calls == AIOTOP_UNKNOWN) {
            continue;
        }
        if (strcmp(source->now->name, GLIB_REST) == 0) {
            glib += source->calls;
        } else {
            others += source->calls;
        }
    }
    return glib > others;
}

/* Returns the one of those it names that can be moved elsewhere, or NULL */
static const AiotopSource *append_wakers(GString *out, const Diagnosis *d,
                                         const AiotopLoopSample *loop)
{
    bool glib = glib_wakes(d, loop);
    const AiotopSourceSample *waker = next_waker(d, loop, NULL, glib);
    const AiotopSource *moves = NULL;

    for (unsigned n = 0; waker && n < MAX_WAKERS; n++) {
        char rate[AIOTOP_TEXT_NUMBER];

        aiotop_text_rate(rate, aiotop_rate_hz(waker->calls, loop->wall_ns));
        g_string_append(out, n ? " and " : " Most often called: ");
        aiotop_word_append_source(out, waker->now);
        g_string_append_printf(out, " (%s)", rate);
        if (!moves && share_of(waker->now).moves) {
            moves = waker->now;
        }
        waker = next_waker(d, loop, waker, glib);
        if (!waker || n == MAX_WAKERS - 1) {
            g_string_append_c(out, '.');
        }
    }
    if (glib) {
        g_string_append(out, " " GLIB_REST " is whatever GLib itself calls in"
                             " the main loop: sockets and time-outs that have"
                             " no name here.");
    }
    return moves;
}

void aiotop_word_wakes_too_often(AiotopFinding *finding, const Diagnosis *d,
                                 const AiotopLoopSample *loop)
{
    GString *out = g_string_new(NULL);
    const AiotopSource *moves;

    g_string_append_printf(
        out,
        "It goes round %.0f times a second, and a round takes %s of CPU time:",
        aiotop_rate_hz(loop->iterations, loop->wall_ns),
        TIME(aiotop_average(loop->cpu_ns, loop->iterations)));
    g_string_append_printf(
        out,
        " %.1f %% of a CPU goes into falling asleep and waking up, while"
        " its callbacks take %.1f %% of its time.",
        aiotop_share_percent(loop->kernel_ns, loop->wall_ns),
        aiotop_share_percent(loop->dispatch_ns, loop->wall_ns));
    moves = append_wakers(out, d, loop);
    if (!aiotop_word_is_main_loop(loop)) {
        aiotop_word_settle(finding, out,
                           "Fewer and larger requests cost less. Polling saves"
                           " wake-ups where the next request comes soon, for"
                           " CPU time of its own: qom-set /objects/%s"
                           " poll-max-ns 32768 on the monitor.",
                           loop->now->name);
    } else if (moves) {
        Share share = share_of(moves);
        g_autofree char *move = word_move(loop, NULL, &share);

        aiotop_word_settle(finding, out, "%s.", move);
    } else {
        aiotop_word_settle(finding, out,
                           "Fewer wake-ups cost less: look at who makes QEMU"
                           " call these so often. A program that asks it many"
                           " things on a monitor may ask less often.");
    }
}
