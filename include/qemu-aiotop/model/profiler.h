/*
 * What QEMU calls its profiler
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_MODEL_PROFILER_H
#define QEMU_AIOTOP_MODEL_PROFILER_H

/* QEMU's type of objects that profile */
#define AIOTOP_OBJECT_TYPE "event-loop-profiler"

#endif /* QEMU_AIOTOP_MODEL_PROFILER_H */
