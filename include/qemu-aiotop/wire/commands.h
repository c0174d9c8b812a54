/*
 * The commands that are sent to QEMU
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_WIRE_COMMANDS_H
#define QEMU_AIOTOP_WIRE_COMMANDS_H

#include <stdint.h>
#include <glib.h>

/**
 * aiotop_command_query:
 * @since: sequence number of an earlier snapshot, 0 for all sources
 *
 * Returns the arguments of query-event-loops as JSON, histograms included.
 * The caller frees it.
 */
char *aiotop_command_query(uint64_t since);

/**
 * aiotop_command_object_add:
 * @path: of the socket, or NULL for a profiler without one
 * @stall_ms: stall-threshold in milliseconds, 0 for QEMU's own
 *
 * Returns the arguments, as JSON, with which object-add makes a profiler.
 * The caller frees it.
 */
char *aiotop_command_object_add(const char *path, unsigned stall_ms);

#endif /* QEMU_AIOTOP_WIRE_COMMANDS_H */
