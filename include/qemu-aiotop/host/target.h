/*
 * What a TARGET on the command line stands for
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_TARGET_H
#define QEMU_AIOTOP_HOST_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/thread.h>

#define AIOTOP_DISCOVER_ERROR (aiotop_discover_error_quark())
GQuark aiotop_discover_error_quark(void);

typedef enum AiotopDiscoverError {
    /* Nothing here answers to this name */
    AIOTOP_DISCOVER_ERROR_NOT_FOUND,
    /* More than one does */
    AIOTOP_DISCOVER_ERROR_AMBIGUOUS,
    /* No QEMU is profiled, or none has a monitor where one is needed */
    AIOTOP_DISCOVER_ERROR_NOT_PROFILED,
    /* Its monitor is libvirt's, and the target has how to get there */
    AIOTOP_DISCOVER_ERROR_LIBVIRT,
    /* Others could put a socket of theirs into the place of ours */
    AIOTOP_DISCOVER_ERROR_UNSAFE,
} AiotopDiscoverError;

/* Files of sockets that were made for us at run time begin with this */
#define AIOTOP_SOCKET_PREFIX "qemu-aiotop-"

/* Address of a process that is not profiled: only /proc can tell of it */
#define AIOTOP_HOST_ADDRESS "pid:"

/* Where those of libvirt's VMs are best, if QEMU's user has made it its own */
#define AIOTOP_SOCKET_DIR "/run/qemu-aiotop"

/* What follows is a VM's name, whatever it looks like */
#define AIOTOP_TARGET_NAME "name:"

/* What a TARGET stands for */
typedef struct AiotopTarget {
    /*
     * Where the profile is served, or a monitor if it is not; or
     * AIOTOP_HOST_ADDRESS and the pid
     */
    char *address;
    /* None if not known before connecting */
    AiotopIdentity process;
    /*
     * After AIOTOP_DISCOVER_ERROR_LIBVIRT: which libvirt, the domain's name,
     * and where a profiler that is added should listen
     */
    const char *libvirt_uri;
    char *domain;
    char *profiler_path;
} AiotopTarget;

void aiotop_target_clear(AiotopTarget *target);

/* @address without the prefix that tells its family */
const char *aiotop_target_shown(const char *address);

/**
 * aiotop_target_address:
 *
 * Returns the address if @text is a socket's path or HOST:PORT, else NULL: a
 * PID, a VM's name, or AIOTOP_TARGET_NAME and such a name.  A path has a
 * slash, or a socket of this name exists.
 */
char *aiotop_target_address(const char *text);

/**
 * aiotop_target_resolve:
 * @text: socket's path, HOST:PORT, PID, VM's name; or NULL for the only
 *     profiled QEMU
 * @monitor: an ordinary monitor is wanted instead of the profiler's socket
 * @processes: of aiotop_discover()
 *
 * Sets @target, or returns false with @error.  Without @monitor, the PID or
 * name of a QEMU that is not profiled stands for what /proc says of it.
 */
bool aiotop_target_resolve(const char *text, bool monitor, GPtrArray *processes,
                           AiotopTarget *target, GError **error);

/**
 * aiotop_profiler_path:
 * @monitor: address of an ordinary monitor of the process
 * @pid: the process, or 0 if it is not known
 *
 * Returns where a profiler that is added at run time should listen: in
 * XDG_RUNTIME_DIR if the process is the user's own and so is that directory,
 * else beside the monitor's socket; NULL if that has no path, and with @error
 * set if somebody else may write there.  The caller frees it.
 */
char *aiotop_profiler_path(const char *monitor, int64_t pid, GError **error);

#endif /* QEMU_AIOTOP_HOST_TARGET_H */
