/*
 * A session with the user interface, without terminal, QEMU and clock
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_SCREEN_SESSION_H
#define TESTS_SCREEN_SESSION_H

#include <glib.h>

#include "draw/canvas.h"
#include "state/bindings.h"
#include "screen/dispatch.h"
#include "screen/mouse.h"
#include "state/arrivals.h"
#include "state/layout.h"
#include "state/opened.h"
#include "state/trail.h"
#include "state/vms.h"

typedef struct Session {
    Ui *ui;
    AiotopSnapshot *last;
} Session;

/* Snapshot @number of the recording @name in tests/data */
AiotopSnapshot *session_load(const char *name, unsigned number,
                             const AiotopSnapshot *previous);

/* Nothing came so far; colours and all characters */
Session *session_new(void);
void session_free(Session *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Session, session_free)

/* A snapshot comes; takes it */
void session_take(Session *session, AiotopSnapshot *now);

/* Snapshots tests/data/NAME-FIRST.json to tests/data/NAME-LAST.json come */
void session_feed(Session *session, const char *name, unsigned first,
                  unsigned last);

/* One whole session: what is live, with the first two of a recording */
Session *session_live(const char *name);

/* The same, with a recording in which there is something to see in the view */
Session *session_for(UiView view);

/* One with a QEMU that is not profiled; @denied: nor told by the kernel */
Session *session_host(bool denied);

/* The state of the connection, 12 s ago; @error for one that is lost */
void session_link(Session *session, AiotopSamplerState state,
                  const char *error);

/* All QEMUs of a host are watched, and are four */
void session_vms(Session *session);

/* The answer to the last request for a stack comes: one of @n_frames frames */
void session_stack(Session *session, unsigned n_frames);

/* Types characters, and {Name} of keys that are none: "P{Down}{Enter}" */
void session_type(Session *session, const char *keys);

/* Opens the view from wherever one is, but from all QEMUs of a host */
void session_open(Session *session, UiView view);
/* The same, where there may be nothing to open; whether it was */
bool session_reach(Session *session, UiView view);

/* The text of line @y of a canvas of 80x24, without spaces at its end */
char *session_line(Session *session, int y);

/* Whether the text stands somewhere on a screen of 132x43 */
bool session_shows(Session *session, const char *text);

bool session_shows_at(Session *session, int width, const char *text);

/* Fails unless a terminal could show it as it is */
void session_check_frame(const Canvas *canvas);

/* The first line of a screen of @width x @height that has @text; one has */
int session_find_line(Session *session, const char *text, int width,
                      int height);

#endif /* TESTS_SCREEN_SESSION_H */
