/*
 * Numbers as decimal digits, as printf() would have them
 *
 * printf() takes more time than all else of a sample that is written as JSON:
 * it has tens of thousands of numbers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_TEXT_DECIMAL_H
#define QEMU_AIOTOP_TEXT_DECIMAL_H

#include <stdint.h>
#include <glib.h>

/* Digits that 2^64-1 has */
#define AIOTOP_DECIMAL_MAX 20

/* Writes the digits of @n at @out, and no NUL; returns where they end */
char *aiotop_decimal_put(char *out, uint64_t n);

/* As "%" PRIu64 */
void aiotop_decimal_append(GString *out, uint64_t n);

/*
 * As "%.3f" in the C locale, to the last digit; @value may be any, but of what
 * G_ASCII_DTOSTR_BUF_SIZE can't hold the end is cut
 */
void aiotop_decimal_append_real(GString *out, double value);

#endif /* QEMU_AIOTOP_TEXT_DECIMAL_H */
