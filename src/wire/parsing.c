/*
 * A message that is parsed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "parsing.h"

AiotopParsing *aiotop_parsing_new(char *text, gsize len)
{
    AiotopParsing *parsing = g_new0(AiotopParsing, 1);

    parsing->text = text;
    parsing->len = len;
    return parsing;
}

void aiotop_parsing_free(gpointer opaque)
{
    AiotopParsing *parsing = opaque;

    aiotop_qmp_message_clear(&parsing->message);
    g_free(parsing->text);
    g_free(parsing);
}

void aiotop_parsing_run(GTask *task, gpointer source G_GNUC_UNUSED,
                        gpointer opaque,
                        GCancellable *cancellable G_GNUC_UNUSED)
{
    AiotopParsing *parsing = opaque;
    GError *error = NULL;

    if (aiotop_qmp_message_parse(&parsing->message,
                                 g_steal_pointer(&parsing->text), parsing->len,
                                 &error)) {
        g_task_return_boolean(task, true);
    } else {
        g_task_return_error(task, error);
    }
}
