/*
 * Reading JSON text
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/json.h"

#include <string.h>

G_DEFINE_QUARK(aiotop - json - error - quark, aiotop_json_error)

static bool fail_syntax(AiotopJson *json, const char *what)
{
    aiotop_json_fail(json, AIOTOP_JSON_ERROR_SYNTAX, "byte %zu: %s",
                     (size_t)(json->at - json->start), what);
    return false;
}

static bool fail_type(AiotopJson *json, const char *what)
{
    aiotop_json_fail(json, AIOTOP_JSON_ERROR_TYPE, "byte %zu: expected %s",
                     (size_t)(json->at - json->start), what);
    return false;
}

void aiotop_json_fail(AiotopJson *json, AiotopJsonError code,
                      const char *format, ...)
{
    va_list ap;

    if (json->error) {
        return;
    }
    va_start(ap, format);
    json->error = g_error_new_valist(AIOTOP_JSON_ERROR, code, format, ap);
    va_end(ap);
}

void aiotop_json_init(AiotopJson *json, const char *text, gsize len)
{
    *json = (AiotopJson){
        .start = text,
        .at = text,
        .end = text + len,
    };
}

static inline void skip_space(AiotopJson *json)
{
    while (json->at < json->end && (*json->at == ' ' || *json->at == '\n' ||
                                    *json->at == '\r' || *json->at == '\t')) {
        json->at++;
    }
}

bool aiotop_json_finish(AiotopJson *json, GError **error)
{
    bool ok;

    if (!json->error) {
        skip_space(json);
        if (json->depth) {
            fail_syntax(json, "not read to its end");
        } else if (json->at != json->end) {
            fail_syntax(json, "something follows the value");
        }
    }
    ok = !json->error;
    if (json->unescaped) {
        g_string_free(json->unescaped, TRUE);
        json->unescaped = NULL;
    }
    g_clear_pointer(&json->strings, g_hash_table_unref);
    if (json->error) {
        g_propagate_error(error, json->error);
        json->error = NULL;
    }
    return ok;
}

AiotopJsonType aiotop_json_peek(AiotopJson *json)
{
    if (json->error) {
        return AIOTOP_JSON_INVALID;
    }
    skip_space(json);
    if (json->at == json->end) {
        fail_syntax(json, "the text ends too early");
        return AIOTOP_JSON_INVALID;
    }
    switch (*json->at) {
    case '{':
        return AIOTOP_JSON_OBJECT;
    case '[':
        return AIOTOP_JSON_ARRAY;
    case '"':
        return AIOTOP_JSON_STRING;
    case '-':
    case '0' ... '9':
        return AIOTOP_JSON_NUMBER;
    case 't':
    case 'f':
        return AIOTOP_JSON_BOOL;
    case 'n':
        return AIOTOP_JSON_NULL;
    default:
        fail_syntax(json, "no value begins like this");
        return AIOTOP_JSON_INVALID;
    }
}

static bool enter(AiotopJson *json, AiotopJsonType type, const char *what)
{
    AiotopJsonType found = aiotop_json_peek(json);

    if (found != type) {
        return found == AIOTOP_JSON_INVALID ? false : fail_type(json, what);
    }
    if (json->depth == AIOTOP_JSON_MAX_DEPTH) {
        return fail_syntax(json, "nested too deep");
    }
    json->first |= UINT64_C(1) << json->depth;
    json->depth++;
    json->at++;
    return true;
}

bool aiotop_json_enter_object(AiotopJson *json)
{
    return enter(json, AIOTOP_JSON_OBJECT, "an object");
}

bool aiotop_json_enter_array(AiotopJson *json)
{
    return enter(json, AIOTOP_JSON_ARRAY, "an array");
}

/* To the next element, past the comma; false at @close, which is eaten */
static bool next(AiotopJson *json, char close)
{
    uint64_t bit;

    if (json->error) {
        return false;
    }
    skip_space(json);
    if (json->at == json->end) {
        return fail_syntax(json, "the text ends too early");
    }
    bit = UINT64_C(1) << (json->depth - 1);
    if (*json->at == close) {
        json->at++;
        json->depth--;
        json->first &= ~bit;
        return false;
    }
    if (json->first & bit) {
        json->first &= ~bit;
        return true;
    }
    if (*json->at != ',') {
        return fail_syntax(json, "expected a comma");
    }
    json->at++;
    return true;
}

bool aiotop_json_next_element(AiotopJson *json)
{
    return next(json, ']');
}

bool aiotop_json_next_member(AiotopJson *json, AiotopJsonSpan *key)
{
    if (!next(json, '}') || !aiotop_json_get_string(json, key)) {
        return false;
    }
    skip_space(json);
    if (json->at == json->end || *json->at != ':') {
        return fail_syntax(json, "expected a colon");
    }
    json->at++;
    return true;
}

/* Four hexadecimal digits at @at, or -1 */
static int hex4(const char *at, const char *end)
{
    int value = 0;

    if (end - at < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(at[i]);

        if (digit < 0) {
            return -1;
        }
        value = value << 4 | digit;
    }
    return value;
}

/* The character after the "\u" that json->at is past; -1 on error */
static int32_t unescape_unicode(AiotopJson *json)
{
    int high = hex4(json->at, json->end);
    int low;

    if (high < 0) {
        fail_syntax(json, "expected four hexadecimal digits");
        return -1;
    }
    json->at += 4;
    if (high < 0xd800 || high > 0xdfff) {
        return high;
    }
    if (high < 0xdc00 && json->end - json->at >= 6 && json->at[0] == '\\' &&
        json->at[1] == 'u') {
        low = hex4(json->at + 2, json->end);
        if (low >= 0xdc00 && low <= 0xdfff) {
            json->at += 6;
            return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    fail_syntax(json, "half of a surrogate pair");
    return -1;
}

/* One escape sequence into json->unescaped; json->at is past the backslash */
static bool unescape(AiotopJson *json)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    const char *which;
    int32_t c;

    if (json->at == json->end) {
        return fail_syntax(json, "the text ends too early");
    }
    if (*json->at == 'u') {
        json->at++;
        c = unescape_unicode(json);
        if (c < 0) {
            return false;
        }
        if (c == 0) {
            return fail_syntax(json, "a NUL in a string");
        }
        g_string_append_unichar(json->unescaped, c);
        return true;
    }
    which = memchr(from, *json->at, sizeof(from) - 1);
    if (!which) {
        return fail_syntax(json, "unknown escape sequence");
    }
    g_string_append_c(json->unescaped, to[which - from]);
    json->at++;
    return true;
}

/* The rest of a string that has an escape sequence at json->at */
static bool get_escaped(AiotopJson *json, const char *begin,
                        AiotopJsonSpan *value)
{
    const char *run = begin;

    if (!json->unescaped) {
        json->unescaped = g_string_new(NULL);
    }
    g_string_truncate(json->unescaped, 0);
    while (json->at < json->end) {
        unsigned char c = *json->at;

        if (c == '"' || c == '\\') {
            g_string_append_len(json->unescaped, run, json->at - run);
            json->at++;
            if (c == '"') {
                value->text = json->unescaped->str;
                value->len = json->unescaped->len;
                return true;
            }
            if (!unescape(json)) {
                return false;
            }
            run = json->at;
        } else if (c < 0x20) {
            return fail_syntax(json, "a control character in a string");
        } else {
            json->at++;
        }
    }
    return fail_syntax(json, "the text ends in a string");
}

bool aiotop_json_get_string(AiotopJson *json, AiotopJsonSpan *value)
{
    AiotopJsonType type = aiotop_json_peek(json);
    const char *begin;
    unsigned char all = 0;

    if (type != AIOTOP_JSON_STRING) {
        return type == AIOTOP_JSON_INVALID ? false
                                           : fail_type(json, "a string");
    }
    begin = ++json->at;
    while (json->at < json->end) {
        unsigned char c = *json->at;

        if (c == '"') {
            value->text = begin;
            value->len = json->at - begin;
            json->at++;
            goto check;
        }
        if (c == '\\') {
            all = 0x80;
            if (!get_escaped(json, begin, value)) {
                return false;
            }
            goto check;
        }
        if (c < 0x20) {
            return fail_syntax(json, "a control character in a string");
        }
        all |= c;
        json->at++;
    }
    return fail_syntax(json, "the text ends in a string");

check:
    if ((all & 0x80) && !g_utf8_validate(value->text, value->len, NULL)) {
        return fail_syntax(json, "a string that is not UTF-8");
    }
    return true;
}

/* The bytes of @span, at most @max, that are whole characters */
static gsize cut(const AiotopJsonSpan *span, gsize max)
{
    gsize len = span->len;

    if (len <= max) {
        return len;
    }
    for (len = max; len && (span->text[len] & 0xc0) == 0x80; len--) {
    }
    return len;
}

char *aiotop_json_span_dup(const AiotopJsonSpan *span, gsize max)
{
    return g_strndup(span->text, cut(span, max));
}

GRefString *aiotop_json_get_ref_string(AiotopJson *json, gsize max)
{
    g_autofree char *copy = NULL;
    char buffer[256], *key = buffer;
    GRefString *string;
    AiotopJsonSpan span;
    gsize len;

    if (!aiotop_json_get_string(json, &span)) {
        return NULL;
    }
    len = cut(&span, max);
    if (len >= sizeof(buffer)) {
        key = copy = g_malloc(len + 1);
    }
    memcpy(key, span.text, len);
    key[len] = '\0';
    if (!json->strings) {
        json->strings =
            g_hash_table_new_full(g_str_hash, g_str_equal,
                                  (GDestroyNotify)g_ref_string_release, NULL);
    }
    string = g_hash_table_lookup(json->strings, key);
    if (!string) {
        string = g_ref_string_new(key);
        g_hash_table_add(json->strings, string);
    }
    return g_ref_string_acquire(string);
}

static inline bool is_digit(const AiotopJson *json, const char *at)
{
    return at < json->end && *at >= '0' && *at <= '9';
}

/*
 * Goes past a number. @integer tells whether it has neither fraction nor
 * exponent.
 */
static bool skip_number(AiotopJson *json, bool *integer)
{
    const char *at = json->at;

    *integer = true;
    if (at < json->end && *at == '-') {
        at++;
    }
    if (!is_digit(json, at)) {
        goto bad;
    }
    if (*at == '0') {
        at++;
    } else {
        while (is_digit(json, at)) {
            at++;
        }
    }
    if (at < json->end && *at == '.') {
        *integer = false;
        at++;
        if (!is_digit(json, at)) {
            goto bad;
        }
        while (is_digit(json, at)) {
            at++;
        }
    }
    if (at < json->end && (*at == 'e' || *at == 'E')) {
        *integer = false;
        at++;
        if (at < json->end && (*at == '+' || *at == '-')) {
            at++;
        }
        if (!is_digit(json, at)) {
            goto bad;
        }
        while (is_digit(json, at)) {
            at++;
        }
    }
    if (at < json->end && (g_ascii_isalnum(*at) || *at == '.')) {
        goto bad;
    }
    json->at = at;
    return true;

bad:
    json->at = at;
    return fail_syntax(json, "not a number");
}

/* The absolute value of the integer that comes next */
static bool get_magnitude(AiotopJson *json, bool *negative, uint64_t *value)
{
    AiotopJsonType type = aiotop_json_peek(json);
    const char *at = json->at;
    bool integer;
    uint64_t sum = 0;

    if (type != AIOTOP_JSON_NUMBER) {
        return type == AIOTOP_JSON_INVALID ? false
                                           : fail_type(json, "a number");
    }
    if (!skip_number(json, &integer)) {
        return false;
    }
    if (!integer) {
        return fail_type(json, "an integer");
    }
    *negative = *at == '-';
    at += *negative;
    for (; at < json->at; at++) {
        if (sum > (UINT64_MAX - (*at - '0')) / 10) {
            return fail_type(json, "a number of 64 bits");
        }
        sum = sum * 10 + (*at - '0');
    }
    *value = sum;
    return true;
}

/* A number as QEMU writes it: one digit or more and then a delimiter */
static inline bool get_plain(AiotopJson *json, uint64_t *value)
{
    const char *at, *end;
    uint64_t sum = 0;

    skip_space(json);
    at = json->at;
    end = json->end - at > 19 ? at + 19 : json->end;
    if (json->error || at == json->end || *at < '1' || *at > '9') {
        return false;
    }
    while (at < end && *at >= '0' && *at <= '9') {
        sum = sum * 10 + (*at++ - '0');
    }
    if (at == json->end || (*at != ',' && *at != ']' && *at != '}')) {
        return false;
    }
    json->at = at;
    *value = sum;
    return true;
}

bool aiotop_json_get_uint64(AiotopJson *json, uint64_t *value)
{
    bool negative;
    uint64_t magnitude;

    if (get_plain(json, value)) {
        return true;
    }
    if (!get_magnitude(json, &negative, &magnitude)) {
        return false;
    }
    if (negative && magnitude) {
        return fail_type(json, "a number that is not negative");
    }
    *value = magnitude;
    return true;
}

bool aiotop_json_get_int64(AiotopJson *json, int64_t *value)
{
    bool negative;
    uint64_t magnitude;

    if (!get_magnitude(json, &negative, &magnitude)) {
        return false;
    }
    if (magnitude > (uint64_t)INT64_MAX) {
        return fail_type(json, "a number of 63 bits");
    }
    *value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return true;
}

static bool skip_word(AiotopJson *json, const char *word)
{
    size_t len = strlen(word);

    if ((size_t)(json->end - json->at) < len ||
        memcmp(json->at, word, len) != 0) {
        return fail_syntax(json, "no value begins like this");
    }
    json->at += len;
    return true;
}

bool aiotop_json_get_bool(AiotopJson *json, bool *value)
{
    AiotopJsonType type = aiotop_json_peek(json);

    if (type != AIOTOP_JSON_BOOL) {
        return type == AIOTOP_JSON_INVALID ? false
                                           : fail_type(json, "true or false");
    }
    *value = *json->at == 't';
    return skip_word(json, *value ? "true" : "false");
}

bool aiotop_json_skip(AiotopJson *json, AiotopJsonSpan *value)
{
    AiotopJsonType type = aiotop_json_peek(json);
    const char *begin = json->at;
    AiotopJsonSpan ignored;
    bool integer;

    switch (type) {
    case AIOTOP_JSON_INVALID:
        return false;
    case AIOTOP_JSON_OBJECT:
        aiotop_json_enter_object(json);
        while (aiotop_json_next_member(json, &ignored)) {
            aiotop_json_skip(json, NULL);
        }
        break;
    case AIOTOP_JSON_ARRAY:
        aiotop_json_enter_array(json);
        while (aiotop_json_next_element(json)) {
            aiotop_json_skip(json, NULL);
        }
        break;
    case AIOTOP_JSON_STRING:
        aiotop_json_get_string(json, &ignored);
        break;
    case AIOTOP_JSON_NUMBER:
        skip_number(json, &integer);
        break;
    case AIOTOP_JSON_BOOL:
        skip_word(json, *json->at == 't' ? "true" : "false");
        break;
    case AIOTOP_JSON_NULL:
        skip_word(json, "null");
        break;
    }
    if (json->error) {
        return false;
    }
    if (value) {
        value->text = begin;
        value->len = json->at - begin;
    }
    return true;
}

/* Whether one of the eight bytes of @word is @byte */
static inline bool has_byte(uint64_t word, unsigned char byte)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);

    word ^= ones * byte;
    return (word - ones) & ~word & (ones << 7);
}

/* To the next quote or brace: nearly all else outside of strings is numbers */
static const char *find_special(const char *at, const char *end)
{
    while (end - at >= 8) {
        uint64_t word;

        memcpy(&word, at, sizeof(word));
        if (has_byte(word, '"') || has_byte(word, '{') || has_byte(word, '}')) {
            break;
        }
        at += sizeof(word);
    }
    while (at < end && *at != '"' && *at != '{' && *at != '}') {
        at++;
    }
    return at;
}

const char *aiotop_json_find_end(AiotopJsonBraces *braces, const char *at,
                                 const char *end)
{
    while (at < end) {
        if (!braces->in_string) {
            at = find_special(at, end);
            if (at == end) {
                return NULL;
            }
            if (*at == '"') {
                braces->in_string = true;
            } else if (*at == '{') {
                braces->depth++;
            } else if (braces->depth <= 1) {
                braces->depth = 0;
                return at + 1;
            } else {
                braces->depth--;
            }
            at++;
            continue;
        }
        if (braces->escaped) {
            braces->escaped = false;
        } else if (*at == '\\') {
            braces->escaped = true;
        } else if (*at == '"') {
            braces->in_string = false;
        }
        at++;
    }
    return NULL;
}

bool aiotop_json_skip_object(AiotopJson *json, AiotopJsonSpan *value)
{
    AiotopJsonBraces braces = { 0 };
    const char *end;

    if (aiotop_json_peek(json) != AIOTOP_JSON_OBJECT) {
        return aiotop_json_skip(json, value);
    }
    end = aiotop_json_find_end(&braces, json->at, json->end);
    if (!end) {
        return fail_syntax(json, "the text ends in an object");
    }
    value->text = json->at;
    value->len = end - json->at;
    json->at = end;
    return true;
}

bool aiotop_json_span_is(const AiotopJsonSpan *span, const char *name)
{
    return strlen(name) == span->len &&
           memcmp(span->text, name, span->len) == 0;
}
