/*
 * QMP: bytes to messages, and one connection
 *
 * AiotopQmpStream cuts what comes from the peer into messages, in bounded
 * memory and without a look at their contents.  AiotopQmpMessage says what
 * one is.  AiotopQmp is a connection that does greeting and negotiation and
 * pairs replies with requests; it speaks to the event loop profiler's own
 * socket and to ordinary monitors alike.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_QMP_H
#define QEMU_AIOTOP_QMP_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/json.h>
#include <qemu-aiotop/procfs.h>

#define AIOTOP_QMP_ERROR (aiotop_qmp_error_quark())
GQuark aiotop_qmp_error_quark(void);

typedef enum AiotopQmpError {
    /* No connection: the cause is in the message */
    AIOTOP_QMP_ERROR_CONNECT,
    /* What the peer sent is not QMP */
    AIOTOP_QMP_ERROR_PROTOCOL,
    /* Connected, but no greeting came in time */
    AIOTOP_QMP_ERROR_NO_GREETING,
    /* No reply came in time */
    AIOTOP_QMP_ERROR_TIMEOUT,
    /* The peer is another process than expected */
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
#define AIOTOP_QMP_MAX_MESSAGE (64u << 20)

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
 * @message: set to the text of a message, valid until the next call of
 *     aiotop_qmp_stream_space() or aiotop_qmp_stream_next()
 *
 * Returns true if a message is complete.  Returns false without @error if
 * more bytes are needed, and with @error if what came is not a JSON object or
 * is too long; then there is nothing more to be had from this peer.
 */
bool aiotop_qmp_stream_next(AiotopQmpStream *stream, AiotopJsonSpan *message,
                            GError **error);

/**
 * aiotop_qmp_stream_take:
 *
 * Returns the memory that the message of the last aiotop_qmp_stream_next() is
 * in, which is then the caller's to free.
 */
char *aiotop_qmp_stream_take(AiotopQmpStream *stream);

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
    /* Text of "return", or of an event's "data"; points into the message */
    AiotopJsonSpan value;
    /* Error's class and description, or event's name (in error_class) */
    char *error_class;
    char *description;
} AiotopQmpMessage;

/**
 * aiotop_qmp_message_parse:
 *
 * Says what @text is.  An object in "return" is not looked into, not even
 * for its syntax: that is for the one who asked for it.  Returns false with
 * @error set if it is no QMP message.  On success release @message with
 * aiotop_qmp_message_clear().
 */
bool aiotop_qmp_message_parse(AiotopQmpMessage *message,
                              const AiotopJsonSpan *text, GError **error);
void aiotop_qmp_message_clear(AiotopQmpMessage *message);

/*
 * A connection.  Belongs to the thread whose default main context it was
 * opened in; its callbacks run there, never from within the call that asked
 * for them.
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
    /* Negotiation is over: commands may be sent.  Called once at most. */
    void (*ready)(AiotopQmp *qmp, void *opaque);
    /*
     * The connection failed or ended.  Nothing else is called after this.
     * @error belongs to the caller.
     */
    void (*failed)(AiotopQmp *qmp, const GError *error, void *opaque);
    /* Optional.  @data is JSON text, of length 0 if there is none */
    void (*event)(AiotopQmp *qmp, const char *name, const AiotopJsonSpan *data,
                  void *opaque);
} AiotopQmpHandler;

/**
 * AiotopQmpReply:
 * @value: JSON text of what the command returned, or NULL; valid during the
 *     call
 * @error: NULL, or AIOTOP_QMP_ERROR_NO_COMMAND or AIOTOP_QMP_ERROR_COMMAND
 */
typedef void AiotopQmpReply(AiotopQmp *qmp, const AiotopJsonSpan *value,
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
 * aiotop_qmp_take_text:
 *
 * To be called in an AiotopQmpReply, once: returns the memory that @value is
 * in.  The caller frees it, and @value stays valid until then.
 */
char *aiotop_qmp_take_text(AiotopQmp *qmp);

/**
 * aiotop_qmp_expect:
 *
 * To be called before the handler is: the connection fails, before anything
 * that comes over it is looked at, if it is one to a UNIX socket that is not
 * served by @process.  None stands for anybody.
 */
void aiotop_qmp_expect(AiotopQmp *qmp, const AiotopIdentity *process);

/**
 * aiotop_qmp_peer:
 *
 * Returns the process at the other end, as the kernel says; none if that is
 * not known, as over TCP.
 */
AiotopIdentity aiotop_qmp_peer(const AiotopQmp *qmp);

#endif /* QEMU_AIOTOP_QMP_H */
