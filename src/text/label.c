/*
 * Text of others as the value of a label
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/text/label.h"

#include <string.h>

#include "qemu-aiotop/text/escape.h"

#define CUT "..."

char *aiotop_label_bound(const char *text)
{
    char *safe = aiotop_text_escape(text);
    gsize len = strlen(safe);

    if (len > AIOTOP_LABEL_MAX) {
        char *end = g_utf8_find_prev_char(safe, safe + AIOTOP_LABEL_MAX -
                                                    strlen(CUT) + 1);

        memcpy(end, CUT, sizeof(CUT));
    }
    return safe;
}

void aiotop_label_append(GString *out, const char *text)
{
    while (*text) {
        gsize plain = strcspn(text, "\\\"\n");

        g_string_append_len(out, text, plain);
        text += plain;
        if (*text) {
            g_string_append_c(out, '\\');
            g_string_append_c(out, *text == '\n' ? 'n' : *text);
            text++;
        }
    }
}
