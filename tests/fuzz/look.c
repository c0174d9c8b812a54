/*
 * The screen, as a fuzz target looks at it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "fuzz.h"

#define SMALL 40, 10
#define LARGE 132, 43

unsigned fuzz_key(uint8_t byte)
{
    if (byte == '\n') {
        return KEYCODE_ENTER;
    }
    if (byte < 0x80) {
        return byte;
    }
    if (byte < 0x80 + (KEYCODE_BACKTAB - KEYCODE_UP) + 1) {
        return KEYCODE_UP + byte - 0x80;
    }
    if (byte < 0xa0) {
        return KEYCODE_F(byte - 0x90);
    }
    return byte;
}

void fuzz_draw(Session *session, int width, int height)
{
    g_autoptr(Canvas) canvas = ui_draw(session->ui, width, height);

    session_check_frame(canvas);
}

void fuzz_look_at_all(Session *session, bool ascii)
{
    Ui *ui = session->ui;

    for (UiView view = 0; view < UI_N_VIEWS; view++) {
        if (view == UI_VMS) {
            continue;
        }
        session_reach(session, view);
        ui->ascii = ascii;
        fuzz_draw(session, SMALL);
        ui_key(ui, KEYCODE_END);
        ui->ascii = !ascii;
        fuzz_draw(session, LARGE);
    }
}
