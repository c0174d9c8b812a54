/*
 * The QEMUs of this host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "vms.h"

#include <qemu-aiotop/diagnose/verdict.h>
#include <qemu-aiotop/table/vm-columns.h>
#include <qemu-aiotop/text/wrap.h>

#include "arrivals.h"
#include "vm-tracks.h"

void ui_enter_vms(Ui *ui)
{
    g_autofree char *filter = g_steal_pointer(&ui->vm_filter);

    ui->in_vms = true;
    ui->from_vms = false;
    ui_forget(ui);
    ui_set_filter(ui, filter, NULL);
}

void ui_leave_vms(Ui *ui)
{
    g_free(ui->vm_filter);
    ui->vm_filter = g_strdup(ui->filter_text);
    ui_set_filter(ui, NULL, NULL);
    g_clear_pointer(&ui->search, g_regex_unref);
    g_clear_pointer(&ui->search_text, g_free);
    vms_set_paused(ui, false);
    ui->in_vms = false;
    ui->from_vms = true;
    ui_forget(ui);
}

void ui_take_vms(Ui *ui, const GPtrArray *vms, const AiotopHostInterval *load)
{
    const AiotopDiagnoseOptions options = {
        .stall_ns = ui->stall_ns,
        .request_ns = ui->request_ns,
        .surface = AIOTOP_SURFACE_SCREEN,
    };
    g_autoptr(GPtrArray) before = g_steal_pointer(&ui->verdicts);

    ui->verdicts = aiotop_verdicts_new(vms, before, ui->now_us, &options);
    aiotop_host_cause_free(ui->cause);
    ui->cause = aiotop_host_cause_find(ui->verdicts, load);
    ui->n_rounds++;
    ui->stale = true;
}

const GPtrArray *vms_shown(const Ui *ui)
{
    return ui->frozen ? ui->frozen : ui->verdicts;
}

const AiotopHostCause *vms_cause(const Ui *ui)
{
    return ui->frozen ? ui->frozen_cause : ui->cause;
}

/* In a low screen, the table has its right too */
#define MAX_CAUSE_LINES 4

int vms_cause_lines(const Ui *ui)
{
    const AiotopHostCause *cause = vms_cause(ui);
    int lines = 0;

    for (const char *text = cause ? cause->evidence : ""; *text; lines++) {
        aiotop_wrap_line(text, ui->width, true, &text);
    }
    return MIN(lines, ui->height < 16 ? 1 : MAX_CAUSE_LINES);
}

/* The cause goes on to be found in later rounds, for when that is over */
void vms_set_paused(Ui *ui, bool paused)
{
    g_clear_pointer(&ui->frozen, g_ptr_array_unref);
    g_clear_pointer(&ui->frozen_cause, aiotop_host_cause_free);
    if (paused && ui->verdicts) {
        ui->frozen = g_ptr_array_ref(ui->verdicts);
        ui->frozen_cause = g_steal_pointer(&ui->cause);
    }
    ui->stale = true;
}

void vms_find_rows(Ui *ui)
{
    const GPtrArray *verdicts = vms_shown(ui);
    const AiotopFilter filter = aiotop_query_filter(&ui->query);
    Pane *pane = &ui->vms;

    pane_begin_rows(pane);
    for (unsigned i = 0; verdicts && i < verdicts->len; i++) {
        const AiotopVerdict *verdict = verdicts->pdata[i];
        PaneRow row = {
            .row = aiotop_vm_row(verdict),
            .track = vm_tracks_get(ui->vm_tracks, &verdict->vm->process),
        };

        row.loop_track = row.track;
        row.track->seen = ui->n_rounds;
        if (aiotop_filter_passes(&filter, &row.row)) {
            g_array_append_val(pane->rows, row);
        }
    }
    pane_end_rows(pane, &(PaneInput){ .now = ui->n_rounds });
    vm_tracks_forget(ui->vm_tracks, ui->n_rounds, pane->selected);
}

const AiotopVerdict *vms_selected(const Ui *ui)
{
    const PaneRow *row = pane_selected(&ui->vms);

    return row ? row->row.item : NULL;
}
