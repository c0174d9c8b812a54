/*
 * What is at an address, as text
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_ADDRESS_H
#define AIOTOP_ADDRESS_H

#include <stdint.h>
#include <elfutils/libdwfl.h>

/**
 * aiotop_address_describe:
 * @module: that the address is in
 * @address: in libdwfl's address space
 * @lookup: the address whose line is wanted: that of a caller is not the one
 *          that it returns to, which may be that of another statement
 * @where: what to add in brackets where there is no line; or NULL
 *
 * Returns "function+0x12 at file:line", "function+0x12 (where)", without the
 * offset if it is 0; or NULL if the function is not known.  The caller frees
 * it.
 */
char *aiotop_address_describe(Dwfl_Module *module, uint64_t address,
                              uint64_t lookup, const char *where);

#endif /* AIOTOP_ADDRESS_H */
