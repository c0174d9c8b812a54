/*
 * From an address in an executable file to function, file and line
 *
 * Reads what the file itself has, or what a debug package with the same
 * build-id has put beside it on this host; asks no server.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_SYMBOLS_H
#define QEMU_AIOTOP_HOST_SYMBOLS_H

#include <stdint.h>
#include <glib.h>

#define AIOTOP_SYMBOLS_ERROR (aiotop_symbols_error_quark())
GQuark aiotop_symbols_error_quark(void);

typedef enum AiotopSymbolsError {
    /* The file cannot be read, or is no executable */
    AIOTOP_SYMBOLS_ERROR_FILE,
    /* Built without elfutils */
    AIOTOP_SYMBOLS_ERROR_NOT_BUILT_IN,
} AiotopSymbolsError;

typedef struct AiotopSymbols AiotopSymbols;

/**
 * aiotop_symbols_new:
 * @path: an executable file, such as /proc/PID/exe
 *
 * Returns NULL with @error set if it cannot be read.  May be used in any one
 * thread at a time.
 */
AiotopSymbols *aiotop_symbols_new(const char *path, GError **error);
/* Accepts NULL */
void aiotop_symbols_free(AiotopSymbols *symbols);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopSymbols, aiotop_symbols_free)

/**
 * aiotop_symbols_describe:
 * @address: as the linker gave it, which is what QEMU sends as "callback"
 *
 * Returns "function at file:line", "function" where there is no debug
 * information, or NULL where nothing is known; within a function it is
 * "function+0x12".  The caller frees it.  The
 * first call may take a tenth of a second.
 */
char *aiotop_symbols_describe(AiotopSymbols *symbols, uint64_t address);

#endif /* QEMU_AIOTOP_HOST_SYMBOLS_H */
