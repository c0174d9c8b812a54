/*
 * What is at an address, as text
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "dwarf.h"

#include <dwarf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A line of the source; of no file if it is unknown */
typedef struct Place {
    const char *file;
    int line;
} Place;

static Place find_place(Dwfl_Module *module, uint64_t address)
{
    Dwfl_Line *line = dwfl_module_getsrc(module, address);
    Place place = { NULL, 0 };

    if (line) {
        place.file = dwfl_lineinfo(line, NULL, &place.line, NULL, NULL, NULL);
    }
    return place;
}

/* Where an inlined function is called from */
static Place find_call(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    Dwarf_Word file, line;
    Dwarf_Files *files;
    Dwarf_Die cu;

    if (dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attribute), &file) ||
        dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attribute), &line) ||
        !dwarf_diecu(die, &cu, NULL, NULL) ||
        dwarf_getsrcfiles(&cu, &files, NULL)) {
        return (Place){ NULL, 0 };
    }
    return (Place){ dwarf_filesrc(files, file, NULL, NULL), line };
}

/* Scopes around the address as they are nested in the code; free() them */
static int find_scopes(Dwfl_Module *module, uint64_t address,
                       Dwarf_Die **scopes)
{
    Dwarf_Addr bias;
    Dwarf_Die *cu = dwfl_module_addrdie(module, address, &bias);
    Dwarf_Die *innermost;
    int n;

    if (!cu || dwarf_getscopes(cu, address - bias, &innermost) <= 0) {
        return 0;
    }
    n = dwarf_getscopes_die(innermost, scopes);
    free(innermost);
    return MAX(n, 0);
}

/* Adds what is inlined at the address; returns where its caller is */
static Place add_inlined(Dwfl_Module *module, uint64_t address,
                         GPtrArray *frames)
{
    Place place = find_place(module, address);
    Dwarf_Die *scopes = NULL;
    int n = place.file ? find_scopes(module, address, &scopes) : 0;

    for (int i = 0; i < n && place.file; i++) {
        const char *name = dwarf_diename(&scopes[i]);

        if (dwarf_tag(&scopes[i]) == DW_TAG_inlined_subroutine && name) {
            g_ptr_array_add(frames,
                            g_strdup_printf("%s (inlined) at %s:%d", name,
                                            place.file, place.line));
            place = find_call(&scopes[i]);
        }
    }
    free(scopes);
    return place;
}

/* "function+0x12", or NULL */
static GString *describe_function(Dwfl_Module *module, uint64_t address,
                                  uint64_t lookup)
{
    GString *text;
    GElf_Off offset;
    GElf_Sym symbol;
    const char *name = dwfl_module_addrinfo(module, lookup, &offset, &symbol,
                                            NULL, NULL, NULL);

    if (!name) {
        return NULL;
    }
    /* Without the version that is part of a symbol of a library */
    text = g_string_new_len(name, strcspn(name, "@"));
    offset += address - lookup;
    if (offset) {
        g_string_append_printf(text, "+0x%" PRIx64, (uint64_t)offset);
    }
    return text;
}

static void append_place(GString *text, Place place)
{
    if (place.file) {
        g_string_append_printf(text, " at %s:%d", place.file, place.line);
    }
}

char *aiotop_address_describe(Dwfl_Module *module, uint64_t address)
{
    GString *text = describe_function(module, address, address);

    if (!text) {
        return NULL;
    }
    append_place(text, find_place(module, address));
    return g_string_free(text, FALSE);
}

bool aiotop_address_frames(Dwfl_Module *module, uint64_t address,
                           uint64_t lookup, const char *where,
                           GPtrArray *frames)
{
    GString *text = describe_function(module, address, lookup);
    Place place;

    if (!text) {
        return false;
    }
    place = add_inlined(module, lookup, frames);
    append_place(text, place);
    if (!place.file) {
        g_string_append_printf(text, " (%s)", where);
    }
    g_ptr_array_add(frames, g_string_free(text, FALSE));
    return true;
}
