/*
 * Which UNIX sockets processes listen on
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "listening.h"

#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "open-sockets.h"
#include "unix-diag.h"

struct AiotopListening {
    char *root;
    char *prefix;
    /* By name space: the addresses of its sockets, by inode */
    GHashTable *name_spaces;
};

/* As a name space's list is gone through */
typedef struct Dump {
    const char *prefix;
    GHashTable *addresses;
    bool elsewhere;
} Dump;

AiotopListening *aiotop_listening_new(const char *root, const char *prefix)
{
    AiotopListening *listening = g_new(AiotopListening, 1);

    *listening = (AiotopListening){
        .root = g_strdup(root),
        .prefix = g_strdup(prefix),
        .name_spaces =
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                  (GDestroyNotify)g_hash_table_unref),
    };
    return listening;
}

void aiotop_listening_free(AiotopListening *listening)
{
    if (listening) {
        g_hash_table_unref(listening->name_spaces);
        g_free(listening->prefix);
        g_free(listening->root);
        g_free(listening);
    }
}

static void on_listening(const AiotopUnixSocket *socket, void *opaque)
{
    const Dump *dump = opaque;
    g_autofree char *address = aiotop_unix_diag_address(socket);
    g_autofree char *base = NULL;

    if (!address || (dump->elsewhere && g_str_has_prefix(address, "unix:@"))) {
        return;
    }
    base = g_path_get_basename(address + strlen("unix:"));
    if (g_str_has_prefix(base, dump->prefix)) {
        g_hash_table_insert(dump->addresses,
                            GUINT_TO_POINTER(socket->message->udiag_ino),
                            g_steal_pointer(&address));
    }
}

static GHashTable *ask(const AiotopListening *listening, int64_t pid)
{
    Dump dump = {
        .prefix = listening->prefix,
        .addresses = g_hash_table_new_full(NULL, NULL, NULL, g_free),
    };
    int diag = aiotop_unix_diag_open_of(listening->root, pid, &dump.elsewhere);

    if (diag >= 0) {
        aiotop_unix_diag_ask(diag, 0, 1u << TCP_LISTEN, UDIAG_SHOW_NAME,
                             on_listening, &dump);
        close(diag);
    }
    return dump.addresses;
}

/* Those in the process's name space */
static GHashTable *find_addresses(AiotopListening *listening, int64_t pid)
{
    g_autofree char *path =
        g_strdup_printf("%s/%" PRId64 "/ns/net", listening->root, pid);
    g_autofree char *link = g_file_read_link(path, NULL);
    const char *key = link ? link : "";
    GHashTable *addresses = g_hash_table_lookup(listening->name_spaces, key);

    if (!addresses) {
        addresses = ask(listening, pid);
        g_hash_table_insert(listening->name_spaces, g_strdup(key), addresses);
    }
    return addresses;
}

GPtrArray *aiotop_listening_of(AiotopListening *listening, int64_t pid)
{
    GPtrArray *own = g_ptr_array_new_with_free_func(g_free);
    GHashTable *addresses = find_addresses(listening, pid);
    g_autoptr(GHashTable) inodes = NULL;
    GHashTableIter iter;
    gpointer inode;
    unsigned n_read;

    if (!g_hash_table_size(addresses)) {
        return own;
    }
    inodes = aiotop_open_sockets(listening->root, pid, &n_read);
    g_hash_table_iter_init(&iter, inodes);
    while (g_hash_table_iter_next(&iter, &inode, NULL)) {
        const char *address = g_hash_table_lookup(addresses, inode);

        if (address) {
            g_ptr_array_add(own, g_strdup(address));
        }
    }
    return own;
}
