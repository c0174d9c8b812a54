/*
 * Whether an executable file is a QEMU with the profiler in it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "executable.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qemu-aiotop/model/profiler.h"

#define CHUNK (256u << 10)

/*
 * What was found in which file, so that it is searched once, by whomever: a
 * file that changes is another one.  It is the process's, as files are.
 */
static GMutex lock;
static GHashTable *known;

/* @length: bytes of the file; false if it ends earlier */
static bool search(int fd, off_t length, bool *found)
{
    static const char wanted[] = AIOTOP_OBJECT_TYPE;
    const gsize overlap = strlen(wanted) - 1;
    g_autofree char *chunk = g_malloc(CHUNK);

    *found = false;
    for (off_t at = 0; at < length && !*found; at += CHUNK - overlap) {
        ssize_t n = pread(fd, chunk, CHUNK, at);

        if (n <= 0) {
            return false;
        }
        *found = memmem(chunk, n, wanted, strlen(wanted));
        if (n < (ssize_t)CHUNK) {
            break;
        }
    }
    return true;
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
    bool found;

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        key = g_strdup_printf("%ju:%ju:%jd:%ld:%jd", (uintmax_t)st.st_dev,
                              (uintmax_t)st.st_ino, (intmax_t)st.st_mtime,
                              st.st_mtim.tv_nsec, (intmax_t)st.st_size);
        answer = lookup(key);
        if (!answer && search(fd, st.st_size, &found)) {
            answer = found ? "yes" : "no";
            remember(key, answer);
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    *len = answer ? strlen(answer) : 0;
    return g_strdup(answer);
}
