/*
 * Notes: what a source's figures mean, where its name misleads
 *
 * One table feeds the details on the screen and the manual.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_DIAGNOSE_NOTE_H
#define QEMU_AIOTOP_DIAGNOSE_NOTE_H

#include <qemu-aiotop/model/snapshot.h>

typedef struct AiotopNote {
    /* Of callbacks that begin with this */
    const char *prefix;
    /* What they are called in the manual */
    const char *title;
    /* One or two sentences */
    const char *text;
} AiotopNote;

/* Ends with a prefix of NULL */
extern const AiotopNote aiotop_notes[];

/* The note on a source whose callback is @name; NULL if there is none */
const char *aiotop_note_find(const char *name);

#endif /* QEMU_AIOTOP_DIAGNOSE_NOTE_H */
