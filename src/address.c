/*
 * What is at an address, as text
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "address.h"

#include <inttypes.h>
#include <string.h>
#include <glib.h>

char *aiotop_address_describe(Dwfl_Module *module, uint64_t address,
                              uint64_t lookup, const char *where)
{
    g_autoptr(GString) text = NULL;
    const char *function, *file;
    GElf_Off offset;
    GElf_Sym symbol;
    Dwfl_Line *line;
    int number;

    function = dwfl_module_addrinfo(module, lookup, &offset, &symbol, NULL,
                                    NULL, NULL);
    if (!function) {
        return NULL;
    }
    offset += address - lookup;
    /* Without the version that is part of a symbol of a library */
    text = g_string_new_len(function, strcspn(function, "@"));
    if (offset) {
        g_string_append_printf(text, "+0x%" PRIx64, (uint64_t)offset);
    }
    line = dwfl_module_getsrc(module, lookup);
    file = line ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
    if (file) {
        g_string_append_printf(text, " at %s:%d", file, number);
    } else if (where) {
        g_string_append_printf(text, " (%s)", where);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}
