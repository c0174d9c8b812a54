/*
 * Members of a JSON object to fields of a structure, by a table
 *
 * One table a shape: what the members are called, what they are, where they
 * go, and which must be there.  Others are ignored; those that are missing
 * leave their field as it was.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_WIRE_MEMBER_READER_H
#define AIOTOP_WIRE_MEMBER_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <glib.h>

#include "qemu-aiotop/text/json-tree.h"

/*
 * Bytes that are kept of a name or a text of a peer.  Who sends longer ones
 * means no good; nobody reads so much of a name.
 */
#define MEMBER_MAX_TEXT 4096

/* One reading of a text, in which equal strings become one object */
typedef struct Reader {
    GHashTable *strings;
    /* Of the tree, for what is not in it */
    const char *text;
} Reader;

/* @text: of aiotop_json_parse_outline(); NULL if the tree has everything */
void reader_init(Reader *reader, const char *text);
void reader_clear(Reader *reader);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reader, reader_clear)

/* Reads @value, of any type, into a structure */
typedef bool ReadValue(Reader *reader, json_object *value, void *structure,
                       GError **error);

typedef enum MemberKind {
    /* uint64_t; more than 2^64-1 is that, which stands for unknown */
    MEMBER_COUNTER,
    /* uint32_t */
    MEMBER_NUMBER,
    /* int32_t, from -1 on */
    MEMBER_FD,
    /* int64_t: a number that the host may have given a process or thread */
    MEMBER_ID,
    /* int64_t, of either sign; more than it can hold is what it can */
    MEMBER_INTEGER,
    /* GRefString *, cut after MEMBER_MAX_TEXT bytes */
    MEMBER_STRING,
    MEMBER_BOOL,
    /* A pointer to an array of structures, and an unsigned: see MemberList */
    MEMBER_LIST,
    /* What @read makes of it */
    MEMBER_READ,
} MemberKind;

typedef struct MemberList MemberList;

typedef struct Member {
    const char *name;
    MemberKind kind;
    /* Of the field; not used by MEMBER_READ */
    size_t offset;
    bool required;
    ReadValue *read;
    const MemberList *list;
} Member;

/* An array of objects to an array of structures */
struct MemberList {
    /* What elements are, in the plural, for errors */
    const char *what;
    /* Elements that there can be */
    unsigned max;
    /* Of the field for their number, in the structure that has the list */
    size_t n_offset;
    /* An element: its size, what it is before it is read, and its members */
    size_t size;
    const void *blank;
    const Member *members;
    unsigned n_members;
};

/**
 * members_read:
 * @structure: with the values that stand for what is missing
 *
 * Returns false with @error set, which names the member, if @value is no
 * object, a member has another type than it should, or a required one is
 * missing.  What was read until then is in @structure.
 */
bool members_read(Reader *reader, json_object *value, const Member *members,
                  unsigned n, void *structure, GError **error);

/**
 * members_read_list:
 * @value: an array, or its placeholder
 * @what: elements are, in the plural, for @error
 * @size: of an element of the array that is made
 * @max: elements that there can be
 * @elements: set to the array, also if it fails; the caller frees it
 * @n: how many of them @read was called for
 *
 * Calls @read for each element, which is all zero.
 */
bool members_read_list(Reader *reader, json_object *value, const char *what,
                       size_t size, unsigned max, ReadValue *read,
                       void **elements, unsigned *n, GError **error);

/* A count of 0 to 2^64-1; sets no @error if it is none */
bool members_get_count(json_object *value, uint64_t *count);

#endif /* AIOTOP_WIRE_MEMBER_READER_H */
