/*
 * The executable files that a process has mapped, as libdwfl sees them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/modules.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "module-file.h"
#include "patience.h"
#include "qemu-aiotop/host/procfs.h"
#include "qemu-aiotop/host/thread-copy.h"

/* For the memory map */
#define MAP_PATIENCE_US G_TIME_SPAN_SECOND

static const AiotopModuleFile *find_file(const AiotopModules *modules,
                                         uint64_t start)
{
    for (unsigned i = 0; i < modules->files->len; i++) {
        const AiotopModuleFile *file = modules->files->pdata[i];

        if (file->start == start) {
            return file;
        }
    }
    return NULL;
}

/* libdwfl would open what has the name here, and map it */
static int find_elf(Dwfl_Module *module G_GNUC_UNUSED, void **userdata,
                    const char *name, Dwarf_Addr base, char **file_name,
                    Elf **elf)
{
    AiotopModules *modules = *userdata;
    const AiotopModuleFile *file = find_file(modules, base);
    int fd;

    if (*name != '/' || !file) {
        *elf = *name == '[' ? aiotop_module_file_read_vdso() : NULL;
        return -1;
    }
    /* It is there even when a newer version has taken its place */
    fd = g_strcmp0(name, modules->executable) == 0
             ? aiotop_module_file_open_executable(modules->tid)
             : aiotop_module_file_open(file, modules->tid);
    *elf = fd < 0 ? NULL : aiotop_module_file_read(fd, &modules->left);
    if (!*elf) {
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    /* libdwfl frees all three */
    *file_name = strdup(name);
    return fd;
}

/* Without the file's name, by which libdwfl would look in folders of others */
static int find_debuginfo(Dwfl_Module *module, void **userdata,
                          const char *name, Dwarf_Addr base,
                          const char *file_name G_GNUC_UNUSED,
                          const char *link G_GNUC_UNUSED,
                          GElf_Word checksum G_GNUC_UNUSED, char **found)
{
    return dwfl_standard_find_debuginfo(module, userdata, name, base, NULL,
                                        NULL, 0, found);
}

static const Dwfl_Callbacks callbacks = {
    .find_elf = find_elf,
    .find_debuginfo = dwfl_build_id_find_debuginfo,
};

static const Dwfl_Callbacks asking_callbacks = {
    .find_elf = find_elf,
    .find_debuginfo = find_debuginfo,
};

/* libdwfl would wait for the memory map, which may be held without end */
static char *read_map(const AiotopModules *modules, GError **error)
{
    g_autofree char *path = g_strdup_printf("%s/%" PRId64 "/maps",
                                            AIOTOP_PROCFS_ROOT, modules->tid);
    AiotopPatientReading *reading = aiotop_patience_begin(
        aiotop_procfs_owner(AIOTOP_PROCFS_ROOT, modules->process.pid), path,
        aiotop_patient_whole_file);
    bool is_read = reading, late = false;
    gsize len;
    char *text = aiotop_patience_end(
        reading, g_get_monotonic_time() + MAP_PATIENCE_US, &len, &late);

    if (!is_read) {
        g_set_error(error, AIOTOP_STACK_ERROR, AIOTOP_STACK_ERROR_FAILED,
                    "thread %" PRId64 " of process %" PRId64
                    ": its memory map is not read: so many other files do not"
                    " answer that nobody is free to read it; try again",
                    modules->tid, modules->process.pid);
    } else if (late) {
        g_set_error(error, AIOTOP_STACK_ERROR, AIOTOP_STACK_ERROR_FAILED,
                    "thread %" PRId64 " of process %" PRId64
                    ": its memory map can't be read in time: another thread of"
                    " it holds the map, and sleeps in the kernel",
                    modules->tid, modules->process.pid);
    } else if (!text) {
        aiotop_thread_copy_refused(&modules->process, modules->tid, error);
    }
    return text;
}

/* The same whenever it is told of again */
static void report(AiotopModules *modules, const AiotopModuleFile *file)
{
    Dwfl_Module *module =
        dwfl_report_module(modules->dwfl, file->name, file->start, file->end);
    void **userdata;

    if (module) {
        dwfl_module_info(module, &userdata, NULL, NULL, NULL, NULL, NULL, NULL);
        *userdata = modules;
    }
}

bool aiotop_modules_refresh(AiotopModules *modules, GError **error)
{
    g_autofree char *text = read_map(modules, error);

    if (!text) {
        return false;
    }
    g_clear_pointer(&modules->files, g_ptr_array_unref);
    modules->files = aiotop_module_files_parse(text, modules->tid);
    dwfl_report_begin(modules->dwfl);
    for (unsigned i = 0; i < modules->files->len; i++) {
        report(modules, modules->files->pdata[i]);
    }
    dwfl_report_end(modules->dwfl, NULL, NULL);
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
    modules->left = AIOTOP_MODULE_FILES_MOST;
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
        g_clear_pointer(&modules->files, g_ptr_array_unref);
        g_free(modules->executable);
        g_free(modules);
    }
}
