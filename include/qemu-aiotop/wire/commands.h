/*
 * The commands that are sent to QEMU
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_WIRE_COMMANDS_H
#define QEMU_AIOTOP_WIRE_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

/* What query-event-loops is to return */
typedef struct AiotopQueryArguments {
    /*
     * Sequence number of an earlier snapshot, after which sources have to have
     * dispatched something; 0 for all
     */
    uint64_t after_sequence;
    bool histograms;
    /* No sources, but for those that run, and the sum of all */
    bool loops_only;
    /*
     * Of each loop no more than so many, those that run aside, the busiest
     * since @after_sequence, and the sum of the others; 0 for all
     */
    unsigned max_sources;
} AiotopQueryArguments;

/* Returns the arguments as JSON.  The caller frees it. */
char *aiotop_command_query(const AiotopQueryArguments *arguments);

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
