/*
 * The prompt in the footer: filter, search, delay
 *
 * What is typed takes effect at once.  A text that is no good is said to be
 * so, and what was there before stays in force.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_PROMPT_H
#define AIOTOP_PROMPT_H

#include "ui.h"

/* @text: to begin with, or NULL */
void prompt_open(Ui *ui, UiPrompt prompt, const char *text);

/* A key while a prompt is open */
void prompt_key(Ui *ui, unsigned key);

/* "Filter: " and the like */
const char *prompt_title(UiPrompt prompt);

#endif /* AIOTOP_PROMPT_H */
