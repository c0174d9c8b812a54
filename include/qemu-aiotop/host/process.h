/*
 * A QEMU process, as its command line tells of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_PROCESS_H
#define QEMU_AIOTOP_HOST_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/profiler.h>

/* Whether its QEMU has such a type */
typedef enum AiotopPatches {
    AIOTOP_PATCHES_UNKNOWN,
    AIOTOP_PATCHES_NONE,
    AIOTOP_PATCHES_THERE,
} AiotopPatches;

/* So many sockets of each sort are kept, and so many devices */
#define AIOTOP_PROCESS_MOST 16

/* A QEMU process, of which no more than some KiB are kept */
typedef struct AiotopProcess {
    int64_t pid;
    /* "qemu-system-x86_64", "qemu-storage-daemon", ... */
    char *program;
    /* AIOTOP_UNKNOWN if not known; see aiotop_procfs_start_ticks() */
    uint64_t start_ticks;
    /* The user whose it is, who is also one if not known */
    uint32_t owner;
    /* Of that one: aiotop_user_name(), NULL if not known; and what he may be */
    char *user;
    bool trusted;
    /* From -name, or NULL; any bytes */
    char *vm_name;
    /* QEMU gives its threads names: -name debug-threads=on */
    bool names_threads;
    /* Addresses ("unix:PATH", "tcp:HOST:PORT") of its profilers' sockets */
    GPtrArray *profilers;
    /* Addresses of its ordinary QMP monitors */
    GPtrArray *monitors;
    /*
     * libvirt runs it, and the monitor that libvirt made is libvirt's alone;
     * here are the domain's own files.  Or NULL
     */
    char *libvirt_dir;
    /*
     * Devices whose requests do not pass through QEMU, "ID (TYPE)" each, which
     * may be of any bytes; and how many there are
     */
    GPtrArray *offloaded;
    unsigned n_offloaded;
    /* The command line has an event-loop-profiler object */
    bool has_object;
    AiotopPatches patches;
    /* The command line could not be read */
    bool unreadable;
} AiotopProcess;

void aiotop_process_free(AiotopProcess *process);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopProcess, aiotop_process_free)

/*
 * Adds @address, which it takes, to @addresses, unless it is NULL, there, or
 * too long, or they are AIOTOP_PROCESS_MOST
 */
void aiotop_process_add_address(GPtrArray *addresses, char *address);

/* Whether there is a socket to read a profile from */
bool aiotop_process_profiled(const AiotopProcess *process);

/* Why not, if there is none */
AiotopUnprofiled aiotop_process_unprofiled(const AiotopProcess *process);

/* Whether a program of this name, which may be cut, might be a QEMU */
bool aiotop_process_might_be_qemu(const char *name);

/* What there is to know without the command line */
AiotopProcess *aiotop_process_unreadable(int64_t pid, const char *program);

/**
 * aiotop_process_parse:
 * @argv: arguments, with the program's name, NULL-terminated
 * @cwd: directory that relative paths are relative to, or NULL
 *
 * Reads a command line, up to some thousand arguments.  Returns NULL if the
 * program is no QEMU.
 */
AiotopProcess *aiotop_process_parse(int64_t pid, const char *const *argv,
                                    const char *cwd);

#endif /* QEMU_AIOTOP_HOST_PROCESS_H */
