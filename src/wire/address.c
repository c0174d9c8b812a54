/*
 * Where a peer is to be reached, and why it is not
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "address.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "qemu-aiotop/model/profiler.h"
#include "qemu-aiotop/text/escape.h"

/* Of a socket's file, its NUL included */
#define MAX_PATH sizeof(((struct sockaddr_un *)NULL)->sun_path)

/* What the file at a socket's address is; NULL if it is a socket, or none */
static const char *other_than_socket(const char *address)
{
    struct stat st;

    if (!g_str_has_prefix(address, "unix:") ||
        stat(address + strlen("unix:"), &st) < 0 || S_ISSOCK(st.st_mode)) {
        return NULL;
    }
    return S_ISDIR(st.st_mode)    ? "a directory"
           : S_ISREG(st.st_mode)  ? "a plain file"
           : S_ISFIFO(st.st_mode) ? "a pipe"
                                  : "a device";
}

/* Who may connect is who may write to the socket, and find it */
static char *explain_permission(const char *path)
{
    bool is_hidden = path[0] == '/' && access(path, F_OK) < 0;
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *word = aiotop_text_quote(is_hidden ? dir : path);
    g_autofree char *shown = aiotop_text_escape(path);
    GString *out = g_string_new(NULL);

    g_string_append_printf(
        out,
        "permission denied to connect to %s: run as QEMU's user or as root,"
        " or give your group %s",
        shown,
        is_hidden ? "search permission on the directory"
                  : "write permission on the socket");
    if (word) {
        g_string_append_printf(out, " (chgrp GROUP %s; chmod g+%c %s)", word,
                               is_hidden ? 'x' : 'w', word);
    }
    g_string_append(out,
                    is_hidden ? " and write permission on the socket" : "");
    return g_string_free(out, FALSE);
}

char *aiotop_address_explain(const char *address, const GError *error)
{
    g_autofree char *path = aiotop_text_escape(strchr(address, ':') + 1);
    g_autofree char *cause = aiotop_text_escape(error->message);
    const char *what = other_than_socket(address);

    if (what) {
        return g_strdup_printf(
            "%s is %s, not a socket: give the socket.path of QEMU's"
            " " AIOTOP_OBJECT_TYPE " (--list shows what is here)",
            path, what);
    }
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
        return g_strdup_printf(
            "no socket at %s: is QEMU running, and is this the socket.path"
            " of its " AIOTOP_OBJECT_TYPE "? (--list shows what is here)",
            path);
    }
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED)) {
        return explain_permission(strchr(address, ':') + 1);
    }
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED)) {
        return g_strdup_printf(
            "nothing listens on %s: has QEMU ended? (--list shows what is"
            " here)",
            path);
    }
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
        return g_strdup_printf(
            "%s takes no more connections: another client waits for it, or"
            " the main loop is stuck",
            path);
    }
    return g_strdup_printf("cannot connect to %s: %s%s%s", path, cause,
                           error->domain == G_RESOLVER_ERROR
                               ? "; if that is the name of a VM, give name:"
                               : "",
                           error->domain == G_RESOLVER_ERROR ? path : "");
}

GSocketConnectable *aiotop_address_parse(const char *address)
{
    const char *path;

    if (g_str_has_prefix(address, "tcp:")) {
        return g_network_address_parse(address + strlen("tcp:"), 0, NULL);
    }
    g_assert(g_str_has_prefix(address, "unix:"));
    path = address + strlen("unix:");
    if (path[0] == '@') {
        return G_SOCKET_CONNECTABLE(g_unix_socket_address_new_with_type(
            path + 1, -1, G_UNIX_SOCKET_ADDRESS_ABSTRACT));
    }
    return strlen(path) < MAX_PATH
               ? G_SOCKET_CONNECTABLE(g_unix_socket_address_new(path))
               : NULL;
}
