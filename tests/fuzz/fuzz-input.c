/*
 * Fuzz target: what a terminal sends, to keys and the mouse, and the screen
 *
 * The byte 0xff is a pause, of as many times 10 ms as the next byte says;
 * what is between pauses comes at once.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "draw/input.h"
#include "fuzz.h"
#include "reply-text.h"

#define PAUSE 0xff
#define PAUSE_US 10000
/* No sequence, however it is cut, is longer than what is read */
#define MAX_EVENTS 64

static AiotopSnapshot *snapshots[2];

static AiotopSnapshot *load(unsigned number, const AiotopSnapshot *previous)
{
    g_autofree char *path = g_strdup_printf(DATA_DIR "/screen-%u.json", number);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    AiotopSnapshot *snapshot;
    gsize len;

    g_file_get_contents(path, &text, &len, &error);
    g_assert_no_error(error);
    snapshot = read_reply(text, len, previous, &error);
    g_assert_no_error(error);
    return snapshot;
}

int LLVMFuzzerInitialize(int *argc G_GNUC_UNUSED, char ***argv G_GNUC_UNUSED)
{
    fuzz_init();
    snapshots[0] = load(0, NULL);
    snapshots[1] = load(1, snapshots[0]);
    return 0;
}

static Session *begin(void)
{
    Session *session = session_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(snapshots); i++) {
        session_take(session, aiotop_snapshot_ref(snapshots[i]));
    }
    session_link(session, AIOTOP_SAMPLER_LIVE, NULL);
    session->ui->watching = true;
    return session;
}

/* What the screen would do when it is asked for it */
static void serve(Session *session)
{
    Ui *ui = session->ui;

    if (ui->wants & UI_WANT_STACK) {
        session_stack(session, 5);
    }
    if (ui->wants & UI_WANT_VMS) {
        session_vms(session);
    }
    ui->wants = 0;
}

static void handle(Session *session, const InputEvent *event)
{
    static const UiMouse mouse[] = {
        [INPUT_CLICK] = UI_MOUSE_CLICK,
        [INPUT_WHEEL_UP] = UI_MOUSE_WHEEL_UP,
        [INPUT_WHEEL_DOWN] = UI_MOUSE_WHEEL_DOWN,
    };

    if (event->type == INPUT_KEY) {
        g_assert_true(event->key <= KEYCODE_F(63));
        ui_key(session->ui, event->key);
    } else {
        ui_mouse(session->ui, mouse[event->type], event->y, event->x);
    }
    serve(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Session) session = begin();
    g_autoptr(Input) input = input_new();
    int64_t now_us = session->ui->now_us;
    unsigned n = 0;

    fuzz_draw(session, 80, 24);
    for (size_t at = 0; at <= size && n < MAX_EVENTS;) {
        size_t end = at;
        InputEvent event;

        while (end < size && data[end] != PAUSE) {
            end++;
        }
        input_push(input, data + at, end - at, now_us);
        at = end + 2;
        now_us += (at <= size ? data[end + 1] : 0xff) * PAUSE_US;
        session->ui->now_us = now_us;
        while (input_next(input, now_us, &event)) {
            handle(session, &event);
            fuzz_draw(session, n % 2 ? 132 : 40, n % 2 ? 43 : 10);
            n++;
        }
    }
    /* Nothing waits for ever for what does not come */
    g_assert_cmpint(input_wait_us(input, now_us + INPUT_CUT_US), <=, 0);
    return 0;
}
