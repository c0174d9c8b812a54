/*
 * How a JSON document of one sample begins
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_FORMAT_JSON_HEAD_H
#define AIOTOP_FORMAT_JSON_HEAD_H

#include <glib.h>

#include "qemu-aiotop/model/sample.h"

/* Opens an object, with when and of whom it is; the caller closes it */
void aiotop_format_json_begin(GString *out, const AiotopSample *sample);

#endif /* AIOTOP_FORMAT_JSON_HEAD_H */
