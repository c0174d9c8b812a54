/*
 * A file that a process has mapped, opened so that its owner can do no harm
 *
 * Its name is the process's: what has that name now may be anything, and
 * whoever owns it may change it at any time.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_HOST_MODULE_FILE_H
#define AIOTOP_HOST_MODULE_FILE_H

#include <stdint.h>
#include <glib.h>
#include <libelf.h>

/* Of one file, of one of its sections, unpacked or not; and of all files */
#define AIOTOP_MODULE_FILE_MOST (256 * 1024 * 1024)
#define AIOTOP_MODULE_FILES_MOST (UINT64_C(4) * AIOTOP_MODULE_FILE_MOST)

/* Part of an address space: what is mapped there is one file with code */
typedef struct AiotopModuleFile {
    char *name;
    uint64_t start;
    uint64_t end;
    /* Of the first of its mappings, which is the one at @start */
    uint64_t first_end;
} AiotopModuleFile;

void aiotop_module_file_free(AiotopModuleFile *file);

/**
 * aiotop_module_files_parse:
 * @text: of /proc/TID/maps; changed
 *
 * Returns the files that have code, of AiotopModuleFile, some thousand at most.
 * The kernel's own, which is in each process, is "[vdso: TID]".
 */
GPtrArray *aiotop_module_files_parse(char *text, int64_t tid);

/**
 * aiotop_module_file_open:
 *
 * Opens for reading what is mapped, or else what has its name for the process;
 * only regular files, so that nothing waits and no device does anything.  -1
 * if that can't be.
 */
int aiotop_module_file_open(const AiotopModuleFile *file, int64_t tid);

/* The same of /proc/TID/exe */
int aiotop_module_file_open_executable(int64_t tid);

/**
 * aiotop_module_file_read:
 * @left: how many bytes files may still have; less by this one's
 *
 * Returns its ELF, which is read and never mapped, or NULL if it is none or too
 * large, or few descriptors are left.  Packed symbols, which may become any size, are only left in a file of
 * root's or our own.
 */
Elf *aiotop_module_file_read(int fd, uint64_t *left);

/* The kernel's own file, as it is in this process; NULL if there is none */
Elf *aiotop_module_file_read_vdso(void);

#endif /* AIOTOP_HOST_MODULE_FILE_H */
