/*
 * A file that a process has mapped, opened so that its owner can do no harm
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "module-file.h"

#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <link.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "qemu-aiotop/host/procfs.h"

/* A process has some hundred */
#define MAX_FILES 4096

void aiotop_module_file_free(AiotopModuleFile *file)
{
    g_free(file->name);
    g_free(file);
}

static void free_file(gpointer opaque)
{
    aiotop_module_file_free(opaque);
}

/* A line of the map */
typedef struct Mapping {
    uint64_t start;
    uint64_t end;
    char permissions[8];
    /* "fd:01" */
    char device[32];
    uint64_t inode;
    const char *name;
} Mapping;

static bool parse_line(const char *line, Mapping *mapping)
{
    int name = 0;

    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*s %31s %" SCNu64 " %n",
               &mapping->start, &mapping->end, mapping->permissions,
               mapping->device, &mapping->inode, &name) < 5 ||
        !name) {
        return false;
    }
    mapping->name = line + name;
    return (*mapping->name == '/' && mapping->inode) ||
           strcmp(mapping->name, "[vdso]") == 0;
}

static AiotopModuleFile *make_file(const Mapping *mapping, int64_t tid)
{
    AiotopModuleFile *file = g_new0(AiotopModuleFile, 1);

    /* As libdwfl calls it */
    file->name = *mapping->name == '/'
                     ? g_strdup(mapping->name)
                     : g_strdup_printf("[vdso: %" PRId64 "]", tid);
    file->start = mapping->start;
    file->end = file->first_end = mapping->end;
    return file;
}

GPtrArray *aiotop_module_files_parse(char *text, int64_t tid)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(free_file);
    AiotopModuleFile *file = NULL;
    Mapping last = { .inode = 0 };
    bool has_code = false;
    char *line, *rest = text;

    while (files->len < MAX_FILES && (line = strsep(&rest, "\n"))) {
        Mapping now;

        if (!parse_line(line, &now)) {
            continue;
        }
        /* A file may have two names, and each be mapped */
        if (!file || now.inode != last.inode ||
            strcmp(now.device, last.device) != 0 ||
            strcmp(now.name, last.name) != 0) {
            if (file && !has_code) {
                aiotop_module_file_free(file);
            }
            file = make_file(&now, tid);
            has_code = false;
        }
        file->end = now.end;
        if (!has_code && strchr(now.permissions, 'x')) {
            has_code = true;
            g_ptr_array_add(files, file);
        }
        last = now;
    }
    if (file && !has_code) {
        aiotop_module_file_free(file);
    }
    return files;
}

/* Opens what @path_fd stands for if it is a regular file; closes that */
static int open_regular(int path_fd)
{
    char path[64];
    struct stat st;
    int fd = -1;

    if (path_fd < 0) {
        return -1;
    }
    g_snprintf(path, sizeof(path), "/proc/self/fd/%d", path_fd);
    if (fstat(path_fd, &st) == 0 && S_ISREG(st.st_mode)) {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    }
    close(path_fd);
    return fd;
}

int aiotop_module_file_open_executable(int64_t tid)
{
    g_autofree char *path =
        g_strdup_printf("%s/%" PRId64 "/exe", AIOTOP_PROCFS_ROOT, tid);

    return open_regular(open(path, O_PATH | O_CLOEXEC));
}

/* What has that name for the process, whose links begin at its own root */
static int open_name(int64_t tid, const char *name)
{
    g_autofree char *path =
        g_strdup_printf("%s/%" PRId64 "/root", AIOTOP_PROCFS_ROOT, tid);
    struct open_how how = {
        .flags = O_PATH | O_CLOEXEC,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), fd;

    if (root < 0) {
        return -1;
    }
    fd = syscall(SYS_openat2, root, name, &how, sizeof(how));
    close(root);
    return open_regular(fd);
}

int aiotop_module_file_open(const AiotopModuleFile *file, int64_t tid)
{
    g_autofree char *path =
        g_strdup_printf("%s/%" PRId64 "/map_files/%" PRIx64 "-%" PRIx64,
                        AIOTOP_PROCFS_ROOT, tid, file->start, file->first_end);
    /* The very file, whatever has its name now; but that takes privileges */
    int fd = open_regular(open(path, O_PATH | O_CLOEXEC));

    return fd >= 0 ? fd : open_name(tid, file->name);
}

static const char *section_name(Elf *elf, const GElf_Shdr *header)
{
    size_t names;

    return elf_getshdrstrndx(elf, &names) == 0
               ? elf_strptr(elf, names, header->sh_name)
               : NULL;
}

/* Makes what is packed without saying how large it is no section of that name */
static bool check_section(Elf *elf, Elf_Scn *section, bool trusted)
{
    GElf_Shdr header;
    GElf_Chdr packed;
    const char *name;

    if (!gelf_getshdr(section, &header) ||
        (header.sh_type != SHT_NOBITS &&
         header.sh_size > AIOTOP_MODULE_FILE_MOST)) {
        return false;
    }
    if (header.sh_flags & SHF_COMPRESSED &&
        (!gelf_getchdr(section, &packed) ||
         packed.ch_size > AIOTOP_MODULE_FILE_MOST)) {
        return false;
    }
    name = section_name(elf, &header);
    if (name && strcmp(name, ".gnu_debugdata") == 0 && !trusted) {
        header.sh_name = 0;
        return gelf_update_shdr(section, &header);
    }
    return true;
}

Elf *aiotop_module_file_read(int fd, uint64_t *left)
{
    struct stat st;
    Elf_Scn *section = NULL;
    bool trusted;
    Elf *elf;

    if (!aiotop_procfs_may_keep(fd, 7) || fstat(fd, &st) < 0 ||
        st.st_size > AIOTOP_MODULE_FILE_MOST || (uint64_t)st.st_size > *left) {
        return NULL;
    }
    *left -= st.st_size;
    trusted = st.st_uid == 0 || st.st_uid == geteuid();
    elf = elf_begin(fd, ELF_C_READ, NULL);
    if (!elf || elf_kind(elf) != ELF_K_ELF) {
        elf_end(elf);
        return NULL;
    }
    while ((section = elf_nextscn(elf, section))) {
        if (!check_section(elf, section, trusted)) {
            elf_end(elf);
            return NULL;
        }
    }
    return elf;
}

Elf *aiotop_module_file_read_vdso(void)
{
    /* As large as its headers say: it is the kernel's */
    char *image = (char *)getauxval(AT_SYSINFO_EHDR);
    const ElfW(Ehdr) *head = (const ElfW(Ehdr) *)image;

    return image ? elf_memory(image, head->e_shoff + (size_t)head->e_shnum *
                                                         head->e_shentsize)
                 : NULL;
}
