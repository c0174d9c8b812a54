/*
 * How a JSON document begins
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_FORMAT_JSON_HEAD_H
#define AIOTOP_FORMAT_JSON_HEAD_H

#include <glib.h>

#include "qemu-aiotop/diagnose/host-cause.h"
#include "qemu-aiotop/model/sample.h"

/* Opens an object, with when and of whom it is; the caller closes it */
void aiotop_format_json_begin(GString *out, const AiotopSample *sample);

/* The member host_cause: what of the host is the cause; null if nothing is */
void aiotop_format_json_add_cause(GString *out, const AiotopHostCause *cause);

#endif /* AIOTOP_FORMAT_JSON_HEAD_H */
