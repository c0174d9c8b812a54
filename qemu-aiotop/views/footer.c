/*
 * The footer: what there is to say, or the prompt, and below it the keys
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <qemu-aiotop/diagnose/missing.h>

#include "state/bindings.h"
#include "state/layout.h"
#include "state/prompt.h"
#include "state/vms.h"
#include "view.h"

static void draw_prompt(const Ui *ui, Canvas *canvas, int y)
{
    g_autofree char *title = prompt_title(ui, canvas->width);
    const char *hint = prompt_hint(ui);
    const char *note = ui->prompt_error ? ui->prompt_error : hint;
    int x = canvas_put(canvas, y, 0, canvas->width, STYLE_PROMPT, title);
    int room =
        note ? MIN(canvas_text_width(canvas, note) + 2, canvas->width / 2) : 0;

    x += canvas_put(canvas, y, x, canvas->width - x - room - 1, STYLE_TEXT,
                    ui->prompt_text->str);
    canvas->cursor_y = y;
    canvas->cursor_x = MIN(x, canvas->width - 1);
    /* What is typed matters more than a hint */
    room = MIN(room, canvas->width - x - 1);
    if (note && room > 2) {
        canvas_put(canvas, y, canvas->width - room, room,
                   ui->prompt_error ? STYLE_ERROR : STYLE_DIM, note);
    }
}

/* What is the matter with the QEMU that is selected, or lacks */
static bool draw_verdict(const Ui *ui, Canvas *canvas, int y)
{
    const AiotopVerdict *verdict = vms_selected(ui);
    g_autofree char *missing =
        verdict ? aiotop_missing_profile(verdict->vm->unprofiled,
                                         verdict->vm->process.pid)
                : NULL;
    const char *text =
        verdict && verdict->evidence ? verdict->evidence : missing;

    if (text) {
        canvas_put(canvas, y, 0, canvas->width, view_verdict_style(verdict),
                   text);
    }
    return text;
}

/* What is the matter with the row that is selected */
static bool draw_reasons(const Ui *ui, Canvas *canvas, int y)
{
    const Pane *pane = ui->in_sources ? &ui->sources : &ui->loops;
    const PaneRow *row = pane_selected(pane);
    g_autoptr(GString) text = g_string_new(NULL);
    AiotopMarks mask;

    if (ui->view == UI_VMS) {
        return draw_verdict(ui, canvas, y);
    }
    if (ui->view != UI_MAIN || !row || row->ended) {
        return false;
    }
    mask = aiotop_marks_check(row->row.sample, row->row.loop, row->row.source,
                              ui->stall_ns);
    for (unsigned i = 0; i < AIOTOP_N_MARKS; i++) {
        if (mask & 1u << i) {
            if (text->len) {
                g_string_append(text, "; ");
            }
            aiotop_marks_explain(text, i, row->row.sample, row->row.loop,
                                 row->row.source, ui->stall_ns);
        }
    }
    if (!text->len) {
        return false;
    }
    canvas_put(canvas, y, 0, canvas->width,
               view_mark_style(aiotop_marks_worst(mask)), text->str);
    return true;
}

/* Where one is in the list, and what is left out of it */
static void draw_position(const Ui *ui, Canvas *canvas, int y)
{
    const Pane *pane = ui_pane_const(ui);
    bool in_table = ui->view == UI_MAIN || ui->view == UI_VMS;
    const AiotopSample *sample = feed_shown(&ui->feed);
    g_autofree char *no_loop = ui->view == UI_MAIN && sample
                                   ? aiotop_query_no_loop(&ui->query, sample)
                                   : NULL;
    g_autoptr(GString) text = g_string_new(NULL);

    if (no_loop) {
        canvas_put(canvas, y, 0, canvas->width, STYLE_ERROR, no_loop);
        return;
    }
    if (!in_table) {
        if (ui->page_lines > ui_body_height(ui) &&
            ui_views[ui->view].kind != UI_LIST) {
            g_string_printf(
                text, "lines %d to %d of %d", ui->page_top + 1,
                MIN(ui->page_top + ui_body_height(ui), ui->page_lines),
                ui->page_lines);
        }
    } else if (pane->rows->len) {
        g_string_printf(text, "%s %u of %u",
                        ui->in_vms ? "QEMU" : pane->table->name,
                        pane->cursor + 1, pane->rows->len);
    }
    if (in_table && ui->filter_text) {
        g_string_append_printf(text, "  filter: %s", ui->filter_text);
    }
    if (in_table && ui->search_text && ui->search) {
        g_string_append_printf(text, "  search: %s", ui->search_text);
    }
    if (ui->view == UI_MAIN && ui->query.loop_name) {
        g_string_append_printf(text, "  loop: %s", ui->query.loop_name);
    }
    canvas_put(canvas, y, 0, canvas->width, STYLE_DIM, text->str);
}

/* A key of the last line, and where it stands */
typedef struct BarKey {
    const KeyBinding *binding;
    char *name;
    int x;
    int width;
} BarKey;

static void bar_key_clear(BarKey *key)
{
    g_free(key->name);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BarKey, bar_key_clear)

/* The one behind @key, or the first; false if there is none, or no room */
static bool next_key(const Ui *ui, BarKey *key)
{
    const KeyBinding *binding = key->binding ? key->binding + 1 : key_bindings;

    key->x += key->binding ? key->width + 1 : 0;
    while (binding < key_bindings + n_key_bindings &&
           !(binding->label && binding->where & KEYS_IN(ui->view))) {
        binding++;
    }
    if (binding == key_bindings + n_key_bindings) {
        return false;
    }
    key->binding = binding;
    g_free(key->name);
    key->name = keycode_name(binding->keys[0]);
    key->width = strlen(key->name) + strlen(binding->label);
    return key->x + key->width < ui->width;
}

unsigned view_footer_key(const Ui *ui, int x)
{
    g_auto(BarKey) key = { NULL };

    while (next_key(ui, &key)) {
        if (x >= key.x && x < key.x + key.width) {
            return key.binding->keys[0];
        }
    }
    return 0;
}

static void draw_keys(const Ui *ui, Canvas *canvas, int y)
{
    g_auto(BarKey) key = { NULL };

    while (next_key(ui, &key)) {
        int x = key.x +
                canvas_put(canvas, y, key.x, key.width, STYLE_KEY, key.name);

        canvas_put(canvas, y, x, canvas->width - x, STYLE_KEY_LABEL,
                   key.binding->label);
    }
}

void view_footer(const Ui *ui, Canvas *canvas)
{
    int y = canvas->height - UI_FOOTER_LINES;

    if (ui->prompt) {
        draw_prompt(ui, canvas, y);
    } else if (ui->message) {
        canvas_put(canvas, y, 0, canvas->width,
                   ui->message_is_error ? STYLE_ERROR : STYLE_TEXT,
                   ui->message);
    } else if (!draw_reasons(ui, canvas, y)) {
        draw_position(ui, canvas, y);
    }
    draw_keys(ui, canvas, y + 1);
}
