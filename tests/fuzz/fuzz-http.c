/*
 * Fuzz target: the head of a request of HTTP
 *
 * However it is cut into pieces, it comes to the same; and what is taken from
 * it may stand in an answer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <qemu-aiotop/export/http-request.h>

#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc G_GNUC_UNUSED, char ***argv G_GNUC_UNUSED)
{
    fuzz_init();
    return 0;
}

static void check_request(const AiotopHttpRequest *request)
{
    g_assert_true(g_utf8_validate(request->path, -1, NULL));
    g_assert_cmpint(request->path[0], ==, '/');
    if (request->vm) {
        g_assert_true(g_utf8_validate(request->vm, -1, NULL));
    }
    for (const char *p = request->host; p && *p; p++) {
        g_assert_true(g_ascii_isalnum(*p) || strchr(".:-_[]", *p));
    }
}

static AiotopHttpStatus parse(const char *head, gsize len)
{
    /* Its end is where the memory's is */
    g_autofree char *copy = g_memdup2(head, len);
    g_auto(AiotopHttpRequest) request = { 0 };
    AiotopHttpStatus status = aiotop_http_request_parse(&request, copy, len);

    g_assert_nonnull(aiotop_http_reason(status));
    g_assert_cmpint(request.path != NULL, ==, status == AIOTOP_HTTP_OK);
    if (status == AIOTOP_HTTP_OK) {
        check_request(&request);
    }
    return status;
}

/* A byte at a time, as far as it is not settled yet */
static AiotopHttpStatus parse_pieces(const char *head, gsize len)
{
    AiotopHttpStatus status = AIOTOP_HTTP_MORE;

    for (gsize n = 0; n <= len && status == AIOTOP_HTTP_MORE; n++) {
        status = parse(head, n);
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *head = (const char *)data;
    gsize len = MIN(size, AIOTOP_HTTP_MAX_BYTES);

    g_assert_cmpint(parse(head, len), ==, parse_pieces(head, len));
    return 0;
}
