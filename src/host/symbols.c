/*
 * From an address in an executable file to function, file and line
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/symbols.h"

#ifdef HAVE_LIBDW
#include "dwarf.h"
#endif

G_DEFINE_QUARK(aiotop_symbols_error, aiotop_symbols_error)

#ifdef HAVE_LIBDW

struct AiotopSymbols {
    Dwfl *dwfl;
    Dwfl_Module *module;
    /* Added to the file's addresses by libdwfl */
    Dwarf_Addr bias;
};

static const Dwfl_Callbacks callbacks = {
    .section_address = dwfl_offline_section_address,
    /* Not dwfl_standard_find_debuginfo(), which may ask a server and wait */
    .find_debuginfo = dwfl_build_id_find_debuginfo,
};

AiotopSymbols *aiotop_symbols_new(const char *path, GError **error)
{
    g_autoptr(AiotopSymbols) symbols = g_new0(AiotopSymbols, 1);

    symbols->dwfl = dwfl_begin(&callbacks);
    if (symbols->dwfl) {
        symbols->module =
            dwfl_report_offline(symbols->dwfl, "executable", path, -1);
        dwfl_report_end(symbols->dwfl, NULL, NULL);
    }
    if (!symbols->module ||
        !dwfl_module_getelf(symbols->module, &symbols->bias)) {
        g_set_error(error, AIOTOP_SYMBOLS_ERROR, AIOTOP_SYMBOLS_ERROR_FILE,
                    "%s: %s", path, dwfl_errmsg(-1));
        return NULL;
    }
    return g_steal_pointer(&symbols);
}

void aiotop_symbols_free(AiotopSymbols *symbols)
{
    if (symbols) {
        dwfl_end(symbols->dwfl);
        g_free(symbols);
    }
}

char *aiotop_symbols_describe(AiotopSymbols *symbols, uint64_t address)
{
    return aiotop_address_describe(symbols->module, address + symbols->bias);
}

#else

struct AiotopSymbols {
    char unused;
};

AiotopSymbols *aiotop_symbols_new(const char *path, GError **error)
{
    g_set_error(error, AIOTOP_SYMBOLS_ERROR, AIOTOP_SYMBOLS_ERROR_NOT_BUILT_IN,
                "%s: this qemu-aiotop was built without elfutils", path);
    return NULL;
}

void aiotop_symbols_free(AiotopSymbols *symbols)
{
    g_assert(!symbols);
}

char *aiotop_symbols_describe(AiotopSymbols *symbols G_GNUC_UNUSED,
                              uint64_t address G_GNUC_UNUSED)
{
    return NULL;
}

#endif
