/*
 * The user interface without a terminal
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "dispatch.h"

#include <string.h>
#include <qemu-aiotop/diagnose/thresholds.h>
#include <qemu-aiotop/host/syscalls.h>

#include "state/item.h"
#include "state/bindings.h"
#include "state/prompt.h"
#include "views/view.h"

/* Places that Esc leads back to; the first of them is the main view */
#define MAX_TRAIL 16

static const ViewOps *const views[UI_N_VIEWS] = {
    [UI_MAIN] = &view_main,   [UI_SOURCE] = &view_source,
    [UI_LOOP] = &view_loop,   [UI_DIAGNOSIS] = &view_diagnosis,
    [UI_STACK] = &view_stack, [UI_STALLS] = &view_stalls,
    [UI_HELP] = &view_help,   [UI_COLUMNS] = &view_columns,
    [UI_SORT] = &view_sort,   [UI_PICKER] = &view_picker,
};

const ViewOps *ui_view_ops(UiView view)
{
    return views[view];
}

static void init_table(Table *table, const AiotopTable *columns,
                       GPtrArray *wanted, const AiotopColumn *sort,
                       bool reverse)
{
    table_init(table, columns);
    if (wanted && wanted->len) {
        table_set_columns(table, wanted);
    }
    table->sort = sort;
    table->reverse = reverse;
}

Ui *ui_new(const AiotopSelection *selection)
{
    Ui *ui = g_new0(Ui, 1);

    feed_init(&ui->feed);
    init_table(&ui->loops, &aiotop_loop_table, selection->loop_columns,
               selection->loop_sort, selection->loop_reverse);
    init_table(&ui->sources, &aiotop_source_table, selection->source_columns,
               selection->source_sort, selection->source_reverse);
    aiotop_selection_init(&ui->selection);
    if (selection->filter) {
        g_autofree char *pattern =
            g_strconcat(selection->filter_negated ? "!" : "",
                        g_regex_get_pattern(selection->filter), NULL);

        ui_set_filter(ui, pattern, NULL);
    }
    ui->selection.loop_name = g_strdup(selection->loop_name);
    ui->selection.top = selection->top;
    ui->ascii = selection->ascii;
    ui->color = selection->color;
    ui->color_possible = true;
    ui->color_wanted = true;
    ui->mouse_wanted = true;
    ui->in_sources = true;
    ui->prompt_text = g_string_new(NULL);
    ui->trail = g_array_new(FALSE, FALSE, sizeof(UiPlace));
    ui->items = items_new();
    ui->marks = g_array_new(FALSE, FALSE, sizeof(int));
    ui->link.state = AIOTOP_SAMPLER_CONNECTING;
    ui->interval_ms = 1000;
    ui->width = UI_MIN_WIDTH;
    ui->height = UI_MIN_HEIGHT;
    return ui;
}

void ui_free(Ui *ui)
{
    if (!ui) {
        return;
    }
    table_clear(&ui->loops);
    table_clear(&ui->sources);
    feed_clear(&ui->feed);
    aiotop_selection_clear(&ui->selection);
    g_clear_pointer(&ui->search, g_regex_unref);
    g_clear_pointer(&ui->processes, g_ptr_array_unref);
    g_clear_pointer(&ui->stack.frames, g_ptr_array_unref);
    g_string_free(ui->prompt_text, TRUE);
    g_array_unref(ui->trail);
    g_ptr_array_unref(ui->items);
    g_array_unref(ui->marks);
    g_free(ui->item_key);
    g_free(ui->stack.name);
    g_free(ui->filter_text);
    g_free(ui->search_text);
    g_free(ui->prompt_error);
    g_free(ui->prompt_old);
    g_free(ui->message);
    g_free(ui->fd_text);
    g_free(ui->code_text);
    g_free(ui->code_callback);
    g_free(ui->stack.error);
    g_free(ui->link.error);
    g_free(ui->link.address);
    g_free(ui);
}

Table *ui_table(Ui *ui)
{
    return ui->in_sources ? &ui->sources : &ui->loops;
}

bool ui_set_filter(Ui *ui, const char *pattern, GError **error)
{
    if (pattern && *pattern && strcmp(pattern, "!") != 0) {
        if (!aiotop_selection_set_filter(&ui->selection, pattern, error)) {
            return false;
        }
        g_free(ui->filter_text);
        ui->filter_text = g_strdup(pattern);
    } else {
        g_clear_pointer(&ui->selection.filter, g_regex_unref);
        g_clear_pointer(&ui->filter_text, g_free);
        ui->selection.filter_negated = false;
    }
    ui->stale = true;
    return true;
}

void ui_say(Ui *ui, bool is_error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_free(ui->message);
    ui->message = g_strdup_vprintf(format, args);
    ui->message_is_error = is_error;
    va_end(args);
}

static UiPlace *place(const Ui *ui, unsigned i)
{
    return &g_array_index(ui->trail, UiPlace, i);
}

UiView ui_behind(const Ui *ui)
{
    return ui->trail->len ? place(ui, ui->trail->len - 1)->view : UI_MAIN;
}

static void enter(Ui *ui, const UiPlace *there)
{
    ui->view = there->view;
    ui->opened = there->opened;
    ui->list_cursor = there->list_cursor;
    ui->list_top = there->list_top;
    ui->page_top = there->page_top;
    ui->stale = true;
}

void ui_open(Ui *ui, UiView view)
{
    UiPlace here = {
        ui->view, ui->opened, ui->list_cursor, ui->list_top, ui->page_top,
    };
    UiPlace there = { .view = view, .opened = ui->opened };

    /* From findings to stalls and back again is no way */
    if (views[view]->find_items && ui->trail->len && ui_behind(ui) == view) {
        ui_back(ui);
        return;
    }
    if (ui->trail->len == MAX_TRAIL) {
        g_array_remove_index(ui->trail, 1);
    }
    g_array_append_val(ui->trail, here);
    if (views[view]->find_items) {
        g_clear_pointer(&ui->item_key, g_free);
    }
    enter(ui, &there);
}

void ui_back(Ui *ui)
{
    UiPlace there = { .view = UI_MAIN };

    if (ui->trail->len) {
        there = *place(ui, ui->trail->len - 1);
        g_array_set_size(ui->trail, ui->trail->len - 1);
    }
    enter(ui, &there);
}

void ui_take_sample(Ui *ui, AiotopSample *sample)
{
    const Track *keep[MAX_TRAIL + 3] = {
        ui->opened,
        ui->loops.selected,
        ui->sources.selected,
    };

    for (unsigned i = 0; i < ui->trail->len; i++) {
        keep[3 + i] = place(ui, i)->opened;
    }
    feed_take(&ui->feed, sample);
    ui->stale = true;
    /* While paused, rows show what may have ended long ago */
    if (!ui->feed.paused || tracks_crowded(ui->feed.tracks)) {
        tracks_forget(ui->feed.tracks, keep, G_N_ELEMENTS(keep));
    }
}

void ui_forget(Ui *ui)
{
    bool cumulative = ui->feed.cumulative;

    g_array_set_size(ui->trail, 0);
    enter(ui, &(UiPlace){ .view = UI_MAIN });
    g_ptr_array_set_size(ui->items, 0);
    table_empty(&ui->loops);
    table_empty(&ui->sources);
    feed_clear(&ui->feed);
    feed_init(&ui->feed);
    feed_set_cumulative(&ui->feed, cumulative);
    ui->stack.number++;
    ui->local = (AiotopIdentity){ 0 };
    ui->uptime_s = 0;
    ui->told_denied = false;
}

void ui_set_link(Ui *ui, const AiotopSamplerStatus *status)
{
    g_free(ui->link.error);
    g_free(ui->link.address);
    ui->link = (UiLink){
        .state = status->state,
        .since_us = status->since_us,
        .retry_us = status->retry_us,
        .malformed = status->malformed,
        .error = status->error ? g_strdup(status->error->message) : NULL,
        .address = g_strdup(status->address),
    };
}

void ui_take_processes(Ui *ui, GPtrArray *processes)
{
    g_clear_pointer(&ui->processes, g_ptr_array_unref);
    ui->processes = processes;
    if (ui->view == UI_PICKER && ui->list_cursor >= processes->len) {
        ui->list_cursor = MAX(processes->len, 1) - 1;
    }
}

void ui_take_stack(Ui *ui, unsigned number, GPtrArray *frames,
                   const char *error)
{
    g_autoptr(GPtrArray) taken = frames;

    if (number == ui->stack.number) {
        ui->stack.frames = g_steal_pointer(&taken);
        ui->stack.error = g_strdup(error);
    }
}

int ui_body_y(const Ui *ui)
{
    return view_header_lines(ui);
}

int ui_body_height(const Ui *ui)
{
    return ui->height - view_header_lines(ui) - VIEW_FOOTER_LINES;
}

static void count_source(UiTotals *totals, const AiotopRow *row,
                         uint64_t stall_ns)
{
    const AiotopSourceSample *source = row->source;
    LintMask mask;

    if (!aiotop_source_sample_active(source)) {
        return;
    }
    totals->n_active++;
    totals->overflow |= strcmp(source->now->name, "(other)") == 0;
    mask = lint_check(row, stall_ns);
    if (mask) {
        totals->n_lints[lint_worst(mask)]++;
    }
}

static void count_totals(Ui *ui, const AiotopSample *sample)
{
    UiTotals totals = { 0 };

    for (unsigned i = 0; i < sample->n_sources; i++) {
        const AiotopSourceSample *source = &sample->sources[i];
        AiotopRow row = { sample, &sample->loops[source->loop], source };

        count_source(&totals, &row, ui->stall_ns);
    }
    for (unsigned i = 0; i < sample->n_loops; i++) {
        AiotopRow row = { sample, &sample->loops[i], NULL };
        LintMask mask = lint_check(&row, ui->stall_ns);

        for (unsigned j = 0; j < N_LINTS; j++) {
            totals.n_lints[j] += !lints[j].of_sources && mask >> j & 1;
        }
        totals.n_threads += row.loop->is_thread;
    }
    /* Threads, as what waits for the lock has no source, or more than one */
    totals.n_lints[LINT_STUCK] = aiotop_rule_count_stuck(
        sample, aiotop_rule_stall_ns(sample->now, ui->stall_ns));
    ui->totals = totals;
}

/* Both tables begin in the same cell, and do not jump when a word comes */
static void find_marks(Ui *ui)
{
    bool any = ui->feed.ended->len;
    bool marked;

    for (unsigned i = 0; i < N_LINTS && !any; i++) {
        any = ui->totals.n_lints[i];
    }
    if (any) {
        ui->marked_at = ui->feed.shown_at;
    }
    marked =
        ui->marked_at && ui->feed.shown_at - ui->marked_at <= TABLE_MARK_STAYS;
    ui->loops.marked = marked;
    ui->sources.marked = marked;
}

/* There is nothing to select in an empty table */
static void set_host_only(Ui *ui, bool host_only)
{
    if (host_only != ui->loops.host_only) {
        table_set_host_only(&ui->loops, host_only);
        table_set_host_only(&ui->sources, host_only);
        ui->in_sources = !host_only;
    }
}

/* Once: why columns that the user chose are empty */
static void tell_denied(Ui *ui, const AiotopSnapshot *snapshot)
{
    if (snapshot->denied && !snapshot->host_only && !ui->told_denied &&
        aiotop_columns_need_permission(ui->loops.columns)) {
        ui->told_denied = true;
        ui_say(ui, true, "Not shown: %s", aiotop_procfs_denied());
    }
}

static void find_rows(Ui *ui)
{
    g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);
    TableInput input = {
        .sample = feed_shown(&ui->feed),
        .ended = ui->feed.ended,
        .tracks = ui->feed.tracks,
        .now = ui->feed.shown_at,
        .filter = aiotop_selection_filter(&ui->selection),
        .kept = ui->sources.chosen ? ui->sources.selected : NULL,
        .top = ui->selection.top,
        .grouped = ui->grouped,
    };

    ui->stale = false;
    input.filter.known = known;
    if (!input.sample) {
        return;
    }
    set_host_only(ui, input.sample->now->host_only);
    tracks_clear_indexes(input.tracks);
    table_build(&ui->loops, &input);
    table_build(&ui->sources, &input);
    count_totals(ui, input.sample);
    find_marks(ui);
    tell_denied(ui, input.sample->now);
}

/* That of the source, or of the system call that the loop's thread is in */
static int opened_fd(const Ui *ui)
{
    const AiotopSourceSample *source = view_opened_source(ui);
    const AiotopLoopSample *loop = view_opened_loop(ui);

    return ui->view == UI_SOURCE && source ? source->now->fd
           : ui->view == UI_LOOP && loop
               ? aiotop_syscall_fd(loop->now->thread.syscall)
               : -1;
}

static void describe_fd(Ui *ui)
{
    int fd = opened_fd(ui);

    g_clear_pointer(&ui->fd_text, g_free);
    if (fd >= 0 && ui->local.pid && ui->describe_fd) {
        ui->fd_text = ui->describe_fd(&ui->local, fd);
    }
}

static bool is_code_of(const Ui *ui, const AiotopIdentity *process,
                       const char *callback)
{
    return ui->code_process.pid == process->pid &&
           ui->code_process.start_ticks == process->start_ticks &&
           g_strcmp0(ui->code_callback, callback) == 0;
}

void ui_take_code(Ui *ui, const AiotopIdentity *process, const char *callback,
                  const char *text)
{
    if (is_code_of(ui, process, callback)) {
        g_free(ui->code_text);
        ui->code_text = g_strdup(text);
    }
}

/* Once for each callback: it does not move, and it takes some time */
static void describe_callback(Ui *ui)
{
    const Track *opened = ui->opened;

    if (ui->view != UI_SOURCE || !opened || !opened->callback ||
        !ui->local.pid || !ui->describe_callback ||
        is_code_of(ui, &ui->local, opened->callback)) {
        return;
    }
    g_free(ui->code_text);
    g_free(ui->code_callback);
    ui->code_process = ui->local;
    ui->code_callback = g_strdup(opened->callback);
    ui->code_text = ui->describe_callback(&ui->local, opened->callback,
                                          ui->describe_opaque);
}

static void find_rows_if_stale(Ui *ui)
{
    if (ui->stale) {
        find_rows(ui);
        describe_fd(ui);
        describe_callback(ui);
        /* They are of the sample that is shown */
        items_find(ui);
    }
}

static void scroll_list(Ui *ui)
{
    unsigned rows = MAX(ui_body_height(ui) - 1, 1);

    if (ui->list_cursor < ui->list_top) {
        ui->list_top = ui->list_cursor;
    } else if (ui->list_cursor >= ui->list_top + rows) {
        ui->list_top = ui->list_cursor - rows + 1;
    }
}

/* Brings all that follows from the state up to date; drawing is pure then */
static void settle(Ui *ui)
{
    const ViewOps *ops = views[ui->view];

    find_rows_if_stale(ui);
    if (ops->count) {
        scroll_list(ui);
    } else if (!ops->compose) {
        view_main_scroll(ui);
    }
}

static void compose_page(Ui *ui, const ViewOps *ops, Canvas *page)
{
    page->marks = ui->marks;
    g_array_set_size(ui->marks, 0);
    ui->page_lines = ops->compose(ui, page);
}

/* Draws what is in sight of a page that scrolls, and sees how long it is */
static void draw_page(Ui *ui, const ViewOps *ops, Canvas *canvas)
{
    int height = ui_body_height(ui);
    Canvas page = canvas_window(canvas, ui_body_y(ui), height, ui->page_top);

    items_find(ui);
    compose_page(ui, ops, &page);
    items_scroll(ui);
    ui->page_top = CLAMP(ui->page_top, 0, MAX(ui->page_lines - height, 0));
    if (ui->page_top != page.top) {
        /* It has become shorter, or the selection is elsewhere */
        page.top = ui->page_top;
        canvas_clear(&page);
        compose_page(ui, ops, &page);
    }
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
    const ViewOps *ops = views[ui->view];

    if (width < UI_MIN_WIDTH || height < UI_MIN_HEIGHT) {
        draw_too_small(canvas);
        return canvas;
    }
    ui->width = canvas->width;
    ui->height = canvas->height;
    settle(ui);
    view_header(ui, canvas);
    if (ops->compose) {
        draw_page(ui, ops, canvas);
    } else {
        ops->draw(ui, canvas, ui_body_y(ui), ui_body_height(ui));
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
    find_rows_if_stale(ui);
    if (ui->prompt) {
        prompt_key(ui, key);
        return;
    }
    g_clear_pointer(&ui->message, g_free);
    binding = binding_find(key, ui->view);
    if (binding) {
        binding->run(ui);
    } else {
        say_unknown(ui, key);
    }
    if (key != 'W') {
        ui->overwrite = false;
    }
}

static void click(Ui *ui, int y, int x)
{
    unsigned line;

    if (y == ui->height - 1) {
        unsigned key = ui->prompt ? 0 : view_footer_key(ui, x);

        if (key) {
            ui_key(ui, key);
        }
        return;
    }
    if (ui->view == UI_MAIN) {
        view_main_click(ui, y, x);
        return;
    }
    if (views[ui->view]->find_items && y >= ui_body_y(ui) &&
        y < ui_body_y(ui) + ui_body_height(ui)) {
        items_click(ui, ui->page_top + y - ui_body_y(ui));
        return;
    }
    if (!views[ui->view]->count || y <= ui_body_y(ui) ||
        y >= ui_body_y(ui) + ui_body_height(ui)) {
        return;
    }
    line = ui->list_top + y - ui_body_y(ui) - 1;
    if (line < views[ui->view]->count(ui)) {
        bool again = ui->list_cursor == line;

        ui->list_cursor = line;
        if (again) {
            ui_key(ui, KEYCODE_ENTER);
        }
    }
}

/* Moves what is below the pointer, by one line up or down */
static void wheel(Ui *ui, int y, int direction)
{
    if (ui->view == UI_MAIN) {
        view_main_wheel(ui, y, direction);
    } else {
        ui_key(ui, direction < 0 ? KEYCODE_UP : KEYCODE_DOWN);
    }
}

void ui_mouse(Ui *ui, UiMouse what, int y, int x)
{
    find_rows_if_stale(ui);
    switch (what) {
    case UI_MOUSE_CLICK:
        click(ui, y, x);
        break;
    case UI_MOUSE_WHEEL_UP:
        wheel(ui, y, -1);
        break;
    case UI_MOUSE_WHEEL_DOWN:
        wheel(ui, y, 1);
        break;
    }
}
