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
    g_autofree char *plain = aiotop_text_escape(text);
    g_autofree char *safe =
        g_strconcat(is_formula(plain) ? "'" : "", plain, NULL);

    if (!strpbrk(safe, ",\"")) {
        g_string_append(out, safe);
        return;
    }
    g_string_append_c(out, '"');
    for (const char *p = safe; *p; p++) {
        if (*p == '"') {
            g_string_append_c(out, '"');
        }
        g_string_append_c(out, *p);
    }
    g_string_append_c(out, '"');
}
