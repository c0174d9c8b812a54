/*
 * Replies of a peer that means no good
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "made-hostile.h"

#include <qemu-aiotop/text/json-writer.h>

#include "reply-text.h"

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

AiotopSnapshot *hostile_make(Hostile hostile, uint64_t time_ns,
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
