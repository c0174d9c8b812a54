/*
 * The kernel's lists of TCP and UDP sockets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "inet-list.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* An address of four bytes, as one of sixteen */
static const uint8_t mapped_prefix[] = { 0, 0, 0, 0, 0,    0,
                                         0, 0, 0, 0, 0xff, 0xff };

/* One or four words of the host's byte order */
static bool read_address(const char *hex, uint8_t *address)
{
    size_t len = strlen(hex) / 2;
    uint8_t *at = address + AIOTOP_INET_ADDRESS - len;

    if (len != 4 && len != AIOTOP_INET_ADDRESS) {
        return false;
    }
    memcpy(address, mapped_prefix, sizeof(mapped_prefix));
    for (size_t i = 0; i < len; i += 4) {
        uint32_t word;

        if (sscanf(hex + 2 * i, "%8" SCNx32, &word) != 1) {
            return false;
        }
        memcpy(at + i, &word, sizeof(word));
    }
    return true;
}

static bool read_line(const char *line, AiotopInetSocket *socket)
{
    char local[2 * AIOTOP_INET_ADDRESS + 1];
    char remote[2 * AIOTOP_INET_ADDRESS + 1];

    return sscanf(line,
                  " %*u: %32[0-9A-F]:%x %32[0-9A-F]:%x %x %*x:%*x %*x:%*x %*x"
                  " %*u %*u %" SCNu32,
                  local, &socket->local_port, remote, &socket->remote_port,
                  &socket->state, &socket->inode) == 6 &&
           read_address(local, socket->local) &&
           read_address(remote, socket->remote);
}

void aiotop_inet_list(const char *process, const char *list,
                      AiotopOnInetSocket *on_socket, void *opaque)
{
    g_autofree char *path = g_build_filename(process, "net", list, NULL);
    FILE *file = fopen(path, "re");
    AiotopInetSocket socket;
    bool wanted = true;
    char line[512];

    while (file && wanted && fgets(line, sizeof(line), file)) {
        /* The first line is a head */
        wanted = !read_line(line, &socket) || on_socket(&socket, opaque);
    }
    if (file) {
        fclose(file);
    }
}

static bool is_mapped(const uint8_t *address)
{
    return memcmp(address, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

char *aiotop_inet_text(const uint8_t *address, unsigned port)
{
    bool v4 = is_mapped(address);
    char text[INET6_ADDRSTRLEN];

    inet_ntop(v4 ? AF_INET : AF_INET6,
              v4 ? address + sizeof(mapped_prefix) : address, text,
              sizeof(text));
    return g_strdup_printf(v4 ? "%s:%u" : "[%s]:%u", text, port);
}

void aiotop_inet_make_definite(uint8_t *address)
{
    const uint32_t loopback = htonl(INADDR_LOOPBACK);
    const uint8_t any[AIOTOP_INET_ADDRESS] = { 0 };
    uint8_t *v4 = address + sizeof(mapped_prefix);

    if (is_mapped(address) && memcmp(v4, any, sizeof(loopback)) == 0) {
        memcpy(v4, &loopback, sizeof(loopback));
    } else if (memcmp(address, any, sizeof(any)) == 0) {
        memcpy(address, &in6addr_loopback, sizeof(in6addr_loopback));
    }
}
