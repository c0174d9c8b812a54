/*
 * The executable files that a process has mapped, as libdwfl sees them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/modules.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "patience.h"
#include "qemu-aiotop/host/procfs.h"
#include "qemu-aiotop/host/thread-copy.h"

/* For the memory map */
#define MAP_PATIENCE_US G_TIME_SPAN_SECOND

/*
 * The process may see other files than we do under a name; and its executable
 * is there even when a newer version has taken its place
 */
static int open_module(const AiotopModules *modules, const char *name)
{
    g_autofree char *path =
        g_strcmp0(name, modules->executable) == 0
            ? g_strdup_printf("%s/%" PRId64 "/exe", AIOTOP_PROCFS_ROOT,
                              modules->tid)
            : g_strdup_printf("%s/%" PRId64 "/root%s", AIOTOP_PROCFS_ROOT,
                              modules->tid, name);
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    /* Devices are mapped, too */
    if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        return -1;
    }
    return fd;
}

static int find_elf(Dwfl_Module *module, void **userdata, const char *name,
                    Dwarf_Addr base, char **file_name, Elf **elf)
{
    const AiotopModules *modules = *userdata;
    int fd = *name == '/' ? open_module(modules, name) : -1;

    if (fd < 0) {
        return dwfl_linux_proc_find_elf(module, userdata, name, base, file_name,
                                        elf);
    }
    /* libdwfl would map it, and frees both */
    *elf = elf_begin(fd, ELF_C_READ, NULL);
    *file_name = strdup(name);
    return fd;
}

static const Dwfl_Callbacks callbacks = {
    .find_elf = find_elf,
    .find_debuginfo = dwfl_build_id_find_debuginfo,
};

static const Dwfl_Callbacks asking_callbacks = {
    .find_elf = find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
};

static int set_userdata(Dwfl_Module *module G_GNUC_UNUSED, void **userdata,
                        const char *name G_GNUC_UNUSED,
                        Dwarf_Addr base G_GNUC_UNUSED, void *opaque)
{
    *userdata = opaque;
    return DWARF_CB_OK;
}

/* libdwfl would wait for the memory map, which may be held without end */
static bool has_map(const AiotopModules *modules)
{
    g_autofree char *path = g_strdup_printf("%s/%" PRId64 "/maps",
                                            AIOTOP_PROCFS_ROOT, modules->tid);
    g_autofree char *text = NULL;
    bool late = false;
    gsize len;

    text = aiotop_patience_end(
        aiotop_patience_begin(path, aiotop_patient_whole_file),
        g_get_monotonic_time() + MAP_PATIENCE_US, &len, &late);
    return !late;
}

bool aiotop_modules_refresh(AiotopModules *modules, GError **error)
{
    int64_t pid = modules->process.pid;
    int result;

    if (!has_map(modules)) {
        g_set_error(error, AIOTOP_STACK_ERROR, AIOTOP_STACK_ERROR_FAILED,
                    "thread %" PRId64 " of process %" PRId64
                    ": its memory map can't be read in time: another thread of"
                    " it holds the map, and sleeps in the kernel",
                    modules->tid, pid);
        return false;
    }
    dwfl_report_begin(modules->dwfl);
    result = dwfl_linux_proc_report(modules->dwfl, modules->tid);
    if (result > 0) {
        aiotop_thread_copy_refused(&modules->process, modules->tid, error);
        return false;
    }
    if (result < 0 || dwfl_report_end(modules->dwfl, NULL, NULL) < 0) {
        g_set_error(error, AIOTOP_STACK_ERROR, AIOTOP_STACK_ERROR_FAILED,
                    "thread %" PRId64 " of process %" PRId64
                    ": its modules can't be read: %s",
                    modules->tid, pid, dwfl_errmsg(-1));
        return false;
    }
    dwfl_getmodules(modules->dwfl, set_userdata, modules, 0);
    return true;
}

AiotopModules *aiotop_modules_new(const AiotopIdentity *process, int64_t tid,
                                  bool asks_server, GError **error)
{
    g_autoptr(AiotopModules) modules = g_new0(AiotopModules, 1);
    g_autofree char *link =
        g_strdup_printf("%s/%" PRId64 "/exe", AIOTOP_PROCFS_ROOT, tid);

    modules->process = *process;
    modules->tid = tid;
    modules->executable = g_file_read_link(link, NULL);
    modules->dwfl = dwfl_begin(asks_server ? &asking_callbacks : &callbacks);
    if (!modules->dwfl) {
        g_set_error(error, AIOTOP_STACK_ERROR, AIOTOP_STACK_ERROR_FAILED,
                    "process %" PRId64 ": %s", process->pid, dwfl_errmsg(-1));
        return NULL;
    }
    return aiotop_modules_refresh(modules, error) ? g_steal_pointer(&modules)
                                                  : NULL;
}

void aiotop_modules_free(AiotopModules *modules)
{
    if (modules) {
        g_clear_pointer(&modules->dwfl, dwfl_end);
        g_free(modules->executable);
        g_free(modules);
    }
}
