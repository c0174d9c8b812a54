/*
 * Golden screens: every view at four sizes, with its looks
 *
 * Compared byte by byte with the files in golden/, which it writes anew with
 * AIOTOP_UPDATE_GOLDENS=1 in its environment.
 * A file has the text with all characters and in ASCII, each followed by the
 * looks of its cells with colours and without: "LINE: FROM-TO LOOK ...", for
 * whatever is not plain.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "session.h"

static bool update;

static const struct {
    int width;
    int height;
} sizes[] = { { 80, 24 }, { 132, 43 }, { 200, 60 }, { 40, 10 } };

/* Brings a session to where its screen is taken */
typedef Session *Prepare(void);

typedef struct Golden {
    const char *name;
    Prepare *prepare;
    const char *keys;
} Golden;

static Session *recorded(void)
{
    return session_live("screen");
}

static Session *recorded_long(void)
{
    Session *session = session_live("screen");

    session_feed(session, "screen", 2, 3);
    return session;
}

static Session *reset(void)
{
    Session *session = session_live("screen");

    session_type(session, "0");
    session_feed(session, "screen", 2, 3);
    return session;
}

static Session *odd(void)
{
    return session_live("odd");
}

static Session *ended(void)
{
    Session *session = session_live("odd");

    session_feed(session, "odd", 2, 2);
    return session;
}

static Session *restarted(void)
{
    Session *session = ended();

    session_feed(session, "odd", 3, 3);
    return session;
}

static Session *stuck(void)
{
    return session_live("stuck");
}

static Session *awaited(void)
{
    return session_live("awaited");
}

static Session *first_sample(void)
{
    Session *session = session_new();

    session_feed(session, "screen", 0, 0);
    session_link(session, AIOTOP_SAMPLER_LIVE, NULL);
    return session;
}

static Session *refused(void)
{
    Session *session = session_new();

    session_link(session, AIOTOP_SAMPLER_LOST,
                 "/run/vm1.sock: No such file or directory");
    return session;
}

static Session *stale(void)
{
    Session *session = recorded();

    session_link(session, AIOTOP_SAMPLER_STALE, NULL);
    return session;
}

static Session *lost(void)
{
    Session *session = recorded();

    session_link(session, AIOTOP_SAMPLER_LOST,
                 "/run/vm1.sock: the connection was closed");
    return session;
}

static Session *host(void)
{
    return session_host(false);
}

static Session *host_denied(void)
{
    return session_host(true);
}

static Session *vms(void)
{
    Session *session = session_new();

    session_vms(session);
    return session;
}

static Session *stack_requested(void)
{
    Session *session = recorded();

    session_type(session, "{Enter}s");
    return session;
}

static Session *stack(void)
{
    Session *session = stack_requested();

    session_stack(session, 6);
    return session;
}

static Session *stack_deep(void)
{
    Session *session = stack_requested();

    session_stack(session, 129);
    return session;
}

static Session *stack_refused(void)
{
    Session *session = stack_requested();

    ui_take_stack(session->ui, session->ui->stack.number, NULL,
                  "thread 4711 of process 4711: it is another user's: needs "
                  "CAP_SYS_PTRACE, as root has");
    return session;
}

static const Golden goldens[] = {
    { "connecting", session_new, "" },
    { "refused", refused, "" },
    { "first-sample", first_sample, "" },
    { "main", recorded, "" },
    { "main-loops", recorded, "{Tab}" },
    { "main-scrolled", recorded, "{Right}{Right}{Right}" },
    { "main-stale", stale, "" },
    { "main-lost", lost, "" },
    { "main-modes", recorded, "{Space}cL/bh|timer{Enter}" },
    { "main-cumulative", recorded, "c{Down}" },
    { "main-reset", reset, "{Down}" },
    { "main-grouped", recorded, "t{Down}" },
    { "main-odd", odd, "a" },
    { "main-odd-loops", odd, "{Tab}" },
    { "main-stuck", stuck, "{Tab}{End}" },
    { "main-ended", ended, "{Tab}N" },
    { "main-restarted", restarted, "" },
    { "filter-bad", recorded, "/bh{Enter}/(" },
    { "filter-nothing", recorded, "/no such source" },
    { "search", recorded, "{F3}timer" },
    { "delay", recorded, "d" },
    { "source", recorded_long, "{Enter}" },
    { "source-odd", odd, "/evil{Enter}a{Enter}" },
    { "source-stuck", odd, "/vd0{Enter}{Enter}" },
    { "loop", recorded_long, "{Tab}{Enter}" },
    { "loop-odd", odd, "{Tab}N{Home}{Enter}" },
    { "diagnosis", stuck, "D" },
    { "diagnosis-scrolled", stuck, "D{Down}{Down}" },
    { "diagnosis-healthy", recorded, "D" },
    { "diagnosis-odd", odd, "D" },
    { "stalls", stuck, "S" },
    { "stalls-none", recorded, "S" },
    { "stalls-selected", stuck, "S{Down}{Down}" },
    { "main-awaited", awaited, "{Tab}" },
    { "requests", awaited, "r" },
    { "requests-selected", awaited, "r{End}" },
    { "requests-unknown", recorded, "r" },
    { "node", awaited, "r{Down}{Enter}" },
    { "threads", awaited, "T{Down}" },
    { "threads-unknown", recorded, "T" },
    { "loop-awaited", awaited, "{Tab}N{Home}{Down}{Enter}" },
    { "source-awaited", awaited, "a/vd1{Enter}{Enter}" },
    { "stack", stack, "" },
    { "stack-deep", stack_deep, "{PgDn}" },
    { "stack-reading", stack_requested, "" },
    { "stack-refused", stack_refused, "" },
    { "help", recorded, "?" },
    { "columns", recorded, "C" },
    { "columns-moved", recorded, "C]]{Down}{Space}" },
    { "columns-loops", recorded, "{Tab}C" },
    { "sort", recorded, "{F6}" },
    { "vms", vms, "" },
    { "host", host, "" },
    { "host-denied", host_denied, "{Down}" },
    { "host-loop", host, "{Down}{Enter}" },
};

static void append_text(GString *out, const Canvas *canvas)
{
    for (int y = 0; y < canvas->height; y++) {
        gsize start = out->len;

        g_string_append_c(out, '|');
        for (int x = 0; x < canvas->width; x++) {
            g_string_append(out, canvas_cell(canvas, y, x)->text);
        }
        while (out->len > start + 1 && out->str[out->len - 1] == ' ') {
            g_string_truncate(out, out->len - 1);
        }
        g_string_append_c(out, '\n');
    }
}

static bool same_look(StyleLook a, StyleLook b)
{
    return a.foreground == b.foreground && a.background == b.background &&
           a.bits == b.bits;
}

static void append_look(GString *out, StyleLook look)
{
    static const char colors[] = "krgybmcw";

    if (look.foreground >= 0) {
        g_string_append_printf(out, "f%c", colors[look.foreground]);
    }
    if (look.background >= 0) {
        g_string_append_printf(out, "b%c", colors[look.background]);
    }
    g_string_append(out, look.bits & STYLE_BOLD ? "*" : "");
    g_string_append(out, look.bits & STYLE_FAINT ? "." : "");
    g_string_append(out, look.bits & STYLE_UNDERLINE ? "_" : "");
    g_string_append(out, look.bits & STYLE_REVERSE ? "#" : "");
}

static void append_looks(GString *out, const Canvas *canvas)
{
    const StyleLook plain = { COLOR_NONE, COLOR_NONE, 0 };

    for (int y = 0; y < canvas->height; y++) {
        bool any = false;

        for (int x = 0, end; x < canvas->width; x = end) {
            StyleLook look = canvas_cell(canvas, y, x)->look;

            end = x + 1;
            while (end < canvas->width &&
                   same_look(canvas_cell(canvas, y, end)->look, look)) {
                end++;
            }
            if (same_look(look, plain)) {
                continue;
            }
            if (!any) {
                g_string_append_printf(out, "%d:", y);
            }
            any = true;
            g_string_append_printf(out, " %d-%d ", x, end - 1);
            append_look(out, look);
        }
        if (any) {
            g_string_append_c(out, '\n');
        }
    }
}

static void check_cells(const Canvas *canvas)
{
    for (int i = 0; i < canvas->width * canvas->height; i++) {
        const CanvasCell *cell = &canvas->cells[i];

        g_assert_true(g_utf8_validate(cell->text, -1, NULL));
        for (const char *p = cell->text; *p; p = g_utf8_next_char(p)) {
            g_assert_false(g_unichar_iscntrl(g_utf8_get_char(p)));
            g_assert_true(!canvas->ascii || (unsigned char)*p < 0x80);
        }
    }
}

static char *take_screen(const Golden *golden, int width, int height)
{
    static const char *const charsets[] = { "UTF-8", "ASCII" };
    GString *out = g_string_new(NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(charsets); i++) {
        g_autoptr(Session) session = golden->prepare();
        g_autoptr(Canvas) color = NULL;
        g_autoptr(Canvas) mono = NULL;
        g_autoptr(GString) mono_text = g_string_new(NULL);
        gsize start;

        session_type(session, golden->keys);
        session->ui->ascii = i == 1;
        color = ui_draw(session->ui, width, height);
        session->ui->color = false;
        mono = ui_draw(session->ui, width, height);
        check_cells(color);

        g_string_append_printf(out, "== %s\n", charsets[i]);
        start = out->len;
        append_text(out, color);
        append_text(mono_text, mono);
        g_assert_cmpstr(out->str + start, ==, mono_text->str);
        g_string_append(out, "-- colours\n");
        append_looks(out, color);
        g_string_append(out, "-- monochrome\n");
        append_looks(out, mono);
    }
    return g_string_free(out, FALSE);
}

/* Says in which lines they differ */
static void report_difference(const char *name, const char *wanted,
                              const char *actual)
{
    g_auto(GStrv) a = g_strsplit(wanted, "\n", -1);
    g_auto(GStrv) b = g_strsplit(actual, "\n", -1);
    unsigned shown = 0;

    for (unsigned i = 0; (a[i] || b[i]) && shown < 8; i++) {
        const char *in_a = a[i] ? a[i] : "(end)";
        const char *in_b = b[i] ? b[i] : "(end)";

        if (strcmp(in_a, in_b) != 0) {
            g_test_message("%s line %u", name, i + 1);
            g_test_message("wanted %s", in_a);
            g_test_message("is     %s", in_b);
            shown++;
        }
        if (!a[i] || !b[i]) {
            break;
        }
    }
}

static void compare(const char *name, const char *actual)
{
    g_autofree char *path = g_strdup_printf("%s/%s.txt", GOLDEN_DIR, name);
    g_autofree char *wanted = NULL;
    g_autoptr(GError) error = NULL;

    if (update) {
        g_file_set_contents(path, actual, -1, &error);
        g_assert_no_error(error);
        return;
    }
    g_file_get_contents(path, &wanted, NULL, &error);
    g_assert_no_error(error);
    if (strcmp(wanted, actual) != 0) {
        report_difference(name, wanted, actual);
        g_test_fail();
    }
}

static void test_golden(gconstpointer opaque)
{
    const Golden *golden = opaque;

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *name = g_strdup_printf(
            "%s-%dx%d", golden->name, sizes[i].width, sizes[i].height);
        g_autofree char *screen =
            take_screen(golden, sizes[i].width, sizes[i].height);

        compare(name, screen);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    update = g_getenv("AIOTOP_UPDATE_GOLDENS");
    for (unsigned i = 0; i < G_N_ELEMENTS(goldens); i++) {
        g_autofree char *path = g_strconcat("/golden/", goldens[i].name, NULL);

        g_test_add_data_func(path, &goldens[i], test_golden);
    }
    return g_test_run();
}
