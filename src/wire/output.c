/*
 * What is to be sent over a socket, as soon as there is room
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "output.h"

#include "qemu-aiotop/wire/timer.h"

void output_init(Output *output, GMainContext *context)
{
    *output = (Output){
        .text = g_string_new(NULL),
        .context = context,
    };
}

void output_close(Output *output)
{
    aiotop_timer_clear(&output->writable);
    output->socket = NULL;
}

void output_clear(Output *output)
{
    output_close(output);
    g_string_free(output->text, TRUE);
}

static gboolean on_writable(GSocket *socket G_GNUC_UNUSED,
                            GIOCondition condition G_GNUC_UNUSED,
                            gpointer opaque)
{
    output_flush(opaque);
    return G_SOURCE_CONTINUE;
}

static void wait_for_room(Output *output)
{
    if (!output->writable) {
        output->writable =
            g_socket_create_source(output->socket, G_IO_OUT, NULL);
        g_source_set_callback(output->writable, G_SOURCE_FUNC(on_writable),
                              output, NULL);
        g_source_attach(output->writable, output->context);
    }
}

void output_flush(Output *output)
{
    g_autoptr(GError) error = NULL;
    gssize n = 0;

    while (output->socket && output->text->len) {
        n = g_socket_send_with_blocking(output->socket, output->text->str,
                                        output->text->len, FALSE, NULL, &error);
        if (n < 0) {
            break;
        }
        g_string_erase(output->text, 0, n);
    }
    if (n < 0 && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
        wait_for_room(output);
    } else {
        aiotop_timer_clear(&output->writable);
    }
}
