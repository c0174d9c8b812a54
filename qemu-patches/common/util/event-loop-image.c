/*
 * Event loop profiler: the executable file that callbacks are in
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "event-loop-image.h"
#ifdef CONFIG_LINUX
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

char *event_loop_image_address(const void *code)
{
    uintptr_t address = (uintptr_t)code;

    if (address < image.start || address >= image.end) {
        return NULL;
    }
    return g_strdup_printf("0x%" PRIxPTR, address - image.base);
}
