/*
 * The table of this host's QEMUs
 *
 * Columns like those of loops and sources.  Its rows' items are
 * AiotopVerdict; the loop of a row is the one that its verdict is about, and
 * both loop and sample may be NULL.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TABLE_VM_COLUMNS_H
#define QEMU_AIOTOP_TABLE_VM_COLUMNS_H

#include <qemu-aiotop/model/verdict.h>
#include <qemu-aiotop/table/columns.h>

extern const AiotopTable aiotop_vm_table;

/* The row of a verdict; valid as long as that */
AiotopRow aiotop_vm_row(const AiotopVerdict *verdict);

#endif /* QEMU_AIOTOP_TABLE_VM_COLUMNS_H */
