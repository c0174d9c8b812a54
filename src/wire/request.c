/*
 * A command that was sent, and whose reply is awaited
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/wire/request.h"

#include <inttypes.h>

#include "qemu-aiotop/model/profiler.h"
#include "qemu-aiotop/text/escape.h"
#include "qemu-aiotop/text/json-writer.h"
#include "qemu-aiotop/wire/timer.h"

Request *request_new(uint64_t id, const char *command, AiotopQmpReply *reply,
                     void *opaque)
{
    Request *request = g_new0(Request, 1);

    request->id = id;
    request->command = g_strdup(command);
    request->reply = reply;
    request->opaque = opaque;
    return request;
}

void request_free(Request *request)
{
    aiotop_timer_clear(&request->timer);
    g_free(request->command);
    g_free(request);
}

void request_write(GString *out, const Request *request, const char *arguments,
                   bool oob)
{
    g_string_append_printf(out, "{\"%s\":", oob ? "exec-oob" : "execute");
    aiotop_json_append_string(out, request->command);
    if (arguments) {
        g_string_append_printf(out, ",\"arguments\":%s", arguments);
    }
    g_string_append_printf(out, ",\"id\":%" PRIu64 "}\r\n", request->id);
}

Request *request_take(GQueue *requests, uint64_t id)
{
    for (GList *link = requests->head; link; link = link->next) {
        Request *request = link->data;

        if (request->id == id) {
            g_queue_delete_link(requests, link);
            return request;
        }
    }
    return NULL;
}

GError *request_failure(const AiotopQmpMessage *message)
{
    const char *description =
        message->description ? message->description : "no reason given";
    g_autofree char *shown = aiotop_text_escape(description);

    if (message->type != AIOTOP_QMP_FAILURE) {
        return NULL;
    }
    return g_error_new_literal(
        AIOTOP_QMP_ERROR,
        g_strcmp0(message->error_class, "CommandNotFound") == 0
            ? AIOTOP_QMP_ERROR_NO_COMMAND
            : AIOTOP_QMP_ERROR_COMMAND,
        shown);
}

char *request_refusal(const AiotopQmpMessage *message, const char *shown)
{
    g_autoptr(GError) why = request_failure(message);

    return g_strdup_printf(
        "%s refuses the connection: %s%s", shown, why->message,
        g_str_has_prefix(why->message, "too many connections")
            ? ": end another client (ss -xp lists them), or give the"
              " " AIOTOP_OBJECT_TYPE " object a larger max-connections"
            : "");
}
