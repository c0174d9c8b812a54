/*
 * The diagnosis of what is shown: findings in words, worst first
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <inttypes.h>
#include <qemu-aiotop/diagnose/diagnose.h>

#include "view.h"

#define INDENT 2

static Style class_style(const AiotopFinding *finding)
{
    return aiotop_finding_is_stuck(finding) ? STYLE_ALARM
           : finding->id == AIOTOP_CLASS_HEALTHY ||
                   finding->id == AIOTOP_CLASS_UNKNOWN
               ? STYLE_STRONG
               : STYLE_WARNING;
}

/* Its first line stands out, but what class it is of stays loud */
static int put_finding(Canvas *page, int y, const AiotopFinding *finding,
                       bool selected)
{
    g_autofree char *next = g_strconcat("Next: ", finding->next_step, NULL);
    int name = canvas_put(page, y, 0, page->width, class_style(finding),
                          aiotop_classes[finding->id].name);
    int x = name;

    canvas_begin_item(page, y);
    if (finding->loop) {
        x += 2 + canvas_put(page, y, x + 2, MAX(page->width - x - 2, 0),
                            STYLE_STRONG, finding->loop);
    }
    if (!finding->loop && finding->node) {
        x += 2 + canvas_printf(page, y, x + 2, STYLE_STRONG, "node %s",
                               finding->node);
    }
    if (finding->thread_id > 0) {
        canvas_printf(page, y, x + 1, STYLE_DIM, "(thread %" PRId64 ")",
                      finding->thread_id);
    }
    if (selected) {
        canvas_restyle(page, y, name, page->width - name, STYLE_SELECTED);
    }
    y = view_paragraph(page, y + 1, INDENT, STYLE_TEXT, finding->evidence);
    return view_paragraph(page, y, INDENT, STYLE_DIM, next);
}

static int compose(const Ui *ui, Canvas *page)
{
    const AiotopSample *sample = feed_shown(&ui->feed);
    int y = 0;

    if (!sample) {
        canvas_put(page, 0, 0, page->width, STYLE_DIM,
                   "No sample came so far: the header says why");
        return 1;
    }
    for (unsigned i = 0; i < ui->findings->len; i++) {
        y = put_finding(page, y, ui->findings->pdata[i], i == ui->item) + 1;
    }
    return y;
}

const View view_diagnosis = {
    .compose = compose,
};
