/*
 * Where the functions of a file begin, also those that have no name
 *
 * The file's .eh_frame_hdr has that for the sake of exceptions, sorted.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLING_FUNCTION_TABLE_H
#define AIOTOP_SAMPLING_FUNCTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <elfutils/libdwfl.h>

typedef struct AiotopFunctionTable {
    /* Of the section, in the process */
    uint64_t base;
    /* Pairs of a beginning and a description, of 32 bits, from @base on */
    const uint8_t *pairs;
    size_t n;
} AiotopFunctionTable;

/* @bias is set to what is added to the file's own addresses */
void aiotop_function_table_read(AiotopFunctionTable *table, Dwfl_Module *module,
                                Dwarf_Addr *bias);

/* Beginning number @index; @index < @n */
uint64_t aiotop_function_table_get(const AiotopFunctionTable *table,
                                   size_t index);

/* The last beginning that is not behind @address; 0 if there is none */
uint64_t aiotop_function_table_find(const AiotopFunctionTable *table,
                                    uint64_t address);

/* The next beginning behind @address; 0 if there is none */
uint64_t aiotop_function_table_next(const AiotopFunctionTable *table,
                                    uint64_t address);

#endif /* AIOTOP_SAMPLING_FUNCTION_TABLE_H */
