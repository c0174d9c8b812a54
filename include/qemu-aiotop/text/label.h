/*
 * Text of others as the value of a label, as OpenMetrics and Prometheus have
 * them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TEXT_LABEL_H
#define QEMU_AIOTOP_TEXT_LABEL_H

#include <glib.h>

/* Bytes that a name keeps, before quotes and backslashes are escaped */
#define AIOTOP_LABEL_MAX 128

/**
 * aiotop_label_bound:
 * @text: any bytes but NUL
 *
 * Returns it as a person may read it, valid UTF-8 on one line without control
 * characters, the end of it cut off behind "..." past AIOTOP_LABEL_MAX bytes.
 * The caller frees it.
 */
char *aiotop_label_bound(const char *text);

/* Appends @text, of aiotop_label_bound(), without the quotes around it */
void aiotop_label_append(GString *out, const char *text);

#endif /* QEMU_AIOTOP_TEXT_LABEL_H */
