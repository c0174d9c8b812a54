/*
 * What the kernel tells of a process and its threads
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "qemu-aiotop/snapshot.h"

/* Reads a small file that the kernel makes up; false if it can't be read */
static bool read_file(char *buffer, size_t size, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static bool read_file(char *buffer, size_t size, const char *format, ...)
{
    char path[256];
    ssize_t n;
    va_list ap;
    int fd;

    va_start(ap, format);
    vsnprintf(path, sizeof(path), format, ap);
    va_end(ap);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    n = read(fd, buffer, size - 1);
    close(fd);
    if (n < 0) {
        return false;
    }
    buffer[n] = '\0';
    return true;
}

/* What follows the thread's name in a stat file; the name may hold a ")" */
static const char *after_comm(const char *stat)
{
    const char *end = strrchr(stat, ')');

    return end && end[1] == ' ' ? end + 2 : NULL;
}

/* Field @number of a stat file, counted as in proc(5), from 3 on */
static bool stat_field(const char *stat, int number, uint64_t *value)
{
    const char *at = after_comm(stat);

    for (int i = 3; at && i < number; i++) {
        at = strchr(at, ' ');
        at = at ? at + 1 : NULL;
    }
    return at && sscanf(at, "%" SCNu64, value) == 1;
}

static uint64_t ticks_to_ns(uint64_t ticks)
{
    return ticks * (UINT64_C(1000000000) / sysconf(_SC_CLK_TCK));
}

static uint64_t status_field(const char *status, const char *name)
{
    const char *at = strstr(status, name);
    uint64_t value;

    if (!at || sscanf(at + strlen(name), "%" SCNu64, &value) != 1) {
        return AIOTOP_UNKNOWN;
    }
    return value;
}

bool aiotop_procfs_thread(const char *root, int64_t pid, int64_t tid,
                          AiotopThread *thread)
{
    char buffer[4096];
    uint64_t user, system;
    size_t len;

    *thread = (AiotopThread)AIOTOP_THREAD_UNKNOWN;
    if (!read_file(buffer, sizeof(buffer),
                   "%s/%" PRId64 "/task/%" PRId64 "/stat", root, pid, tid)) {
        return false;
    }
    if (after_comm(buffer)) {
        thread->state = *after_comm(buffer);
    }
    if (stat_field(buffer, 14, &user) && stat_field(buffer, 15, &system)) {
        thread->cpu_ns = ticks_to_ns(user + system);
    }
    if (read_file(thread->comm, sizeof(thread->comm),
                  "%s/%" PRId64 "/task/%" PRId64 "/comm", root, pid, tid)) {
        len = strlen(thread->comm);
        if (len && thread->comm[len - 1] == '\n') {
            thread->comm[len - 1] = '\0';
        }
    }
    if (read_file(buffer, sizeof(buffer),
                  "%s/%" PRId64 "/task/%" PRId64 "/schedstat", root, pid,
                  tid) &&
        sscanf(buffer, "%" SCNu64 " %" SCNu64, &user, &system) == 2) {
        thread->cpu_ns = user;
        thread->run_queue_ns = system;
    }
    if (read_file(buffer, sizeof(buffer),
                  "%s/%" PRId64 "/task/%" PRId64 "/status", root, pid, tid)) {
        thread->voluntary_switches =
            status_field(buffer, "\nvoluntary_ctxt_switches:");
        thread->involuntary_switches =
            status_field(buffer, "\nnonvoluntary_ctxt_switches:");
    }
    return true;
}

uint64_t aiotop_procfs_run_queue_ns(const char *root, int64_t pid, int64_t tid)
{
    char buffer[128];
    uint64_t waited;

    if (!read_file(buffer, sizeof(buffer),
                   "%s/%" PRId64 "/task/%" PRId64 "/schedstat", root, pid,
                   tid) ||
        sscanf(buffer, "%*u %" SCNu64, &waited) != 1) {
        return AIOTOP_UNKNOWN;
    }
    return waited;
}

char *aiotop_procfs_fd(const char *root, int64_t pid, int fd, GError **error)
{
    g_autofree char *path =
        g_strdup_printf("%s/%" PRId64 "/fd/%d", root, pid, fd);

    return g_file_read_link(path, error);
}

bool aiotop_procfs_alive(const char *root, int64_t pid)
{
    char buffer[1024];
    const char *state;

    if (!read_file(buffer, sizeof(buffer), "%s/%" PRId64 "/stat", root, pid)) {
        return false;
    }
    state = after_comm(buffer);
    return state && *state != 'Z' && *state != 'X';
}

uint64_t aiotop_procfs_start_ticks(const char *root, int64_t pid)
{
    char buffer[1024];
    uint64_t ticks;

    if (!read_file(buffer, sizeof(buffer), "%s/%" PRId64 "/stat", root, pid) ||
        !stat_field(buffer, 22, &ticks)) {
        return AIOTOP_UNKNOWN;
    }
    return ticks;
}

/* Inode numbers, as strings, of the sockets that the process has open */
static GHashTable *open_sockets(const char *root, int64_t pid)
{
    g_autofree char *dir_name = g_strdup_printf("%s/%" PRId64 "/fd", root, pid);
    g_autoptr(GDir) dir = g_dir_open(dir_name, 0, NULL);
    GHashTable *inodes =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(dir_name, name, NULL);
        g_autofree char *link = g_file_read_link(path, NULL);

        if (link && g_str_has_prefix(link, "socket:[")) {
            g_hash_table_add(inodes, g_strndup(link + strlen("socket:["),
                                               strcspn(link + 8, "]")));
        }
    }
    return inodes;
}

/*
 * If the line of net/unix is a named socket that listens, and one of
 * @inodes, returns its path.
 *
 * Num RefCount Protocol Flags Type St Inode Path; flag 0x10000 is
 * __SO_ACCEPTCON.
 */
static const char *listening_path(const char *line, GHashTable *inodes)
{
    unsigned long flags, inode;
    char number[24];
    int path = 0;

    if (sscanf(line, "%*s %*s %*s %lx %*s %*s %lu %n", &flags, &inode, &path) !=
            2 ||
        !path || !line[path] || !(flags & 0x10000)) {
        return NULL;
    }
    g_snprintf(number, sizeof(number), "%lu", inode);
    return g_hash_table_contains(inodes, number) ? line + path : NULL;
}

GPtrArray *aiotop_procfs_listening(const char *root, int64_t pid)
{
    GPtrArray *addresses = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) inodes = open_sockets(root, pid);
    g_autofree char *table =
        g_strdup_printf("%s/%" PRId64 "/net/unix", root, pid);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_hash_table_size(inodes) ||
        !g_file_get_contents(table, &text, NULL, NULL)) {
        return addresses;
    }
    lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        const char *path = listening_path(lines[i], inodes);

        if (path) {
            g_ptr_array_add(addresses, g_strconcat("unix:", path, NULL));
        }
    }
    return addresses;
}
