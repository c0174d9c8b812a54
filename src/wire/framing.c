/*
 * QMP: bytes to messages
 *
 * A message is found by its braces alone; whether it is JSON is seen when
 * it is parsed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/wire/framing.h"

#include <string.h>

#include "member-reader.h"
#include "qemu-aiotop/text/escape.h"

/* How much is read at once, and what an idle connection keeps */
#define CHUNK (64u << 10)
#define KEEP (256u << 10)

struct AiotopQmpStream {
    char *buffer;
    gsize capacity;
    gsize used;
    gsize max_message;
    /* Bytes up to here were looked at */
    gsize scanned;
    AiotopJsonScan scan;
    bool failed;
};

/* How deep a list of sources is: {"return":{"loops":[{"sources":[ */
#define DEEP 5

G_DEFINE_QUARK(aiotop_qmp_error, aiotop_qmp_error)

AiotopQmpStream *aiotop_qmp_stream_new(gsize max_message)
{
    AiotopQmpStream *stream = g_new0(AiotopQmpStream, 1);

    stream->max_message = max_message;
    return stream;
}

void aiotop_qmp_stream_free(AiotopQmpStream *stream)
{
    if (stream) {
        g_free(stream->buffer);
        g_free(stream);
    }
}

void aiotop_qmp_stream_set_max(AiotopQmpStream *stream, gsize max_message)
{
    stream->max_message = max_message;
}

/* Drops the first bytes, which were dealt with */
static void discard(AiotopQmpStream *stream, gsize len)
{
    stream->used -= len;
    stream->scanned -= len;
    if (!stream->used && stream->capacity > KEEP) {
        g_free(stream->buffer);
        stream->buffer = NULL;
        stream->capacity = 0;
    } else if (len && stream->used) {
        memmove(stream->buffer, stream->buffer + len, stream->used);
    }
}

char *aiotop_qmp_stream_space(AiotopQmpStream *stream, gsize *len)
{
    if (stream->capacity - stream->used < CHUNK) {
        gsize twice = MIN(stream->capacity * 2, stream->max_message + CHUNK);

        stream->capacity = MAX(twice, stream->used + CHUNK);
        stream->buffer = g_realloc(stream->buffer, stream->capacity);
    }
    *len = stream->capacity - stream->used;
    return stream->buffer + stream->used;
}

void aiotop_qmp_stream_commit(AiotopQmpStream *stream, gsize len)
{
    g_assert(len <= stream->capacity - stream->used);
    stream->used += len;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Between messages: past white space; false if no message begins there */
static bool skip_space(AiotopQmpStream *stream)
{
    gsize n = 0;

    while (n < stream->used && is_space(stream->buffer[n])) {
        n++;
    }
    stream->scanned = n;
    discard(stream, n);
    return !stream->used || stream->buffer[0] == '{';
}

static void fail_garbage(AiotopQmpStream *stream, GError **error)
{
    g_autofree char *begin = g_strndup(stream->buffer, MIN(stream->used, 24));
    g_autofree char *shown = aiotop_text_escape(begin);

    g_set_error(error, AIOTOP_QMP_ERROR, AIOTOP_QMP_ERROR_PROTOCOL,
                "it does not speak QMP but says \"%s\"%s", shown,
                g_str_has_prefix(begin, "QEMU ")
                    ? " (a human monitor: QMP needs mode=control)"
                    : "");
}

/* What was looked at, out of the buffer; what follows it stays */
static char *take_message(AiotopQmpStream *stream, gsize *len)
{
    char *message = stream->buffer;

    *len = stream->scanned;
    stream->scan = (AiotopJsonScan){ 0 };
    if (*len <= AIOTOP_QMP_SMALL_MESSAGE) {
        message = g_memdup2(message, *len);
        discard(stream, *len);
        return message;
    }
    stream->used -= *len;
    stream->buffer = g_memdup2(message + *len, stream->used);
    stream->capacity = stream->used;
    stream->scanned = 0;
    return message;
}

/* Whether a message is complete; @error if there can be none */
static bool scan_message(AiotopQmpStream *stream, GError **error)
{
    g_autoptr(GError) cause = NULL;
    const char *end = stream->buffer + stream->used;
    const char *found = aiotop_json_scan(
        &stream->scan, stream->buffer + stream->scanned, end, &cause);

    stream->scanned = (found ? found : end) - stream->buffer;
    if (cause) {
        g_set_error(error, AIOTOP_QMP_ERROR, AIOTOP_QMP_ERROR_PROTOCOL,
                    "it sends something that is not QMP (%s)", cause->message);
        return false;
    }
    if (stream->scanned > stream->max_message) {
        g_set_error(error, AIOTOP_QMP_ERROR, AIOTOP_QMP_ERROR_PROTOCOL,
                    "it sends a message of more than %zu KiB",
                    (size_t)stream->max_message >> 10);
        return false;
    }
    return found;
}

char *aiotop_qmp_stream_next(AiotopQmpStream *stream, gsize *len,
                             GError **error)
{
    g_autoptr(GError) failure = NULL;

    if (stream->failed) {
        g_set_error(error, AIOTOP_QMP_ERROR, AIOTOP_QMP_ERROR_PROTOCOL,
                    "it does not speak QMP");
        return NULL;
    }
    if (!stream->scan.depth) {
        if (!skip_space(stream)) {
            stream->failed = true;
            fail_garbage(stream, error);
            return NULL;
        }
        if (!stream->used) {
            return NULL;
        }
    }
    if (scan_message(stream, &failure)) {
        return take_message(stream, len);
    }
    if (failure) {
        stream->failed = true;
        g_propagate_error(error, g_steal_pointer(&failure));
    }
    return NULL;
}

gsize aiotop_qmp_stream_pending(const AiotopQmpStream *stream)
{
    return stream->used;
}

static char *get_text(json_object *object, const char *name)
{
    return aiotop_json_string(aiotop_json_member(object, name),
                              MEMBER_MAX_TEXT);
}

/* The value of "QMP" */
static bool read_greeting(AiotopQmpMessage *message, json_object *greeting)
{
    json_object *capabilities = aiotop_json_member(greeting, "capabilities");

    message->type = AIOTOP_QMP_GREETING;
    if (!json_object_is_type(capabilities, json_type_array)) {
        return json_object_is_type(greeting, json_type_object) && !capabilities;
    }
    for (size_t i = 0; i < json_object_array_length(capabilities); i++) {
        g_autofree char *name = aiotop_json_string(
            json_object_array_get_idx(capabilities, i), MEMBER_MAX_TEXT);

        message->oob |= g_strcmp0(name, "oob") == 0;
    }
    return true;
}

/* The value of "error" */
static bool read_failure(AiotopQmpMessage *message, json_object *failure)
{
    message->type = AIOTOP_QMP_FAILURE;
    message->error_class = get_text(failure, "class");
    message->description = get_text(failure, "desc");
    return json_object_is_type(failure, json_type_object);
}

/* A number of ours, if it is any */
static bool read_id(AiotopQmpMessage *message, json_object *id)
{
    return !json_object_is_type(id, json_type_int) ||
           members_get_count(id, &message->id);
}

static void free_text(json_object *value G_GNUC_UNUSED, void *text)
{
    g_free(text);
}

/* @text: of the tree, which goes with the value if there is one */
static bool read_message(AiotopQmpMessage *message, json_object *tree,
                         char **text)
{
    json_object *value;

    if (!read_id(message, aiotop_json_member(tree, "id"))) {
        return false;
    }
    if (json_object_object_get_ex(tree, "QMP", &value)) {
        return read_greeting(message, value);
    }
    if (json_object_object_get_ex(tree, "error", &value)) {
        return read_failure(message, value);
    }
    if (json_object_object_get_ex(tree, "event", &value)) {
        message->type = AIOTOP_QMP_EVENT;
        message->error_class = aiotop_json_string(value, MEMBER_MAX_TEXT);
        return message->error_class;
    }
    if (json_object_object_get_ex(tree, "return", &value)) {
        message->type = AIOTOP_QMP_RETURN;
        message->value = json_object_get(value);
        if (value) {
            json_object_set_userdata(value, g_steal_pointer(text), free_text);
        }
        return true;
    }
    return false;
}

bool aiotop_qmp_message_parse(AiotopQmpMessage *message, char *text, gsize len,
                              GError **error)
{
    g_autofree char *owned = text;
    g_autoptr(GError) cause = NULL;
    g_autoptr(json_object) tree =
        aiotop_json_parse_outline(text, len, DEEP, &cause);

    *message = (AiotopQmpMessage){ 0 };
    if (!tree || !read_message(message, tree, &owned)) {
        aiotop_qmp_message_clear(message);
        g_set_error(error, AIOTOP_QMP_ERROR, AIOTOP_QMP_ERROR_PROTOCOL,
                    "it sends something that is not QMP (%s)",
                    cause ? cause->message : "neither reply nor event");
        return false;
    }
    return true;
}

void aiotop_qmp_message_clear(AiotopQmpMessage *message)
{
    g_clear_pointer(&message->value, json_object_put);
    g_clear_pointer(&message->error_class, g_free);
    g_clear_pointer(&message->description, g_free);
}
