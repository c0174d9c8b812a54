/*
 * Files that may not answer
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "patience.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* The kernel takes no longer command lines, and some */
#define MAX_FILE (8u << 20)
#define CHUNK (64u << 10)

struct AiotopReading {
    int ref_count;
    char *path;
    AiotopPatientRead *read;
    bool done;
    /* Somebody's patience has ended */
    bool given_up;
    char *text;
    gsize len;
};

/* For all fields but those that are set before the thread begins */
static GMutex lock;
static GCond some_done;
/* Those that were given up and are not done, by path */
static GHashTable *overdue;

char *aiotop_patient_whole_file(const char *path, gsize *len)
{
    g_autoptr(GByteArray) text = g_byte_array_new();
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : 0;

    while (n >= 0 && text->len < MAX_FILE) {
        gsize used = text->len;

        g_byte_array_set_size(text, used + CHUNK);
        n = read(fd, text->data + used, CHUNK);
        g_byte_array_set_size(text, used + MAX(n, 0));
        if (n == 0 || (n < 0 && errno != EINTR)) {
            break;
        }
        n = 0;
    }
    if (fd >= 0) {
        close(fd);
    }
    if (n < 0) {
        return NULL;
    }
    *len = text->len;
    g_byte_array_append(text, (const guint8 *)"", 1);
    return (char *)g_byte_array_free(g_steal_pointer(&text), FALSE);
}

/* With the lock */
static void unref(AiotopReading *reading)
{
    if (--reading->ref_count == 0) {
        g_free(reading->path);
        g_free(reading->text);
        g_free(reading);
    }
}

static gpointer run(gpointer opaque)
{
    AiotopReading *reading = opaque;
    gsize len = 0;
    char *text = reading->read(reading->path, &len);

    g_mutex_lock(&lock);
    reading->text = text;
    reading->len = len;
    reading->done = true;
    if (reading->given_up) {
        g_hash_table_remove(overdue, reading->path);
    }
    g_cond_broadcast(&some_done);
    unref(reading);
    g_mutex_unlock(&lock);
    return NULL;
}

AiotopReading *aiotop_patience_begin(const char *path, AiotopPatientRead *read)
{
    AiotopReading *reading;

    g_mutex_lock(&lock);
    reading = overdue ? g_hash_table_lookup(overdue, path) : NULL;
    if (reading) {
        reading->ref_count++;
    } else {
        reading = g_new0(AiotopReading, 1);
        reading->ref_count = 2;
        reading->path = g_strdup(path);
        reading->read = read;
        g_thread_unref(g_thread_new("reader", run, reading));
    }
    g_mutex_unlock(&lock);
    return reading;
}

/* With the lock */
static void give_up(AiotopReading *reading)
{
    if (!overdue) {
        overdue = g_hash_table_new(g_str_hash, g_str_equal);
    }
    reading->given_up = true;
    g_hash_table_insert(overdue, reading->path, reading);
}

char *aiotop_patience_end(AiotopReading *reading, int64_t deadline_us,
                          gsize *len, bool *late)
{
    char *text = NULL;

    g_mutex_lock(&lock);
    while (!reading->done && !reading->given_up &&
           g_cond_wait_until(&some_done, &lock, deadline_us)) {
        continue;
    }
    if (reading->done) {
        text =
            reading->text ? g_memdup2(reading->text, reading->len + 1) : NULL;
        *len = reading->len;
    } else {
        *late = true;
        if (!reading->given_up) {
            give_up(reading);
        }
    }
    unref(reading);
    g_mutex_unlock(&lock);
    return text;
}
