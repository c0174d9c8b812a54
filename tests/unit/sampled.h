/*
 * A sample of two snapshots in JSON; single quotes stand for double ones
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_SAMPLED_H
#define TESTS_UNIT_SAMPLED_H

#include <glib.h>
#include <qemu-aiotop/model/sample.h>

#include "quoted.h"

/* Of times in whole seconds */
#define SECOND "000000000"

/* The first may be NULL */
static inline AiotopSample *sample_of(const char *before_text,
                                      const char *now_text)
{
    g_autoptr(AiotopSnapshot) before = before_text ? parse(before_text) : NULL;
    g_autoptr(AiotopSnapshot) now = parse_after(before, now_text);

    return aiotop_sample_new(before, now);
}

#endif /* TESTS_UNIT_SAMPLED_H */
