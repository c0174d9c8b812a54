/*
 * A QEMU of this host, as it is known at the end of a round in which all of
 * them were asked
 *
 * Made by the host sampler, and never changed once made; counted by reference.
 * It, and the sample that it has, belong to one thread, that of the sampler.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_MODEL_VM_H
#define QEMU_AIOTOP_MODEL_VM_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/profiler.h>
#include <qemu-aiotop/model/sample.h>
#include <qemu-aiotop/model/thread.h>

typedef enum AiotopVmState {
    /* Found so short a time ago that it can't be late */
    AIOTOP_VM_NEW,
    /* It has answered in the last round */
    AIOTOP_VM_LIVE,
    /* It has not, by the deadline; @sample, if there is one, is older */
    AIOTOP_VM_LATE,
    /* It can't be asked: see @error */
    AIOTOP_VM_LOST,
} AiotopVmState;

/* Why it has no answer */
typedef enum AiotopVmSilence {
    AIOTOP_VM_ANSWERS,
    /* Its socket may not be used by this user */
    AIOTOP_VM_DENIED,
    /* There is nobody to take the connection, or he ends it */
    AIOTOP_VM_REFUSED,
    /* It takes it and says nothing, or nothing in time */
    AIOTOP_VM_SILENT,
    /* What it says is no answer */
    AIOTOP_VM_MALFORMED,
    AIOTOP_N_VM_SILENCES,
} AiotopVmSilence;

typedef struct AiotopVm {
    AiotopIdentity process;
    /* "qemu-system-x86_64", "qemu-storage-daemon", ... */
    GRefString *program;
    /* From -name, or NULL; any bytes, and several VMs may have the same */
    GRefString *name;
    /*
     * The user whose it is, by name or number, of any bytes; NULL if not known.
     * One that is not trusted may have begun it under any name.
     */
    GRefString *user;
    bool trusted;
    /* Of the socket where it is asked; NULL if it is not profiled */
    GRefString *address;
    /* If it is not: why.  Its samples are of host-only snapshots then. */
    AiotopUnprofiled unprofiled;

    AiotopVmState state;
    /* g_get_monotonic_time() when that began; if late, when it was asked */
    int64_t since_us;
    /* In words for the user; NULL unless it is lost */
    GRefString *error;
    /* Of one that is profiled */
    AiotopVmSilence silence;

    /*
     * The last one; NULL if none came.  The first one is cumulative, as is
     * that after a restart of profiling: the others are of an interval.
     */
    AiotopSample *sample;
    /* g_get_monotonic_time() when it came */
    int64_t sample_us;
} AiotopVm;

/* A copy with references of its own, which its maker may still change */
AiotopVm *aiotop_vm_copy(const AiotopVm *vm);
AiotopVm *aiotop_vm_ref(AiotopVm *vm);
/* Accepts NULL */
void aiotop_vm_unref(AiotopVm *vm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopVm, aiotop_vm_unref)

/* An array for AiotopVm, which drops the references that it is given */
GPtrArray *aiotop_vms_new(void);

/* By the process's number, then by when it began: the order of the array */
int aiotop_vm_compare(const AiotopVm *a, const AiotopVm *b);

/*
 * What follows its name, or its program, where a name has to be whose it is:
 * "@USER" of a user who is not trusted, else "".  So nobody has the name of
 * another one's.  The caller frees it; of any bytes.
 */
char *aiotop_vm_suffix(const AiotopVm *vm);

/*
 * How old what is known of it is, in nanoseconds; AIOTOP_UNKNOWN if nothing is
 */
uint64_t aiotop_vm_age_ns(const AiotopVm *vm, int64_t now_us);

#endif /* QEMU_AIOTOP_MODEL_VM_H */
