/*
 * Members of a JSON object to fields of a structure, by a table
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_JSON_MEMBERS_H
#define AIOTOP_JSON_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <glib.h>

#include "qemu-aiotop/json.h"

/* How a member of an object goes into a structure */
typedef struct Member {
    const char *name;
    enum {
        /* uint64_t */
        MEMBER_COUNTER,
        /* GRefString *, NULL until it is read; see AIOTOP_JSON_MAX_NAME */
        MEMBER_STRING,
        /* int64_t: a number that the host may have given a process or thread */
        MEMBER_ID,
        MEMBER_BOOL,
    } type;
    size_t offset;
} Member;

/* Reads the member's value if it is one of @members */
bool aiotop_json_read_member(AiotopJson *json, const AiotopJsonSpan *key,
                             const Member *members, unsigned n, void *object);

/* Accepts NULL */
void aiotop_json_release_string(GRefString *string);

#endif /* AIOTOP_JSON_MEMBERS_H */
