/*
 * From a key to the screen
 *
 * A key is looked up among the bindings of the view (state/bindings).
 * Its action changes the state (screen/actions, state).
 * What follows from state and sample is brought up to date (state/update).
 * The view draws that, and nothing else, into a canvas (views).
 * The terminal shows what is different in it from the last (draw/term).
 * A sample takes the same way, from the third line on (state/arrivals).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "dispatch.h"

#include "actions.h"
#include "state/bindings.h"
#include "state/item.h"
#include "state/layout.h"
#include "state/prompt.h"
#include "state/update.h"
#include "views/view.h"

static const View *const views[UI_N_VIEWS] = {
    [UI_MAIN] = &view_main,         [UI_SOURCE] = &view_source,
    [UI_LOOP] = &view_loop,         [UI_DIAGNOSIS] = &view_diagnosis,
    [UI_STACK] = &view_stack,       [UI_STALLS] = &view_stalls,
    [UI_REQUESTS] = &view_requests, [UI_NODE] = &view_node,
    [UI_THREADS] = &view_threads,   [UI_HELP] = &view_help,
    [UI_COLUMNS] = &view_columns,   [UI_SORT] = &view_sort,
    [UI_VMS] = &view_vms,
};

/* How long a page that scrolls is, and what of it is in sight */
static void lay_out_page(Ui *ui, const View *view, Canvas *canvas)
{
    Canvas nowhere = canvas_window(canvas, 0, 0, 0);

    nowhere.item_lines = ui->item_lines;
    g_array_set_size(ui->item_lines, 0);
    ui->page_lines = view->compose(ui, &nowhere);
    items_scroll(ui);
    ui->page_top =
        CLAMP(ui->page_top, 0, MAX(ui->page_lines - ui_body_height(ui), 0));
}

static void draw_page(const Ui *ui, const View *view, Canvas *canvas)
{
    Canvas page =
        canvas_window(canvas, ui_body_y(ui), ui_body_height(ui), ui->page_top);

    view->compose(ui, &page);
}

static void draw_too_small(Canvas *canvas)
{
    canvas_printf(canvas, 0, 0, STYLE_STRONG, "Too small: %dx%d", canvas->width,
                  canvas->height);
    canvas_printf(canvas, 1, 0, STYLE_TEXT, "needs %dx%d", UI_MIN_WIDTH,
                  UI_MIN_HEIGHT);
}

Canvas *ui_draw(Ui *ui, int width, int height)
{
    Canvas *canvas = canvas_new(width, height, ui->ascii, ui->color);
    const View *view = views[ui->view];

    if (width < UI_MIN_WIDTH || height < UI_MIN_HEIGHT) {
        draw_too_small(canvas);
        return canvas;
    }
    ui->width = canvas->width;
    ui->height = canvas->height;
    update_before_drawing(ui);
    if (view->compose) {
        lay_out_page(ui, view, canvas);
    }
    view_header(ui, canvas);
    if (view->compose) {
        draw_page(ui, view, canvas);
    } else {
        view->draw(ui, canvas, ui_body_y(ui), ui_body_height(ui));
    }
    view_footer(ui, canvas);
    return canvas;
}

static void say_unknown(Ui *ui, unsigned key)
{
    g_autofree char *name = keycode_name(key);
    bool elsewhere = false;

    for (UiView view = 0; view < UI_N_VIEWS; view++) {
        elsewhere |= binding_find(key, view) != NULL;
    }
    ui_say(ui, true,
           elsewhere ? "%s does nothing here; %s" : "No such key: %s; %s", name,
           ui->view == UI_HELP ? "these are the keys" : "h lists the keys");
}

void ui_key(Ui *ui, unsigned key)
{
    const KeyBinding *binding;

    /* Keys may come faster than frames, and mean what the last one made */
    update_derived(ui);
    if (ui->prompt) {
        prompt_key(ui, key);
        return;
    }
    g_clear_pointer(&ui->message, g_free);
    binding = binding_find(key, ui->view);
    if (binding) {
        action_run(ui, binding->action);
    } else {
        say_unknown(ui, key);
    }
    if (key != 'W') {
        ui->overwrite = false;
    }
}
