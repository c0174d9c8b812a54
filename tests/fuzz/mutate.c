/*
 * A mutator that knows JSON: changes one value of the tree, most of the time
 *
 * By its bytes alone hardly one change in a hundred leaves a text that is a
 * reply.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <json-c/json.h>

#include "fuzz.h"

/* Where a value hangs */
typedef struct Place {
    json_object *parent;
    const char *key;
    size_t index;
    json_object *value;
} Place;

/* xorshift */
static unsigned next_random(unsigned *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void collect(json_object *parent, GArray *places)
{
    if (json_object_is_type(parent, json_type_object)) {
        json_object_object_foreach(parent, key, value)
        {
            Place place = { parent, key, 0, value };

            g_array_append_val(places, place);
            collect(value, places);
        }
    } else if (json_object_is_type(parent, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(parent); i++) {
            Place place = { parent, NULL, i,
                            json_object_array_get_idx(parent, i) };

            g_array_append_val(places, place);
            collect(place.value, places);
        }
    }
}

static json_object *copy_of(json_object *value)
{
    json_object *copy = NULL;

    if (value) {
        json_object_deep_copy(value, &copy, NULL);
    }
    return copy;
}

static json_object *make_number(unsigned *state, json_object *old)
{
    static const uint64_t numbers[] = {
        0,
        1,
        2,
        999,
        AIOTOP_HISTOGRAM_BUCKETS - 1,
        AIOTOP_HISTOGRAM_BUCKETS,
        INT32_MAX,
        UINT32_MAX,
        UINT64_C(1000000000),
        UINT64_C(1) << 53,
        INT64_MAX,
        (uint64_t)INT64_MAX + 1,
        UINT64_MAX - 1,
        UINT64_MAX,
    };
    uint64_t value = json_object_get_uint64(old);
    unsigned random = next_random(state);

    switch (random % 5) {
    case 0:
        return json_object_new_uint64(value + 1 + random / 5 % 1000);
    case 1:
        return json_object_new_uint64(value - 1 - random / 5 % 1000);
    case 2:
        return json_object_new_uint64(value * (random / 5 % 100));
    case 3:
        return json_object_new_int64(-(int64_t)(random / 5 % 3));
    default:
        return json_object_new_uint64(
            numbers[random / 5 % G_N_ELEMENTS(numbers)]);
    }
}

static json_object *make_string(unsigned *state, json_object *old)
{
    static const char *const strings[] = {
        "",
        "main-loop",
        "dispatching",
        "bql-wait",
        "waiting",
        "polling",
        "running",
        "bh",
        "timer",
        "fd",
        "poll",
        "other",
        "dispatch",
        "g_main_context_dispatch",
        "\xe6\x95\xb0\xe6\x8d\xae",
        "e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85",
        "\xcc\x81",
        "\xe2\x80\xae\xef\xbb\xbf\xf4\x8f\xbf\xbf",
        "\x1b[2J\x7f\r\n\t\xc2\x9b",
        "a|b;c,d\"e\\f'g",
        "=1+1",
    };
    unsigned random = next_random(state);
    g_autoptr(GString) text = g_string_new(NULL);

    if (old && random % 4 == 0) {
        g_string_append(text, json_object_get_string(old));
    }
    for (unsigned n = random / 4 % 8 ? 1 : 1 + random / 32 % 2000; n; n--) {
        g_string_append(text, strings[random / 32 % G_N_ELEMENTS(strings)]);
    }
    return json_object_new_string(text->str);
}

static json_object *make_any(unsigned *state, const GArray *places)
{
    switch (next_random(state) % 7) {
    case 0:
        return NULL;
    case 1:
        return json_object_new_boolean(next_random(state) % 2);
    case 2:
        return json_object_new_array();
    case 3:
        return json_object_new_object();
    case 4:
        return make_number(state, NULL);
    case 5:
        return make_string(state, NULL);
    default:
        return copy_of(
            g_array_index(places, Place, next_random(state) % places->len)
                .value);
    }
}

static void put(const Place *place, json_object *value)
{
    if (place->key) {
        json_object_object_add(place->parent, place->key, value);
    } else {
        json_object_array_put_idx(place->parent, place->index, value);
    }
}

static void drop(const Place *place)
{
    if (place->key) {
        json_object_object_del(place->parent, place->key);
    } else {
        json_object_array_del_idx(place->parent, place->index, 1);
    }
}

/* More of what is in a list */
static void repeat(const Place *place, unsigned n)
{
    while (!place->key && n--) {
        json_object_array_add(place->parent, copy_of(place->value));
    }
}

static void change(json_object *tree, unsigned *state)
{
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(Place));
    unsigned random = next_random(state);
    const Place *place;

    collect(tree, places);
    if (!places->len) {
        return;
    }
    place = &g_array_index(places, Place, next_random(state) % places->len);
    switch (random % 8) {
    case 0:
        drop(place);
        break;
    case 1:
        repeat(place, 1 + random / 8 % (random / 64 % 8 ? 3 : 200));
        break;
    case 2:
        put(place, make_any(state, places));
        break;
    default:
        put(place, json_object_is_type(place->value, json_type_int)
                       ? make_number(state, place->value)
                   : json_object_is_type(place->value, json_type_string)
                       ? make_string(state, place->value)
                       : make_any(state, places));
        break;
    }
}

/* The part that is changed, some of them by bytes; NULL if it is no JSON */
static char *change_part(const FuzzPart *part, unsigned *state)
{
    struct json_tokener *tokener = json_tokener_new();
    json_object *tree = json_tokener_parse_ex(tokener, part->text, part->len);
    char *text = NULL;

    json_tokener_free(tokener);
    if (tree) {
        for (unsigned n = 1 + next_random(state) % 3; n; n--) {
            change(tree, state);
        }
        text = g_strdup(
            json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN));
        json_object_put(tree);
    }
    return text;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned seed)
{
    unsigned state = seed | 1, n = 0, chosen;
    g_autoptr(GString) out = g_string_new(NULL);
    const uint8_t *at = data;
    size_t left = size;
    FuzzPart part;

    while (fuzz_next_part(&at, &left, &part)) {
        n++;
    }
    chosen = n ? next_random(&state) % n : 0;
    if (!n || next_random(&state) % 8 == 0) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    at = data;
    left = size;
    for (unsigned i = 0; fuzz_next_part(&at, &left, &part); i++) {
        g_autofree char *changed =
            i == chosen ? change_part(&part, &state) : NULL;

        if (i) {
            g_string_append_c(out, FUZZ_SEPARATOR);
        }
        if (changed) {
            /* Now and then what was there as well, as the reply before it */
            if (next_random(&state) % 16 == 0) {
                g_string_append_len(out, part.text, part.len);
                g_string_append_c(out, FUZZ_SEPARATOR);
            }
            g_string_append(out, changed);
        } else {
            g_string_append_len(out, part.text, part.len);
        }
    }
    if (out->len > max_size ||
        (out->len == size && memcmp(out->str, data, size) == 0)) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    memcpy(data, out->str, out->len);
    return out->len;
}
