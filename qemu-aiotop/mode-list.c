/*
 * Mode: the QEMUs of this host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "modes.h"

#include <stdlib.h>
#include <qemu-aiotop/format/listing.h>
#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/host/discover.h>

#include "output.h"

int mode_list(const Options *options)
{
    g_autoptr(GPtrArray) processes = aiotop_discover(AIOTOP_PROCFS_ROOT);
    g_autoptr(GString) out = g_string_new(NULL);
    int status = EXIT_SUCCESS;

    switch (options->output) {
    case OUTPUT_TEXT:
        aiotop_listing_text(out, processes, options->style.ascii);
        break;
    case OUTPUT_JSON:
        aiotop_listing_json(out, processes);
        break;
    case OUTPUT_CSV:
        aiotop_listing_csv(out, processes);
        break;
    case OUTPUT_FOLDED:
        /* The command line is refused */
        break;
    }
    report_output(out, &status);
    return status;
}
