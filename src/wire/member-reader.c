/*
 * Members of a JSON object to fields of a structure, by a table
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "member-reader.h"

#include <inttypes.h>
#include <string.h>

static void release_string(gpointer string)
{
    g_ref_string_release(string);
}

void reader_init(Reader *reader, const char *text)
{
    reader->text = text;
    reader->strings =
        g_hash_table_new_full(g_str_hash, g_str_equal, release_string, NULL);
}

void reader_clear(Reader *reader)
{
    g_hash_table_destroy(reader->strings);
}

/*
 * Not interned: GLib may hand out an interned string while another thread
 * drops its last reference
 */
static bool read_string(Reader *reader, json_object *value, GRefString **field)
{
    g_autofree char *text = aiotop_json_string(value, MEMBER_MAX_TEXT);
    GRefString *string;

    if (!text) {
        return false;
    }
    string = g_hash_table_lookup(reader->strings, text);
    if (!string) {
        string = g_ref_string_new(text);
        g_hash_table_add(reader->strings, string);
    }
    *field = g_ref_string_acquire(string);
    return true;
}

bool members_get_count(json_object *value, uint64_t *count)
{
    /* Of what is over 2^63-1 this gives that */
    if (!json_object_is_type(value, json_type_int) ||
        json_object_get_int64(value) < 0) {
        return false;
    }
    *count = json_object_get_uint64(value);
    return true;
}

static bool get_integer(json_object *value, int64_t min, int64_t max,
                        int64_t *integer)
{
    if (!json_object_is_type(value, json_type_int)) {
        return false;
    }
    *integer = json_object_get_int64(value);
    return *integer >= min && *integer <= max;
}

static bool read_field(Reader *reader, json_object *value, MemberKind kind,
                       void *field)
{
    int64_t integer;

    switch (kind) {
    case MEMBER_COUNTER:
        return members_get_count(value, field);
    case MEMBER_NUMBER:
        if (!get_integer(value, 0, UINT32_MAX, &integer)) {
            return false;
        }
        *(uint32_t *)field = integer;
        return true;
    case MEMBER_FD:
        if (!get_integer(value, -1, INT32_MAX, &integer)) {
            return false;
        }
        *(int32_t *)field = integer;
        return true;
    case MEMBER_ID:
        return get_integer(value, 0, INT32_MAX, field);
    case MEMBER_INTEGER:
        return get_integer(value, INT64_MIN, INT64_MAX, field);
    case MEMBER_STRING:
        return read_string(reader, value, field);
    case MEMBER_BOOL:
        *(bool *)field = json_object_get_boolean(value);
        return json_object_is_type(value, json_type_boolean);
    case MEMBER_LIST:
    case MEMBER_READ:
        break;
    }
    g_assert_not_reached();
}

static const char *const kind_names[] = {
    [MEMBER_COUNTER] = "a count",
    [MEMBER_NUMBER] = "a number of 32 bits",
    [MEMBER_FD] = "a file descriptor",
    [MEMBER_ID] = "the number of a process or thread",
    [MEMBER_INTEGER] = "a whole number",
    [MEMBER_STRING] = "a string of UTF-8",
    [MEMBER_BOOL] = "true or false",
};

static bool read_list(Reader *reader, json_object *value, const Member *member,
                      void *structure, GError **error);

/* What has members or elements of its own */
static bool read_nested(Reader *reader, json_object *value,
                        const Member *member, void *structure, GError **error)
{
    bool ok = member->kind == MEMBER_LIST
                  ? read_list(reader, value, member, structure, error)
                  : member->read(reader, value, structure, error);

    if (!ok) {
        g_prefix_error(error, "%s: ", member->name);
    }
    return ok;
}

static bool read_member(Reader *reader, json_object *value,
                        const Member *member, void *structure, GError **error)
{
    if (member->kind == MEMBER_LIST || member->kind == MEMBER_READ) {
        return read_nested(reader, value, member, structure, error);
    }
    if (!read_field(reader, value, member->kind,
                    (char *)structure + member->offset)) {
        g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                    "%s is not %s", member->name, kind_names[member->kind]);
        return false;
    }
    return true;
}

bool members_read(Reader *reader, json_object *value, const Member *members,
                  unsigned n, void *structure, GError **error)
{
    if (!json_object_is_type(value, json_type_object)) {
        g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                    "not an object");
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        json_object *member;

        if (json_object_object_get_ex(value, members[i].name, &member)) {
            if (!read_member(reader, member, &members[i], structure, error)) {
                return false;
            }
        } else if (members[i].required) {
            g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                        "no %s", members[i].name);
            return false;
        }
    }
    return true;
}

/* The list that is made, element by element */
typedef struct List {
    const char *what;
    size_t size;
    unsigned max;
    unsigned allocated;
    /* Reads an element; or NULL, and @shape tells of it */
    ReadValue *read;
    const MemberList *shape;
    void **elements;
    unsigned *n;
} List;

static bool read_element(Reader *reader, const List *list, json_object *value,
                         void *element, GError **error)
{
    const MemberList *shape = list->shape;

    if (!shape) {
        memset(element, 0, list->size);
        return list->read(reader, value, element, error);
    }
    memcpy(element, shape->blank, list->size);
    return members_read(reader, value, shape->members, shape->n_members,
                        element, error);
}

static bool add_element(Reader *reader, List *list, json_object *value,
                        GError **error)
{
    char *element;
    unsigned i = *list->n;

    if (i == list->max) {
        g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_TOO_BIG,
                    "more %s than there can be", list->what);
        return false;
    }
    if (i == list->allocated) {
        list->allocated = MAX(list->allocated * 2, 4);
        *list->elements =
            g_realloc_n(*list->elements, list->allocated, list->size);
    }
    element = (char *)*list->elements + i * list->size;
    (*list->n)++;
    if (!read_element(reader, list, value, element, error)) {
        g_prefix_error(error, "element %u: ", i);
        return false;
    }
    return true;
}

/* From text */
static bool add_elements(Reader *reader, List *list,
                         AiotopJsonElements *elements, GError **error)
{
    g_autoptr(GError) cause = NULL;
    json_object *value;

    while ((value = aiotop_json_elements_next(elements, &cause))) {
        if (!add_element(reader, list, value, error)) {
            return false;
        }
    }
    if (cause) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    return true;
}

static bool fill_list(Reader *reader, json_object *value, List *list,
                      GError **error)
{
    AiotopJsonElements deep;
    bool ok = true;

    if (!json_object_is_type(value, json_type_array)) {
        g_set_error(error, AIOTOP_JSON_ERROR, AIOTOP_JSON_ERROR_SYNTAX,
                    "not an array");
        return false;
    }
    /* Not NULL, if it is there and empty */
    list->allocated = 1;
    *list->elements = g_malloc0(list->size);
    *list->n = 0;
    if (aiotop_json_elements_init(&deep, reader->text, value)) {
        ok = add_elements(reader, list, &deep, error);
        aiotop_json_elements_clear(&deep);
    } else {
        for (size_t i = 0; ok && i < json_object_array_length(value); i++) {
            ok = add_element(reader, list, json_object_array_get_idx(value, i),
                             error);
        }
    }
    *list->elements =
        g_realloc_n(*list->elements, MAX(*list->n, 1), list->size);
    return ok;
}

static bool read_list(Reader *reader, json_object *value, const Member *member,
                      void *structure, GError **error)
{
    const MemberList *shape = member->list;
    List list = {
        .what = shape->what,
        .size = shape->size,
        .max = shape->max,
        .shape = shape,
        .elements = (void **)((char *)structure + member->offset),
        .n = (unsigned *)((char *)structure + shape->n_offset),
    };

    return fill_list(reader, value, &list, error);
}

bool members_read_list(Reader *reader, json_object *value, const char *what,
                       size_t size, unsigned max, ReadValue *read,
                       void **elements, unsigned *n, GError **error)
{
    List list = {
        .what = what,
        .size = size,
        .max = max,
        .read = read,
        .elements = elements,
        .n = n,
    };

    return fill_list(reader, value, &list, error);
}
