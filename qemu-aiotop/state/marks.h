/*
 * Lints: what deserves a look, by rules with thresholds
 *
 * One table has the rules, with their thresholds; the manual documents them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_MARKS_H
#define AIOTOP_STATE_MARKS_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/table/columns.h>

#include "draw/style.h"

/* Worst first: of several, a row shows the first */
typedef enum LintId {
    LINT_STUCK,
    LINT_STALL,
    LINT_SPIN,
    LINT_LATE,
    LINT_HOG,
    LINT_WASTE,
    LINT_WAKES,
    N_LINTS,
} LintId;

/* A bit 1 << LintId for each one that applies */
typedef unsigned LintMask;

typedef struct Lint {
    /* At most five letters */
    const char *word;
    Style style;
    /* Of loops, of sources, or of both */
    bool of_loops;
    bool of_sources;
    /* One line, without full stop */
    const char *help;
} Lint;

extern const Lint lints[N_LINTS];

/* @stall_ns: 0 for the threshold that QEMU has */
LintMask lint_check(const AiotopRow *row, uint64_t stall_ns);

/* The worst one; @mask is not 0 */
LintId lint_worst(LintMask mask);

/* Appends why lint @id applies to @row, with figures */
void lint_explain(GString *out, LintId id, const AiotopRow *row,
                  uint64_t stall_ns);

#endif /* AIOTOP_STATE_MARKS_H */
