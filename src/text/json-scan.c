/*
 * JSON text of a peer, looked through before it is parsed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/text/json-scan.h"

/* Shorter lists of counts are json-c's: there may be any number of them */
#define MIN_COUNTS 16
#define MAX_DIGITS 19

/* From one comma that is noted to the next */
#define COMMA_EVERY (16u << 10)

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

/* The four that JSON has */
static const char *skip_space(const char *at, const char *end)
{
    while (at < end &&
           (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
        at++;
    }
    return at;
}

static void add_span(AiotopJsonScan *scan, AiotopJsonSpanKind kind,
                     const char *begin, const char *end)
{
    AiotopJsonSpan span = {
        .kind = kind,
        .begin = begin - scan->text,
        .end = end - scan->text,
    };

    g_array_append_val(scan->spans, span);
}

/* The bracket that ends a list of counts; NULL if it is no such list */
static const char *find_end_of_counts(const char *at, const char *end,
                                      unsigned *values)
{
    do {
        const char *digits = at = skip_space(at + 1, end);

        while (at < end && g_ascii_isdigit(*at)) {
            at++;
        }
        if (at == digits || at - digits > MAX_DIGITS ||
            (*digits == '0' && at - digits > 1)) {
            return NULL;
        }
        at = skip_space(at, end);
        ++*values;
    } while (at < end && *at == ',');
    return at < end && *at == ']' ? at : NULL;
}

/* Past a list of counts, which is noted; @at if there is none */
static const char *skip_counts(AiotopJsonScan *scan, const char *at,
                               const char *end)
{
    const char *last;
    unsigned values = 0;

    if (!scan->spans || *at != '[' || !scan->depth ||
        scan->depth >= AIOTOP_JSON_MAX_DEPTH) {
        return at;
    }
    last = find_end_of_counts(at, end, &values);
    if (!last || last - at < MIN_COUNTS) {
        return at;
    }
    scan->values += values;
    add_span(scan, AIOTOP_JSON_SPAN_COUNTS, at, last);
    return last + 1;
}

static bool has_objects(const char *at, const char *end)
{
    const char *first = skip_space(at + 1, end);

    return first < end && *first == '{';
}

/* Notes what is at the structure @at; false if brackets do not match */
static bool note_objects(AiotopJsonScan *scan, const char *at, const char *end)
{
    uint32_t offset = at - scan->text;
    AiotopJsonSpan *span;

    if (!scan->open) {
        if (*at == '[' && scan->depth == scan->objects_depth &&
            has_objects(at, end)) {
            add_span(scan, AIOTOP_JSON_SPAN_OBJECTS, at, at);
            scan->open = scan->spans->len;
            scan->last_comma = offset;
        }
        return true;
    }
    if (scan->depth < scan->objects_depth) {
        span = &g_array_index(scan->spans, AiotopJsonSpan, scan->open - 1);
        span->end = offset;
        span->next = scan->spans->len;
        scan->open = 0;
        return *at == ']';
    }
    if (*at == ',' && scan->depth == scan->objects_depth &&
        offset - scan->last_comma >= COMMA_EVERY) {
        add_span(scan, AIOTOP_JSON_SPAN_COMMA, at, at);
        scan->last_comma = offset;
    }
    return true;
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
static const char *skip_plain(AiotopJsonScan *scan, const char *at,
                              const char *end)
{
    if (scan->escape) {
        return at;
    }
    for (;;) {
        if (scan->in_string) {
            while (at < end && (guchar)*at >= ' ' && *at != '"' &&
                   *at != '\\') {
                at++;
            }
            if (at == end || *at != '"') {
                return at;
            }
            scan->in_string = false;
            at++;
        }
        while (scan->depth && at < end && outside[(guchar)*at] == CLASS_PLAIN) {
            at++;
        }
        if (at == end || *at != '"' || !scan->depth) {
            return at;
        }
        scan->in_string = true;
        at++;
    }
}

const char *aiotop_json_scan(AiotopJsonScan *scan, const char *at,
                             const char *end, GError **error)
{
    while ((at = skip_plain(scan, at, end)) < end) {
        const char *past;

        if (scan->in_string) {
            if (!scan_inside(scan, *at)) {
                g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                            "a control character or NUL in a string");
                return NULL;
            }
            at++;
            continue;
        }
        past = skip_counts(scan, at, end);
        if (past == at && !scan_outside(scan, *at)) {
            g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                        "byte 0x%02x where JSON has none", (guchar)*at);
            return NULL;
        }
        if (!check_size(scan, error)) {
            return NULL;
        }
        if (past == at && scan->objects_depth && scan->spans &&
            !note_objects(scan, at, end)) {
            g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                        "byte %zu: a brace ends a list",
                        (size_t)(at - scan->text));
            return NULL;
        }
        at = MAX(past, at + 1);
        if (!scan->depth && scan->values) {
            return at;
        }
    }
    return NULL;
}

bool aiotop_json_scan_whole(AiotopJsonScan *scan, const char *text, gsize len,
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
    if (cause) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    if (!end || skip_space(end, text + len) < text + len) {
        g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                    "not one object, from its first brace to its last");
        return false;
    }
    return true;
}
