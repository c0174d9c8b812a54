/*
 * What a QEMU's figures stand on that is sampled, in words
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_DIAGNOSE_SAMPLED_H
#define QEMU_AIOTOP_DIAGNOSE_SAMPLED_H

#include <glib.h>
#include <qemu-aiotop/model/sample.h>

/*
 * Appends "  SAMPLED at 49 Hz: 123 samples, 0 lost, 4 of no callback", of the
 * interval; nothing if it is not sampled
 */
void aiotop_sampled_append(GString *out, const AiotopSample *sample);

#endif /* QEMU_AIOTOP_DIAGNOSE_SAMPLED_H */
