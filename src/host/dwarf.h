/*
 * What is at an address, as text
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_HOST_DWARF_H
#define AIOTOP_HOST_DWARF_H

#include <stdbool.h>
#include <stdint.h>
#include <elfutils/libdwfl.h>
#include <glib.h>

/**
 * aiotop_address_describe:
 * @module: that the address is in
 * @address: in libdwfl's address space
 *
 * Returns "function+0x12 at file:line", or "function+0x12" where there is no
 * line, both without the offset if it is 0; or NULL if the function is not
 * known.  The caller frees it.
 */
char *aiotop_address_describe(Dwfl_Module *module, uint64_t address);

/**
 * aiotop_address_frames:
 * @lookup: where the function still is, which a caller's return address may
 *          not be: it calls a function that does not return as its last act
 * @where: what to add in brackets where there is no line
 *
 * Adds such texts to @frames, first one for each function that the compiler
 * has put into the code of another there ("function (inlined) at file:line"),
 * the innermost first.  Returns false if the function is not known.
 */
bool aiotop_address_frames(Dwfl_Module *module, uint64_t address,
                           uint64_t lookup, const char *where,
                           GPtrArray *frames);

#endif /* AIOTOP_HOST_DWARF_H */
