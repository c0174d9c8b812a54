/*
 * Members of a JSON object to fields of a structure, by a table
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "json-members.h"

#include <inttypes.h>

void aiotop_json_release_string(GRefString *string)
{
    if (string) {
        g_ref_string_release(string);
    }
}

static void read_id(AiotopJson *json, int64_t *id)
{
    if (aiotop_json_get_int64(json, id) && (*id < 0 || *id > INT32_MAX)) {
        aiotop_json_fail(json, AIOTOP_JSON_ERROR_TYPE,
                         "%" PRId64 " is no process and no thread", *id);
    }
}

static void read_value(AiotopJson *json, const Member *member, void *field)
{
    switch (member->type) {
    case MEMBER_COUNTER:
        aiotop_json_get_uint64(json, field);
        break;
    case MEMBER_ID:
        read_id(json, field);
        break;
    case MEMBER_BOOL:
        aiotop_json_get_bool(json, field);
        break;
    case MEMBER_STRING:
        aiotop_json_release_string(*(GRefString **)field);
        *(GRefString **)field =
            aiotop_json_get_ref_string(json, AIOTOP_JSON_MAX_NAME);
        break;
    }
}

bool aiotop_json_read_member(AiotopJson *json, const AiotopJsonSpan *key,
                             const Member *members, unsigned n, void *object)
{
    for (unsigned i = 0; i < n; i++) {
        if (aiotop_json_span_is(key, members[i].name)) {
            read_value(json, &members[i], (char *)object + members[i].offset);
            return true;
        }
    }
    return false;
}
