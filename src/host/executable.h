/*
 * Whether an executable file is a QEMU with the profiler in it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_HOST_EXECUTABLE_H
#define AIOTOP_HOST_EXECUTABLE_H

#include <glib.h>

/**
 * aiotop_executable_has_profiler:
 *
 * An AiotopPatientRead: "yes" or "no", "" if the file is too long to say that,
 * NULL if it can't be read.  Looks for the name of the object's type in its
 * first 256 MiB, which takes some 10 ms for a QEMU that is in memory, and once
 * for each file.
 */
char *aiotop_executable_has_profiler(const char *path, gsize *len);

#endif /* AIOTOP_HOST_EXECUTABLE_H */
