/*
 * The native stack of a loop's thread, as it was when it was asked for
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <inttypes.h>

#include "view.h"

#define NUMBER_WIDTH 4

static int draw_frames(Canvas *page, int y, const GPtrArray *frames)
{
    for (unsigned i = 0; i < frames->len; i++) {
        canvas_printf(page, y, 0, STYLE_DIM, "%*u", NUMBER_WIDTH - 1, i);
        y = view_paragraph(page, y, NUMBER_WIDTH, STYLE_TEXT, frames->pdata[i]);
    }
    return y;
}

static int compose(const Ui *ui, Canvas *page)
{
    const UiStack *stack = &ui->stack;
    int x = canvas_put(page, 0, 0, page->width, STYLE_TITLE, stack->name);

    canvas_printf(page, 0, x + 2, STYLE_STRONG, "thread %" PRId64, stack->tid);
    if (stack->frames) {
        return draw_frames(page, 1, stack->frames);
    }
    if (stack->error) {
        return view_paragraph(page, 1, 0, STYLE_WARNING, stack->error);
    }
    canvas_printf(page, 1, 0, STYLE_TEXT,
                  "reading the stack of thread %" PRId64 " ...", stack->tid);
    return 2;
}

const View view_stack = {
    .compose = compose,
};
