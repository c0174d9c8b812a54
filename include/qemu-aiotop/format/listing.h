/*
 * Writers: which QEMUs run here, for people and for programs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_FORMAT_LISTING_H
#define QEMU_AIOTOP_FORMAT_LISTING_H

#include <stdbool.h>
#include <glib.h>

/* Lists of AiotopProcess */
void aiotop_listing_text(GString *out, GPtrArray *processes, bool ascii);
void aiotop_listing_json(GString *out, GPtrArray *processes);
void aiotop_listing_csv(GString *out, GPtrArray *processes);

#endif /* QEMU_AIOTOP_FORMAT_LISTING_H */
