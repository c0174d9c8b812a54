/*
 * Samples whose diagnosis is read as a whole
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_WORDS_CASES_H
#define TESTS_UNIT_WORDS_CASES_H

#include <qemu-aiotop/model/sample.h>

typedef struct WordsCase {
    const char *title;
    /* Of the second snapshot: its loops, and what else it has */
    const char *loops;
    const char *members;
    void (*change)(AiotopSample *sample);
} WordsCase;

/* What is awaited, and what keeps the whole process */
extern const WordsCase words_awaited[];
extern const unsigned n_words_awaited;

#endif /* TESTS_UNIT_WORDS_CASES_H */
