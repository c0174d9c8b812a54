/*
 * QMP: bytes to messages, and one connection
 *
 * AiotopQmpStream cuts what comes from the peer into messages, in bounded
 * memory, by their braces alone.  AiotopQmpMessage says what one is.
 * AiotopQmp is a connection that does greeting and negotiation and
 * pairs replies with requests; it speaks to the event loop profiler's own
 * socket and to ordinary monitors alike.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_WIRE_CONNECTION_H
#define QEMU_AIOTOP_WIRE_CONNECTION_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/text/json-tree.h>

#define AIOTOP_QMP_ERROR (aiotop_qmp_error_quark())
GQuark aiotop_qmp_error_quark(void);

typedef enum AiotopQmpError {
    /* No connection: the cause is in the message */
    AIOTOP_QMP_ERROR_CONNECT,
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
    /* Of "return"; NULL if that is null */
    json_object *value;
    /* Error's class and description, or event's name (in error_class) */
    char *error_class;
    char *description;
} AiotopQmpMessage;

/**
 * aiotop_qmp_message_parse:
 * @text: @len bytes
 *
 * Says what @text is.  Returns false with @error set if it is no QMP message.
 * On success release @message with aiotop_qmp_message_clear().  May be called
 * in any thread.
 */
bool aiotop_qmp_message_parse(AiotopQmpMessage *message, const char *text,
                              gsize len, GError **error);
void aiotop_qmp_message_clear(AiotopQmpMessage *message);

/*
 * A connection.  Belongs to the thread whose default main context it was
 * opened in; its callbacks run there, never from within the call that asked
 * for them.  Long messages are parsed in a thread of GLib's pool, so that keys
 * get their turn, and nothing is read from the peer meanwhile.
 */
typedef struct AiotopQmp AiotopQmp;

/*
 * What comes from a peer has its turn after all that is made of it: however
 * much it sends, samples are delivered (at G_PRIORITY_LOW), drawn, and keys
 * are read.  And nothing is overdue as long as there is something to read.
 */
#define AIOTOP_QMP_PRIORITY_READ (G_PRIORITY_LOW + 10)
#define AIOTOP_QMP_PRIORITY_OVERDUE (G_PRIORITY_LOW + 20)

/*
 * Bytes that a peer may send unasked: so many a second, and so many at once.
 * An event of each of 64 loops once a second is less than a tenth of that.
 * Who sends more has his connection closed.
 */
#define AIOTOP_QMP_UNASKED_PER_S (256u << 10)
#define AIOTOP_QMP_UNASKED_MAX (16u << 20)

typedef struct AiotopQmpTimeouts {
    /* Milliseconds, each counted from its own beginning */
    unsigned connect_ms;
    unsigned greeting_ms;
    unsigned reply_ms;
} AiotopQmpTimeouts;

/* 3 s to connect, 3 s for the greeting, 10 s for a reply */
extern const AiotopQmpTimeouts aiotop_qmp_default_timeouts;

typedef struct AiotopQmpHandler {
    /*
     * The first bytes came over a UNIX socket: it has accepted the connection.
     * Called once, before any of them is looked at.  Returns false with @error
     * set if the peer is not to be believed: then the connection has failed,
     * and none of them ever is.  Optional: then anybody is believed.
     */
    bool (*check_peer)(AiotopQmp *qmp, int fd, void *opaque, GError **error);
    /* Negotiation is over: commands may be sent.  Called once at most. */
    void (*ready)(AiotopQmp *qmp, void *opaque);
    /*
     * The connection failed or ended.  Nothing else is called after this.
     * @error belongs to the caller.
     */
    void (*failed)(AiotopQmp *qmp, const GError *error, void *opaque);
} AiotopQmpHandler;

/**
 * AiotopQmpReply:
 * @value: what the command returned, or NULL; valid during the call
 * @error: NULL, or AIOTOP_QMP_ERROR_NO_COMMAND, AIOTOP_QMP_ERROR_COMMAND or
 *     AIOTOP_QMP_ERROR_MALFORMED
 */
typedef void AiotopQmpReply(AiotopQmp *qmp, json_object *value,
                            const GError *error, void *opaque);

/**
 * aiotop_qmp_open:
 * @address: "unix:PATH", or "unix:@NAME" in the abstract name space, or
 *     "tcp:HOST:PORT" ("tcp:[HOST]:PORT")
 * @handler: stays valid as long as the connection
 *
 * Begins to connect.  All that can go wrong goes to @handler.
 */
AiotopQmp *aiotop_qmp_open(const char *address,
                           const AiotopQmpTimeouts *timeouts,
                           const AiotopQmpHandler *handler, void *opaque);

/**
 * aiotop_qmp_free:
 *
 * Closes the connection; no callback comes after this.  May be called in a
 * callback.  Accepts NULL.
 */
void aiotop_qmp_free(AiotopQmp *qmp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopQmp, aiotop_qmp_free)

/**
 * aiotop_qmp_execute:
 * @command: its name
 * @arguments: JSON text of an object, or NULL
 * @reply: called once, unless the connection fails before
 *
 * Sends a command; to be called after the handler's ready().  Out of band
 * with @oob, if the peer offers that.
 */
void aiotop_qmp_execute(AiotopQmp *qmp, const char *command,
                        const char *arguments, bool oob, AiotopQmpReply *reply,
                        void *opaque);

/**
 * aiotop_qmp_take_value:
 *
 * To be called in an AiotopQmpReply, once: returns its @value, which is then
 * the caller's alone, who may give it to another thread.
 */
json_object *aiotop_qmp_take_value(AiotopQmp *qmp);

#endif /* QEMU_AIOTOP_WIRE_CONNECTION_H */
