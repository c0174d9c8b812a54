/*
 * Which symbol of a file an address is in, without a look at all of them
 *
 * libdwfl looks at each symbol of the file for each address, of which a QEMU
 * has tens of thousands.  The choice between several at one address stays its
 * own: here it is only known where there is none to be made.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "symbol-index.h"

#include <stdbool.h>

/* Files with more have no index, so that it takes 16 MiB at most */
#define MAX_SYMBOLS (1024 * 1024)

/* Of a file's addresses, from the module's beginning on */
typedef struct Symbol {
    uint32_t start;
    /* First one behind it; where it begins, if it has no size */
    uint32_t end;
    /* The greatest end of all symbols that begin no later */
    uint32_t reach;
    /* As libdwfl counts them */
    int32_t number;
} Symbol;

struct AiotopSymbolIndex {
    Dwfl_Module *module;
    uint64_t start;
    /* Those from there on take precedence */
    int first_global;
    /* The first of them that has no size: it may go on over others that are not */
    uint32_t bare;
    /* By beginning; NULL: libdwfl is asked each time */
    GArray *symbols;
};

static const char *get_symbol(Dwfl_Module *module, int number, GElf_Sym *symbol,
                              GElf_Addr *address)
{
    return dwfl_module_getsym_info(module, number, symbol, address, NULL, NULL,
                                   NULL);
}

/* Whether an address may be said to be in it */
static bool may_have_code(const char *name, const GElf_Sym *symbol)
{
    return name && *name && symbol->st_shndx != SHN_UNDEF &&
           GELF_ST_TYPE(symbol->st_info) != STT_SECTION &&
           GELF_ST_TYPE(symbol->st_info) != STT_FILE &&
           GELF_ST_TYPE(symbol->st_info) != STT_TLS;
}

/* Where the module begins at most, as what is before has no address in it */
static void add_symbol(AiotopSymbolIndex *index, uint64_t len, int number)
{
    GElf_Sym symbol;
    GElf_Addr address;
    const char *name = get_symbol(index->module, number, &symbol, &address);
    uint64_t end = name ? address + symbol.st_size : 0;

    if (!may_have_code(name, &symbol)) {
        return;
    }
    end = end < address ? UINT64_MAX : end;
    if (address < index->start + len) {
        Symbol entry = {
            .start = MAX(address, index->start) - index->start,
            .end = CLAMP(end, index->start, index->start + len) - index->start,
            .number = number,
        };

        g_array_append_val(index->symbols, entry);
        if (!symbol.st_size && number >= index->first_global) {
            index->bare = MIN(index->bare, entry.start);
        }
    }
}

static int compare_symbols(gconstpointer a, gconstpointer b)
{
    const Symbol *x = a, *y = b;

    return (x->start > y->start) - (x->start < y->start);
}

static void note_reach(GArray *symbols)
{
    uint32_t reach = 0;

    for (unsigned i = 0; i < symbols->len; i++) {
        Symbol *symbol = &g_array_index(symbols, Symbol, i);

        reach = MAX(reach, symbol->end);
        symbol->reach = reach;
    }
}

AiotopSymbolIndex *aiotop_symbol_index_new(Dwfl_Module *module)
{
    AiotopSymbolIndex *index = g_new0(AiotopSymbolIndex, 1);
    int n = dwfl_module_getsymtab(module);
    Dwarf_Addr start, end;

    dwfl_module_info(module, NULL, &start, &end, NULL, NULL, NULL, NULL);
    index->module = module;
    index->start = start;
    index->bare = UINT32_MAX;
    index->first_global = dwfl_module_getsymtab_first_global(module);
    if (n > MAX_SYMBOLS || end - start > UINT32_MAX) {
        return index;
    }
    index->symbols = g_array_new(FALSE, FALSE, sizeof(Symbol));
    /* The first one is none */
    for (int i = 1; i < n; i++) {
        add_symbol(index, end - start, i);
    }
    g_array_sort(index->symbols, compare_symbols);
    note_reach(index->symbols);
    return index;
}

void aiotop_symbol_index_free(AiotopSymbolIndex *index)
{
    if (index) {
        if (index->symbols) {
            g_array_unref(index->symbols);
        }
        g_free(index);
    }
}

/* How many begin at @address, or before it */
static unsigned count_until(const GArray *symbols, uint32_t address)
{
    unsigned low = 0, high = symbols->len;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;

        if (g_array_index(symbols, Symbol, middle).start <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* What is known of an address: the one symbol that it is in, or that none is */
typedef enum Answer {
    ANSWER_NONE,
    ANSWER_ONE,
    ANSWER_ASK,
} Answer;

static Answer find_number(const AiotopSymbolIndex *index, uint32_t address,
                          int *number)
{
    const Symbol *symbols = (const Symbol *)index->symbols->data;
    unsigned n = count_until(index->symbols, address);
    bool is_global = false;
    Answer answer = ANSWER_NONE;

    for (unsigned i = n; i > 0 && symbols[i - 1].reach > address; i--) {
        const Symbol *symbol = &symbols[i - 1];
        bool global = symbol->number >= index->first_global;

        if (symbol->end <= address || (is_global && !global)) {
            continue;
        }
        answer = answer == ANSWER_NONE || global != is_global ? ANSWER_ONE
                                                              : ANSWER_ASK;
        is_global = global;
        *number = symbol->number;
    }
    if (is_global) {
        return answer;
    }
    /* One without a size goes on until another one begins, or has an end */
    return address >= index->bare ||
                   (answer == ANSWER_NONE && n &&
                    symbols[n - 1].reach == symbols[n - 1].start)
               ? ANSWER_ASK
               : answer;
}

const char *aiotop_symbol_index_find(const AiotopSymbolIndex *index,
                                     uint64_t address, GElf_Off *offset,
                                     GElf_Sym *symbol)
{
    Answer answer = ANSWER_ASK;
    GElf_Addr start;
    const char *name;
    int number;

    if (index->symbols) {
        answer = find_number(index, address - index->start, &number);
    }
    switch (answer) {
    case ANSWER_NONE:
        return NULL;
    case ANSWER_ONE:
        name = get_symbol(index->module, number, symbol, &start);
        *offset = address - start;
        return name;
    case ANSWER_ASK:
        break;
    }
    return dwfl_module_addrinfo(index->module, address, offset, symbol, NULL,
                                NULL, NULL);
}
