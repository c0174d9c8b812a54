/*
 * Which QEMUs run on this host, and where to reach them
 *
 * All from /proc: a monitor serves one client at a time, so no socket is
 * connected to merely to find out what it is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_DISCOVER_H
#define QEMU_AIOTOP_HOST_DISCOVER_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/host/procfs.h>

#define AIOTOP_DISCOVER_ERROR (aiotop_discover_error_quark())
GQuark aiotop_discover_error_quark(void);

typedef enum AiotopDiscoverError {
    /* Nothing here answers to this name */
    AIOTOP_DISCOVER_ERROR_NOT_FOUND,
    /* More than one does */
    AIOTOP_DISCOVER_ERROR_AMBIGUOUS,
    /* No QEMU is profiled, or none has a monitor where one is needed */
    AIOTOP_DISCOVER_ERROR_NOT_PROFILED,
    /* Others could put a socket of theirs into the place of ours */
    AIOTOP_DISCOVER_ERROR_UNSAFE,
} AiotopDiscoverError;

/* Files of sockets that were made for us at run time begin with this */
#define AIOTOP_SOCKET_PREFIX "qemu-aiotop-"

/* QEMU's type of objects that profile */
#define AIOTOP_OBJECT_TYPE "event-loop-profiler"

/* Whether its QEMU has such a type */
typedef enum AiotopPatches {
    AIOTOP_PATCHES_UNKNOWN,
    AIOTOP_PATCHES_NONE,
    AIOTOP_PATCHES_THERE,
} AiotopPatches;

/* A QEMU process */
typedef struct AiotopProcess {
    int64_t pid;
    /* "qemu-system-x86_64", "qemu-storage-daemon", ... */
    char *program;
    /* AIOTOP_UNKNOWN if not known; see aiotop_procfs_start_ticks() */
    uint64_t start_ticks;
    /* From -name, or NULL; any bytes */
    char *vm_name;
    /* The command line without the program; any bytes */
    char *arguments;
    /* QEMU gives its threads names: -name debug-threads=on */
    bool names_threads;
    /* Addresses ("unix:PATH", "tcp:HOST:PORT") of its profilers' sockets */
    GPtrArray *profilers;
    /* Addresses of its ordinary QMP monitors */
    GPtrArray *monitors;
    /* The command line has an event-loop-profiler object */
    bool has_object;
    AiotopPatches patches;
    /* NULL if the command line could be read, else why not */
    char *unreadable;
} AiotopProcess;

void aiotop_process_free(AiotopProcess *process);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopProcess, aiotop_process_free)

/* Adds @address, which it takes, to @addresses, unless NULL or there */
void aiotop_process_add_address(GPtrArray *addresses, char *address);

/* Whether there is a socket to read a profile from */
bool aiotop_process_profiled(const AiotopProcess *process);

/**
 * aiotop_process_reason:
 *
 * Returns in a few words why the process can't be profiled as it is, and
 * what to do; NULL if it can.  The caller frees it.
 */
char *aiotop_process_reason(const AiotopProcess *process);

/* Whether a program of this name, which may be cut, might be a QEMU */
bool aiotop_process_might_be_qemu(const char *name);

/* What there is to know without the command line, for @why; takes it */
AiotopProcess *aiotop_process_unreadable(int64_t pid, const char *program,
                                         char *why);

/**
 * aiotop_process_parse:
 * @argv: arguments, with the program's name, NULL-terminated
 * @cwd: directory that relative paths are relative to, or NULL
 *
 * Reads a command line.  Returns NULL if the program is no QEMU.
 */
AiotopProcess *aiotop_process_parse(int64_t pid, const char *const *argv,
                                    const char *cwd);

/**
 * aiotop_discover:
 * @root: AIOTOP_PROCFS_ROOT
 *
 * Returns the QEMUs here, by pid, as a GPtrArray of AiotopProcess that frees
 * its elements.  Profilers that were added at run time are found if they
 * listen on a UNIX socket whose file is named qemu-aiotop-*.
 *
 * Reads the command lines only of processes whose executable or name looks
 * like a QEMU's, and waits no longer than a quarter of a second for those that
 * do not answer.  May be called in any thread.
 */
GPtrArray *aiotop_discover(const char *root);

/**
 * aiotop_discover_process:
 *
 * Returns one of them, or NULL if there is no such process or it is no QEMU.
 */
AiotopProcess *aiotop_discover_process(const char *root, int64_t pid);

/* Address of a process that is not profiled: only /proc can tell of it */
#define AIOTOP_HOST_ADDRESS "pid:"

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

/**
 * aiotop_profiler_object:
 * @path: of the socket, or NULL for a profiler without one
 * @stall_ms: stall-threshold in milliseconds, 0 for QEMU's own
 *
 * Returns the arguments, as JSON, with which object-add makes a profiler.
 * The caller frees it.
 */
char *aiotop_profiler_object(const char *path, unsigned stall_ms);

#endif /* QEMU_AIOTOP_HOST_DISCOVER_H */
