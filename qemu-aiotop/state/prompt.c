/*
 * The prompt in the footer
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "prompt.h"

#include <string.h>
#include <qemu-aiotop/sampler/sampler.h>
#include <qemu-aiotop/text/pattern.h>
#include <qemu-aiotop/text/escape.h>
#include <qemu-aiotop/text/wrap.h>

#include "draw/key.h"

/* In bytes; more is hardly meant */
#define MAX_TEXT 256

static const char *const titles[] = {
    [UI_NO_PROMPT] = "",
    [UI_FILTER] = "Filter",
    [UI_SEARCH] = "Search",
    [UI_DELAY] = "Seconds between samples",
};

static const char *const hints[] = {
    [UI_NO_PROMPT] = NULL,
    [UI_FILTER] = "Enter: none, Up: edit",
    [UI_SEARCH] = "Enter: next, Up: edit",
    [UI_DELAY] = "Enter: keep, Up: edit",
};

char *prompt_title(const Ui *ui, int width)
{
    const char *title = titles[ui->prompt];
    g_autoptr(GString) old = g_string_new(NULL);
    const char *end = NULL, *next;
    int room = width / 2 - (int)strlen(title) - 9;

    if (!ui->prompt_old) {
        return g_strdup_printf("%s: ", title);
    }
    aiotop_text_append(old, ui->prompt_old, ui->ascii);
    end = aiotop_wrap_line(old->str, MAX(room, 4), true, &next);
    return g_strdup_printf("%s (now %.*s%s): ", title, (int)(end - old->str),
                           old->str, *end ? "..." : "");
}

const char *prompt_hint(const Ui *ui)
{
    return ui->prompt_old && !ui->prompt_text->len ? hints[ui->prompt] : NULL;
}

void prompt_open(Ui *ui, UiPrompt prompt, const char *old)
{
    ui->prompt = prompt;
    g_free(ui->prompt_old);
    ui->prompt_old = old && *old ? g_strdup(old) : NULL;
    g_string_truncate(ui->prompt_text, 0);
    g_clear_pointer(&ui->prompt_error, g_free);
}

static void prompt_close(Ui *ui)
{
    ui->prompt = UI_NO_PROMPT;
    g_clear_pointer(&ui->prompt_error, g_free);
}

static bool read_delay(const Ui *ui, double *seconds)
{
    char *end;

    *seconds = g_ascii_strtod(ui->prompt_text->str, &end);
    return end != ui->prompt_text->str && !*end &&
           *seconds >= AIOTOP_INTERVAL_MIN_S &&
           *seconds <= AIOTOP_INTERVAL_MAX_S;
}

/* One that is no good is not taken */
static void set_search(Ui *ui, const char *pattern, GError **error)
{
    GRegex *regex = NULL;

    if (*pattern) {
        regex = aiotop_pattern_new(pattern, error);
        if (!regex) {
            return;
        }
    }
    g_clear_pointer(&ui->search, g_regex_unref);
    g_free(ui->search_text);
    ui->search = regex;
    ui->search_text = g_strdup(pattern);
}

/* Takes what was typed so far */
static void apply(Ui *ui)
{
    const char *text = ui->prompt_text->str;
    g_autoptr(GError) error = NULL;
    double seconds;

    g_clear_pointer(&ui->prompt_error, g_free);
    switch (ui->prompt) {
    case UI_FILTER:
        ui_set_filter(ui, text, &error);
        break;
    case UI_SEARCH:
        set_search(ui, text, &error);
        if (!error && ui->search && !pane_search(ui_pane(ui), ui->search, 0)) {
            ui->prompt_error = g_strdup("no match");
        }
        break;
    case UI_DELAY:
        if (!read_delay(ui, &seconds)) {
            ui->prompt_error =
                g_strdup("a number from " AIOTOP_INTERVAL_LIMITS);
        }
        break;
    case UI_NO_PROMPT:
        g_assert_not_reached();
    }
    if (error) {
        ui->prompt_error = g_strdup(error->message);
    }
}

/* Enter, and nothing is typed */
static void accept_nothing(Ui *ui)
{
    if (ui->prompt == UI_FILTER) {
        ui_set_filter(ui, NULL, NULL);
    } else if (ui->prompt == UI_SEARCH && ui->search &&
               !pane_search(ui_pane(ui), ui->search, 1)) {
        ui_say(ui, true, "No match: %s", ui->search_text);
    }
}

static void accept(Ui *ui)
{
    double seconds;

    if (!ui->prompt_text->len) {
        accept_nothing(ui);
    } else if (ui->prompt == UI_DELAY && read_delay(ui, &seconds)) {
        ui->interval_ms = seconds * 1000 + 0.5;
        ui->wants |= UI_WANT_INTERVAL;
    } else if (ui->prompt_error) {
        ui_say(ui, true, "%s: %s: %s", titles[ui->prompt], ui->prompt_error,
               ui->prompt_text->str);
    }
    prompt_close(ui);
}

/* All is as it was */
static void cancel(Ui *ui)
{
    if (ui->prompt == UI_FILTER) {
        ui_set_filter(ui, ui->prompt_old, NULL);
    } else if (ui->prompt == UI_SEARCH) {
        set_search(ui, ui->prompt_old ? ui->prompt_old : "", NULL);
    }
    prompt_close(ui);
}

static void delete_last(GString *text)
{
    char *last = g_utf8_find_prev_char(text->str, text->str + text->len);

    if (last) {
        g_string_truncate(text, last - text->str);
    }
}

void prompt_key(Ui *ui, unsigned key)
{
    GString *text = ui->prompt_text;

    switch (key) {
    case KEYCODE_ENTER:
    case '\n':
        accept(ui);
        return;
    case KEYCODE_ESC:
        cancel(ui);
        return;
    case KEYCODE_BACKSPACE:
    case KEYCODE_DELETE:
        delete_last(text);
        break;
    case KEYCODE_UP:
    case KEYCODE_CTRL('P'):
        if (!ui->prompt_old) {
            return;
        }
        g_string_assign(text, ui->prompt_old);
        break;
    case KEYCODE_CTRL('U'):
        g_string_truncate(text, 0);
        break;
    case KEYCODE_F(3):
        if (ui->prompt == UI_SEARCH && ui->search) {
            pane_search(ui_pane(ui), ui->search, 1);
        }
        return;
    default:
        if (key < ' ' || key >= KEYCODE_UP || !g_unichar_isprint(key) ||
            text->len + g_unichar_to_utf8(key, NULL) > MAX_TEXT) {
            return;
        }
        g_string_append_unichar(text, key);
    }
    apply(ui);
}
