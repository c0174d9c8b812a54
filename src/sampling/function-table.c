/*
 * Where the functions of a file begin, also those that have no name
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "function-table.h"

#include <gelf.h>
#include <string.h>

/* The section begins with a version, three encodings, and two numbers */
#define HEAD 12
#define PAIR 8
/* The only ones that linkers write: 4 bytes, relative to the section */
#define COUNT_ENCODING 0x03
#define TABLE_ENCODING 0x3b

static const char *section_name(Elf *elf, Elf_Scn *section, GElf_Shdr *header)
{
    size_t names;

    return gelf_getshdr(section, header) && elf_getshdrstrndx(elf, &names) == 0
               ? elf_strptr(elf, names, header->sh_name)
               : NULL;
}

void aiotop_function_table_read(AiotopFunctionTable *table, Dwfl_Module *module,
                                Dwarf_Addr *bias)
{
    Elf *elf = dwfl_module_getelf(module, bias);
    Elf_Scn *section = NULL;

    *table = (AiotopFunctionTable){ .n = 0 };
    while (elf && (section = elf_nextscn(elf, section))) {
        GElf_Shdr header;
        const char *name = section_name(elf, section, &header);
        Elf_Data *data;
        const uint8_t *bytes;
        uint32_t n;

        if (!name || strcmp(name, ".eh_frame_hdr") != 0) {
            continue;
        }
        data = elf_rawdata(section, NULL);
        bytes = data ? data->d_buf : NULL;
        if (!bytes || data->d_size < HEAD || bytes[0] != 1 ||
            bytes[2] != COUNT_ENCODING || bytes[3] != TABLE_ENCODING) {
            return;
        }
        memcpy(&n, bytes + HEAD - sizeof(n), sizeof(n));
        table->base = header.sh_addr + *bias;
        table->pairs = bytes + HEAD;
        table->n =
            n < (data->d_size - HEAD) / PAIR ? n : (data->d_size - HEAD) / PAIR;
        return;
    }
}

uint64_t aiotop_function_table_get(const AiotopFunctionTable *table,
                                   size_t index)
{
    int32_t offset;

    memcpy(&offset, table->pairs + index * PAIR, sizeof(offset));
    return table->base + offset;
}

/* How many beginnings are not behind @address */
static size_t count_until(const AiotopFunctionTable *table, uint64_t address)
{
    size_t low = 0, high = table->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (aiotop_function_table_get(table, middle) <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

uint64_t aiotop_function_table_find(const AiotopFunctionTable *table,
                                    uint64_t address)
{
    size_t n = count_until(table, address);

    return n ? aiotop_function_table_get(table, n - 1) : 0;
}

uint64_t aiotop_function_table_next(const AiotopFunctionTable *table,
                                    uint64_t address)
{
    size_t n = count_until(table, address);

    return n < table->n ? aiotop_function_table_get(table, n) : 0;
}
