/*
 * JSON text of a peer to json-c's tree
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/text/json-tree.h"

#include <math.h>
#include <string.h>

/* json-c takes it for a number; the scan has seen that the text has none */
#define PLACEHOLDER "NaN"

/* A text that placeholders stand for parts of; each has a reference */
typedef struct Text {
    unsigned ref_count;
    char *text;
    /* Of AiotopJsonSpan */
    GArray *spans;
} Text;

/* A part of it that is made a tree, and the spans that are in it */
typedef struct Range {
    uint32_t begin;
    uint32_t end;
    unsigned first;
    unsigned last;
    /* The elements of a list, without its brackets */
    bool bare;
} Range;

/* Takes @string */
static Text *text_new(char *string)
{
    Text *text = g_new(Text, 1);

    *text = (Text){
        .ref_count = 1,
        .text = string,
        .spans = g_array_new(FALSE, FALSE, sizeof(AiotopJsonSpan)),
    };
    return text;
}

static void text_unref(Text *text)
{
    if (--text->ref_count == 0) {
        g_array_unref(text->spans);
        g_free(text->text);
        g_free(text);
    }
}

static AiotopJsonSpan *span_at(const Text *text, unsigned i)
{
    return &g_array_index(text->spans, AiotopJsonSpan, i);
}

/* The first list from @i on that is in none; @range->last if there is none */
static unsigned find_list(const Text *text, const Range *range, unsigned i)
{
    while (i < range->last &&
           span_at(text, i)->kind == AIOTOP_JSON_SPAN_COMMA) {
        i++;
    }
    return i;
}

static unsigned find_next_list(const Text *text, const Range *range, unsigned i)
{
    const AiotopJsonSpan *span = span_at(text, i);

    return find_list(text, range,
                     span->kind == AIOTOP_JSON_SPAN_OBJECTS ? span->next
                                                            : i + 1);
}

/* A copy, with placeholders, which are no longer than what they stand for */
static char *abridge(const Text *text, const Range *range, gsize *len)
{
    char *copy = g_malloc(range->end - range->begin + strlen("[]"));
    uint32_t at = range->begin;
    char *to = copy;

    if (range->bare) {
        *to++ = '[';
    }
    for (unsigned i = find_list(text, range, range->first); i < range->last;
         i = find_next_list(text, range, i)) {
        const AiotopJsonSpan *span = span_at(text, i);

        memcpy(to, text->text + at, span->begin - at);
        to += span->begin - at;
        memcpy(to, PLACEHOLDER, strlen(PLACEHOLDER));
        to += strlen(PLACEHOLDER);
        at = span->end + 1;
    }
    memcpy(to, text->text + at, range->end - at);
    to += range->end - at;
    if (range->bare) {
        *to++ = ']';
    }
    *len = to - copy;
    return copy;
}

/* Where in the text it is that is @at in its abridged copy */
static gsize find_place(const Text *text, const Range *range, gsize at)
{
    gsize place = range->begin;

    at -= MIN(at, range->bare);
    for (unsigned i = find_list(text, range, range->first); i < range->last;
         i = find_next_list(text, range, i)) {
        const AiotopJsonSpan *span = span_at(text, i);

        if (at <= span->begin - place) {
            break;
        }
        at -= span->begin - place;
        at -= MIN(at, strlen(PLACEHOLDER));
        place = span->end + 1;
    }
    return place + at;
}

static bool is_placeholder(json_object *value)
{
    return json_object_is_type(value, json_type_double) &&
           isnan(json_object_get_double(value));
}

static void release(json_object *value G_GNUC_UNUSED, void *opaque)
{
    AiotopJsonSpan *span = opaque;

    text_unref(span->owner);
}

/* Placeholders are in a tree as they are in the text, one after the other */
static void assign_spans(json_object *value, Text *text, const Range *range,
                         unsigned *i)
{
    if (json_object_is_type(value, json_type_object)) {
        struct json_object_iter iter;

        json_object_object_foreachC(value, iter)
        {
            assign_spans(iter.val, text, range, i);
        }
    } else if (json_object_is_type(value, json_type_array)) {
        for (size_t j = 0; j < json_object_array_length(value); j++) {
            assign_spans(json_object_array_get_idx(value, j), text, range, i);
        }
    } else if (is_placeholder(value)) {
        AiotopJsonSpan *span;

        g_assert(*i < range->last);
        span = span_at(text, *i);
        span->owner = text;
        text->ref_count++;
        json_object_set_userdata(value, span, release);
        *i = find_next_list(text, range, *i);
    }
}

static struct json_tokener *new_tokener(void)
{
    struct json_tokener *tokener = json_tokener_new_ex(AIOTOP_JSON_MAX_DEPTH);

    json_tokener_set_flags(tokener,
                           JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    return tokener;
}

static void set_syntax_error(GError **error, gsize at,
                             struct json_tokener *tokener)
{
    g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                "byte %zu: %s", (size_t)at,
                json_tokener_error_desc(json_tokener_get_error(tokener)));
}

static json_object *parse(struct json_tokener *tokener, Text *text,
                          const Range *range, GError **error)
{
    gsize len;
    g_autofree char *copy = abridge(text, range, &len);
    json_object *tree = json_tokener_parse_ex(tokener, copy, len);
    unsigned i = find_list(text, range, range->first);

    if (!tree) {
        gsize at = json_tokener_get_parse_end(tokener);

        set_syntax_error(error, find_place(text, range, at), tokener);
        return NULL;
    }
    assign_spans(tree, text, range, &i);
    if (i < range->last) {
        g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                    "an object has a member twice");
        g_clear_pointer(&tree, json_object_put);
    }
    return tree;
}

static json_object *parse_whole(Text *text, gsize len, GError **error)
{
    const Range range = { 0, len, 0, text->spans->len, false };
    struct json_tokener *tokener = new_tokener();
    json_object *tree = parse(tokener, text, &range, error);

    json_tokener_free(tokener);
    return tree;
}

json_object *aiotop_json_parse(const char *text, gsize len, GError **error)
{
    AiotopJsonScan scan = { 0 };
    struct json_tokener *tokener;
    json_object *tree;

    if (!aiotop_json_scan_whole(&scan, text, len, error)) {
        return NULL;
    }
    tokener = new_tokener();
    tree = json_tokener_parse_ex(tokener, text, len);
    if (!tree) {
        set_syntax_error(error, json_tokener_get_parse_end(tokener), tokener);
    }
    json_tokener_free(tokener);
    return tree;
}

json_object *aiotop_json_parse_outline(char *text, gsize len, unsigned depth,
                                       GError **error)
{
    Text *whole = text_new(text);
    AiotopJsonScan scan = {
        .spans = whole->spans,
        .text = text,
        .objects_depth = depth,
    };
    json_object *tree = NULL;

    if (aiotop_json_scan_whole(&scan, text, len, error)) {
        tree = parse_whole(whole, len, error);
    }
    text_unref(whole);
    return tree;
}

/* What the placeholder stands for; NULL if it is none of such a list */
static const AiotopJsonSpan *find_span(json_object *value,
                                       AiotopJsonSpanKind kind)
{
    const AiotopJsonSpan *span =
        is_placeholder(value) ? json_object_get_userdata(value) : NULL;

    return span && span->kind == kind ? span : NULL;
}

bool aiotop_json_elements_init(AiotopJsonElements *elements, json_object *list)
{
    const AiotopJsonSpan *span = find_span(list, AIOTOP_JSON_SPAN_OBJECTS);

    if (!span) {
        return false;
    }
    *elements = (AiotopJsonElements){
        .list = span,
        .at = span->begin + 1,
        .span = span - span_at(span->owner, 0) + 1,
        .tokener = new_tokener(),
    };
    return true;
}

/* The elements up to the next comma that was noted, or all that are left */
static bool parse_part(AiotopJsonElements *elements, GError **error)
{
    const AiotopJsonSpan *list = elements->list;
    Text *text = list->owner;
    Range part = { elements->at, list->end, elements->span, 0, true };

    part.last = part.first;
    while (part.last < list->next &&
           span_at(text, part.last)->kind != AIOTOP_JSON_SPAN_COMMA) {
        part.last++;
    }
    if (part.last < list->next) {
        part.end = span_at(text, part.last)->begin;
    }
    json_object_put(elements->part);
    elements->part = parse(elements->tokener, text, &part, error);
    elements->i = 0;
    elements->at = part.end + 1;
    elements->span = part.last + 1;
    if (elements->part && !json_object_array_length(elements->part)) {
        g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                    "byte %zu: no element behind a comma", (size_t)part.end);
        return false;
    }
    return elements->part;
}

json_object *aiotop_json_elements_next(AiotopJsonElements *elements,
                                       GError **error)
{
    const AiotopJsonSpan *list = elements->list;
    json_object *element;

    if (!elements->part ||
        elements->i == json_object_array_length(elements->part)) {
        if (elements->at > list->end || !parse_part(elements, error)) {
            return NULL;
        }
    }
    element = json_object_array_get_idx(elements->part, elements->i++);
    if (!element) {
        g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                    "a null in a list of objects");
    }
    return element;
}

void aiotop_json_elements_clear(AiotopJsonElements *elements)
{
    json_object_put(elements->part);
    json_tokener_free(elements->tokener);
}

bool aiotop_json_count(json_object *value, uint64_t *count)
{
    /* Of what is over 2^63-1 this gives that */
    if (!json_object_is_type(value, json_type_int) ||
        json_object_get_int64(value) < 0) {
        return false;
    }
    *count = json_object_get_uint64(value);
    return true;
}

/* From text that the scan has seen to be nothing else */
static bool read_counts(const char *at, uint64_t *counts, unsigned max,
                        unsigned *n)
{
    for (*n = 0; *n < max; ++*n) {
        uint64_t count = 0;

        while (!g_ascii_isdigit(*at)) {
            at++;
        }
        for (; g_ascii_isdigit(*at); at++) {
            count = count * 10 + (*at - '0');
        }
        counts[*n] = count;
        while (*at != ',' && *at != ']') {
            at++;
        }
        if (*at == ']') {
            ++*n;
            return true;
        }
    }
    return false;
}

bool aiotop_json_counts(json_object *list, uint64_t *counts, unsigned max,
                        unsigned *n)
{
    const AiotopJsonSpan *span = find_span(list, AIOTOP_JSON_SPAN_COUNTS);

    if (span) {
        const Text *text = span->owner;

        return read_counts(text->text + span->begin, counts, max, n);
    }
    if (!json_object_is_type(list, json_type_array) ||
        json_object_array_length(list) > max) {
        return false;
    }
    *n = json_object_array_length(list);
    for (unsigned i = 0; i < *n; i++) {
        if (!aiotop_json_count(json_object_array_get_idx(list, i),
                               &counts[i])) {
            return false;
        }
    }
    return true;
}

char *aiotop_json_string(json_object *value, gsize max)
{
    const char *text, *cut;
    gsize len;

    if (!json_object_is_type(value, json_type_string)) {
        return NULL;
    }
    text = json_object_get_string(value);
    len = json_object_get_string_len(value);
    if (!g_utf8_validate(text, len, NULL)) {
        return NULL;
    }
    if (len <= max) {
        return g_strndup(text, len);
    }
    cut = g_utf8_find_prev_char(text, text + max + 1);
    return g_strndup(text, cut - text);
}

json_object *aiotop_json_member(json_object *object, const char *name)
{
    json_object *value = NULL;

    if (json_object_is_type(object, json_type_object)) {
        json_object_object_get_ex(object, name, &value);
    }
    return value;
}
