/*
 * JSON text of a peer to json-c's tree, guarded
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/text/json-tree.h"

#include <string.h>

G_DEFINE_QUARK(aiotop_json_error, aiotop_json_error)

/* What JSON has outside of strings: structure, spaces, numbers, three words */
static const char outside[256] = {
    ['\t'] = 1, ['\n'] = 1, ['\r'] = 1, [' '] = 1, ['{'] = 1, ['}'] = 1,
    ['['] = 1,  [']'] = 1,  [','] = 1,  [':'] = 1, ['"'] = 1, ['+'] = 1,
    ['-'] = 1,  ['.'] = 1,  ['E'] = 1,  ['0'] = 1, ['1'] = 1, ['2'] = 1,
    ['3'] = 1,  ['4'] = 1,  ['5'] = 1,  ['6'] = 1, ['7'] = 1, ['8'] = 1,
    ['9'] = 1,  ['t'] = 1,  ['r'] = 1,  ['u'] = 1, ['e'] = 1, ['f'] = 1,
    ['a'] = 1,  ['l'] = 1,  ['s'] = 1,  ['n'] = 1,
};

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

const char *aiotop_json_scan(AiotopJsonScan *scan, const char *at,
                             const char *end, GError **error)
{
    for (; at < end; at++) {
        if (scan->in_string) {
            if (!scan_inside(scan, *at)) {
                g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                            "a control character or NUL in a string");
                return NULL;
            }
        } else if (!scan_outside(scan, *at)) {
            g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                        "byte 0x%02x where JSON has none", (guchar)*at);
            return NULL;
        } else if (!check_size(scan, error)) {
            return NULL;
        } else if (!scan->depth && scan->values) {
            return at + 1;
        }
    }
    return NULL;
}

static json_object *make_tree(const char *text, gsize len, GError **error)
{
    struct json_tokener *tokener = json_tokener_new_ex(AIOTOP_JSON_MAX_DEPTH);
    json_object *tree;

    json_tokener_set_flags(tokener,
                           JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    tree = json_tokener_parse_ex(tokener, text, len);
    if (!tree) {
        g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                    "byte %zu: %s", json_tokener_get_parse_end(tokener),
                    json_tokener_error_desc(json_tokener_get_error(tokener)));
    }
    json_tokener_free(tokener);
    return tree;
}

json_object *aiotop_json_parse(const char *text, gsize len, GError **error)
{
    AiotopJsonScan scan = { 0 };
    g_autoptr(GError) cause = NULL;
    const char *end;

    if (len > AIOTOP_JSON_MAX_BYTES) {
        g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_TOO_BIG,
                    "more than %u MiB", AIOTOP_JSON_MAX_BYTES >> 20);
        return NULL;
    }
    end = aiotop_json_scan(&scan, text, text + len, &cause);
    for (; end && end < text + len; end++) {
        if (!g_ascii_isspace(*end)) {
            end = NULL;
            break;
        }
    }
    if (cause) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    if (!end) {
        g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                    "not one object, from its first brace to its last");
        return NULL;
    }
    return make_tree(text, len, error);
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
