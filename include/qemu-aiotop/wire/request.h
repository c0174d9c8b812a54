/*
 * A command that was sent, and whose reply is awaited
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_WIRE_REQUEST_H
#define QEMU_AIOTOP_WIRE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/wire/framing.h>

typedef struct AiotopQmp AiotopQmp;

/**
 * AiotopQmpReply:
 * @value: what the command returned, or NULL; valid during the call
 * @error: NULL, or AIOTOP_QMP_ERROR_NO_COMMAND, AIOTOP_QMP_ERROR_COMMAND or
 *     AIOTOP_QMP_ERROR_MALFORMED
 */
typedef void AiotopQmpReply(AiotopQmp *qmp, json_object *value,
                            const GError *error, void *opaque);

typedef struct Request {
    uint64_t id;
    char *command;
    AiotopQmpReply *reply;
    void *opaque;
    /* Runs while the reply is awaited */
    GSource *timer;
} Request;

Request *request_new(uint64_t id, const char *command, AiotopQmpReply *reply,
                     void *opaque);
void request_free(Request *request);

/* Appends it as it is sent; @arguments: JSON, or NULL */
void request_write(GString *out, const Request *request, const char *arguments,
                   bool oob);

/* Takes the request number @id out of @requests; NULL if it is not there */
Request *request_take(GQueue *requests, uint64_t id);

/* What a message says that is an AIOTOP_QMP_FAILURE; NULL for another */
GError *request_failure(const AiotopQmpMessage *message);

/* Why the peer at @shown, who greets with such a failure, lets nobody in */
char *request_refusal(const AiotopQmpMessage *message, const char *shown);

#endif /* QEMU_AIOTOP_WIRE_REQUEST_H */
