/*
 * Writing CSV
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/text/csv-writer.h"

#include <stdbool.h>
#include <string.h>

#include "qemu-aiotop/text/escape.h"
#include "qemu-aiotop/text/figure.h"

/* What begins so is a formula to a spreadsheet, which obeys it */
static bool is_formula(const char *text)
{
    return *text && strchr("=+-@", *text);
}

void aiotop_csv_append_time(GString *out, int64_t real_time_us)
{
    if (real_time_us) {
        g_autofree char *time = aiotop_text_timestamp(real_time_us);

        g_string_append(out, time);
    }
    g_string_append_c(out, ',');
}

void aiotop_csv_append_field(GString *out, const char *text)
{
    gsize start = out->len;
    g_autofree char *safe = NULL;

    if (is_formula(text)) {
        g_string_append_c(out, '\'');
    }
    aiotop_text_append(out, text, false);
    if (!strpbrk(out->str + start, ",\"")) {
        return;
    }
    safe = g_strdup(out->str + start);
    g_string_truncate(out, start);
    g_string_append_c(out, '"');
    for (const char *p = safe; *p; p++) {
        if (*p == '"') {
            g_string_append_c(out, '"');
        }
        g_string_append_c(out, *p);
    }
    g_string_append_c(out, '"');
}
