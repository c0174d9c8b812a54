/*
 * The code of a process: which function an address is in, how it was called,
 * and how to get to its caller
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_SAMPLING_CODE_H
#define AIOTOP_SAMPLING_CODE_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

#include "qemu-aiotop/model/thread.h"
#include "roles.h"
#include "rule.h"

typedef struct AiotopFunction {
    /* NULL if the file has none: a static function of a stripped one */
    char *name;
    /* Last part of its file's name; NULL for the executable */
    char *module;
    /* Where it begins, in the file's own addresses */
    uint64_t offset;
    /* Bits AIOTOP_ROLE_... */
    unsigned roles;
} AiotopFunction;

/* An address in a stack */
typedef struct AiotopSite {
    /* NULL if it is in no file: code made at run time, or no code at all */
    const AiotopFunction *function;
    /* What returns to it was called by a pointer */
    bool indirect;
    /* What was called, if that is a part of a loop; it may have jumped on */
    const AiotopFunction *target;
    AiotopRule rule;
} AiotopSite;

typedef struct AiotopCode AiotopCode;

/**
 * aiotop_code_new:
 *
 * Reads what the process has mapped.  NULL with @error set, of
 * AIOTOP_STACK_ERROR.  For one thread at a time.
 */
AiotopCode *aiotop_code_new(const AiotopIdentity *process, GError **error);
/* Accepts NULL */
void aiotop_code_free(AiotopCode *code);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopCode, aiotop_code_free)

/**
 * aiotop_code_site:
 * @returns: @pc is where a call returns to: it, and not @pc, is in the function
 *
 * Valid until aiotop_code_refresh().
 */
const AiotopSite *aiotop_code_site(AiotopCode *code, uint64_t pc, bool returns);

/*
 * To be called where no site is in use: looks for files that were mapped since,
 * if an address was in none
 */
void aiotop_code_refresh(AiotopCode *code);

/* The build id of the executable, as hex digits; NULL if it has none */
const char *aiotop_code_build_id(const AiotopCode *code);

#endif /* AIOTOP_SAMPLING_CODE_H */
