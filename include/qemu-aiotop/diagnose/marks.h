/*
 * Marks: the word in front of a row that deserves a look
 *
 * One table has the words and what they mean; the manual documents them.  The
 * rules are those of the findings (thresholds.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_DIAGNOSE_MARKS_H
#define QEMU_AIOTOP_DIAGNOSE_MARKS_H

#include <stdbool.h>
#include <glib.h>
#include <qemu-aiotop/model/sample.h>

/* Worst first: of several, a row shows the first */
typedef enum AiotopMarkId {
    AIOTOP_MARK_STUCK,
    AIOTOP_MARK_STALL,
    AIOTOP_MARK_CYCLE,
    AIOTOP_MARK_SPIN,
    AIOTOP_MARK_LATE,
    AIOTOP_MARK_HOG,
    AIOTOP_MARK_WASTE,
    AIOTOP_MARK_WAKES,
    AIOTOP_N_MARKS,
} AiotopMarkId;

/* A bit 1 << AiotopMarkId for each one that applies */
typedef unsigned AiotopMarks;

typedef struct AiotopMark {
    /* At most five letters */
    const char *word;
    /* It can't wait */
    bool alarm;
    /* Of sources, too, or of loops only */
    bool of_sources;
    /* One line, without full stop */
    const char *help;
} AiotopMark;

extern const AiotopMark aiotop_marks[AIOTOP_N_MARKS];

/**
 * aiotop_marks_check:
 * @loop: of @sample
 * @source: of @loop; NULL for the loop itself
 * @stall_ns: 0 for the threshold that QEMU has
 */
AiotopMarks aiotop_marks_check(const AiotopSample *sample,
                               const AiotopLoopSample *loop,
                               const AiotopSourceSample *source,
                               uint64_t stall_ns);

/* The worst one; @marks is not 0 */
AiotopMarkId aiotop_marks_worst(AiotopMarks marks);

/* Appends why mark @id is there, with figures; as for aiotop_marks_check() */
void aiotop_marks_explain(GString *out, AiotopMarkId id,
                          const AiotopSample *sample,
                          const AiotopLoopSample *loop,
                          const AiotopSourceSample *source, uint64_t stall_ns);

#endif /* QEMU_AIOTOP_DIAGNOSE_MARKS_H */
