/*
 * QMP: bytes to messages
 *
 * A message is found by its braces alone; whether it is JSON is seen when
 * it is parsed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/qmp.h"

#include <string.h>

#include "qemu-aiotop/text.h"

/* How much is read at once, and what an idle connection keeps */
#define CHUNK (64u << 10)
#define KEEP (256u << 10)

struct AiotopQmpStream {
    char *buffer;
    gsize capacity;
    gsize used;
    gsize max_message;
    /* The message that was returned last ends here */
    gsize done;
    /* Bytes up to here were looked at */
    gsize scanned;
    AiotopJsonBraces braces;
    bool failed;
};

G_DEFINE_QUARK(aiotop - qmp - error - quark, aiotop_qmp_error)

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

static void discard_done(AiotopQmpStream *stream)
{
    gsize done = stream->done;

    stream->done = 0;
    discard(stream, done);
}

char *aiotop_qmp_stream_space(AiotopQmpStream *stream, gsize *len)
{
    discard_done(stream);
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

/* Looks at what was not looked at yet; true if a message ends in it */
static bool scan(AiotopQmpStream *stream)
{
    const char *end = stream->buffer + stream->used;
    const char *found = aiotop_json_find_end(
        &stream->braces, stream->buffer + stream->scanned, end);

    stream->scanned = (found ? found : end) - stream->buffer;
    return found;
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

bool aiotop_qmp_stream_next(AiotopQmpStream *stream, AiotopJsonSpan *message,
                            GError **error)
{
    discard_done(stream);
    if (stream->failed) {
        g_set_error(error, AIOTOP_QMP_ERROR, AIOTOP_QMP_ERROR_PROTOCOL,
                    "it does not speak QMP");
        return false;
    }
    if (!stream->braces.depth) {
        if (!skip_space(stream)) {
            stream->failed = true;
            fail_garbage(stream, error);
            return false;
        }
        if (!stream->used) {
            return false;
        }
    }
    if (scan(stream)) {
        message->text = stream->buffer;
        message->len = stream->scanned;
        stream->done = stream->scanned;
    }
    if (stream->scanned > stream->max_message) {
        stream->done = 0;
        stream->failed = true;
        g_set_error(error, AIOTOP_QMP_ERROR, AIOTOP_QMP_ERROR_PROTOCOL,
                    "it sends a message of more than %zu KiB",
                    (size_t)stream->max_message >> 10);
        return false;
    }
    return stream->done > 0;
}

char *aiotop_qmp_stream_take(AiotopQmpStream *stream)
{
    char *taken = stream->buffer;

    stream->used -= stream->done;
    stream->buffer = g_memdup2(taken + stream->done, stream->used);
    stream->capacity = stream->used;
    stream->scanned = 0;
    stream->done = 0;
    return taken;
}

gsize aiotop_qmp_stream_pending(const AiotopQmpStream *stream)
{
    return stream->used - stream->done;
}

/* The members of "error" */
static void read_failure(AiotopJson *json, AiotopQmpMessage *message)
{
    AiotopJsonSpan key, value;

    aiotop_json_enter_object(json);
    while (aiotop_json_next_member(json, &key)) {
        char **field =
            aiotop_json_span_is(&key, "class")  ? &message->error_class
            : aiotop_json_span_is(&key, "desc") ? &message->description
                                                : NULL;

        if (!field) {
            aiotop_json_skip(json, NULL);
        } else if (aiotop_json_get_string(json, &value)) {
            g_free(*field);
            *field = aiotop_json_span_dup(&value, AIOTOP_JSON_MAX_NAME);
        }
    }
}

/* The members of "QMP" */
static void read_greeting(AiotopJson *json, AiotopQmpMessage *message)
{
    AiotopJsonSpan key, value;

    aiotop_json_enter_object(json);
    while (aiotop_json_next_member(json, &key)) {
        if (!aiotop_json_span_is(&key, "capabilities")) {
            aiotop_json_skip(json, NULL);
            continue;
        }
        aiotop_json_enter_array(json);
        while (aiotop_json_next_element(json)) {
            if (aiotop_json_get_string(json, &value) &&
                aiotop_json_span_is(&value, "oob")) {
                message->oob = true;
            }
        }
    }
}

static void read_id(AiotopJson *json, AiotopQmpMessage *message)
{
    if (aiotop_json_peek(json) == AIOTOP_JSON_NUMBER) {
        aiotop_json_get_uint64(json, &message->id);
    } else {
        aiotop_json_skip(json, NULL);
    }
}

bool aiotop_qmp_message_parse(AiotopQmpMessage *message,
                              const AiotopJsonSpan *text, GError **error)
{
    g_autoptr(GError) cause = NULL;
    AiotopJsonSpan key, value;
    bool known = false;
    AiotopJson json;

    *message = (AiotopQmpMessage){ 0 };
    aiotop_json_init(&json, text->text, text->len);
    aiotop_json_enter_object(&json);
    while (aiotop_json_next_member(&json, &key)) {
        if (aiotop_json_span_is(&key, "QMP")) {
            known = true;
            message->type = AIOTOP_QMP_GREETING;
            read_greeting(&json, message);
        } else if (aiotop_json_span_is(&key, "return")) {
            known = true;
            message->type = AIOTOP_QMP_RETURN;
            aiotop_json_skip_object(&json, &message->value);
        } else if (aiotop_json_span_is(&key, "error")) {
            known = true;
            message->type = AIOTOP_QMP_FAILURE;
            read_failure(&json, message);
        } else if (aiotop_json_span_is(&key, "event")) {
            known = true;
            message->type = AIOTOP_QMP_EVENT;
            if (aiotop_json_get_string(&json, &value)) {
                g_free(message->error_class);
                message->error_class =
                    aiotop_json_span_dup(&value, AIOTOP_JSON_MAX_NAME);
            }
        } else if (aiotop_json_span_is(&key, "data")) {
            aiotop_json_skip(&json, &message->value);
        } else if (aiotop_json_span_is(&key, "id")) {
            read_id(&json, message);
        } else {
            aiotop_json_skip(&json, NULL);
        }
    }
    if (!known) {
        aiotop_json_fail(&json, AIOTOP_JSON_ERROR_TYPE,
                         "neither reply nor event");
    }
    if (!aiotop_json_finish(&json, &cause)) {
        aiotop_qmp_message_clear(message);
        g_set_error(error, AIOTOP_QMP_ERROR, AIOTOP_QMP_ERROR_PROTOCOL,
                    "it sends something that is not QMP (%s)", cause->message);
        return false;
    }
    return true;
}

void aiotop_qmp_message_clear(AiotopQmpMessage *message)
{
    g_clear_pointer(&message->error_class, g_free);
    g_clear_pointer(&message->description, g_free);
}
