/*
 * The way to what a sampler watches: a connection, or a process of this host
 * in its place; made, lost and made anew
 *
 * It finds out what the target stands for, connects, and asks.  A process that
 * is seen to be halted while it is waited for is, if that is asked for, given
 * in place of the connection.  It tells of an end once, and makes no attempt
 * before it is dropped.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLER_LINK_H
#define AIOTOP_SAMPLER_LINK_H

#include <json-c/json.h>

#include "qemu-aiotop/host/process.h"
#include "qemu-aiotop/sampler/resolve.h"
#include "qemu-aiotop/sampler/status.h"
#include "qemu-aiotop/wire/connection.h"

typedef struct AiotopLink AiotopLink;

/* As in AiotopSamplerConfig */
typedef struct AiotopLinkConfig {
    AiotopSamplerResolve *resolve;
    const char *target;
    AiotopSamplerAccept *accept;
    /* For @accept */
    void *opaque;
    const AiotopQmpTimeouts *timeouts;
    bool looks_at_halted;
    bool reconnect;
} AiotopLinkConfig;

/* Called with the sampler, which may free the link in each */
typedef struct AiotopLinkHandler {
    /* The address is known, and is connected to */
    void (*opening)(void *opaque);
    /*
     * It can be asked.  Takes @process, which is to be looked at in place of a
     * connection, as it has none, or is @halted; NULL where there is one.
     */
    void (*ready)(AiotopProcess *process, bool halted, void *opaque);
    /* Takes @value, the answer to what was asked; NULL if there is an @error */
    void (*reply)(json_object *value, const GError *error, void *opaque);
    /* Takes @error: there is nothing to ask any more, or there was no way */
    void (*failed)(GError *error, void *opaque);
} AiotopLinkHandler;

/* Who is at the other end */
typedef struct AiotopLinkEnd {
    /* NULL before a target was resolved */
    char *address;
    /* As the resolver said; and as the kernel says, to be asked in /proc */
    AiotopIdentity resolved;
    AiotopIdentity peer;
} AiotopLinkEnd;

/**
 * aiotop_link_new:
 * @config: copied; what it points to stays valid as long as the link
 * @status: the sampler's: the link counts its attempts there, says when the
 *     next one comes, and where it leads
 * @handler: stays valid as long as the link, as @status does
 *
 * Makes its first attempt at once; callbacks come from the thread's default
 * main context, never from within a call but the release.
 */
AiotopLink *aiotop_link_new(const AiotopLinkConfig *config,
                            AiotopSamplerStatus *status,
                            const AiotopLinkHandler *handler, void *opaque);
/* Accepts NULL */
void aiotop_link_free(AiotopLink *link);

/* Ends it, if it is there; the next attempt comes later, if one is to come */
void aiotop_link_drop(AiotopLink *link);

/* Makes the next attempt now, unless one is under way or it is there */
void aiotop_link_hurry(AiotopLink *link);

/* What it was made for has come: if it has lasted, it was not in vain */
void aiotop_link_prove(AiotopLink *link);

bool aiotop_link_is_ready(const AiotopLink *link);

/* Sends query-event-loops; one at a time */
void aiotop_link_ask(AiotopLink *link, const char *arguments);

/*
 * While it is held an end waits, so that what came before is not lost with it;
 * it is told by the release
 */
void aiotop_link_hold(AiotopLink *link);
void aiotop_link_release(AiotopLink *link);

const AiotopLinkEnd *aiotop_link_end(const AiotopLink *link);

/* As aiotop_sampler_peer() */
AiotopIdentity aiotop_link_peer(const AiotopLink *link);

#endif /* AIOTOP_SAMPLER_LINK_H */
