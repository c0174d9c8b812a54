/*
 * Writers: a diagnosis
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_FORMAT_DIAGNOSIS_H
#define QEMU_AIOTOP_FORMAT_DIAGNOSIS_H

#include <glib.h>
#include <qemu-aiotop/diagnose/host-cause.h>
#include <qemu-aiotop/model/sample.h>
#include <qemu-aiotop/model/verdict.h>
#include <qemu-aiotop/text/style.h>

/* Of one of all QEMUs of a host: whose it is, and what of the host is the cause */
typedef struct AiotopDiagnosisOfHost {
    const AiotopVm *vm;
    /* NULL if nothing is */
    const AiotopHostCause *cause;
} AiotopDiagnosisOfHost;

/*
 * A diagnosis: for people, in 80 columns, and for programs, one line.
 * @findings are of aiotop_diagnose(); @host is NULL for one that is alone.
 */
void aiotop_format_text_diagnosis(GString *out, const AiotopSample *sample,
                                  const GPtrArray *findings,
                                  const AiotopTextStyle *style);
void aiotop_format_json_diagnosis(GString *out, const AiotopSample *sample,
                                  const GPtrArray *findings,
                                  const AiotopDiagnosisOfHost *host);

/* The same of a QEMU that there is no diagnosis of: why there is none */
void aiotop_format_text_verdict(GString *out, const AiotopVerdict *verdict,
                                const AiotopTextStyle *style);
void aiotop_format_json_verdict(GString *out, const AiotopVerdict *verdict,
                                const AiotopHostCause *cause);

/* What of the host is the cause, before all others */
void aiotop_format_text_host_cause(GString *out, const AiotopHostCause *cause,
                                   const AiotopTextStyle *style);

#endif /* QEMU_AIOTOP_FORMAT_DIAGNOSIS_H */
