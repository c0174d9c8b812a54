/*
 * What QEMU calls its profiler, and why there may be none
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_MODEL_PROFILER_H
#define QEMU_AIOTOP_MODEL_PROFILER_H

/* QEMU's type of objects that profile */
#define AIOTOP_OBJECT_TYPE "event-loop-profiler"

/* Why a process is not profiled; see diagnose/missing.h for the words */
typedef enum AiotopUnprofiled {
    /* It is, or it is not known why not */
    AIOTOP_UNPROFILED_NO_REASON,
    /* Its command line can't be read */
    AIOTOP_UNPROFILED_SILENT,
    /* It has the object, but nothing to reach it by */
    AIOTOP_UNPROFILED_NO_SOCKET,
    /* Its QEMU has no such type */
    AIOTOP_UNPROFILED_NOT_BUILT,
    /* It has no object, and no monitor to add one through */
    AIOTOP_UNPROFILED_NO_MONITOR,
    /* The same, but its monitor is libvirt's */
    AIOTOP_UNPROFILED_LIBVIRT,
    /* An object can be added; or if its QEMU has such a type */
    AIOTOP_UNPROFILED_ADD,
    AIOTOP_UNPROFILED_PERHAPS_ADD,
} AiotopUnprofiled;

#endif /* QEMU_AIOTOP_MODEL_PROFILER_H */
