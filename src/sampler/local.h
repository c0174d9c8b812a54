/*
 * A process of this host in place of a connection to it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLER_LOCAL_H
#define AIOTOP_SAMPLER_LOCAL_H

#include <glib.h>

#include "qemu-aiotop/host/process.h"
#include "qemu-aiotop/model/thread.h"
#include "qemu-aiotop/wire/connection.h"

/* The QEMU, to be freed, if it is one and is halted; or NULL */
AiotopProcess *aiotop_local_halted(const AiotopIdentity *identity);

/**
 * aiotop_local_peer:
 * @qmp: a connection, be it not accepted at the other end; or NULL
 *
 * Returns the process at the other end, as the kernel says; none if that is
 * not known.  It has said nothing: it is only to be looked at, not believed.
 */
AiotopIdentity aiotop_local_peer(const AiotopQmp *qmp);

#endif /* AIOTOP_SAMPLER_LOCAL_H */
