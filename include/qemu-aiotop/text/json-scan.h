/*
 * JSON text of a peer, looked through before it is parsed
 *
 * json-c takes more than JSON (other quotes, control characters, NaN), lets
 * what is not UTF-8 pass, cuts member names at a NUL, and makes as much as 264
 * bytes of one byte of text.  So the text is looked through before: by its
 * bytes alone, in pieces if it comes in pieces, in about a tenth of the time
 * that the tree takes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TEXT_JSON_SCAN_H
#define QEMU_AIOTOP_TEXT_JSON_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

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

/* What is noted of a text */
typedef enum AiotopJsonSpanKind {
    /* A list of nothing but counts, of 19 digits at most: that it is one */
    AIOTOP_JSON_SPAN_COUNTS,
    /* A list whose first element is an object */
    AIOTOP_JSON_SPAN_OBJECTS,
    /* In such a list, now and then: a comma between two elements */
    AIOTOP_JSON_SPAN_COMMA,
} AiotopJsonSpanKind;

/* Bytes into the text: a list's first bracket and its last, or a comma */
typedef struct AiotopJsonSpan {
    /* Of who reads it */
    void *owner;
    AiotopJsonSpanKind kind;
    uint32_t begin;
    uint32_t end;
    /* Of objects: the number of the span past those that are in it */
    uint32_t next;
} AiotopJsonSpan;

/* How far into a text we are; all zero at first.  To be treated as opaque. */
typedef struct AiotopJsonScan {
    /* Values so far, and arrays and objects that are open */
    unsigned values;
    unsigned depth;
    bool in_string;
    /* Of an escape: 1 after the backslash, 2 after \u, then each 0 */
    unsigned escape;
    /*
     * Of AiotopJsonSpan: lists are noted, if not NULL, those of objects at
     * @objects_depth; the text is then in one piece, from @text on
     */
    GArray *spans;
    const char *text;
    unsigned objects_depth;
    /* Number of the list of objects that we are in, and 1; its last comma */
    unsigned open;
    uint32_t last_comma;
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

/* Returns false, with @error set, if all of @text is not one of these */
bool aiotop_json_scan_whole(AiotopJsonScan *scan, const char *text, gsize len,
                            GError **error);

#endif /* QEMU_AIOTOP_TEXT_JSON_SCAN_H */
