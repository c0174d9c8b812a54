/*
 * QEMU's command line: options to addresses
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_HOST_QEMU_COMMAND_LINE_H
#define QEMU_AIOTOP_HOST_QEMU_COMMAND_LINE_H

#include <glib.h>

/**
 * aiotop_cmdline_options:
 * @text: "KEY=VALUE,...", a comma in a value doubled, or a JSON object
 * @implied: key of a first item that is a bare value, or NULL
 *
 * Returns a table of strings; members of JSON objects in an object are
 * joined by a dot as in QEMU's own syntax ("socket.path"), a bare key is
 * "on".
 */
GHashTable *aiotop_cmdline_options(const char *text, const char *implied);

/**
 * aiotop_cmdline_address:
 * @options: of a chardev, or of an object
 * @prefix: of the keys: "socket." or ""
 * @cwd: directory that relative paths are relative to, or NULL
 *
 * Returns the address of the socket ("unix:PATH", "tcp:HOST:PORT"), or NULL
 * if it is none that can be connected to.  The caller frees it.
 */
char *aiotop_cmdline_address(GHashTable *options, const char *prefix,
                             const char *cwd);

/**
 * aiotop_cmdline_legacy_address:
 * @text: "unix:PATH,..." or "tcp:HOST:PORT,..." as -qmp takes it
 *
 * The same.
 */
char *aiotop_cmdline_legacy_address(const char *text, const char *cwd);

#endif /* QEMU_AIOTOP_HOST_QEMU_COMMAND_LINE_H */
