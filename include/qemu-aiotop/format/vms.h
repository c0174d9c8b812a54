/*
 * Writers: this host's QEMUs, a row each, to text, JSON or CSV
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_FORMAT_VMS_H
#define QEMU_AIOTOP_FORMAT_VMS_H

#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/diagnose/host-cause.h>
#include <qemu-aiotop/model/verdict.h>
#include <qemu-aiotop/table/vms.h>
#include <qemu-aiotop/text/style.h>

/* "5 QEMUs: 1 STUCK, 4 well", of AiotopVerdict */
char *aiotop_vms_summary(const GPtrArray *verdicts);

/**
 * aiotop_format_text_vms:
 * @verdicts: of a round
 * @cause: what of the host is the cause; NULL if nothing is
 * @real_time_us: when that ended, since 1970; 0 if not known
 *
 * A line with the summary, a paragraph on the host if it is the cause, and the
 * table.
 */
void aiotop_format_text_vms(GString *out, const GPtrArray *verdicts,
                            const AiotopHostCause *cause, int64_t real_time_us,
                            const AiotopQuery *query,
                            const AiotopTextStyle *style);

/* One line: a complete JSON object */
void aiotop_format_json_vms(GString *out, const GPtrArray *verdicts,
                            const AiotopHostCause *cause, int64_t real_time_us,
                            const AiotopQuery *query);

/* A record for each; the head comes once */
void aiotop_format_csv_vms_head(GString *out, const AiotopQuery *query);
void aiotop_format_csv_vms(GString *out, const GPtrArray *verdicts,
                           int64_t real_time_us, const AiotopQuery *query);

#endif /* QEMU_AIOTOP_FORMAT_VMS_H */
