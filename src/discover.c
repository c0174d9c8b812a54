/*
 * Which QEMUs run on this host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/discover.h"

#include <inttypes.h>
#include <string.h>

#include "qemu-aiotop/procfs.h"
#include "qemu-aiotop/sockets.h"

/* The command line of a process as a vector, or NULL */
static char **read_cmdline(const char *dir)
{
    g_autofree char *path = g_build_filename(dir, "cmdline", NULL);
    g_autofree char *text = NULL;
    GPtrArray *argv;
    gsize len;

    if (!g_file_get_contents(path, &text, &len, NULL) || !len) {
        return NULL;
    }
    argv = g_ptr_array_new();
    for (gsize i = 0; i < len; i += strlen(text + i) + 1) {
        g_ptr_array_add(argv, g_strdup(text + i));
    }
    g_ptr_array_add(argv, NULL);
    return (char **)g_ptr_array_free(argv, FALSE);
}

static char *read_link(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    return g_file_read_link(path, NULL);
}

/* Paths of a process in a container are seen through its root directory */
static void enter_root(GPtrArray *addresses, const char *root, const char *dir)
{
    g_autofree char *own_dir = g_build_filename(root, "self", NULL);
    g_autofree char *own = read_link(own_dir, "ns/mnt");
    g_autofree char *its = read_link(dir, "ns/mnt");

    if (!own || !its || strcmp(own, its) == 0) {
        return;
    }
    for (unsigned i = 0; i < addresses->len; i++) {
        char *address = addresses->pdata[i];

        if (g_str_has_prefix(address, "unix:/")) {
            addresses->pdata[i] = g_strconcat("unix:", dir, "/root",
                                              address + strlen("unix:"), NULL);
            g_free(address);
        }
    }
}

static void add_listening(AiotopProcess *process, const char *root,
                          const char *cwd)
{
    g_autoptr(GPtrArray) listening =
        aiotop_sockets_listening(root, process->pid);

    for (unsigned i = 0; i < listening->len; i++) {
        const char *path = (char *)listening->pdata[i] + strlen("unix:");
        g_autofree char *base = g_path_get_basename(path);

        if (g_str_has_prefix(base, AIOTOP_SOCKET_PREFIX)) {
            g_autofree char *absolute =
                path[0] == '/' || path[0] == '@'
                    ? g_strdup(path)
                    : g_build_filename(cwd ? cwd : "", path, NULL);

            process->has_object = true;
            aiotop_process_add_address(process->profilers,
                                       g_strconcat("unix:", absolute, NULL));
        }
    }
}

AiotopProcess *aiotop_discover_process(const char *root, int64_t pid)
{
    g_autofree char *dir = g_strdup_printf("%s/%" PRId64, root, pid);
    g_auto(GStrv) argv = read_cmdline(dir);
    g_autofree char *cwd = NULL;
    AiotopProcess *process;

    if (!argv) {
        return NULL;
    }
    cwd = read_link(dir, "cwd");
    process = aiotop_process_parse(pid, (const char *const *)argv, cwd);
    if (process) {
        process->start_ticks = aiotop_procfs_start_ticks(root, pid);
        add_listening(process, root, cwd);
        enter_root(process->profilers, root, dir);
        enter_root(process->monitors, root, dir);
    }
    return process;
}

static int compare_pids(const void *a, const void *b)
{
    const AiotopProcess *x = *(AiotopProcess *const *)a;
    const AiotopProcess *y = *(AiotopProcess *const *)b;

    return x->pid < y->pid ? -1 : x->pid > y->pid;
}

GPtrArray *aiotop_discover(const char *root)
{
    GPtrArray *processes =
        g_ptr_array_new_with_free_func((GDestroyNotify)aiotop_process_free);
    g_autoptr(GDir) dir = g_dir_open(root, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        AiotopProcess *process;
        guint64 pid;

        if (g_ascii_string_to_unsigned(name, 10, 1, INT32_MAX, &pid, NULL) &&
            (process = aiotop_discover_process(root, pid))) {
            g_ptr_array_add(processes, process);
        }
    }
    g_ptr_array_sort(processes, compare_pids);
    return processes;
}
