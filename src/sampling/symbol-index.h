/*
 * Which symbol of a file an address is in, without a look at all of them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLING_SYMBOL_INDEX_H
#define AIOTOP_SAMPLING_SYMBOL_INDEX_H

#include <elfutils/libdwfl.h>
#include <glib.h>

typedef struct AiotopSymbolIndex AiotopSymbolIndex;

/**
 * aiotop_symbol_index_new:
 *
 * Reads the symbols of @module, which has to be there as long as the index is.
 * For one thread at a time.
 */
AiotopSymbolIndex *aiotop_symbol_index_new(Dwfl_Module *module);
/* Accepts NULL */
void aiotop_symbol_index_free(AiotopSymbolIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopSymbolIndex, aiotop_symbol_index_free)

/**
 * aiotop_symbol_index_find:
 * @address: in the process, not the file; within the module
 * @offset: from the symbol's beginning, in bytes
 *
 * What dwfl_module_addrinfo() finds: the symbol's name, which is the module's;
 * or NULL.
 */
const char *aiotop_symbol_index_find(const AiotopSymbolIndex *index,
                                     uint64_t address, GElf_Off *offset,
                                     GElf_Sym *symbol);

#endif /* AIOTOP_SAMPLING_SYMBOL_INDEX_H */
