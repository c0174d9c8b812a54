/*
 * A VM's metrics as text, and what form that is to have
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_TESTS_VM_METRICS_H
#define AIOTOP_TESTS_VM_METRICS_H

#include <stdbool.h>

#include <glib.h>

#include <qemu-aiotop/format/openmetrics.h>

/* Two snapshots, five seconds apart, and what is made of them */
typedef struct Vm {
    AiotopSample *sample;
    AiotopLedger *ledger;
    AiotopCheckResult check;
    AiotopMetricsVm metrics;
} Vm;

/* @members: of the second snapshot, which may come again */
Vm *vm_new(const char *label, const char *members);
void vm_free(Vm *vm);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Vm, vm_free)

/* The caller frees it */
char *format(const AiotopMetricsVm *vms, unsigned n,
             AiotopMetricsFormat format);

bool has_line(const char *text, const char *line);

/* All of @lines are there, with single quotes for double ones */
void expect(const char *text, const char *lines);
void expect_in_both(const Vm *vm, const char *lines);

/* It has the form that both formats ask for */
void check_form(const char *text, bool openmetrics);

#endif
