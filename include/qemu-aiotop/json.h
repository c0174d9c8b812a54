/*
 * Reading and writing JSON text
 *
 * A snapshot of 2,000 sources is some 1.5 MB of JSON, most of it pairs of
 * numbers in histograms.  A tree of objects for it costs 35 to 50 ms and
 * 30 MB (json-c 0.16), once a second: more than the whole program may use.
 * So this is a pull reader: it walks over the text in place, checks it
 * strictly (RFC 8259, UTF-8 included) and allocates nothing but a buffer
 * for strings with escapes, and strings that are asked for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_JSON_H
#define QEMU_AIOTOP_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

#define AIOTOP_JSON_ERROR (aiotop_json_error_quark())
GQuark aiotop_json_error_quark(void);

typedef enum AiotopJsonError {
    /* The text is not JSON */
    AIOTOP_JSON_ERROR_SYNTAX,
    /* It is, but it holds something else than what was asked for */
    AIOTOP_JSON_ERROR_TYPE,
} AiotopJsonError;

typedef enum AiotopJsonType {
    /* The text is malformed here, or an earlier call failed */
    AIOTOP_JSON_INVALID,
    AIOTOP_JSON_OBJECT,
    AIOTOP_JSON_ARRAY,
    AIOTOP_JSON_STRING,
    AIOTOP_JSON_NUMBER,
    AIOTOP_JSON_BOOL,
    AIOTOP_JSON_NULL,
} AiotopJsonType;

/*
 * Bytes that are kept of a name or a text of a peer.  Who sends longer ones
 * means no good; nobody reads so much of a name.
 */
#define AIOTOP_JSON_MAX_NAME 4096

/* How deep arrays and objects may nest */
#define AIOTOP_JSON_MAX_DEPTH 64

/* A stretch of bytes, not terminated; valid until the reader's next call */
typedef struct AiotopJsonSpan {
    const char *text;
    gsize len;
} AiotopJsonSpan;

/*
 * A reader.  On the stack of its user; to be treated as opaque.
 *
 * Errors stick: after the first one every call fails, and
 * aiotop_json_finish() says what it was.  So a caller may read a whole
 * structure without a look at each return value.
 */
typedef struct AiotopJson {
    const char *start;
    const char *at;
    const char *end;
    GString *unescaped;
    /* That were read as GRefString; NULL as long as there is none */
    GHashTable *strings;
    GError *error;
    unsigned depth;
    /* For each level: no element was read yet */
    uint64_t first;
} AiotopJson;

/**
 * aiotop_json_init:
 * @text: stays valid and unchanged until aiotop_json_finish()
 *
 * Begins to read the one value that @text consists of.
 */
void aiotop_json_init(AiotopJson *json, const char *text, gsize len);

/**
 * aiotop_json_finish:
 *
 * Releases what @json holds.  Returns false and sets @error if a call failed
 * or if something other than white space follows the value.
 */
bool aiotop_json_finish(AiotopJson *json, GError **error);

/* Gives up: calls from now on fail with this message */
void aiotop_json_fail(AiotopJson *json, AiotopJsonError code,
                      const char *format, ...) G_GNUC_PRINTF(3, 4);

/* What comes next, without reading it */
AiotopJsonType aiotop_json_peek(AiotopJson *json);

/* Goes into the object or array that comes next */
bool aiotop_json_enter_object(AiotopJson *json);
bool aiotop_json_enter_array(AiotopJson *json);

/**
 * aiotop_json_next_member:
 * @key: set to the member's name
 *
 * Goes to the value of the object's next member; that value must be read, or
 * skipped, before the next call.  Returns false after the last one, having
 * left the object, and on error.
 */
bool aiotop_json_next_member(AiotopJson *json, AiotopJsonSpan *key);

/* The same for the elements of an array */
bool aiotop_json_next_element(AiotopJson *json);

/* Read a value of the type; false on error */
bool aiotop_json_get_string(AiotopJson *json, AiotopJsonSpan *value);
bool aiotop_json_get_uint64(AiotopJson *json, uint64_t *value);
bool aiotop_json_get_int64(AiotopJson *json, int64_t *value);
bool aiotop_json_get_bool(AiotopJson *json, bool *value);

/**
 * aiotop_json_get_ref_string:
 * @max: bytes, past which it is cut at the end of a character
 *
 * Returns a string with a reference, or NULL on error.  Where it comes again
 * in the same text it is the same object.  It is not interned: GLib may hand
 * out an interned string while another thread drops its last reference.
 */
GRefString *aiotop_json_get_ref_string(AiotopJson *json, gsize max);

/**
 * aiotop_json_skip:
 * @value: set to the text of what was skipped, or NULL
 *
 * Checks a value of any type and goes past it.
 */
bool aiotop_json_skip(AiotopJson *json, AiotopJsonSpan *value);

/**
 * aiotop_json_skip_object:
 * @value: set to the text of what was skipped
 *
 * Goes past an object by its braces alone; what is between them is left for
 * another reader to check.  A value of another type is skipped and checked.
 */
bool aiotop_json_skip_object(AiotopJson *json, AiotopJsonSpan *value);

/* How far into an object we are, for aiotop_json_find_end() */
typedef struct AiotopJsonBraces {
    unsigned depth;
    bool in_string;
    bool escaped;
} AiotopJsonBraces;

/**
 * aiotop_json_find_end:
 * @braces: all zero at first, before the object's own brace
 *
 * Looks for the end of an object that may come in pieces.  Returns where it
 * ends, past its last brace, or NULL if it goes on after @end.
 */
const char *aiotop_json_find_end(AiotopJsonBraces *braces, const char *at,
                                 const char *end);

/* A copy, cut at the end of a character past @max bytes */
char *aiotop_json_span_dup(const AiotopJsonSpan *span, gsize max);

/* Whether @span is @name */
bool aiotop_json_span_is(const AiotopJsonSpan *span, const char *name);

/**
 * aiotop_json_append_string:
 *
 * Appends @text to @out as a JSON string with its quotes.  Bytes that are
 * not UTF-8 become U+FFFD; characters that control a terminal or the
 * direction of text are escaped, so that the result is safe to show.
 */
void aiotop_json_append_string(GString *out, const char *text);

#endif /* QEMU_AIOTOP_JSON_H */
