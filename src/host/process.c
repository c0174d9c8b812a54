/*
 * A QEMU process, as its command line tells of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/process.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "qemu-aiotop/host/qemu-command-line.h"
#include "qemu-aiotop/model/counter.h"
#include "qemu-aiotop/model/profiler.h"

void aiotop_process_free(AiotopProcess *process)
{
    if (process) {
        g_free(process->program);
        g_free(process->user);
        g_free(process->vm_name);
        g_free(process->libvirt_dir);
        g_ptr_array_unref(process->profilers);
        g_ptr_array_unref(process->monitors);
        g_ptr_array_unref(process->offloaded);
        g_free(process);
    }
}

bool aiotop_process_profiled(const AiotopProcess *process)
{
    return process->profilers->len ||
           (process->has_object && process->monitors->len);
}

AiotopUnprofiled aiotop_process_unprofiled(const AiotopProcess *process)
{
    if (aiotop_process_profiled(process)) {
        return AIOTOP_UNPROFILED_NO_REASON;
    }
    if (process->unreadable) {
        return AIOTOP_UNPROFILED_SILENT;
    }
    if (process->has_object) {
        return AIOTOP_UNPROFILED_NO_SOCKET;
    }
    if (process->patches == AIOTOP_PATCHES_NONE) {
        return AIOTOP_UNPROFILED_NOT_BUILT;
    }
    if (!process->monitors->len && process->libvirt_dir) {
        return AIOTOP_UNPROFILED_LIBVIRT;
    }
    if (!process->monitors->len) {
        return AIOTOP_UNPROFILED_NO_MONITOR;
    }
    return process->patches == AIOTOP_PATCHES_THERE
               ? AIOTOP_UNPROFILED_ADD
               : AIOTOP_UNPROFILED_PERHAPS_ADD;
}

static bool is_qemu(const char *program)
{
    static const char *const names[] = {
        "qemu-kvm", "kvm",      "qemu-storage-daemon",
        "qemu-nbd", "qemu-img", "qemu-io",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(program, names[i]) == 0) {
            return true;
        }
    }
    return g_str_has_prefix(program, "qemu-system-");
}

/* Anybody writes command lines as long as he likes: what is kept of each */
#define MAX_ARGUMENTS 4096
#define MAX_PROGRAM 64
#define MAX_VM_NAME 256
#define MAX_DEVICE 128
/* No socket is reached by a longer path */
#define MAX_ADDRESS 512

void aiotop_process_add_address(GPtrArray *addresses, char *address)
{
    if (!address || addresses->len >= AIOTOP_PROCESS_MOST ||
        strlen(address) > MAX_ADDRESS ||
        g_ptr_array_find_with_equal_func(addresses, address, g_str_equal,
                                         NULL)) {
        g_free(address);
        return;
    }
    g_ptr_array_add(addresses, address);
}

/*
 * The argument of option @name if this is it, in argv[*i] or the one after:
 * "-name VALUE", "--name VALUE", "--name=VALUE".
 */
static const char *option_value(const char *const *argv, unsigned *i,
                                const char *name)
{
    const char *arg = argv[*i];
    size_t len = strlen(name);

    if (arg[0] != '-') {
        return NULL;
    }
    arg += arg[1] == '-' ? 2 : 1;
    if (strncmp(arg, name, len) != 0) {
        return NULL;
    }
    if (arg[len] == '=') {
        return arg + len + 1;
    }
    if (arg[len] || !argv[*i + 1]) {
        return NULL;
    }
    return argv[++*i];
}

/* What libvirt calls the key of a domain's secrets, and its monitor */
#define LIBVIRT_SECRET "masterKey0"
#define LIBVIRT_MONITOR "charmonitor"

/* What was read of a command line so far */
typedef struct Parser {
    AiotopProcess *process;
    const char *cwd;
    /* Addresses of chardevs by id */
    GHashTable *chardevs;
    /* Ids of chardevs with a QMP monitor on them */
    GPtrArray *control;
} Parser;

static void read_object(Parser *parser, const char *value)
{
    g_autoptr(GHashTable) options = aiotop_cmdline_options(value, "qom-type");

    if (g_strcmp0(g_hash_table_lookup(options, "qom-type"),
                  AIOTOP_OBJECT_TYPE) == 0) {
        parser->process->has_object = true;
        aiotop_process_add_address(
            parser->process->profilers,
            aiotop_cmdline_address(options, "socket.", parser->cwd));
    }
    if (g_strcmp0(g_hash_table_lookup(options, "id"), LIBVIRT_SECRET) == 0) {
        const char *file = g_hash_table_lookup(options, "file");

        g_free(parser->process->libvirt_dir);
        parser->process->libvirt_dir =
            file && strlen(file) < PATH_MAX ? g_path_get_dirname(file) : NULL;
    }
}

static void read_chardev(Parser *parser, const char *value)
{
    g_autoptr(GHashTable) options = aiotop_cmdline_options(value, "backend");
    const char *id = g_hash_table_lookup(options, "id");

    if (id && strcmp(id, LIBVIRT_MONITOR) != 0 &&
        g_strcmp0(g_hash_table_lookup(options, "backend"), "socket") == 0 &&
        !g_hash_table_contains(options, "fd")) {
        char *address = aiotop_cmdline_address(options, "", parser->cwd);

        if (address) {
            g_hash_table_replace(parser->chardevs, g_strdup(id), address);
        }
    }
}

static void read_monitor(Parser *parser, const char *value,
                         const char *default_mode)
{
    g_autoptr(GHashTable) options = aiotop_cmdline_options(value, "chardev");
    const char *chardev = g_hash_table_lookup(options, "chardev");
    const char *mode = g_hash_table_lookup(options, "mode");

    if (chardev && strcmp(mode ? mode : default_mode, "control") == 0) {
        g_ptr_array_add(parser->control, g_strdup(chardev));
    }
}

static void read_qmp(Parser *parser, const char *value)
{
    if (g_str_has_prefix(value, "chardev:")) {
        g_ptr_array_add(parser->control, g_strdup(value + strlen("chardev:")));
    } else {
        aiotop_process_add_address(
            parser->process->monitors,
            aiotop_cmdline_legacy_address(value, parser->cwd));
    }
}

/* Of devices that a guest has its files on */
static bool is_offloaded(const char *type)
{
    static const char *const prefixes[] = {
        "vhost-user-blk", "vhost-user-scsi", "vhost-user-fs",
        "vhost-scsi",     "vfio-pci",        "vfio-user-pci",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (g_str_has_prefix(type, prefixes[i])) {
            return true;
        }
    }
    return false;
}

static void read_device(Parser *parser, const char *value)
{
    g_autoptr(GHashTable) options = aiotop_cmdline_options(value, "driver");
    const char *type = g_hash_table_lookup(options, "driver");
    const char *id = g_hash_table_lookup(options, "id");
    AiotopProcess *process = parser->process;

    if (type && is_offloaded(type) &&
        process->n_offloaded++ < AIOTOP_PROCESS_MOST) {
        g_ptr_array_add(process->offloaded,
                        id ? g_strdup_printf("%.*s (%.*s)", MAX_DEVICE, id,
                                             MAX_DEVICE, type)
                           : g_strndup(type, MAX_DEVICE));
    }
}

static void read_name(Parser *parser, const char *value)
{
    g_autoptr(GHashTable) options = aiotop_cmdline_options(value, "guest");
    const char *guest = g_hash_table_lookup(options, "guest");

    if (guest && *guest) {
        g_free(parser->process->vm_name);
        parser->process->vm_name = g_strndup(guest, MAX_VM_NAME);
    }
    parser->process->names_threads =
        g_strcmp0(g_hash_table_lookup(options, "debug-threads"), "on") == 0;
}

/* qemu-storage-daemon's --monitor; the others' -monitor speaks no QMP */
static void read_daemon_monitor(Parser *parser, const char *value)
{
    if (strcmp(parser->process->program, "qemu-storage-daemon") == 0) {
        read_monitor(parser, value, "control");
    }
}

static void read_mon(Parser *parser, const char *value)
{
    read_monitor(parser, value, "readline");
}

static void read_arguments(Parser *parser, const char *const *argv)
{
    static const struct {
        const char *name;
        void (*read)(Parser *parser, const char *value);
    } options[] = {
        { "object", read_object }, { "chardev", read_chardev },
        { "mon", read_mon },       { "monitor", read_daemon_monitor },
        { "qmp", read_qmp },       { "qmp-pretty", read_qmp },
        { "name", read_name },     { "device", read_device },
    };

    for (unsigned i = 1; argv[i] && i <= MAX_ARGUMENTS; i++) {
        for (unsigned j = 0; j < G_N_ELEMENTS(options); j++) {
            const char *value = option_value(argv, &i, options[j].name);

            if (value) {
                options[j].read(parser, value);
                break;
            }
        }
    }
    for (unsigned i = 0; i < parser->control->len; i++) {
        const char *address =
            g_hash_table_lookup(parser->chardevs, parser->control->pdata[i]);

        aiotop_process_add_address(parser->process->monitors,
                                   g_strdup(address));
    }
}

static AiotopProcess *process_new(int64_t pid, const char *program)
{
    AiotopProcess *process = g_new0(AiotopProcess, 1);
    g_autofree char *name = g_path_get_basename(program);

    process->pid = pid;
    process->start_ticks = AIOTOP_UNKNOWN;
    process->program = g_strndup(name, MAX_PROGRAM);
    process->profilers = g_ptr_array_new_with_free_func(g_free);
    process->monitors = g_ptr_array_new_with_free_func(g_free);
    process->offloaded = g_ptr_array_new_with_free_func(g_free);
    return process;
}

bool aiotop_process_might_be_qemu(const char *name)
{
    return strstr(name, "qemu") || g_str_has_prefix(name, "kvm");
}

AiotopProcess *aiotop_process_unreadable(int64_t pid, const char *program)
{
    AiotopProcess *process = process_new(pid, program);

    process->unreadable = true;
    return process;
}

AiotopProcess *aiotop_process_parse(int64_t pid, const char *const *argv,
                                    const char *cwd)
{
    g_autoptr(AiotopProcess) process = NULL;
    g_autoptr(GHashTable) chardevs = NULL;
    g_autoptr(GPtrArray) control = NULL;
    Parser parser;

    if (!argv[0]) {
        return NULL;
    }
    process = process_new(pid, argv[0]);
    if (!is_qemu(process->program)) {
        return NULL;
    }
    chardevs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    control = g_ptr_array_new_with_free_func(g_free);
    parser = (Parser){ process, cwd, chardevs, control };
    read_arguments(&parser, argv);
    return g_steal_pointer(&process);
}
