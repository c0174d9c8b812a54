/*
 * JSON text of a peer to json-c's tree, guarded
 *
 * json-c takes more than JSON (other quotes, control characters, NaN), lets
 * what is not UTF-8 pass, cuts member names at a NUL, and makes as much as 264
 * bytes of one byte of text.  So the text is looked through before: by its
 * bytes alone, in pieces if it comes in pieces, in about a tenth of the time
 * that the tree takes.
 *
 * A tree takes some thirty times the memory of its text, most of it for lists
 * that are deep in it and as long as you like.  These may stay text: the tree
 * has a placeholder for each, and its elements are made trees one by one.  A
 * placeholder is a list that begins with NaN.  json-c knows that, JSON does
 * not, so that no text of a peer has it.
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
    /* The arrays of objects that are at this depth are noted, if not NULL */
    GArray *spans;
    unsigned span_depth;
    const char *span_begin;
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
 * aiotop_json_parse_outline:
 * @text: is to be kept as long as elements are to be had
 * @depth: of the arrays that stay text, if their elements are objects; an
 *     array that is in nothing has 1
 *
 * The same, with placeholders.  What is wrong in an array that has one shows
 * when its elements are read.
 */
json_object *aiotop_json_parse_outline(const char *text, gsize len,
                                       unsigned depth, GError **error);

/* Where we are among the elements of an array that stayed text */
typedef struct AiotopJsonElements {
    const char *text;
    /* Bytes into @text: what comes next, and the bracket that ends it */
    gsize at;
    gsize end;
    struct json_tokener *tokener;
    json_object *element;
} AiotopJsonElements;

/**
 * aiotop_json_elements_init:
 * @text: of aiotop_json_parse_outline()
 * @array: of its tree
 *
 * Returns false, and there is nothing to clear, if @array is no placeholder.
 */
bool aiotop_json_elements_init(AiotopJsonElements *elements, const char *text,
                               json_object *array);

/* The next one, valid until the next call; NULL at the end, or with @error */
json_object *aiotop_json_elements_next(AiotopJsonElements *elements,
                                       GError **error);

void aiotop_json_elements_clear(AiotopJsonElements *elements);

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
