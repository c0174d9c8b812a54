/*
 * Items of the pages of requests, of a node, and of threads
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_AWAITING_H
#define AIOTOP_STATE_AWAITING_H

#include <qemu-aiotop/table/awaited.h>

#include "ui-state.h"

/* The nodes, then the requests, in the order of aiotop_awaited_rows() */
void awaiting_find_requests(Ui *ui);
/* The sources in front of the node that is opened, by their loops */
void awaiting_find_sources(Ui *ui);
/* The threads, in the order of aiotop_awaited_rows() */
void awaiting_find_threads(Ui *ui);

/* The node that is opened; NULL if it is not there any more */
const AiotopNodeSample *awaiting_node(const Ui *ui);

/*
 * What tells the node from others: it is to be selected; NULL if there is no
 * node behind the loop or source that is opened.  The caller frees it.
 */
char *awaiting_first_behind(const Ui *ui);

#endif /* AIOTOP_STATE_AWAITING_H */
