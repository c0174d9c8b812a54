/*
 * What keeps a whole process from running, and the words for it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_MODEL_HALT_H
#define QEMU_AIOTOP_MODEL_HALT_H

#include <stdint.h>
#include <glib.h>

typedef enum AiotopHaltKind {
    /* It is not halted, or that is not known */
    AIOTOP_HALT_NONE,
    /* By a signal: SIGSTOP and its like */
    AIOTOP_HALT_SIGNAL,
    /* By ptrace: a debugger, strace */
    AIOTOP_HALT_TRACED,
    /* By the freezer of its control group */
    AIOTOP_HALT_FROZEN,
} AiotopHaltKind;

typedef struct AiotopHalt {
    AiotopHaltKind kind;
    /* The one that traces it; 0 if unknown, or none */
    int64_t tracer_pid;
    /* Its name, "" if unknown; any bytes but NUL */
    char tracer[64];
    /* The command for a shell that lets the group go on; "" if there is none */
    char thaw[320];
} AiotopHalt;

/* Appends what keeps process @pid: "process 7 is stopped by a signal" */
void aiotop_halt_append_why(GString *out, const AiotopHalt *halt, int64_t pid);

/* Appends what lets it go on: "kill -CONT 7 lets it go on" */
void aiotop_halt_append_cure(GString *out, const AiotopHalt *halt, int64_t pid);

#endif /* QEMU_AIOTOP_MODEL_HALT_H */
