/*
 * Where to listen: words to sockets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "listener.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Owner and group, who may read metrics */
#define SOCKET_UMASK 0117

static bool is_path(const char *where)
{
    return strchr(where, '/') != NULL;
}

/* --- A path --- */

static bool fail(GError **error, const char *path, const char *why)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot listen at %s: %s",
                path, why);
    return false;
}

/* Whether anybody listens there */
static bool is_served(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool served;

    if (fd < 0) {
        return true;
    }
    served =
        connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
        errno != ECONNREFUSED;
    close(fd);
    return served;
}

/* What was left behind by one that did not end well */
static bool make_room(const char *path, GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct stat st;

    if (strlen(path) >= sizeof(address.sun_path)) {
        return fail(error, path, "its path is too long for a socket");
    }
    if (lstat(path, &st) < 0) {
        return true;
    }
    if (!S_ISSOCK(st.st_mode)) {
        return fail(error, path, "it is there, and no socket");
    }
    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    if (is_served(&address)) {
        return fail(error, path, "another process listens there");
    }
    if (unlink(path) < 0) {
        return fail(error, path, g_strerror(errno));
    }
    return true;
}

static char *add_path(GSocketListener *listener, const char *path, FileId *file,
                      GError **error)
{
    g_autoptr(GSocketAddress) address = NULL;
    g_autoptr(GError) cause = NULL;
    mode_t umask_before;
    struct stat st;
    bool added;

    if (!make_room(path, error)) {
        return NULL;
    }
    address = g_unix_socket_address_new(path);
    umask_before = umask(SOCKET_UMASK);
    added = g_socket_listener_add_address(
        listener, address, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT,
        NULL, NULL, &cause);
    umask(umask_before);
    if (!added) {
        fail(error, path, cause->message);
        return NULL;
    }
    if (lstat(path, &st) == 0) {
        *file = file_id_of(&st);
    }
    return g_strdup(path);
}

/* --- An address --- */

static char *describe(GSocketAddress *address)
{
    GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS(address);
    GInetAddress *host = g_inet_socket_address_get_address(inet);
    g_autofree char *text = g_inet_address_to_string(host);
    bool six = g_inet_address_get_family(host) == G_SOCKET_FAMILY_IPV6;

    return g_strdup_printf("%s%s%s:%u", six ? "[" : "", text, six ? "]" : "",
                           g_inet_socket_address_get_port(inet));
}

/* A port that the kernel chose for the first one is for all */
static GSocketAddress *with_port(GSocketAddress *address, guint16 port)
{
    GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS(address);

    return g_inet_socket_address_new(
        g_inet_socket_address_get_address(inet),
        port ? port : g_inet_socket_address_get_port(inet));
}

/* Appends it to @found */
static bool add_one(GSocketListener *listener, GSocketAddress *address,
                    guint16 *port, GPtrArray *found, GError **error)
{
    g_autoptr(GSocketAddress) wanted = with_port(address, *port);
    g_autoptr(GSocketAddress) got = NULL;

    if (!g_socket_listener_add_address(listener, wanted, G_SOCKET_TYPE_STREAM,
                                       G_SOCKET_PROTOCOL_TCP, NULL, &got,
                                       error)) {
        return false;
    }
    *port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(got));
    g_ptr_array_add(found, describe(got));
    return true;
}

/*
 * All that the name stands for.  A host may have no IPv6, or no IPv4; but a
 * port that is taken in one of them is taken.
 */
static void add_all(GSocketListener *listener, GSocketConnectable *name,
                    GPtrArray *found, GError **error)
{
    g_autoptr(GSocketAddressEnumerator) addresses =
        g_socket_connectable_enumerate(name);
    g_autoptr(GError) last = NULL;
    guint16 port = 0;

    for (;;) {
        g_autoptr(GError) cause = NULL;
        g_autoptr(GSocketAddress) address =
            g_socket_address_enumerator_next(addresses, NULL, &cause);

        if (address) {
            add_one(listener, address, &port, found, &cause);
        }
        if (cause) {
            g_clear_error(&last);
            last = g_steal_pointer(&cause);
        }
        if (!address ||
            g_error_matches(last, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE)) {
            break;
        }
    }
    if (last && (!found->len || g_error_matches(last, G_IO_ERROR,
                                                G_IO_ERROR_ADDRESS_IN_USE))) {
        g_propagate_error(error, g_steal_pointer(&last));
    }
}

/* An address with colons of its own has brackets, as its end is no port */
static bool has_port(const char *where)
{
    const char *colon = strrchr(where, ':');
    guint64 port;

    return colon && colon > where &&
           (colon[-1] == ']' || colon == strchr(where, ':')) &&
           g_ascii_string_to_unsigned(colon + 1, 10, 0, 65535, &port, NULL);
}

static char *add_address(GSocketListener *listener, const char *where,
                         GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GSocketConnectable) name = NULL;
    g_autoptr(GError) cause = NULL;

    if (has_port(where)) {
        name = g_network_address_parse(where, 0, &cause);
    } else {
        g_set_error(&cause, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "it takes ADDRESS:PORT, or a path with a slash in it");
    }
    if (name) {
        add_all(listener, name, found, &cause);
    }
    if (cause) {
        fail(error, where, cause->message);
        return NULL;
    }
    g_ptr_array_add(found, NULL);
    return g_strjoinv(" ", (char **)found->pdata);
}

char *aiotop_listener_add(GSocketListener *listener, const char *where,
                          FileId *file, GError **error)
{
    return is_path(where) ? add_path(listener, where, file, error)
                          : add_address(listener, where, error);
}
