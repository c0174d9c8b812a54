/*
 * Which block nodes are behind a source or a loop
 *
 * Labels and requests name the guest's device: the label "vd0/vq2" is of the
 * device "vd0".  A node is behind that device if QEMU says so, or if one of its
 * requests is part of one that the device made.  A label may name a node, too.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_MODEL_BEHIND_H
#define QEMU_AIOTOP_MODEL_BEHIND_H

#include <glib.h>
#include <qemu-aiotop/model/sample.h>

/*
 * Those that @label names, or is in front of, as a GPtrArray of const
 * AiotopNodeSample *, in their order; empty if @label is NULL
 */
GPtrArray *aiotop_nodes_behind_label(const AiotopSample *sample,
                                     const char *label);

/* The same of all sources of a loop */
GPtrArray *aiotop_nodes_behind_loop(const AiotopSample *sample,
                                    const AiotopLoopSample *loop);

/*
 * The other way: sources in front of @node, as a GPtrArray of
 * const AiotopSourceSample *
 */
GPtrArray *aiotop_sources_before_node(const AiotopSample *sample,
                                      const AiotopNode *node);

/**
 * aiotop_requests_related:
 *
 * Returns the requests of @node, those that they are a part of, and their
 * parts, as a GPtrArray of const AiotopRequest *, oldest first.
 */
GPtrArray *aiotop_requests_related(const AiotopAwaited *awaited,
                                   const char *node);

#endif /* QEMU_AIOTOP_MODEL_BEHIND_H */
