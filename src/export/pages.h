/*
 * What the exporter serves besides metrics
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_EXPORT_PAGES_H
#define AIOTOP_EXPORT_PAGES_H

#include "qemu-aiotop/format/openmetrics.h"

/* The page that one who comes with a browser gets */
void aiotop_export_landing(GString *out, const AiotopMetricsVm *vms, unsigned n,
                           const char *version);

/**
 * aiotop_export_targets:
 * @host: name or address, with the port, that we were asked by
 *
 * Appends JSON for Prometheus' http_sd: a target for each VM, so that each is a
 * scrape of its own, and a label "host" that those of a host have in common.
 */
void aiotop_export_targets(GString *out, const AiotopMetricsVm *vms, unsigned n,
                           const char *host);

#endif /* AIOTOP_EXPORT_PAGES_H */
