/*
 * A QEMU of this host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/model/vm.h"

static GRefString *take(GRefString *text)
{
    return text ? g_ref_string_acquire(text) : NULL;
}

AiotopVm *aiotop_vm_copy(const AiotopVm *vm)
{
    AiotopVm *copy = g_rc_box_new(AiotopVm);

    *copy = *vm;
    take(copy->program);
    take(copy->name);
    take(copy->user);
    take(copy->address);
    take(copy->error);
    if (copy->sample) {
        aiotop_sample_ref(copy->sample);
    }
    return copy;
}

AiotopVm *aiotop_vm_ref(AiotopVm *vm)
{
    return g_rc_box_acquire(vm);
}

static void clear(gpointer opaque)
{
    AiotopVm *vm = opaque;

    g_clear_pointer(&vm->program, g_ref_string_release);
    g_clear_pointer(&vm->name, g_ref_string_release);
    g_clear_pointer(&vm->user, g_ref_string_release);
    g_clear_pointer(&vm->address, g_ref_string_release);
    g_clear_pointer(&vm->error, g_ref_string_release);
    aiotop_sample_free(vm->sample);
}

void aiotop_vm_unref(AiotopVm *vm)
{
    if (vm) {
        g_rc_box_release_full(vm, clear);
    }
}

static void unref_element(gpointer vm)
{
    aiotop_vm_unref(vm);
}

GPtrArray *aiotop_vms_new(void)
{
    return g_ptr_array_new_with_free_func(unref_element);
}

int aiotop_vm_compare(const AiotopVm *a, const AiotopVm *b)
{
    const AiotopIdentity *x = &a->process, *y = &b->process;

    if (x->pid != y->pid) {
        return x->pid < y->pid ? -1 : 1;
    }
    return x->start_ticks < y->start_ticks ? -1
                                           : x->start_ticks > y->start_ticks;
}

char *aiotop_vm_suffix(const AiotopVm *vm)
{
    return vm->trusted ? g_strdup("")
                       : g_strconcat("@", vm->user ? vm->user : "?", NULL);
}

uint64_t aiotop_vm_age_ns(const AiotopVm *vm, int64_t now_us)
{
    return vm->sample ? MAX(now_us - vm->sample_us, 0) * UINT64_C(1000)
                      : AIOTOP_UNKNOWN;
}
