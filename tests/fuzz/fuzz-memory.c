/*
 * Fuzz target: how much memory the longest text of a kind takes
 *
 * The input is repeated, as the elements of arrays or as members of an
 * object, until the text is as long as is taken from anybody.  libFuzzer
 * counts what a sanitizer adds as well; here only what is asked for counts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <sanitizer/allocator_interface.h>
#include <sanitizer/asan_interface.h>
#include <qemu-aiotop/wire/connection.h>
#include <qemu-aiotop/wire/reply.h>

#include "fuzz.h"

/* Bytes, with what an allocator takes for itself */
#define MAX_MEMORY (600u << 20)
#define OVERHEAD 16

/* Two million pieces of memory: without their stacks, and given back at once */
const char *__asan_default_options(void)
{
    return "malloc_context_size=0:quarantine_size_mb=1";
}

static gsize used;
static gsize peak;

static void on_malloc(const volatile void *memory, size_t size)
{
    g_assert_nonnull((const void *)memory);
    used += size + OVERHEAD;
    peak = MAX(peak, used);
}

static void on_free(const volatile void *memory)
{
    if (memory) {
        used -= __sanitizer_get_allocated_size(memory) + OVERHEAD;
    }
}

int LLVMFuzzerInitialize(int *argc G_GNUC_UNUSED, char ***argv G_GNUC_UNUSED)
{
    fuzz_init();
    g_assert_true(
        __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free));
    return 0;
}

/* Like a peer that sends it all at once */
static void receive(const GString *text)
{
    g_autoptr(AiotopQmpStream) stream =
        aiotop_qmp_stream_new(AIOTOP_QMP_MAX_MESSAGE);
    g_autoptr(GError) error = NULL;
    g_autofree char *message = NULL;
    AiotopQmpMessage parsed;
    gsize len;

    for (gsize at = 0; at < text->len && !message && !error;) {
        gsize room;
        char *space = aiotop_qmp_stream_space(stream, &room);

        room = MIN(room, text->len - at);
        memcpy(space, text->str + at, room);
        aiotop_qmp_stream_commit(stream, room);
        at += room;
        message = aiotop_qmp_stream_next(stream, &len, &error);
    }
    if (message && aiotop_qmp_message_parse(&parsed, g_steal_pointer(&message),
                                            len, NULL)) {
        aiotop_snapshot_unref(aiotop_reply_read(parsed.value, NULL, NULL));
        aiotop_qmp_message_clear(&parsed);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GString) text = NULL;
    gsize before;
    FuzzPart head, unit;

    /* What comes before, what is repeated, what comes after */
    if (!fuzz_next_part(&data, &size, &head) ||
        !fuzz_next_part(&data, &size, &unit) || !unit.len) {
        return 0;
    }
    text = g_string_sized_new(AIOTOP_JSON_MAX_BYTES + 1);
    g_string_append_len(text, head.text, head.len);
    while (text->len + unit.len + size <= AIOTOP_JSON_MAX_BYTES) {
        g_string_append_len(text, unit.text, unit.len);
    }
    g_string_append_len(text, (const char *)data, size);

    before = used;
    peak = used;
    receive(text);
    if (peak - before > MAX_MEMORY) {
        g_error("%zu MiB for a text of %zu", (peak - before) >> 20, text->len);
    }
    return 0;
}
