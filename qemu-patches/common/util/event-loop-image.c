/*
 * Event loop profiler: the files that callbacks are in
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "event-loop-image.h"
#ifdef CONFIG_LINUX
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#endif

static struct {
    char *build_id;
    /* what is added to the addresses in the file */
    uintptr_t base;
    /* where the file is in memory */
    uintptr_t start;
    uintptr_t end;
} image;

#ifdef CONFIG_LINUX
static char *find_build_id(const char *notes, size_t size)
{
    size_t offset = 0;

    while (offset + sizeof(ElfW(Nhdr)) <= size) {
        const ElfW(Nhdr) *note = (const void *)(notes + offset);
        const char *name = (const char *)(note + 1);
        const uint8_t *id = (const void *)(name +
                                           ROUND_UP(note->n_namesz, 4));

        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
            !memcmp(name, "GNU", 4)) {
            GString *hex = g_string_new(NULL);
            size_t i;

            for (i = 0; i < note->n_descsz; i++) {
                g_string_append_printf(hex, "%02x", id[i]);
            }
            return g_string_free(hex, FALSE);
        }
        offset += sizeof(*note) + ROUND_UP(note->n_namesz, 4) +
                  ROUND_UP(note->n_descsz, 4);
    }
    return NULL;
}

/* The first object is the executable */
static int read_image(struct dl_phdr_info *info, size_t size, void *opaque)
{
    int i;

    image.base = info->dlpi_addr;
    image.start = UINTPTR_MAX;
    for (i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *phdr = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + phdr->p_vaddr;

        if (phdr->p_type == PT_LOAD) {
            image.start = MIN(image.start, start);
            image.end = MAX(image.end, start + phdr->p_memsz);
        } else if (phdr->p_type == PT_NOTE && !image.build_id) {
            image.build_id = find_build_id((const char *)start,
                                           phdr->p_memsz);
        }
    }
    return 1;
}
#endif

void event_loop_image_init(void)
{
#ifdef CONFIG_LINUX
    if (!image.end) {
        dl_iterate_phdr(read_image, NULL);
    }
#endif
}

const char *event_loop_image_build_id(void)
{
    return image.build_id;
}

/*
 * Modules and libraries come at any time.  dladdr() and dl_iterate_phdr()
 * wait for who is loading one; this does not, where the C library has it.
 */
#ifdef DLFO_STRUCT_HAS_EH_DBASE
static bool find_module(const void *code, EventLoopCode *found)
{
    struct dl_find_object object;
    const ElfW(Ehdr) *ehdr;
    const ElfW(Phdr) *phdr;
    int i;

    if (_dl_find_object((void *)code, &object) ||
        !*object.dlfo_link_map->l_name) {
        return false;
    }
    found->file = object.dlfo_link_map->l_name;
    found->address = (uintptr_t)code - object.dlfo_link_map->l_addr;

    /* the first thing in memory that is of the file is its beginning */
    ehdr = object.dlfo_map_start;
    if (memcmp(ehdr->e_ident, ELFMAG, SELFMAG)) {
        return true;
    }
    phdr = (const void *)((const char *)ehdr + ehdr->e_phoff);
    for (i = 0; i < ehdr->e_phnum && !found->build_id; i++) {
        if (phdr[i].p_type == PT_NOTE) {
            found->build_id = find_build_id(
                (const char *)(object.dlfo_link_map->l_addr + phdr[i].p_vaddr),
                phdr[i].p_memsz);
        }
    }
    return true;
}
#else
static bool find_module(const void *code, EventLoopCode *found)
{
    return false;
}
#endif

bool event_loop_image_find(const void *code, EventLoopCode *found)
{
    uintptr_t address = (uintptr_t)code;

    *found = (EventLoopCode) { };
    if (address >= image.start && address < image.end) {
        found->address = address - image.base;
        return true;
    }
    return find_module(code, found);
}
