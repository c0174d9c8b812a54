/*
 * Why a QEMU that is connected to gives no snapshot
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLER_REFUSAL_H
#define AIOTOP_SAMPLER_REFUSAL_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/thread.h>

/*
 * Whether there is no use in asking again after @in_a_row replies that could
 * not be understood, the last one by @cause
 */
bool aiotop_refusal_is_final(const GError *cause, unsigned in_a_row);

/* Returns an error, to be freed, in words for the user: why it is final */
GError *aiotop_refusal_malformed(const char *address, const GError *cause,
                                 unsigned in_a_row);

/**
 * aiotop_refusal_explain:
 * @address: of the connection
 * @pid: its process, or 0 if that is not known
 * @error: that of the request
 *
 * Returns an error, to be freed, in words for the user: what is missing, and
 * how to add it.
 */
GError *aiotop_refusal_explain(const char *address, int64_t pid,
                               const GError *error);

/**
 * aiotop_refusal_of_connection:
 * @peer: who is connected to; none if that is not known
 * @error: that the connection fails with
 *
 * Returns an error, to be freed: @error, or why there was no answer.
 */
GError *aiotop_refusal_of_connection(const char *address,
                                     const AiotopIdentity *peer,
                                     const GError *error);

#endif /* AIOTOP_SAMPLER_REFUSAL_H */
