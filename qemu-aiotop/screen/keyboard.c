/*
 * Keys and the mouse
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "keyboard.h"

#include <glib-unix.h>
#include <unistd.h>

#include "draw/term.h"

struct Keyboard {
    const KeyboardHandler *handler;
    void *opaque;
    guint input_source;
    guint output_source;
    /* While a sequence of the terminal is not complete */
    guint cut_source;
};

static gboolean on_cut(gpointer opaque);

/* All that is complete; what is not is looked at again when its time is over */
static void handle_input(Keyboard *keyboard)
{
    InputEvent event;
    int wait_ms;

    while (term_read(&event)) {
        keyboard->handler->event(&event, keyboard->opaque);
    }
    g_clear_handle_id(&keyboard->cut_source, g_source_remove);
    wait_ms = term_wait_ms();
    if (wait_ms >= 0) {
        keyboard->cut_source = g_timeout_add(wait_ms, on_cut, keyboard);
    }
}

static gboolean on_cut(gpointer opaque)
{
    Keyboard *keyboard = opaque;

    keyboard->cut_source = 0;
    handle_input(keyboard);
    return G_SOURCE_REMOVE;
}

static gboolean on_input(gint fd G_GNUC_UNUSED, GIOCondition condition,
                         gpointer opaque)
{
    Keyboard *keyboard = opaque;
    TermInput came = term_fill();

    if (came == TERM_GONE || (came == TERM_NOTHING && condition & G_IO_HUP)) {
        keyboard->input_source = 0;
        keyboard->handler->gone(keyboard->opaque);
        return G_SOURCE_REMOVE;
    }
    handle_input(keyboard);
    return G_SOURCE_CONTINUE;
}

/* Where that is another one than the keys come from */
static gboolean on_output_gone(gint fd G_GNUC_UNUSED,
                               GIOCondition condition G_GNUC_UNUSED,
                               gpointer opaque)
{
    Keyboard *keyboard = opaque;

    keyboard->output_source = 0;
    keyboard->handler->gone(keyboard->opaque);
    return G_SOURCE_REMOVE;
}

/* Below drawing and samples, which a flood of keys would starve */
Keyboard *keyboard_new(const KeyboardHandler *handler, void *opaque)
{
    Keyboard *keyboard = g_new(Keyboard, 1);

    *keyboard = (Keyboard){ .handler = handler, .opaque = opaque };
    keyboard->input_source = g_unix_fd_add_full(G_PRIORITY_LOW, STDIN_FILENO,
                                                G_IO_IN | G_IO_HUP | G_IO_ERR,
                                                on_input, keyboard, NULL);
    keyboard->output_source = g_unix_fd_add(STDOUT_FILENO, G_IO_HUP | G_IO_ERR,
                                            on_output_gone, keyboard);
    return keyboard;
}

void keyboard_free(Keyboard *keyboard)
{
    g_clear_handle_id(&keyboard->input_source, g_source_remove);
    g_clear_handle_id(&keyboard->output_source, g_source_remove);
    g_clear_handle_id(&keyboard->cut_source, g_source_remove);
    g_free(keyboard);
}
