/*
 * What the user calls a QEMU: socket, HOST:PORT, PID, or VM's name
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/target.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qemu-aiotop/host/process.h"
#include "qemu-aiotop/host/procfs.h"
#include "qemu-aiotop/text/escape.h"

G_DEFINE_QUARK(aiotop_discover_error, aiotop_discover_error)

void aiotop_target_clear(AiotopTarget *target)
{
    g_clear_pointer(&target->address, g_free);
    g_clear_pointer(&target->domain, g_free);
    g_clear_pointer(&target->profiler_path, g_free);
    target->process = (AiotopIdentity){ 0 };
}

const char *aiotop_target_shown(const char *address)
{
    return strchr(address, ':') + 1;
}

static bool is_socket(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

char *aiotop_target_address(const char *text)
{
    const char *colon = strrchr(text, ':');
    guint64 port;

    if (g_str_has_prefix(text, "unix:") || g_str_has_prefix(text, "tcp:")) {
        return g_strdup(text);
    }
    if (g_str_has_prefix(text, AIOTOP_TARGET_NAME)) {
        return NULL;
    }
    if (strchr(text, '/') || is_socket(text)) {
        return g_strconcat("unix:", text, NULL);
    }
    if (colon &&
        g_ascii_string_to_unsigned(colon + 1, 10, 1, UINT16_MAX, &port, NULL)) {
        return colon == text ? g_strconcat("tcp:localhost", text, NULL)
                             : g_strconcat("tcp:", text, NULL);
    }
    return NULL;
}

/* The process's user; ours if it is not known */
static uid_t user_of(int64_t pid)
{
    g_autofree char *dir =
        g_strdup_printf("%s/%" PRId64, AIOTOP_PROCFS_ROOT, pid);
    struct stat st;

    return pid && stat(dir, &st) == 0 ? st.st_uid : geteuid();
}

/*
 * Whether nobody but root and these two can put another file into the place
 * of one of theirs in this directory, or of it or one that it is in.  That of
 * another one's root directory is taken on trust, as its process is.
 */
static bool is_safe_dir(const char *dir, uid_t user, uid_t other)
{
    g_autofree char *at = g_strdup(dir);

    for (;;) {
        char *slash = strrchr(at, '/');
        struct stat st;

        if (stat(at, &st) < 0 || !S_ISDIR(st.st_mode) ||
            (st.st_uid != 0 && st.st_uid != user && st.st_uid != other) ||
            (st.st_mode & (S_IWGRP | S_IWOTH) && !(st.st_mode & S_ISVTX))) {
            return false;
        }
        if (slash == at && !at[1]) {
            return true;
        }
        slash[slash == at] = '\0';
    }
}

/*
 * Where QEMU's user can make a socket whatever confines it, which is its
 * domain's directory, or where those who watch may look, if it is there
 */
static char *libvirt_path(const AiotopProcess *process)
{
    uid_t user = user_of(process->pid);
    struct stat st;
    bool shared = stat(AIOTOP_SOCKET_DIR, &st) == 0 && st.st_uid == user &&
                  is_safe_dir(AIOTOP_SOCKET_DIR, user, user);

    return g_strdup_printf("%s/" AIOTOP_SOCKET_PREFIX "%" PRId64 ".sock",
                           shared ? AIOTOP_SOCKET_DIR : process->libvirt_dir,
                           process->pid);
}

/*
 * Whether it is for sure what libvirt made: any process may claim that on its
 * command line, and what we say is typed by root
 */
static bool is_libvirts(const AiotopProcess *process)
{
    const char *dir = process->libvirt_dir;
    uid_t user = user_of(process->pid);
    g_autofree char *canonical = dir ? g_canonicalize_filename(dir, "/") : NULL;
    struct stat st;

    return dir && strcmp(dir, canonical) == 0 && lstat(dir, &st) == 0 &&
           st.st_uid == user && is_safe_dir(dir, user, user);
}

/* How a profiler may be added through libvirt, as an error; or why not */
static void offer_libvirt(const AiotopProcess *process, AiotopTarget *target,
                          GError **error)
{
    if (aiotop_process_unprofiled(process) != AIOTOP_UNPROFILED_LIBVIRT) {
        g_set_error(error, AIOTOP_DISCOVER_ERROR,
                    AIOTOP_DISCOVER_ERROR_NOT_PROFILED,
                    "%s (pid %" PRId64 ") has a profiler already",
                    process->program, process->pid);
        return;
    }
    if (!is_libvirts(process)) {
        g_autofree char *dir = aiotop_text_escape(process->libvirt_dir);

        g_set_error(error, AIOTOP_DISCOVER_ERROR, AIOTOP_DISCOVER_ERROR_UNSAFE,
                    "%s (pid %" PRId64 ") says that libvirt runs it, but %s is"
                    " no directory of its user's alone: nothing is advised",
                    process->program, process->pid, dir);
        return;
    }
    target->libvirt_uri =
        g_str_has_prefix(process->libvirt_dir, "/var/lib/libvirt/")
            ? "qemu:///system"
            : "qemu:///session";
    target->domain = g_strdup(process->vm_name);
    target->profiler_path = libvirt_path(process);
    g_set_error(error, AIOTOP_DISCOVER_ERROR, AIOTOP_DISCOVER_ERROR_LIBVIRT,
                "%s (pid %" PRId64 ") has no QMP monitor but libvirt's",
                process->program, process->pid);
}

/* Takes the address that serves the purpose, if the process has one */
static bool use_process(const AiotopProcess *process, bool monitor,
                        AiotopTarget *target, GError **error)
{
    GPtrArray *addresses = monitor || !process->profilers->len
                               ? process->monitors
                               : process->profilers;

    target->process = (AiotopIdentity){ process->pid, process->start_ticks };
    /* What is said of its file is no reason not to ask it, if it can be asked */
    if (monitor && !addresses->len &&
        aiotop_process_unprofiled(process) == AIOTOP_UNPROFILED_NOT_BUILT) {
        g_set_error(error, AIOTOP_DISCOVER_ERROR,
                    AIOTOP_DISCOVER_ERROR_NOT_PROFILED,
                    "%s (pid %" PRId64 ") was built without the profiler: it"
                    " takes a QEMU that has the patches",
                    process->program, process->pid);
        return false;
    }
    if (monitor && !addresses->len && process->libvirt_dir) {
        offer_libvirt(process, target, error);
        return false;
    }
    if (monitor && !addresses->len) {
        g_set_error(error, AIOTOP_DISCOVER_ERROR,
                    AIOTOP_DISCOVER_ERROR_NOT_PROFILED,
                    "%s (pid %" PRId64 ") has no QMP monitor on a socket to"
                    " add a profiler through: start it with --object"
                    " event-loop-profiler,id=prof0,socket.type=unix,"
                    "socket.path=PATH",
                    process->program, process->pid);
        return false;
    }
    if (!monitor && !aiotop_process_profiled(process)) {
        target->address =
            g_strdup_printf(AIOTOP_HOST_ADDRESS "%" PRId64, process->pid);
        return true;
    }
    target->address = g_strdup(addresses->pdata[0]);
    return true;
}

/* A pid that is a number, or 0 */
static int64_t parse_pid(const char *text)
{
    guint64 pid;

    return g_ascii_string_to_unsigned(text, 10, 1, INT32_MAX, &pid, NULL)
               ? (int64_t)pid
               : 0;
}

static AiotopProcess *find_process(const char *text, GPtrArray *processes,
                                   GError **error)
{
    bool is_name = g_str_has_prefix(text, AIOTOP_TARGET_NAME);
    int64_t pid = is_name ? 0 : parse_pid(text);
    AiotopProcess *found = NULL;

    if (is_name) {
        text += strlen(AIOTOP_TARGET_NAME);
    }
    for (unsigned i = 0; i < processes->len; i++) {
        AiotopProcess *process = processes->pdata[i];

        if (pid && process->pid == pid) {
            return process;
        }
        if (g_strcmp0(process->vm_name, text) != 0) {
            continue;
        }
        if (found) {
            g_set_error(error, AIOTOP_DISCOVER_ERROR,
                        AIOTOP_DISCOVER_ERROR_AMBIGUOUS,
                        "two VMs are named %s: give the pid, %" PRId64 " or"
                        " %" PRId64,
                        text, found->pid, process->pid);
            return NULL;
        }
        found = process;
    }
    if (found) {
        return found;
    }
    if (pid) {
        g_set_error(error, AIOTOP_DISCOVER_ERROR,
                    AIOTOP_DISCOVER_ERROR_NOT_FOUND,
                    aiotop_procfs_alive(AIOTOP_PROCFS_ROOT, pid)
                        ? "process %s is no QEMU: --list shows those that are"
                        : "there is no process %s: --list shows the QEMUs here",
                    text);
    } else {
        g_set_error(error, AIOTOP_DISCOVER_ERROR,
                    AIOTOP_DISCOVER_ERROR_NOT_FOUND,
                    "no VM%s is named %s here: --list shows the QEMUs",
                    is_name ? "" : " and no socket", text);
    }
    return NULL;
}

/* The only QEMU that is profiled (or, for @monitor, that may become so) */
static AiotopProcess *find_only(GPtrArray *processes, bool monitor,
                                GError **error)
{
    AiotopProcess *found = NULL;
    unsigned n = 0;

    for (unsigned i = 0; i < processes->len; i++) {
        AiotopProcess *process = processes->pdata[i];

        if (monitor ? process->monitors->len || process->libvirt_dir
                    : aiotop_process_profiled(process)) {
            found = process;
            n++;
        }
    }
    if (n == 1) {
        return found;
    }
    if (n) {
        g_set_error(error, AIOTOP_DISCOVER_ERROR,
                    AIOTOP_DISCOVER_ERROR_AMBIGUOUS,
                    "%u QEMUs here could be meant: give a socket, PID or VM"
                    " name of --list",
                    n);
    } else if (!processes->len) {
        g_set_error(error, AIOTOP_DISCOVER_ERROR,
                    AIOTOP_DISCOVER_ERROR_NOT_FOUND,
                    "no QEMU runs here: give a socket's path or HOST:PORT");
    } else if (monitor) {
        g_set_error(error, AIOTOP_DISCOVER_ERROR,
                    AIOTOP_DISCOVER_ERROR_NOT_PROFILED,
                    "no QEMU here has a QMP monitor on a socket to add a"
                    " profiler through");
    } else {
        g_set_error(error, AIOTOP_DISCOVER_ERROR,
                    AIOTOP_DISCOVER_ERROR_NOT_PROFILED,
                    "no QEMU here is profiled: --list says why, --enable may"
                    " change it; a PID or VM's name shows what the host"
                    " knows");
    }
    return NULL;
}

bool aiotop_target_resolve(const char *text, bool monitor, GPtrArray *processes,
                           AiotopTarget *target, GError **error)
{
    AiotopProcess *process;

    *target = (AiotopTarget){ 0 };
    if (text) {
        target->address = aiotop_target_address(text);
        if (target->address) {
            return true;
        }
    }
    process = text ? find_process(text, processes, error)
                   : find_only(processes, monitor, error);
    return process && use_process(process, monitor, target, error);
}

/* XDG_RUNTIME_DIR if it is what it should be: ours, and only ours */
static char *runtime_dir(void)
{
    const char *given = g_getenv("XDG_RUNTIME_DIR");
    g_autofree char *dir = NULL;
    struct stat st;

    if (!given || !g_path_is_absolute(given) || lstat(given, &st) < 0 ||
        !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
        (st.st_mode & 0777) != 0700) {
        return NULL;
    }
    dir = realpath(given, NULL);
    return dir && is_safe_dir(dir, geteuid(), geteuid()) ? g_steal_pointer(&dir)
                                                         : NULL;
}

/* The directory of the monitor's socket, seen as the monitor's address is */
static char *monitor_dir(const char *path)
{
    g_autofree char *canonical = g_canonicalize_filename(path, NULL);
    g_autofree char *dir = g_path_get_dirname(canonical);

    /* What leads into another root directory is no ordinary link */
    return g_str_has_prefix(dir, AIOTOP_PROCFS_ROOT "/") ? g_steal_pointer(&dir)
                                                         : realpath(dir, NULL);
}

char *aiotop_profiler_path(const char *monitor, int64_t pid, GError **error)
{
    uid_t user = user_of(pid);
    g_autofree char *dir = pid && user == geteuid() ? runtime_dir() : NULL;
    g_autofree char *name =
        g_strdup_printf(AIOTOP_SOCKET_PREFIX "%" PRId64 ".sock", pid);

    if (dir) {
        return g_build_filename(dir, name, NULL);
    }
    if (!g_str_has_prefix(monitor, "unix:") ||
        g_str_has_prefix(monitor, "unix:@")) {
        return NULL;
    }
    dir = monitor_dir(aiotop_target_shown(monitor));
    if (!dir || !is_safe_dir(dir, geteuid(), user)) {
        g_set_error(error, AIOTOP_DISCOVER_ERROR, AIOTOP_DISCOVER_ERROR_UNSAFE,
                    "no safe place for its socket: others may write to %s, or"
                    " to what it is in; set XDG_RUNTIME_DIR to a directory of"
                    " your own with mode 0700, or send object-add yourself",
                    dir ? dir : monitor);
        return NULL;
    }
    return g_build_filename(dir, name, NULL);
}
