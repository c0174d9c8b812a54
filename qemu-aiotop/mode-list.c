/*
 * Mode: the QEMUs of this host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "modes.h"

#include <stdlib.h>
#include <qemu-aiotop/host/discover.h>

#include "output.h"

int mode_list(const Options *options)
{
    g_autoptr(GPtrArray) processes = aiotop_discover(AIOTOP_PROCFS_ROOT);
    g_autoptr(GString) out = g_string_new(NULL);
    int status = EXIT_SUCCESS;

    switch (options->output) {
    case OUTPUT_TEXT:
        aiotop_format_text_list(out, processes, options->selection.ascii);
        break;
    case OUTPUT_JSON:
        aiotop_format_json_list(out, processes);
        break;
    case OUTPUT_CSV:
        aiotop_format_csv_list(out, processes);
        break;
    }
    report_output(out, &status);
    return status;
}
