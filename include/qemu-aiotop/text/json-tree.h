/*
 * JSON text of a peer to json-c's tree, guarded
 *
 * json-c takes more than JSON (other quotes, control characters, NaN), lets
 * what is not UTF-8 pass, cuts member names at a NUL, and makes as much as 264
 * bytes of one byte of text.  So the text is looked through before: by its
 * bytes alone, in pieces if it comes in pieces, in about a tenth of the time
 * that the tree takes.
 *
 * A tree belongs to one thread at a time: its references are not atomic.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TEXT_JSON_TREE_H
#define QEMU_AIOTOP_TEXT_JSON_TREE_H

#include <stdbool.h>
#include <glib.h>
#include <json-c/json.h>

#define AIOTOP_JSON_ERROR (aiotop_json_error_quark())
GQuark aiotop_json_error_quark(void);

typedef enum AiotopJsonError {
    /* The text is not JSON */
    AIOTOP_JSON_ERROR_SYNTAX,
    /* It is, but of more than is taken from anybody */
    AIOTOP_JSON_ERROR_TOO_BIG,
} AiotopJsonError;

/*
 * Bytes of a text, its values, and how deep they nest.  A reply with ten
 * thousand sources, all their histograms in it, has 7 MiB, 1.3 million values
 * and a depth of 8.
 */
#define AIOTOP_JSON_MAX_BYTES (8u << 20)
#define AIOTOP_JSON_MAX_VALUES (2u << 20)
#define AIOTOP_JSON_MAX_DEPTH 16

/* How far into a text we are; all zero at first.  To be treated as opaque. */
typedef struct AiotopJsonScan {
    /* Values so far, and arrays and objects that are open */
    unsigned values;
    unsigned depth;
    bool in_string;
    /* Of an escape: 1 after the backslash, 2 after \u, then each 0 */
    unsigned escape;
} AiotopJsonScan;

/**
 * aiotop_json_scan:
 * @end: of the piece that is there
 *
 * Looks through an object, or an array, up to its last brace.  Returns where
 * it ends, past that brace; NULL if it goes on after @end, or, with @error
 * set, if it can't be JSON or is too big.
 */
const char *aiotop_json_scan(AiotopJsonScan *scan, const char *at,
                             const char *end, GError **error);

/**
 * aiotop_json_parse:
 * @text: @len bytes, need not be terminated; an object or an array
 *
 * Returns the tree, a reference to be dropped with json_object_put(), or NULL
 * with @error set.
 */
json_object *aiotop_json_parse(const char *text, gsize len, GError **error);

/**
 * aiotop_json_string:
 * @max: bytes, past which it is cut at the end of a character
 *
 * Returns a copy of the string, or NULL if @value is no string, or not UTF-8.
 */
char *aiotop_json_string(json_object *value, gsize max);

/* A member of an object; NULL if it is missing, null, or @object is none */
json_object *aiotop_json_member(json_object *object, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_object, json_object_put)

#endif /* QEMU_AIOTOP_TEXT_JSON_TREE_H */
