/*
 * A check of all QEMUs of this host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/diagnose/host-check.h"

static void clear_vm(gpointer opaque)
{
    AiotopVmCheck *vm = opaque;

    aiotop_check_result_clear(&vm->result);
}

static bool is_unprofiled(const AiotopVmCheck *vm)
{
    return !vm->verdict->vm->address;
}

/* What it said last counts as long as nothing better is known */
static AiotopCheckStatus judge(const AiotopVmCheck *vm)
{
    bool answers = vm->verdict->vm->state == AIOTOP_VM_LIVE;

    if (vm->measured &&
        (answers || vm->result.status == AIOTOP_CHECK_CRITICAL)) {
        return vm->result.status;
    }
    return AIOTOP_CHECK_UNKNOWN;
}

/* Of two that have the same status the one whose verdict is worse */
static int severity(const AiotopVmCheck *vm)
{
    static const int of_status[] = {
        [AIOTOP_CHECK_CRITICAL] = 3,
        [AIOTOP_CHECK_WARNING] = 2,
        [AIOTOP_CHECK_UNKNOWN] = 1,
        [AIOTOP_CHECK_OK] = 0,
    };

    return of_status[vm->status] * AIOTOP_N_VERDICTS - (int)vm->verdict->id;
}

static int compare(gconstpointer pa, gconstpointer pb)
{
    const AiotopVmCheck *a = pa, *b = pb;
    int order = severity(b) - severity(a);

    return order ? order : aiotop_vm_compare(a->verdict->vm, b->verdict->vm);
}

static AiotopCheckStatus worst_of(const AiotopHostCheck *result)
{
    const AiotopVmCheck *vm;

    for (unsigned i = 0; i < result->vms->len; i++) {
        vm = &g_array_index(result->vms, AiotopVmCheck, i);
        if (vm->status != AIOTOP_CHECK_UNKNOWN || !is_unprofiled(vm)) {
            return vm->status;
        }
    }
    return AIOTOP_CHECK_UNKNOWN;
}

void aiotop_host_check_run(AiotopHostCheck *result, const GPtrArray *verdicts,
                           const AiotopCheck *check)
{
    *result = (AiotopHostCheck){
        .vms = g_array_new(FALSE, FALSE, sizeof(AiotopVmCheck)),
    };
    g_array_set_clear_func(result->vms, clear_vm);
    for (unsigned i = 0; i < verdicts->len; i++) {
        AiotopVmCheck vm = { .verdict = verdicts->pdata[i] };
        const AiotopSample *sample = vm.verdict->vm->sample;

        if (sample && aiotop_diagnose_can(sample)) {
            aiotop_check_run(&vm.result, sample, check);
            vm.measured = true;
        }
        vm.status = judge(&vm);
        result->n_unprofiled += is_unprofiled(&vm);
        g_array_append_val(result->vms, vm);
    }
    g_array_sort(result->vms, compare);
    result->status = worst_of(result);
}

void aiotop_host_check_clear(AiotopHostCheck *result)
{
    g_clear_pointer(&result->vms, g_array_unref);
}
