/*
 * A server of HTTP for a few pages that are in memory
 *
 * GET only, one answer a connection.  It is made of GIO's sockets: the program
 * has GLib anyway, a head of a request is little to read, and what has to hold
 * here no library of HTTP promises: that each client has a time in which it
 * must be done, however little it sends or takes, so that one that is slow
 * costs itself only.  There are no more than so many of them at a time; who
 * comes then takes the place of one that is slow, or is refused.
 *
 * It never blocks: everything happens in callbacks from the thread's default
 * main context.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_EXPORT_HTTP_SERVER_H
#define QEMU_AIOTOP_EXPORT_HTTP_SERVER_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/export/http-request.h>

typedef struct AiotopHttpLimits {
    /*
     * That are not answered yet, at a time; with those who are told that there
     * is no place, or have their answer and stay, four times as many
     */
    unsigned peers;
    /* In which a request has to be there, and in which all has to be over */
    unsigned head_ms;
    unsigned answer_ms;
    /* After which one may lose its place to another */
    unsigned slow_ms;
} AiotopHttpLimits;

extern const AiotopHttpLimits aiotop_http_default_limits;

typedef struct AiotopHttpAnswer {
    AiotopHttpStatus status;
    /* Of Content-Type */
    const char *type;
    /* A reference, which the server drops; NULL for words of its own */
    GBytes *body;
} AiotopHttpAnswer;

/* Sets @answer; @request is complete, and is the caller's */
typedef void AiotopHttpRespond(const AiotopHttpRequest *request,
                               AiotopHttpAnswer *answer, void *opaque);

typedef struct AiotopHttpServer AiotopHttpServer;

/**
 * aiotop_http_server_new:
 * @where: "ADDRESS:PORT", of which ADDRESS may be a name, or in brackets; or a
 *     path, with a slash in it, of a UNIX socket that owner and group may use
 * @limits: copied
 * @report: told that connections can't be taken, each time that this begins
 *
 * Returns NULL with @error, in words for the user, if it can't listen there.
 * Looks a name up, and so may wait for the resolver.  A socket that nobody
 * listens at any more is replaced.
 */
AiotopHttpServer *aiotop_http_server_new(const char *where,
                                         const AiotopHttpLimits *limits,
                                         AiotopHttpRespond *respond,
                                         void (*report)(const char *message),
                                         void *opaque, GError **error);

/* Ends all connections.  No callback comes after it.  Accepts NULL. */
void aiotop_http_server_free(AiotopHttpServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopHttpServer, aiotop_http_server_free)

/* Where it listens: "127.0.0.1:29177", "[::1]:29177", or the path */
const char *aiotop_http_server_where(const AiotopHttpServer *server);

#endif /* QEMU_AIOTOP_EXPORT_HTTP_SERVER_H */
