/*
 * Where to listen: words to sockets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_EXPORT_LISTENER_H
#define AIOTOP_EXPORT_LISTENER_H

#include <stdbool.h>
#include <gio/gio.h>

#include "file-id.h"

/**
 * aiotop_listener_add:
 * @where: see aiotop_http_server_new()
 * @file: set to the socket, if @where is a path, to be removed in the end
 *
 * Returns what was found to listen at, in the same words, for the caller to
 * free; or NULL with @error.
 */
char *aiotop_listener_add(GSocketListener *listener, const char *where,
                          FileId *file, GError **error);

#endif /* AIOTOP_EXPORT_LISTENER_H */
