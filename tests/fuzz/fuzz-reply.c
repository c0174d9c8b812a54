/*
 * Fuzz target: replies to snapshots, samples, all formats and the screen
 *
 * A part that begins with a brace is a reply, each after the one before it.
 * Any other part is keys.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "fuzz.h"
#include "reply-text.h"

#define MAX_REPLIES 4
#define MAX_KEYS 32

int LLVMFuzzerInitialize(int *argc G_GNUC_UNUSED, char ***argv G_GNUC_UNUSED)
{
    fuzz_init();
    return 0;
}

/* As the sampler does it; false if it is no reply */
static bool take(Session *session, const FuzzPart *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AiotopSample) sample = NULL;
    AiotopSnapshot *now =
        read_reply(part->text, part->len, session->last, &error);

    if (!now) {
        g_assert_nonnull(error);
        return false;
    }
    sample = aiotop_sample_new(session->last, now);
    fuzz_write(sample);
    session_take(session, now);
    return true;
}

static void type(Session *session, const FuzzPart *keys)
{
    for (gsize i = 0; i < MIN(keys->len, MAX_KEYS); i++) {
        ui_key(session->ui, fuzz_key(keys->text[i]));
        fuzz_draw(session, 80, 24);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Session) session = session_new();
    unsigned n = 0;
    FuzzPart part;

    session_link(session, AIOTOP_SAMPLER_LIVE, NULL);
    while (n < MAX_REPLIES && fuzz_next_part(&data, &size, &part)) {
        if (part.len && part.text[0] == '{') {
            n += take(session, &part);
        } else {
            type(session, &part);
        }
    }
    if (n) {
        fuzz_look_at_all(session, n % 2);
    }
    return 0;
}
