/*
 * A request of HTTP, as far as who serves a few pages has to know it
 *
 * A pure function of the bytes that came so far.  Bodies are not read: who
 * sends one is answered by its head alone, and the connection ends.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_EXPORT_HTTP_REQUEST_H
#define QEMU_AIOTOP_EXPORT_HTTP_REQUEST_H

#include <stdbool.h>
#include <glib.h>

/* Of a head: its bytes, and its lines after the first */
#define AIOTOP_HTTP_MAX_BYTES 8192
#define AIOTOP_HTTP_MAX_FIELDS 64

typedef enum AiotopHttpStatus {
    /* The head is not complete yet */
    AIOTOP_HTTP_MORE = 0,
    AIOTOP_HTTP_OK = 200,
    AIOTOP_HTTP_BAD_REQUEST = 400,
    AIOTOP_HTTP_NOT_FOUND = 404,
    AIOTOP_HTTP_NOT_ALLOWED = 405,
    AIOTOP_HTTP_TIMEOUT = 408,
    AIOTOP_HTTP_TOO_LARGE = 431,
    AIOTOP_HTTP_UNAVAILABLE = 503,
} AiotopHttpStatus;

/* All strings are UTF-8 */
typedef struct AiotopHttpRequest {
    /* Decoded, without what is behind the question mark */
    char *path;
    /* Parameter "vm", decoded; NULL if there is none */
    char *vm;
    /* By which name we were asked; NULL if that is no name, nor an address */
    char *host;
    /* OpenMetrics is liked no less than text */
    bool openmetrics;
} AiotopHttpRequest;

/**
 * aiotop_http_request_parse:
 * @head: @len bytes, all that came so far, of any kind
 *
 * Returns AIOTOP_HTTP_OK and sets @request, which is to be cleared; or
 * AIOTOP_HTTP_MORE, or what the answer has to be.
 */
AiotopHttpStatus aiotop_http_request_parse(AiotopHttpRequest *request,
                                           const char *head, gsize len);

void aiotop_http_request_clear(AiotopHttpRequest *request);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AiotopHttpRequest, aiotop_http_request_clear)

/* "Not Found" */
const char *aiotop_http_reason(AiotopHttpStatus status);

#endif /* QEMU_AIOTOP_EXPORT_HTTP_REQUEST_H */
