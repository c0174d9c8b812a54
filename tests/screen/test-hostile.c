/*
 * The screen with what a peer sends that means no good
 *
 * Whatever it is, each view draws within its canvas, and what it draws can be
 * shown.  A sanitizer sees more of that than the test itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <qemu-aiotop/text/json-writer.h>

#include "session.h"
#include "views/view.h"
#include "reply-text.h"

/* Dispatches in the stack of a loop: as many as a reply may have */
#define DEEP 256

static const char *const strings[] = {
    "",
    "plain",
    " ",
    "%s%n%d%1000000d",
    "\xe6\x95\xb0\xe6\x8d\xae\xe5\xba\x93\xe4\xb8\xad\xe6\x96\x87",
    "e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86",
    "\xcc\x81\xcc\x81\xcc\x81",
    "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7",
    "\xe2\x80\xae\xe2\x80\xa8\xef\xbb\xbf\xf4\x8f\xbf\xbf",
    "\x1b]0;title\x07\x1b[2J\x7f\r\n\t",
    "a|b;c,d\"e\\f'g",
    "=1+1",
    "(other)",
    "main-loop",
    "bql-wait",
    "-",
};

static const uint64_t numbers[] = {
    0,
    1,
    2,
    UINT64_MAX,
    UINT64_MAX - 1,
    INT64_MAX,
    INT64_MAX - 1,
    UINT64_C(1) << 53,
    1000000000,
    UINT64_C(1000000000000000000),
    UINT32_MAX,
};

static const char *const states[] = {
    "running", "waiting", "polling", "dispatching", "bql-wait", "dreaming",
};

/* What there is in a snapshot, and what has gone into it so far */
typedef struct Hostile {
    unsigned n_loops;
    unsigned n_sources;
    unsigned n_stalls;
    unsigned depth;
    /* Instead of all kinds of them; NULL */
    const char *string;
    /* No two sources are the same */
    bool distinct;
    /* Of the loops and sources: the first one */
    unsigned first_id;
    /* Where in the lists of strings and numbers it begins */
    unsigned seed;
} Hostile;

static void add_string(GString *out, Hostile *hostile, const char *name)
{
    const char *string = hostile->string
                             ? hostile->string
                             : strings[hostile->seed++ % G_N_ELEMENTS(strings)];

    g_string_append_printf(out, "\"%s\":", name);
    aiotop_json_append_string(out, string);
    g_string_append_c(out, ',');
}

static uint64_t next_number(Hostile *hostile)
{
    return numbers[hostile->seed++ % G_N_ELEMENTS(numbers)];
}

static void add_number(GString *out, Hostile *hostile, const char *name)
{
    g_string_append_printf(out, "\"%s\":%" G_GUINT64_FORMAT ",", name,
                           next_number(hostile));
}

static void add_strings(GString *out, Hostile *hostile,
                        const char *const *names)
{
    for (; *names; names++) {
        add_string(out, hostile, *names);
    }
}

static void add_numbers(GString *out, Hostile *hostile,
                        const char *const *names)
{
    for (; *names; names++) {
        add_number(out, hostile, *names);
    }
}

/* In place of the comma after the last member or element */
static void end(GString *out, char close)
{
    if (out->str[out->len - 1] == ',') {
        g_string_truncate(out, out->len - 1);
    }
    g_string_append_c(out, close);
}

static void add_histogram(GString *out, Hostile *hostile, const char *name)
{
    g_autoptr(GString) counts = g_string_new("[");

    g_string_append_printf(out, "\"%s\":{\"buckets\":[", name);
    for (unsigned i = hostile->seed % 3; i < AIOTOP_HISTOGRAM_BUCKETS;
         i += 1 + hostile->seed % 17) {
        uint64_t count = next_number(hostile);

        g_string_append_printf(out, "%u,", i);
        g_string_append_printf(counts, "%" G_GUINT64_FORMAT ",",
                               MIN(count, AIOTOP_BUCKET_MAX_COUNT));
    }
    end(out, ']');
    end(counts, ']');
    g_string_append_printf(out, ",\"counts\":%s},", counts->str);
}

static void add_source(GString *out, Hostile *hostile, unsigned i)
{
    static const char *const texts[] = {
        "kind",
        "name",
        "label",
        NULL,
    };
    static const char *const counters[] = {
        "calls",    "timed-calls",  "busy-ns", "total-ns", "max-ns",
        "delay-ns", "delay-max-ns", "last-ns", NULL,
    };

    g_string_append_printf(out, "{\"id\":%u,", hostile->first_id + i);
    if (i % 4 == 1) {
        g_string_append_printf(out, "\"fd\":%d,", G_MAXINT32);
    }
    add_strings(out, hostile, texts);
    if (hostile->distinct) {
        g_string_append_printf(out, "\"callback\":%u,", hostile->first_id + i);
    } else {
        add_number(out, hostile, "callback");
        g_string_append(out, "\"module\":{");
        add_string(out, hostile, "file");
        end(out, '}');
        g_string_append_c(out, ',');
    }
    add_numbers(out, hostile, counters);
    add_histogram(out, hostile, "histogram");
    add_histogram(out, hostile, "delay-histogram");
    end(out, '}');
    g_string_append_c(out, ',');
}

static void add_loop(GString *out, Hostile *hostile, unsigned number)
{
    static const char *const counters[] = {
        "since-ns",          "iterations",     "dispatches",
        "wait-ns",           "poll-ns",        "poll-hits",
        "dispatch-ns",       "poll-misses",    "bql-wait-ns",
        "poll-max-ns",       "cpu-ns",         "bh-pending-since-ns",
        "timer-deadline-ns", "state-since-ns", NULL,
    };

    g_string_append_printf(out, "{\"thread-id\":%u,\"state\":\"%s\",",
                           number % 7 ? hostile->first_id + number : G_MAXINT32,
                           states[number % G_N_ELEMENTS(states)]);
    add_string(out, hostile, "name");
    add_numbers(out, hostile, counters);
    g_string_append(out, "\"stack\":[");
    for (unsigned i = 0; i < hostile->depth; i++) {
        g_string_append_printf(
            out, "{\"source-id\":%u,\"since-ns\":%" G_GUINT64_FORMAT "},",
            i % 3 ? hostile->first_id + i % 5 : UINT32_MAX,
            next_number(hostile));
    }
    end(out, ']');
    g_string_append(out, ",\"sources\":[");
    for (unsigned i = 0; i < hostile->n_sources; i++) {
        add_source(out, hostile, i);
    }
    end(out, ']');
    g_string_append(out, "},");
}

static void add_stall(GString *out, Hostile *hostile, unsigned i)
{
    static const char *const texts[] = {
        "loop", "kind", "name", "label", NULL,
    };
    static const char *const times[] = { "start-ns", "duration-ns", NULL };

    g_string_append_printf(
        out, "{\"id\":%u,\"ongoing\":%s,\"source-id\":%u,\"cause\":\"%s\",",
        i + 1, i % 5 ? "false" : "true", i, i % 3 ? "dispatch" : "bql-wait");
    if (i % 2) {
        g_string_append_printf(out, "\"thread-id\":%u,", hostile->first_id + i);
    }
    add_strings(out, hostile, texts);
    add_numbers(out, hostile, times);
    end(out, '}');
    g_string_append_c(out, ',');
}

static void add_lock(GString *out, Hostile *hostile)
{
    static const char *const counters[] = {
        "holds", "held-ns", "waits", "wait-ns", "waiting-since-ns", NULL,
    };

    g_string_append_printf(out, "\"bql\":{\"holder-thread-id\":%u,",
                           hostile->first_id);
    add_number(out, hostile, "held-since-ns");
    g_string_append(out, "\"threads\":[");
    for (unsigned i = 0; i < hostile->n_loops + 3; i++) {
        g_string_append_printf(out, "{\"thread-id\":%u,",
                               hostile->first_id + 2 * i);
        add_string(out, hostile, "name");
        add_numbers(out, hostile, counters);
        end(out, '}');
        g_string_append_c(out, ',');
    }
    end(out, ']');
    g_string_append(out, "},");
}

/* With what they are a part of: each other, themselves, or nothing */
static void add_requests(GString *out, Hostile *hostile)
{
    static const char *const texts[] = {
        "type", "stage", "device", "waits-for", NULL,
    };
    static const char *const times[] = { "since-ns", "stage-since-ns", NULL };

    g_string_append(out, "\"requests\":[");
    for (unsigned i = 0; i < (hostile->string ? 1 : 64); i++) {
        g_string_append_printf(
            out, "{\"id\":%u,\"parent\":%u,\"offset\":%s,\"bytes\":%s,", i + 1,
            i * 7 % 66, i % 2 ? "-9223372036854775808" : "0",
            i % 3 ? "9223372036854775807" : "1");
        add_string(out, hostile, "node");
        add_strings(out, hostile, texts);
        add_numbers(out, hostile, times);
        end(out, '}');
        g_string_append_c(out, ',');
    }
    end(out, ']');
    g_string_append_c(out, ',');
}

static void add_nodes(GString *out, Hostile *hostile)
{
    static const char *const counters[] = {
        "in-flight",
        "completed",
        "last-completed-ns",
        NULL,
    };

    g_string_append(out, "\"nodes\":[");
    for (unsigned i = 0; i < (hostile->string ? 2 : 30); i++) {
        g_string_append_c(out, '{');
        add_string(out, hostile, "node");
        add_string(out, hostile, "device");
        add_numbers(out, hostile, counters);
        g_string_append(out, "\"stages\":[");
        for (unsigned j = 0; j < i % 5; j++) {
            g_string_append_printf(out, "{\"count\":%u,", j * 2000000000);
            add_string(out, hostile, "stage");
            add_number(out, hostile, "since-ns");
            end(out, '}');
            g_string_append_c(out, ',');
        }
        end(out, ']');
        g_string_append(out, "},");
    }
    end(out, ']');
    g_string_append_c(out, ',');
}

/* A list whose elements have a name, and these numbers */
static void add_named(GString *out, Hostile *hostile, const char *list,
                      const char *name, const char *const *counters)
{
    g_string_append_printf(out, "\"%s\":[", list);
    for (unsigned i = 0; i < (hostile->string ? 1 : 9); i++) {
        g_string_append_printf(out, "{\"thread-id\":%u,",
                               hostile->first_id + i);
        add_string(out, hostile, name);
        add_numbers(out, hostile, counters);
        end(out, '}');
        g_string_append_c(out, ',');
    }
    end(out, ']');
    g_string_append_c(out, ',');
}

static void add_awaited(GString *out, Hostile *hostile)
{
    static const char *const of_pools[] = {
        "max-threads",     "threads",          "idle", "queued",
        "queued-since-ns", "running-since-ns", NULL,
    };
    static const char *const of_groups[] = { "queued", "since-ns", NULL };
    static const char *const of_threads[] = { "cpu-ns", NULL };

    add_requests(out, hostile);
    add_nodes(out, hostile);
    add_named(out, hostile, "pools", "loop", of_pools);
    add_named(out, hostile, "throttle-groups", "name", of_groups);
    add_named(out, hostile, "commands", "name", of_groups + 1);
    add_named(out, hostile, "writers", "name", of_groups + 1);
    add_named(out, hostile, "threads", "name", of_threads);
}

static AiotopSnapshot *make(Hostile hostile, uint64_t time_ns,
                            const AiotopSnapshot *previous)
{
    static const char *const texts[] = {
        "vm-name", "qemu-version", "build-id", "run-state", NULL,
    };
    static const char *const counters[] = {
        "stall-threshold-ns",
        "stall-count",
        "sequence",
        NULL,
    };
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    AiotopSnapshot *snapshot;

    g_string_printf(out,
                    "{\"time-ns\":%" G_GUINT64_FORMAT
                    ",\"pid\":2147483647,\"profiling-since-ns\":1,",
                    time_ns);
    add_strings(out, &hostile, texts);
    add_numbers(out, &hostile, counters);
    g_string_append(out, "\"loops\":[");
    for (unsigned i = 0; i < hostile.n_loops; i++) {
        add_loop(out, &hostile, i);
    }
    end(out, ']');
    g_string_append_c(out, ',');
    add_lock(out, &hostile);
    if (hostile.n_loops) {
        add_awaited(out, &hostile);
    }
    g_string_append(out, "\"stalls\":[");
    for (unsigned i = 0; i < hostile.n_stalls; i++) {
        add_stall(out, &hostile, i);
    }
    end(out, ']');
    g_string_append_c(out, '}');
    snapshot = read_reply(out->str, out->len, previous, &error);
    g_assert_no_error(error);
    return snapshot;
}

static void draw(Session *session, int width, int height)
{
    g_autoptr(Canvas) canvas = ui_draw(session->ui, width, height);

    session_check_frame(canvas);
}

/* From one end to the other in it, at all sizes, and with all looks */
static void look_around(Session *session, UiView view)
{
    static const int sizes[][2] = {
        { 40, 10 },  { 61, 16 },  { 80, 24 },  { 200, 60 },
        { 40, 200 }, { 1, 1 },    { 0, 0 },    { 39, 10 },
        { 40, 9 },   { 4000, 4 }, { 4, 4000 }, { 1000, 10 },
    };
    static const unsigned keys[] = {
        KEYCODE_PAGE_DOWN,
        KEYCODE_END,
        KEYCODE_RIGHT,
        KEYCODE_HOME,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        session->ui->ascii = i % 2;
        session->ui->color = i % 3;
        for (unsigned j = 0; j < G_N_ELEMENTS(keys); j++) {
            ui_key(session->ui, keys[j]);
            draw(session, sizes[i][0], sizes[i][1]);
        }
    }
    session->ui->ascii = false;
    g_assert_cmpint(session->ui->view, ==, view);
}

static void look_at_all(Session *session)
{
    for (UiView view = 0; view < UI_N_VIEWS; view++) {
        g_test_message("view %s", ui_views[view].title);
        session_open(session, view);
        look_around(session, view);
    }
}

static Session *session_hostile(Hostile hostile)
{
    Session *session = session_new();

    session_link(session, AIOTOP_SAMPLER_LIVE, NULL);
    for (unsigned i = 0; i < 3; i++) {
        hostile.seed = i;
        session_take(session, make(hostile, (i + 2) * UINT64_C(1000000000),
                                   session->last));
    }
    return session;
}

static void test_strange_values(void)
{
    Hostile hostile = {
        .n_loops = 6,
        .n_sources = 40,
        .n_stalls = 128,
        .depth = 16,
        .first_id = 1,
    };
    g_autoptr(Session) session = session_hostile(hostile);

    look_at_all(session);
}

/* Of @n times @string */
static void check_long_strings(const char *string, unsigned n)
{
    g_autoptr(GString) longer = g_string_new(NULL);
    Hostile hostile = {
        .n_loops = 2,
        .n_sources = 1,
        .n_stalls = 1,
        .depth = 1,
        .first_id = 1,
    };
    g_autoptr(Session) session = NULL;

    for (unsigned i = 0; i < n; i++) {
        g_string_append(longer, string);
    }
    hostile.string = longer->str;
    session = session_hostile(hostile);
    look_at_all(session);
}

static void test_long_strings(void)
{
    check_long_strings("wordy ", 5000);
}

static void test_long_wide_strings(void)
{
    check_long_strings("x\xe6\x95\xb0", 7500);
}

static void test_long_combining_strings(void)
{
    check_long_strings("e\xcc\x81", 10000);
}

static void test_long_controls(void)
{
    check_long_strings("\x1b", 30000);
}

static void test_empty_strings(void)
{
    check_long_strings("", 1);
}

static void test_deep_stack(void)
{
    Hostile hostile = {
        .n_loops = 2,
        .n_sources = 5,
        .depth = DEEP,
        .first_id = 1,
    };
    g_autoptr(Session) session = session_hostile(hostile);

    session_open(session, UI_LOOP);
    g_assert_cmpint(session->ui->page_lines, >, DEEP);
    look_at_all(session);
}

static void test_hundreds_of_loops(void)
{
    Hostile hostile = {
        .n_loops = 400,
        .n_sources = 3,
        .n_stalls = 128,
        .depth = 1,
        .first_id = 1,
    };
    g_autoptr(Session) session = session_hostile(hostile);

    look_at_all(session);
}

static void test_nothing_at_all(void)
{
    g_autoptr(Session) session = session_hostile((Hostile){ .first_id = 1 });

    for (UiView view = 0; view < UI_N_VIEWS; view++) {
        if (view != UI_SOURCE && view != UI_LOOP && view != UI_STACK &&
            view != UI_NODE) {
            session_open(session, view);
            look_around(session, view);
        }
    }
}

/* More stalls than fit on any screen: the oldest is the last line */
static void test_page_has_no_end(void)
{
    Hostile hostile = { .n_stalls = 4000, .string = "x", .first_id = 1 };
    g_autoptr(Session) session = session_hostile(hostile);

    session_open(session, UI_STALLS);
    session_type(session, "{End}");
    g_assert_cmpint(session->ui->page_lines, >=, 4000);
}

static bool is_known(Session *session, const AiotopSnapshot *snapshot)
{
    Tracks *tracks = session->ui->feed.tracks;
    const AiotopLoop *loop = &snapshot->loops[0];
    const Track *track =
        tracks_get_source(tracks, tracks_get_loop(tracks, snapshot, loop),
                          loop->sources[loop->n_sources / 2]);

    return track->seen;
}

/*
 * Other sources in each reply: the ones before are not kept for ever, not
 * even while the screen is paused
 */
static void test_sources_without_end(void)
{
    Hostile hostile = {
        .n_loops = 1, .n_sources = 3000, .distinct = true, .string = "x"
    };
    g_autoptr(AiotopSnapshot) first = NULL;
    g_autoptr(Session) session = session_new();

    session_link(session, AIOTOP_SAMPLER_LIVE, NULL);
    for (unsigned i = 0; i < 7; i++) {
        hostile.first_id = 1 + i * hostile.n_sources;
        session_take(session, make(hostile, 1000 + i, NULL));
        draw(session, 80, 24);
        if (i == 0 || i == 4) {
            g_clear_pointer(&first, aiotop_snapshot_unref);
            first = aiotop_snapshot_ref(session->last);
        }
        g_assert_true(is_known(session, session->last));
        g_assert_true(is_known(session, first) == (i != 3 && i != 6));
        if (i == 3) {
            session_type(session, "{Space}");
        }
    }
    look_at_all(session);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*func)(void);
    } tests[] = {
        { "/hostile/strange-values", test_strange_values },
        { "/hostile/long-strings", test_long_strings },
        { "/hostile/long-wide-strings", test_long_wide_strings },
        { "/hostile/long-combining-strings", test_long_combining_strings },
        { "/hostile/long-controls", test_long_controls },
        { "/hostile/empty-strings", test_empty_strings },
        { "/hostile/deep-stack", test_deep_stack },
        { "/hostile/hundreds-of-loops", test_hundreds_of_loops },
        { "/hostile/nothing-at-all", test_nothing_at_all },
        { "/hostile/page-has-no-end", test_page_has_no_end },
        { "/hostile/sources-without-end", test_sources_without_end },
    };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add_func(tests[i].name, tests[i].func);
    }
    return g_test_run();
}
