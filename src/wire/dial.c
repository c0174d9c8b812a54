/*
 * The way to a connection
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "dial.h"

#include <string.h>

#include "address.h"
#include "qemu-aiotop/text/escape.h"
#include "qemu-aiotop/wire/timer.h"

struct Dial {
    int ref_count;
    char *address;
    /* For messages */
    char *shown;
    unsigned timeout_ms;
    /* NULL once there is nothing more to tell, or nobody */
    DialDone *done;
    void *opaque;
    GCancellable *cancellable;
    GSource *timer;
};

static void unref(Dial *dial)
{
    if (--dial->ref_count == 0) {
        g_object_unref(dial->cancellable);
        g_free(dial->address);
        g_free(dial->shown);
        g_free(dial);
    }
}

/* Its owner may free it meanwhile */
static void tell(Dial *dial, GSocketConnection *connection, AiotopQmpError code,
                 const char *why)
{
    DialDone *done = dial->done;

    dial->done = NULL;
    aiotop_timer_clear(&dial->timer);
    if (done) {
        done(connection, code, why, dial->opaque);
    } else {
        g_clear_object(&connection);
    }
}

static gboolean on_overdue(gpointer opaque)
{
    Dial *dial = opaque;
    g_autofree char *why =
        g_strdup_printf("cannot connect to %s within %g s: is the host up and"
                        " the port right?",
                        dial->shown, dial->timeout_ms / 1e3);

    tell(dial, NULL, AIOTOP_QMP_ERROR_NOT_TAKEN, why);
    return G_SOURCE_REMOVE;
}

static gboolean on_bad_address(gpointer opaque)
{
    Dial *dial = opaque;
    g_autofree char *why = g_strdup_printf(
        "%s is no address: give a socket's path or HOST:PORT", dial->shown);

    tell(dial, NULL, AIOTOP_QMP_ERROR_CONNECT, why);
    return G_SOURCE_REMOVE;
}

static AiotopQmpError code_of(const GError *error)
{
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED)
               ? AIOTOP_QMP_ERROR_DENIED
           : g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)
               ? AIOTOP_QMP_ERROR_NOT_TAKEN
               : AIOTOP_QMP_ERROR_CONNECT;
}

static void on_connected(GObject *client, GAsyncResult *result, gpointer opaque)
{
    Dial *dial = opaque;
    g_autoptr(GError) error = NULL;
    GSocketConnection *connection =
        g_socket_client_connect_finish(G_SOCKET_CLIENT(client), result, &error);
    g_autofree char *why =
        error ? aiotop_address_explain(dial->address, error) : NULL;

    tell(dial, connection, code_of(error), why);
    unref(dial);
}

Dial *dial_begin(const char *address, unsigned timeout_ms,
                 GMainContext *context, DialDone *done, void *opaque)
{
    g_autoptr(GSocketConnectable) connectable = aiotop_address_parse(address);
    g_autoptr(GSocketClient) client = NULL;
    Dial *dial = g_new(Dial, 1);

    *dial = (Dial){
        .ref_count = 1,
        .address = g_strdup(address),
        .shown = aiotop_text_escape(strchr(address, ':') + 1),
        .timeout_ms = timeout_ms,
        .done = done,
        .opaque = opaque,
        .cancellable = g_cancellable_new(),
    };
    aiotop_timer_set(&dial->timer, context, connectable ? timeout_ms : 0,
                     AIOTOP_QMP_PRIORITY_OVERDUE,
                     connectable ? on_overdue : on_bad_address, dial);
    if (connectable) {
        dial->ref_count++;
        client = g_socket_client_new();
        g_socket_client_set_enable_proxy(client, FALSE);
        g_socket_client_connect_async(client, connectable, dial->cancellable,
                                      on_connected, dial);
    }
    return dial;
}

void dial_free(Dial *dial)
{
    if (dial) {
        dial->done = NULL;
        g_cancellable_cancel(dial->cancellable);
        aiotop_timer_clear(&dial->timer);
        unref(dial);
    }
}
