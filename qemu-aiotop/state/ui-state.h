/*
 * The state of the user interface: all that views draw from
 *
 * It has no clock, does no input or output, and knows no curses: what it wants
 * done it leaves in @wants.  So whole sessions are replayed in tests.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_STATE_UI_STATE_H
#define AIOTOP_STATE_UI_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/diagnose/host-cause.h>
#include <qemu-aiotop/table/query.h>
#include <qemu-aiotop/text/style.h>
#include <qemu-aiotop/host/procfs.h>
#include <qemu-aiotop/sampler/sampler.h>

#include "feed.h"
#include "pane.h"
#include "totals.h"
#include "view-id.h"

/* The least that something useful can be drawn on */
#define UI_MIN_WIDTH 40
#define UI_MIN_HEIGHT 10

typedef enum UiPrompt {
    UI_NO_PROMPT,
    UI_FILTER,
    UI_SEARCH,
    UI_DELAY,
} UiPrompt;

/* What there is to do outside */
typedef enum UiWant {
    UI_WANT_QUIT = 1,
    /* Another interval: @interval_ms */
    UI_WANT_INTERVAL = 2,
    UI_WANT_SAVE = 4,
    /* Draw everything again, whatever the terminal shows */
    UI_WANT_REDRAW = 8,
    /* Watch process @picked, and no other */
    UI_WANT_PICKED = 16,
    /* Read the stack that @stack asks for, and give it to ui_take_stack() */
    UI_WANT_STACK = 32,
    /* Watch all QEMUs of this host, and none alone */
    UI_WANT_VMS = 64,
} UiWant;

/* What there is to say about the connection, copied from the sampler */
typedef struct UiLink {
    AiotopSamplerState state;
    int64_t since_us;
    int64_t retry_us;
    unsigned malformed;
    char *error;
    char *address;
} UiLink;

/* The native stack of a thread */
typedef struct UiStack {
    /* Of the request: what answers an earlier one is of no use any more */
    unsigned number;
    AiotopIdentity process;
    int64_t tid;
    /* Of the thread */
    char *name;
    /* Both NULL as long as there is no answer */
    GPtrArray *frames;
    char *error;
} UiStack;

typedef struct Ui Ui;

/* Of a page: what can be selected, and opened from there */
typedef struct UiItem {
    /* Tells it from others, from one sample to the next */
    char *identity;
    /* The loop it is about, and that thread; NULL if it is about all */
    char *loop;
    int64_t thread_id;
    /* NULL if it is about no source, or one that is not known any more */
    const AiotopSource *source;
    /* The thread whose stack tells more; -1 if there is none */
    int64_t stack_thread_id;
    /* The block node that it is about, or NULL */
    char *node;
    /* If it is about no loop and no node: why there are no details */
    const char *nothing;
} UiItem;

/* A view that Esc leads back to, as it was left */
typedef struct UiPlace {
    UiView view;
    Track *opened;
    /* Of Ui's @names: the node, and the item that was selected; or NULL */
    const char *node;
    const char *item;
    unsigned list_cursor;
    unsigned list_top;
    int page_top;
} UiPlace;

/* Places that Esc leads back to; the first of them is the main view */
#define UI_MAX_TRAIL 16

struct Ui {
    /* Settings of the terminal */
    bool ascii;
    bool color;
    /* Whether there can be colours; whether the user wants them, and a mouse */
    bool color_possible;
    bool color_wanted;
    bool mouse_wanted;

    Feed feed;
    UiLink link;
    /* g_get_monotonic_time() of what is drawn */
    int64_t now_us;
    unsigned interval_ms;
    uint64_t stall_ns;
    /* From this age on a request is stuck; 0 for AIOTOP_RULE_REQUEST_S */
    uint64_t request_ns;
    /* None if it is no process of this host, or not connected to */
    AiotopIdentity local;
    /* Seconds since it began; 0 if not known */
    int64_t uptime_s;
    /* Why it does nothing at all, if its answer is overdue; or NULL */
    char *halted;

    UiView view;
    /* Of UiPlace: where Esc leads to, and so on; the last one first left */
    GArray *trail;
    Pane loops;
    Pane sources;
    Pane vms;
    /*
     * All QEMUs of this host are watched: the table of these has the keys, and
     * their view is where Esc leads to in the end
     */
    bool in_vms;
    /* The sources' table has the keys */
    bool in_sources;
    bool grouped;
    /* Filter, and loop that is shown alone */
    AiotopQuery query;
    char *filter_text;

    /* What the details are about */
    Track *opened;
    /* The same, of a block node: its name, in @names */
    const char *node;
    GStringChunk *names;
    /* What the file descriptor of it, or of its system call, is; or NULL */
    char *fd_text;
    char *(*describe_fd)(const AiotopIdentity *process, int fd);
    /* Where its callback is in the source; NULL if not known.  And of which
     * callback of which process that is. */
    char *code_text;
    uint64_t code_callback;
    AiotopIdentity code_process;
    /* NULL if it is not known, or not yet: see ui_take_code() */
    char *(*describe_callback)(const AiotopIdentity *process, uint64_t callback,
                               void *opaque);
    void *describe_opaque;

    UiStack stack;

    UiPrompt prompt;
    GString *prompt_text;
    /* What was in force when the prompt was opened; NULL for nothing */
    char *prompt_old;
    /* Why the text is no good; NULL if it is */
    char *prompt_error;
    GRegex *search;
    char *search_text;
    char *message;
    bool message_is_error;

    /* Lists, and pages: the first line shown, and the line of the cursor */
    unsigned list_cursor;
    unsigned list_top;
    int page_lines;
    int page_top;
    /* Of AiotopFinding, in the diagnosis; NULL elsewhere */
    GPtrArray *findings;
    /* Of UiItem, on the page; and the one that is selected, its identity as long
     * as the user has chosen it */
    GPtrArray *items;
    /* Of int: lines of the page in which they begin */
    GArray *item_lines;
    unsigned item;
    char *item_identity;

    /* Of AiotopVerdict: the last ones, and those that are shown while paused */
    GPtrArray *verdicts;
    GPtrArray *frozen;
    /* What of the host is the cause, of each of the two; NULL if nothing is */
    AiotopHostCause *cause;
    AiotopHostCause *frozen_cause;
    /* Lines above the table that say so */
    int cause_lines;
    /* Rows of QEMUs, by process: see vms.h; and rounds so far */
    GHashTable *vm_tracks;
    unsigned n_rounds;
    /* The filter of QEMUs, while one of them is watched */
    char *vm_filter;
    AiotopIdentity picked;
    /* It was chosen among all of them, so that Esc leads back there */
    bool from_vms;

    UiTotals totals;
    /* Refresh when a row was last marked with a word; 0 if never */
    unsigned marked_at;
    /* It was said that /proc denied something */
    bool told_denied;
    /* There is a target, or that is what all QEMUs of this host are */
    bool watching;
    /* Rows have to be found again */
    bool stale;
    int width;
    int height;
    /* W was pressed once with a broken settings file */
    bool overwrite;
    unsigned wants;
};

/* @query, @style: what the command line said; copied */
Ui *ui_new(const AiotopQuery *query, const AiotopTextStyle *style);
/* Accepts NULL */
void ui_free(Ui *ui);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ui, ui_free)

/* Says something in the footer, until the next key */
void ui_say(Ui *ui, bool is_error, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The table that has the keys */
Pane *ui_pane(Ui *ui);
const Pane *ui_pane_const(const Ui *ui);

/* Sets the filter, NULL for none; false if it is no regular expression */
bool ui_set_filter(Ui *ui, const char *pattern, GError **error);

#endif /* AIOTOP_STATE_UI_STATE_H */
