/*
 * QEMU's command line: options to addresses
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/qemu-command-line.h"

#include <string.h>

#include "qemu-aiotop/text/json-tree.h"

/* The next item of a list, its doubled commas made single */
static char *next_item(const char **at)
{
    GString *item = g_string_new(NULL);
    const char *p = *at;

    while (*p) {
        if (*p == ',') {
            if (p[1] != ',') {
                p++;
                break;
            }
            p++;
        }
        g_string_append_c(item, *p++);
    }
    *at = p;
    return g_string_free(item, FALSE);
}

/* As QEMU's own key=value notation has it: objects to names with dots */
static void read_members(json_object *object, const char *prefix,
                         GHashTable *options)
{
    json_object_object_foreach(object, key, value)
    {
        g_autofree char *name = g_strconcat(prefix, key, NULL);

        if (json_object_is_type(value, json_type_object)) {
            g_autofree char *inner = g_strconcat(name, ".", NULL);

            read_members(value, inner, options);
        } else if (json_object_is_type(value, json_type_boolean)) {
            g_hash_table_replace(
                options, g_steal_pointer(&name),
                g_strdup(json_object_get_boolean(value) ? "on" : "off"));
        } else {
            g_hash_table_replace(options, g_steal_pointer(&name),
                                 g_strdup(json_object_get_string(value)));
        }
    }
}

GHashTable *aiotop_cmdline_options(const char *text, const char *implied)
{
    GHashTable *options =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    if (text[0] == '{') {
        g_autoptr(json_object) tree =
            aiotop_json_parse(text, strlen(text), NULL);

        if (tree) {
            read_members(tree, "", options);
        }
        return options;
    }
    while (*text) {
        g_autofree char *item = next_item(&text);
        char *equals = strchr(item, '=');

        if (equals) {
            g_hash_table_replace(options, g_strndup(item, equals - item),
                                 g_strdup(equals + 1));
        } else if (implied) {
            g_hash_table_replace(options, g_strdup(implied), g_strdup(item));
        } else {
            g_hash_table_replace(options, g_strdup(item), g_strdup("on"));
        }
        implied = NULL;
    }
    return options;
}

static const char *option(GHashTable *options, const char *prefix,
                          const char *name)
{
    g_autofree char *key = g_strconcat(prefix, name, NULL);

    return g_hash_table_lookup(options, key);
}

static char *unix_address(const char *path, bool abstract, const char *cwd)
{
    if (abstract) {
        return g_strconcat("unix:@", path, NULL);
    }
    if (path[0] != '/' && cwd) {
        g_autofree char *absolute = g_build_filename(cwd, path, NULL);

        return g_strconcat("unix:", absolute, NULL);
    }
    return g_strconcat("unix:", path, NULL);
}

/* What it listens on may be no address to connect to */
static char *tcp_address(const char *host, const char *port)
{
    if (!*host || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0) {
        host = "localhost";
    }
    return strchr(host, ':') ? g_strdup_printf("tcp:[%s]:%s", host, port)
                             : g_strdup_printf("tcp:%s:%s", host, port);
}

char *aiotop_cmdline_address(GHashTable *options, const char *prefix,
                             const char *cwd)
{
    const char *type = option(options, prefix, "type");
    const char *path = option(options, prefix, "path");
    const char *host = option(options, prefix, "host");
    const char *port = option(options, prefix, "port");
    const char *abstract = option(options, prefix, "abstract");

    if (path && (!type || strcmp(type, "unix") == 0)) {
        return unix_address(path, abstract && strcmp(abstract, "on") == 0, cwd);
    }
    if (port && (!type || strcmp(type, "inet") == 0)) {
        return tcp_address(host ? host : "", port);
    }
    return NULL;
}

char *aiotop_cmdline_legacy_address(const char *text, const char *cwd)
{
    g_autofree char *item = next_item(&text);
    char *host = item + strlen("tcp:");
    char *port;

    if (g_str_has_prefix(item, "unix:")) {
        return unix_address(item + strlen("unix:"), false, cwd);
    }
    port = strrchr(item, ':');
    if (!g_str_has_prefix(item, "tcp:") || !port || port < host) {
        return NULL;
    }
    *port++ = '\0';
    if (host[0] == '[' && host[strlen(host) - 1] == ']') {
        host[strlen(host) - 1] = '\0';
        host++;
    }
    return tcp_address(host, port);
}
