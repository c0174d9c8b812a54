/*
 * JSON text of a peer to json-c's tree, guarded
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/text/json-tree.h"

#include <math.h>
#include <string.h>

G_DEFINE_QUARK(aiotop_json_error, aiotop_json_error)

typedef enum Class {
    /* JSON has it in strings alone */
    CLASS_NONE,
    /* Part of a number or a word, or what stands between two values */
    CLASS_PLAIN,
    CLASS_STRUCTURE,
} Class;

#define P CLASS_PLAIN
#define S CLASS_STRUCTURE

/* What JSON has outside of strings: structure, spaces, numbers, three words */
static const guint8 outside[256] = {
    ['\t'] = P, ['\n'] = P, ['\r'] = P, [' '] = P, ['{'] = S, ['}'] = S,
    ['['] = S,  [']'] = S,  [','] = S,  [':'] = P, ['"'] = S, ['+'] = P,
    ['-'] = P,  ['.'] = P,  ['E'] = P,  ['0'] = P, ['1'] = P, ['2'] = P,
    ['3'] = P,  ['4'] = P,  ['5'] = P,  ['6'] = P, ['7'] = P, ['8'] = P,
    ['9'] = P,  ['t'] = P,  ['r'] = P,  ['u'] = P, ['e'] = P, ['f'] = P,
    ['a'] = P,  ['l'] = P,  ['s'] = P,  ['n'] = P,
};

#undef P
#undef S

/* An array that stays text, from its first bracket to its last */
typedef struct Span {
    const char *begin;
    const char *end;
} Span;

/* Of an escape, the state after \u0000 */
#define ESCAPED_NUL 6

/* Past a character of a string; false if no string of JSON's has it */
static bool scan_inside(AiotopJsonScan *scan, char c)
{
    if (scan->escape == 1) {
        scan->escape = c == 'u' ? 2 : 0;
    } else if (scan->escape && c == '0') {
        scan->escape++;
    } else if (c == '\\') {
        scan->escape = 1;
    } else {
        scan->escape = 0;
        scan->in_string = c != '"';
    }
    return (unsigned char)c >= ' ' && scan->escape != ESCAPED_NUL;
}

/* The same outside of strings */
static bool scan_outside(AiotopJsonScan *scan, char c)
{
    bool opens = c == '{' || c == '[';
    bool closes = c == '}' || c == ']';

    /* A text is one array or object */
    if (!outside[(unsigned char)c] ||
        (!scan->depth && !opens && !g_ascii_isspace(c))) {
        return false;
    }
    scan->in_string = c == '"';
    scan->values += opens || c == ',';
    scan->depth += opens - closes;
    return true;
}

static bool has_objects(const char *array)
{
    do {
        array++;
    } while (g_ascii_isspace(*array));
    return *array == '{';
}

/* Notes an array, at its last bracket */
static void note_span(AiotopJsonScan *scan, const char *at)
{
    if (scan->depth == scan->span_depth && *at == '[') {
        scan->span_begin = at;
    } else if (scan->depth < scan->span_depth && scan->span_begin) {
        Span span = { scan->span_begin, at };

        if (*at == ']' && has_objects(scan->span_begin)) {
            g_array_append_val(scan->spans, span);
        }
        scan->span_begin = NULL;
    }
}

static bool check_size(const AiotopJsonScan *scan, GError **error)
{
    if (scan->values > AIOTOP_JSON_MAX_VALUES) {
        g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_TOO_BIG,
                    "more than %u values", AIOTOP_JSON_MAX_VALUES);
        return false;
    }
    if (scan->depth > AIOTOP_JSON_MAX_DEPTH) {
        g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_TOO_BIG,
                    "it nests deeper than %u levels", AIOTOP_JSON_MAX_DEPTH);
        return false;
    }
    return true;
}

/* Most of a text; what is not passed by is up to the others */
static const char *skip_plain(const AiotopJsonScan *scan, const char *at,
                              const char *end)
{
    if (scan->in_string && !scan->escape) {
        while (at < end && (guchar)*at >= ' ' && *at != '"' && *at != '\\') {
            at++;
        }
    } else if (!scan->in_string && scan->depth) {
        while (at < end && outside[(guchar)*at] == CLASS_PLAIN) {
            at++;
        }
    }
    return at;
}

const char *aiotop_json_scan(AiotopJsonScan *scan, const char *at,
                             const char *end, GError **error)
{
    while ((at = skip_plain(scan, at, end)) < end) {
        if (scan->in_string) {
            if (!scan_inside(scan, *at)) {
                g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                            "a control character or NUL in a string");
                return NULL;
            }
            at++;
            continue;
        }
        if (!scan_outside(scan, *at)) {
            g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                        "byte 0x%02x where JSON has none", (guchar)*at);
            return NULL;
        }
        if (!check_size(scan, error)) {
            return NULL;
        }
        if (scan->spans) {
            note_span(scan, at);
        }
        at++;
        if (!scan->depth && scan->values) {
            return at;
        }
    }
    return NULL;
}

static struct json_tokener *new_tokener(int flags)
{
    struct json_tokener *tokener = json_tokener_new_ex(AIOTOP_JSON_MAX_DEPTH);

    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT |
                                        JSON_TOKENER_VALIDATE_UTF8 | flags);
    return tokener;
}

static void set_syntax_error(GError **error, gsize at,
                             struct json_tokener *tokener)
{
    g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                "byte %zu: %s", (size_t)at,
                json_tokener_get_error(tokener) == json_tokener_success
                    ? "null"
                    : json_tokener_error_desc(json_tokener_get_error(tokener)));
}

/* Whether it is one object or array, with @scan set up for what is noted */
static bool check_text(AiotopJsonScan *scan, const char *text, gsize len,
                       GError **error)
{
    g_autoptr(GError) cause = NULL;
    const char *end;

    if (len > AIOTOP_JSON_MAX_BYTES) {
        g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_TOO_BIG,
                    "more than %u MiB", AIOTOP_JSON_MAX_BYTES >> 20);
        return false;
    }
    end = aiotop_json_scan(scan, text, text + len, &cause);
    for (; end && end < text + len; end++) {
        if (!g_ascii_isspace(*end)) {
            end = NULL;
            break;
        }
    }
    if (cause) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    if (!end) {
        g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                    "not one object, from its first brace to its last");
    }
    return end;
}

json_object *aiotop_json_parse(const char *text, gsize len, GError **error)
{
    AiotopJsonScan scan = { 0 };
    struct json_tokener *tokener;
    json_object *tree;

    if (!check_text(&scan, text, len, error)) {
        return NULL;
    }
    tokener = new_tokener(0);
    tree = json_tokener_parse_ex(tokener, text, len);
    if (!tree) {
        set_syntax_error(error, json_tokener_get_parse_end(tokener), tokener);
    }
    json_tokener_free(tokener);
    return tree;
}

/*
 * Parses @text in pieces, with placeholders where @spans are.  @at: set to
 * where it ended.
 */
static json_object *parse_around(struct json_tokener *tokener, const char *text,
                                 const char *end, GArray *spans, gsize *at)
{
    const char *piece = text;
    json_object *tree = NULL;

    for (unsigned i = 0; !tree && i <= spans->len; i++) {
        const Span *span =
            i < spans->len ? &g_array_index(spans, Span, i) : NULL;
        const char *piece_end = span ? span->begin : end;
        char placeholder[64];

        tree = json_tokener_parse_ex(tokener, piece, piece_end - piece);
        *at = piece - text + json_tokener_get_parse_end(tokener);
        if (!span || json_tokener_get_error(tokener) != json_tokener_continue) {
            break;
        }
        g_snprintf(placeholder, sizeof(placeholder), "[NaN,%zu,%zu]",
                   (size_t)(span->begin + 1 - text),
                   (size_t)(span->end - text));
        tree = json_tokener_parse_ex(tokener, placeholder, strlen(placeholder));
        if (json_tokener_get_error(tokener) != json_tokener_continue) {
            break;
        }
        piece = span->end + 1;
    }
    return tree;
}

json_object *aiotop_json_parse_outline(const char *text, gsize len,
                                       unsigned depth, GError **error)
{
    g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(Span));
    AiotopJsonScan scan = { .spans = spans, .span_depth = depth };
    struct json_tokener *tokener;
    json_object *tree;
    gsize at = 0;

    if (!check_text(&scan, text, len, error)) {
        return NULL;
    }
    tokener = new_tokener(0);
    tree = parse_around(tokener, text, text + len, spans, &at);
    if (!tree) {
        set_syntax_error(error, at, tokener);
    }
    json_tokener_free(tokener);
    return tree;
}

static bool is_nan(json_object *value)
{
    return json_object_is_type(value, json_type_double) &&
           isnan(json_object_get_double(value));
}

bool aiotop_json_elements_init(AiotopJsonElements *elements, const char *text,
                               json_object *array)
{
    if (!json_object_is_type(array, json_type_array) ||
        !is_nan(json_object_array_get_idx(array, 0))) {
        return false;
    }
    *elements = (AiotopJsonElements){
        .text = text,
        .at = json_object_get_uint64(json_object_array_get_idx(array, 1)),
        .end = json_object_get_uint64(json_object_array_get_idx(array, 2)),
        .tokener = new_tokener(JSON_TOKENER_ALLOW_TRAILING_CHARS),
    };
    return true;
}

static void skip_space(AiotopJsonElements *elements)
{
    while (g_ascii_isspace(elements->text[elements->at])) {
        elements->at++;
    }
}

json_object *aiotop_json_elements_next(AiotopJsonElements *elements,
                                       GError **error)
{
    const char *text = elements->text;

    skip_space(elements);
    if (elements->at == elements->end) {
        return NULL;
    }
    if (elements->element) {
        if (text[elements->at] != ',') {
            g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                        "byte %zu: no comma between elements",
                        (size_t)elements->at);
            return NULL;
        }
        elements->at++;
        g_clear_pointer(&elements->element, json_object_put);
    }
    elements->element =
        json_tokener_parse_ex(elements->tokener, text + elements->at,
                              elements->end + 1 - elements->at);
    elements->at += json_tokener_get_parse_end(elements->tokener);
    if (!elements->element) {
        set_syntax_error(error, elements->at, elements->tokener);
    }
    return elements->element;
}

void aiotop_json_elements_clear(AiotopJsonElements *elements)
{
    json_object_put(elements->element);
    json_tokener_free(elements->tokener);
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
