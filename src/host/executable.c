/*
 * Whether an executable file is a QEMU with the profiler in it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "executable.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qemu-aiotop/model/profiler.h"

#define CHUNK (256u << 10)

/* Anybody's file may be of any size: so much of it is read, holes are not */
#define MAX_SEARCHED (INT64_C(256) << 20)
/* So many files are remembered: that is more than a host has QEMUs */
#define MAX_KNOWN 1024

#define YES "yes"
#define NO "no"
#define TOO_LONG ""

/*
 * What was found in which file, so that it is searched once, by whomever: a
 * file that changes is another one.  It is the process's, as files are.
 */
static GMutex lock;
static GHashTable *known;

/* @length: bytes of the file; NULL if it ends earlier */
static const char *search(int fd, off_t length)
{
    static const char wanted[] = AIOTOP_OBJECT_TYPE;
    const gsize overlap = strlen(wanted) - 1;
    g_autofree char *chunk = g_malloc(CHUNK);
    int64_t left = MAX_SEARCHED;

    for (off_t at = 0; at < length; at += CHUNK - overlap) {
        off_t data = lseek(fd, at, SEEK_DATA);
        ssize_t n;

        if (data < 0 && errno == ENXIO) {
            return NO;
        }
        if (left <= 0) {
            return TOO_LONG;
        }
        at = MAX(at, data);
        n = pread(fd, chunk, CHUNK, at);
        if (n <= 0) {
            return NULL;
        }
        if (memmem(chunk, n, wanted, strlen(wanted))) {
            return YES;
        }
        if (n < (ssize_t)CHUNK) {
            return NO;
        }
        left -= n;
    }
    return NO;
}

static const char *lookup(const char *key)
{
    const char *answer;

    g_mutex_lock(&lock);
    answer = known ? g_hash_table_lookup(known, key) : NULL;
    g_mutex_unlock(&lock);
    return answer;
}

static void remember(const char *key, const char *answer)
{
    g_mutex_lock(&lock);
    if (!known) {
        known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    } else if (g_hash_table_size(known) >= MAX_KNOWN) {
        g_hash_table_remove_all(known);
    }
    g_hash_table_replace(known, g_strdup(key), (gpointer)answer);
    g_mutex_unlock(&lock);
}

char *aiotop_executable_has_profiler(const char *path, gsize *len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    g_autofree char *key = NULL;
    const char *answer = NULL;
    struct stat st;

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        key = g_strdup_printf("%ju:%ju:%jd:%ld:%jd", (uintmax_t)st.st_dev,
                              (uintmax_t)st.st_ino, (intmax_t)st.st_mtime,
                              st.st_mtim.tv_nsec, (intmax_t)st.st_size);
        answer = lookup(key);
        if (!answer && (answer = search(fd, st.st_size))) {
            remember(key, answer);
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    *len = answer ? strlen(answer) : 0;
    return g_strdup(answer);
}
