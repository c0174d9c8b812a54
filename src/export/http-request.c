/*
 * A request of HTTP
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/export/http-request.h"

#include <string.h>

/* How well a kind of text is liked, from 0 to 1 */
typedef struct Likes {
    double openmetrics;
    double text;
} Likes;

const char *aiotop_http_reason(AiotopHttpStatus status)
{
    switch (status) {
    case AIOTOP_HTTP_OK:
        return "OK";
    case AIOTOP_HTTP_NOT_FOUND:
        return "Not Found";
    case AIOTOP_HTTP_NOT_ALLOWED:
        return "Method Not Allowed";
    case AIOTOP_HTTP_TIMEOUT:
        return "Request Timeout";
    case AIOTOP_HTTP_TOO_LARGE:
        return "Request Header Fields Too Large";
    case AIOTOP_HTTP_UNAVAILABLE:
        return "Service Unavailable";
    case AIOTOP_HTTP_MORE:
    case AIOTOP_HTTP_BAD_REQUEST:
        break;
    }
    return "Bad Request";
}

void aiotop_http_request_clear(AiotopHttpRequest *request)
{
    g_clear_pointer(&request->path, g_free);
    g_clear_pointer(&request->vm, g_free);
    g_clear_pointer(&request->host, g_free);
}

/* A word as methods and names of fields are */
static bool is_token(const char *text)
{
    if (!*text) {
        return false;
    }
    for (; *text; text++) {
        if (!g_ascii_isalnum(*text) && !strchr("!#$%&'*+-.^_`|~", *text)) {
            return false;
        }
    }
    return true;
}

/* A name or an address, perhaps with a port: it goes into an answer */
static bool is_host(const char *text)
{
    return *text && strlen(text) <= 255 &&
           strspn(text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS ".:-_[]") ==
               strlen(text);
}

/* --- Accept --- */

/* One of the kinds, such as "text/plain;version=0.0.4;q=0.5" */
static void read_range(Likes *likes, const char *range)
{
    g_auto(GStrv) parts = g_strsplit(range, ";", 8);
    bool fits = true;
    double quality = 1;
    const char *type;

    if (!parts[0]) {
        return;
    }
    type = g_strstrip(parts[0]);
    for (unsigned i = 1; parts[i]; i++) {
        const char *part = g_strstrip(parts[i]);

        if (g_ascii_strncasecmp(part, "q=", 2) == 0) {
            quality = CLAMP(g_ascii_strtod(part + 2, NULL), 0, 1);
        } else if (g_ascii_strncasecmp(part, "version=", 8) == 0) {
            fits = strcmp(part + 8, "1.0.0") == 0;
        }
    }
    if (g_ascii_strcasecmp(type, "application/openmetrics-text") == 0) {
        if (fits) {
            likes->openmetrics = MAX(likes->openmetrics, quality);
        }
    } else if (g_ascii_strcasecmp(type, "text/plain") == 0 ||
               strcmp(type, "text/*") == 0 || strcmp(type, "*/*") == 0) {
        likes->text = MAX(likes->text, quality);
    }
}

static void read_accept(Likes *likes, const char *value)
{
    g_auto(GStrv) ranges = g_strsplit(value, ",", 32);

    for (unsigned i = 0; ranges[i]; i++) {
        read_range(likes, ranges[i]);
    }
}

/* --- The head --- */

/* NULL if it is no text */
static char *decode(const char *text)
{
    char *decoded = g_uri_unescape_string(text, NULL);

    if (decoded && !g_utf8_validate(decoded, -1, NULL)) {
        g_clear_pointer(&decoded, g_free);
    }
    return decoded;
}

static bool read_query(AiotopHttpRequest *request, const char *query)
{
    g_auto(GStrv) parts = g_strsplit(query, "&", 16);

    for (unsigned i = 0; parts[i] && !request->vm; i++) {
        if (g_str_has_prefix(parts[i], "vm=")) {
            request->vm = decode(g_strdelimit(parts[i] + 3, "+", ' '));
            if (!request->vm) {
                return false;
            }
        }
    }
    return true;
}

static bool read_target(AiotopHttpRequest *request, char *target)
{
    char *query = strchr(target, '?');

    if (query) {
        *query++ = '\0';
    }
    if (target[0] != '/') {
        return false;
    }
    request->path = decode(target);
    return request->path && (!query || read_query(request, query));
}

/* "GET /metrics HTTP/1.1" */
static AiotopHttpStatus read_first_line(AiotopHttpRequest *request,
                                        const char *line, bool *needs_host)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 4);

    if (g_strv_length(words) != 3 || !is_token(words[0]) ||
        (strcmp(words[2], "HTTP/1.1") != 0 &&
         strcmp(words[2], "HTTP/1.0") != 0)) {
        return AIOTOP_HTTP_BAD_REQUEST;
    }
    if (strcmp(words[0], "GET") != 0) {
        return AIOTOP_HTTP_NOT_ALLOWED;
    }
    *needs_host = strcmp(words[2], "HTTP/1.1") == 0;
    return read_target(request, words[1]) ? AIOTOP_HTTP_OK
                                          : AIOTOP_HTTP_BAD_REQUEST;
}

static bool read_field(AiotopHttpRequest *request, char *line, Likes *likes,
                       unsigned *hosts)
{
    char *colon = strchr(line, ':');
    const char *value;

    if (!colon) {
        return false;
    }
    *colon = '\0';
    value = g_strstrip(colon + 1);
    if (!is_token(line)) {
        return false;
    }
    if (g_ascii_strcasecmp(line, "Host") == 0) {
        (*hosts)++;
        if (is_host(value) && !request->host) {
            request->host = g_strdup(value);
        }
    } else if (g_ascii_strcasecmp(line, "Accept") == 0) {
        read_accept(likes, value);
    }
    return true;
}

static AiotopHttpStatus read_head(AiotopHttpRequest *request, char *head)
{
    g_auto(GStrv) lines = g_strsplit(head, "\n", -1);
    Likes likes = { 0 };
    unsigned hosts = 0;
    bool needs_host;
    AiotopHttpStatus status;

    for (unsigned i = 0; lines[i]; i++) {
        gsize len = strlen(lines[i]);

        if (len && lines[i][len - 1] == '\r') {
            lines[i][len - 1] = '\0';
        }
    }
    status = read_first_line(request, lines[0], &needs_host);
    if (status != AIOTOP_HTTP_OK) {
        return status;
    }
    for (unsigned i = 1; lines[i] && *lines[i]; i++) {
        if (i > AIOTOP_HTTP_MAX_FIELDS) {
            return AIOTOP_HTTP_TOO_LARGE;
        }
        if (!read_field(request, lines[i], &likes, &hosts)) {
            return AIOTOP_HTTP_BAD_REQUEST;
        }
    }
    request->openmetrics =
        likes.openmetrics > 0 && likes.openmetrics >= likes.text;
    return hosts > 1 || (needs_host && !hosts) ? AIOTOP_HTTP_BAD_REQUEST
                                               : AIOTOP_HTTP_OK;
}

/* Where the empty line ends, or 0 */
static gsize find_end(const char *head, gsize len)
{
    for (gsize i = 1; i < len; i++) {
        if (head[i] == '\n' &&
            (head[i - 1] == '\n' ||
             (i >= 2 && head[i - 1] == '\r' && head[i - 2] == '\n'))) {
            return i + 1;
        }
    }
    return 0;
}

/* Nothing of HTTP has such a byte in its head: TLS has */
static bool has_control(const char *head, gsize len)
{
    for (gsize i = 0; i < len; i++) {
        if (g_ascii_iscntrl(head[i]) && !strchr("\t\r\n", head[i] ?: 1)) {
            return true;
        }
    }
    return false;
}

AiotopHttpStatus aiotop_http_request_parse(AiotopHttpRequest *request,
                                           const char *head, gsize len)
{
    gsize end = find_end(head, MIN(len, AIOTOP_HTTP_MAX_BYTES));
    g_autofree char *copy = NULL;
    AiotopHttpStatus status;

    *request = (AiotopHttpRequest){ 0 };
    if (has_control(head, end ? end : len)) {
        return AIOTOP_HTTP_BAD_REQUEST;
    }
    if (!end) {
        return len < AIOTOP_HTTP_MAX_BYTES ? AIOTOP_HTTP_MORE
                                           : AIOTOP_HTTP_TOO_LARGE;
    }
    copy = g_strndup(head, end);
    status = read_head(request, copy);
    if (status != AIOTOP_HTTP_OK) {
        aiotop_http_request_clear(request);
    }
    return status;
}
