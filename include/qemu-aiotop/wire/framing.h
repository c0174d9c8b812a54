/*
 * QMP: bytes to messages
 *
 * AiotopQmpStream cuts what comes from the peer into messages, in bounded
 * memory, by their braces alone.  AiotopQmpMessage says what one is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_WIRE_FRAMING_H
#define QEMU_AIOTOP_WIRE_FRAMING_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/text/json-tree.h>

#define AIOTOP_QMP_ERROR (aiotop_qmp_error_quark())
GQuark aiotop_qmp_error_quark(void);

typedef enum AiotopQmpError {
    /* No connection: the cause is in the message */
    AIOTOP_QMP_ERROR_CONNECT,
    /* The same, for want of permission */
    AIOTOP_QMP_ERROR_DENIED,
    /* The same, as the peer did not take it in time */
    AIOTOP_QMP_ERROR_NOT_TAKEN,
    /* What the peer sent is not QMP */
    AIOTOP_QMP_ERROR_PROTOCOL,
    /* What should be a reply can't be read; the connection goes on */
    AIOTOP_QMP_ERROR_MALFORMED,
    /* Connected, but no greeting came in time */
    AIOTOP_QMP_ERROR_NO_GREETING,
    /* No reply came in time */
    AIOTOP_QMP_ERROR_TIMEOUT,
    /* The peer is not to be believed: see check_peer() */
    AIOTOP_QMP_ERROR_PEER,
    /* The peer closed the connection */
    AIOTOP_QMP_ERROR_CLOSED,
    /* The peer does not know the command */
    AIOTOP_QMP_ERROR_NO_COMMAND,
    /* The command failed; the message is the peer's */
    AIOTOP_QMP_ERROR_COMMAND,
} AiotopQmpError;

/* Longest message that is accepted, in bytes; until the greeting, and after */
#define AIOTOP_QMP_MAX_GREETING (64u << 10)
#define AIOTOP_QMP_MAX_MESSAGE AIOTOP_JSON_MAX_BYTES

/*
 * Bytes that a peer may send unasked: so many a second, and so many at once.
 * An event of each of 64 loops once a second is less than a tenth of that.
 * Who sends more has his connection closed.
 */
#define AIOTOP_QMP_UNASKED_PER_S (256u << 10)
#define AIOTOP_QMP_UNASKED_MAX (16u << 20)

/* Up to so many bytes a message is parsed at once: in a millisecond or two */
#define AIOTOP_QMP_SMALL_MESSAGE (64u << 10)

/*
 * Bytes to messages.
 */
typedef struct AiotopQmpStream AiotopQmpStream;

/* @max_message: in bytes */
AiotopQmpStream *aiotop_qmp_stream_new(gsize max_message);
void aiotop_qmp_stream_free(AiotopQmpStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopQmpStream, aiotop_qmp_stream_free)

/* For messages from now on */
void aiotop_qmp_stream_set_max(AiotopQmpStream *stream, gsize max_message);

/**
 * aiotop_qmp_stream_space:
 * @len: set to how many bytes fit
 *
 * Returns where to put the bytes that come next; to be followed by
 * aiotop_qmp_stream_commit().  Grows with the message and no faster.
 */
char *aiotop_qmp_stream_space(AiotopQmpStream *stream, gsize *len);
void aiotop_qmp_stream_commit(AiotopQmpStream *stream, gsize len);

/**
 * aiotop_qmp_stream_next:
 * @len: set to the bytes of the message
 *
 * Returns the text of a message that is complete, which the caller frees.
 * Returns NULL without @error if more bytes are needed, and with @error if
 * what came can't be JSON or is too long; then there is nothing more to be had
 * from this peer.
 */
char *aiotop_qmp_stream_next(AiotopQmpStream *stream, gsize *len,
                             GError **error);

/* Bytes that came and are in no message that was returned so far */
gsize aiotop_qmp_stream_pending(const AiotopQmpStream *stream);

/*
 * Messages.
 */
typedef enum AiotopQmpMessageType {
    AIOTOP_QMP_GREETING,
    AIOTOP_QMP_RETURN,
    AIOTOP_QMP_FAILURE,
    AIOTOP_QMP_EVENT,
} AiotopQmpMessageType;

typedef struct AiotopQmpMessage {
    AiotopQmpMessageType type;
    /* Number in "id", or 0 if it is missing or no number of ours */
    uint64_t id;
    /* Greeting: whether out-of-band execution is offered */
    bool oob;
    /*
     * Of "return"; NULL if that is null.  Arrays of objects in it that are as
     * deep as the sources of a reply have placeholders for them; the text that
     * these stand for is the value's user data.
     */
    json_object *value;
    /* Error's class and description, or event's name (in error_class) */
    char *error_class;
    char *description;
} AiotopQmpMessage;

/**
 * aiotop_qmp_message_parse:
 * @text: @len bytes, which it takes
 *
 * Says what @text is.  Returns false with @error set if it is no QMP message.
 * On success release @message with aiotop_qmp_message_clear().  May be called
 * in any thread.
 */
bool aiotop_qmp_message_parse(AiotopQmpMessage *message, char *text, gsize len,
                              GError **error);
void aiotop_qmp_message_clear(AiotopQmpMessage *message);

#endif /* QEMU_AIOTOP_WIRE_FRAMING_H */
