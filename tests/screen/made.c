/*
 * Samples of sources and loops that a test makes up
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "made.h"

#include <inttypes.h>
#include <string.h>

#include "reply-text.h"

void feed_json(Session *session, const char *text)
{
    g_autofree char *json = g_strdelimit(g_strdup(text), "'", '"');
    g_autoptr(GError) error = NULL;
    AiotopSnapshot *now = read_reply(json, strlen(json), session->last, &error);

    g_assert_no_error(error);
    ui_take_sample(session->ui, aiotop_sample_new(session->last, now));
    aiotop_snapshot_unref(session->last);
    session->last = now;
    session_type(session, "");
}

void feed_made(Session *session, unsigned number, const Made *made, unsigned n)
{
    g_autoptr(GString) json = g_string_new(NULL);

    g_string_printf(json,
                    "{'sequence':%u,'time-ns':%u000000000,'pid':1,"
                    "'profiling-since-ns':1,'loops':[{'name':'l',"
                    "'thread-id':1,'since-ns':1,'dispatch-ns':%u000,"
                    "'wait-ns':0,'sources':[",
                    number, number, number);
    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(json,
                               "%s{'id':%u,'kind':'bh','name':'%s',"
                               "'calls':%u,'busy-ns':%" PRIu64 ","
                               "'total-ns':0,'max-ns':0}",
                               i ? "," : "", made[i].id, made[i].name,
                               made[i].calls,
                               made[i].calls * UINT64_C(1000000));
    }
    g_string_append(json, "]}]}");
    feed_json(session, json->str);
}

void check_order(Session *session, const char *wanted)
{
    const Pane *pane = &session->ui->sources;
    g_autoptr(GString) out = g_string_new(NULL);

    canvas_free(ui_draw(session->ui, 80, 24));
    for (unsigned i = 0; i < pane->rows->len; i++) {
        const PaneRow *row = pane_row(pane, i);

        g_string_append_printf(out, "%s%s", i ? " " : "",
                               row->heading ? "--" : row->track->name);
    }
    g_assert_cmpstr(out->str, ==, wanted);
}

void check_selected(Session *session, const char *name)
{
    const PaneRow *row = pane_selected(&session->ui->sources);

    g_assert_nonnull(row);
    g_assert_cmpstr(row->track->name, ==, name);
}

void feed_loops(Session *session, unsigned number, const unsigned ms[3])
{
    static const char *const names[] = { "io10", "io9", "main-loop" };
    g_autoptr(GString) json = g_string_new(NULL);

    g_string_printf(json,
                    "{'sequence':%u,'time-ns':%u000000000,'pid':1,"
                    "'profiling-since-ns':1,'loops':[",
                    number, number);
    for (unsigned i = 0; i < 3; i++) {
        g_string_append_printf(
            json,
            "%s{'name':'%s','thread-id':%u,'since-ns':1,"
            "'iterations':1,'dispatch-ns':%" PRIu64 ",'sources':[]}",
            i ? "," : "", names[i], 3 - i, ms[i] * UINT64_C(1000000));
    }
    g_string_append(json, "]}");
    feed_json(session, json->str);
}

void check_loops(Session *session, const char *wanted)
{
    const Pane *pane = &session->ui->loops;
    g_autoptr(GString) out = g_string_new(NULL);

    canvas_free(ui_draw(session->ui, 80, 24));
    for (unsigned i = 0; i < pane->rows->len; i++) {
        g_string_append_printf(out, "%s%s", i ? " " : "",
                               pane_row(pane, i)->track->loop);
    }
    g_assert_cmpstr(out->str, ==, wanted);
}
