/*
 * The prompt in the footer: filter, search, delay
 *
 * It begins empty, with what is in force in its title.  What is typed takes
 * effect at once.  A text that is no good is said to be so, and what was there
 * before stays in force; so it does if the prompt is left by Esc.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_PROMPT_H
#define AIOTOP_STATE_PROMPT_H

#include "ui-state.h"

/* @old: what is in force, or NULL: what is typed replaces it */
void prompt_open(Ui *ui, UiPrompt prompt, const char *old);

/* A key while a prompt is open */
void prompt_key(Ui *ui, unsigned key);

/* "Filter (now bh): " and the like, in a line of @width cells; the caller
 * frees it */
char *prompt_title(const Ui *ui, int width);

/* What Enter does as long as nothing is typed; NULL if it says itself */
const char *prompt_hint(const Ui *ui);

#endif /* AIOTOP_STATE_PROMPT_H */
