/*
 * What is the matter with a row: how its mark or verdict looks, and why it has it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "view.h"

Style view_verdict_style(const AiotopVerdict *verdict)
{
    switch (verdict->id) {
    case AIOTOP_VERDICT_STUCK:
        return STYLE_ERROR;
    case AIOTOP_VERDICT_SILENT:
    case AIOTOP_VERDICT_LOST:
    case AIOTOP_VERDICT_SLOW:
        return STYLE_WARNING;
    case AIOTOP_VERDICT_NEW:
    case AIOTOP_VERDICT_UNPROFILED:
        return STYLE_DIM;
    case AIOTOP_VERDICT_WELL:
    case AIOTOP_N_VERDICTS:
        break;
    }
    return STYLE_TEXT;
}

Style view_mark_style(AiotopMarkId id)
{
    return aiotop_marks[id].alarm ? STYLE_ALARM : STYLE_WARNING;
}

int view_marks(const Ui *ui, Canvas *canvas, int y, const AiotopRow *row)
{
    AiotopMarks mask =
        aiotop_marks_check(row->sample, row->loop, row->source, ui->stall_ns);

    for (unsigned i = 0; i < AIOTOP_N_MARKS; i++) {
        if (mask & 1u << i) {
            g_autoptr(GString) text = g_string_new(NULL);

            aiotop_marks_explain(text, i, row->sample, row->loop, row->source,
                                 ui->stall_ns);
            y = view_paragraph(canvas, y, 0, view_mark_style(i), text->str);
        }
    }
    return y;
}
