/*
 * Threads that may be why another one waits
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_DIAGNOSE_SUSPECTS_H
#define AIOTOP_DIAGNOSE_SUSPECTS_H

#include <glib.h>

#include "diagnosis.h"

/*
 * What a thread of QEMU is called: as QEMU names it, or else as the kernel
 * does; NULL if it is not known
 */
const char *aiotop_thread_name(const AiotopSample *sample, int64_t thread_id);

/* Appends "CPU 0/TCG (thread 12)", or "thread 12" */
void aiotop_thread_append_name(GString *out, const AiotopSample *sample,
                               int64_t thread_id);

/* CPU time of a thread in the interval; AIOTOP_UNKNOWN */
uint64_t aiotop_thread_cpu_ns(const AiotopSample *sample, int64_t thread_id);

/**
 * aiotop_suspects_append:
 * @except: a thread that waits for one of them
 * @vcpus: of vCPUs only
 *
 * Appends a sentence about each thread that is stopped; or if there is none,
 * that may be why, as it was blocked at both ends of the interval and did
 * nothing in between; or if there is none, as it takes a whole CPU.  At most
 * three.  Returns the first one that is stopped, or -1.
 */
int64_t aiotop_suspects_append(GString *out, const Diagnosis *d, int64_t except,
                               bool vcpus);

#endif /* AIOTOP_DIAGNOSE_SUSPECTS_H */
