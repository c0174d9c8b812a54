/*
 * JSON text of a peer to json-c's tree, guarded
 *
 * A tree takes some thirty times the memory of its text, and much time, most
 * of both for lists.  So lists of counts, and those of objects that are deep in
 * a text and as long as you like, may stay text: the tree has a placeholder for
 * each, which keeps the text.  Counts are read from there, and objects are made
 * trees some at a time.  A placeholder is NaN.  json-c knows that, JSON does
 * not, so that no text of a peer has it.
 *
 * A tree belongs to one thread at a time: its references are not atomic.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TEXT_JSON_TREE_H
#define QEMU_AIOTOP_TEXT_JSON_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <json-c/json.h>
#include <qemu-aiotop/text/json-scan.h>

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
 * @text: @len bytes, which it takes
 * @depth: of the lists of objects that stay text, where a list that is in
 *     nothing has 1; 0 for none
 *
 * The same, with placeholders.  What is wrong in a list of objects that has one
 * shows when its elements are read.
 */
json_object *aiotop_json_parse_outline(char *text, gsize len, unsigned depth,
                                       GError **error);

/* Where we are among the elements of a list that stayed text */
typedef struct AiotopJsonElements {
    const AiotopJsonSpan *list;
    /* What comes next: bytes into the text, and the number of a span */
    uint32_t at;
    unsigned span;
    struct json_tokener *tokener;
    /* Some elements, and the one of them that comes next */
    json_object *part;
    size_t i;
} AiotopJsonElements;

/**
 * aiotop_json_elements_init:
 * @list: of the tree, which has to stay
 *
 * Returns false, and there is nothing to clear, if @list is no placeholder of
 * objects.
 */
bool aiotop_json_elements_init(AiotopJsonElements *elements, json_object *list);

/* The next one, valid until the next call; NULL at the end, or with @error */
json_object *aiotop_json_elements_next(AiotopJsonElements *elements,
                                       GError **error);

void aiotop_json_elements_clear(AiotopJsonElements *elements);

/* A count of 0 to 2^64-1; false if @value is none */
bool aiotop_json_count(json_object *value, uint64_t *count);

/**
 * aiotop_json_counts:
 * @list: in the tree, or a placeholder
 * @counts: has room for @max
 *
 * Returns false if it is no list of nothing but counts, or has more.
 */
bool aiotop_json_counts(json_object *list, uint64_t *counts, unsigned max,
                        unsigned *n);

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
