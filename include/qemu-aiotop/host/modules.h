/*
 * The executable files that a process has mapped, as libdwfl sees them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_MODULES_H
#define QEMU_AIOTOP_HOST_MODULES_H

#include <stdbool.h>
#include <stdint.h>
#include <elfutils/libdwfl.h>
#include <glib.h>
#include <qemu-aiotop/host/stack-error.h>
#include <qemu-aiotop/model/thread.h>

typedef struct AiotopModules {
    AiotopIdentity process;
    /* By whose folder in /proc files are found: one of its threads */
    int64_t tid;
    /* What /proc/TID/exe is, as in the list of modules; NULL if unknown */
    char *executable;
    Dwfl *dwfl;
    /* What is mapped, as it was last seen */
    GPtrArray *files;
    /* How many bytes the files that are read may still have */
    uint64_t left;
} AiotopModules;

/**
 * aiotop_modules_new:
 * @tid: one of the process's threads
 * @asks_server: a server of debug information is asked, and waited for, if
 *     DEBUGINFOD_URLS is set
 *
 * Returns what is mapped now.  Files are those that the process sees, its
 * executable also when a newer one has taken its place.  They are read, not
 * mapped, as who owns one may cut it short.  NULL with @error set, of
 * AIOTOP_STACK_ERROR, in words for the user.  May be used in any thread, by one
 * at a time.
 */
AiotopModules *aiotop_modules_new(const AiotopIdentity *process, int64_t tid,
                                  bool asks_server, GError **error);

/*
 * Looks again what is mapped; what still is stays as it was.  False if that
 * can't be seen: then all does.
 */
bool aiotop_modules_refresh(AiotopModules *modules, GError **error);

/* Accepts NULL */
void aiotop_modules_free(AiotopModules *modules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopModules, aiotop_modules_free)

#endif /* QEMU_AIOTOP_HOST_MODULES_H */
