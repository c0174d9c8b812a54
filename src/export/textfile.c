/*
 * A file for node_exporter
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file-id.h"
#include "qemu-aiotop/format/metrics.h"
#include "qemu-aiotop/wire/timer.h"

/* Others have to be able to read it, whatever this process's umask is */
#define MODE 0644
/* How long what is being written at the end is waited for */
#define END_MS 5000

/* Any file of ours begins with it */
#define HEAD "# TYPE " AIOTOP_METRIC_PREFIX

struct AiotopTextfile {
    int ref_count;
    char *path;
    /* What was put there last */
    FileId placed;
    void (*report)(const char *message);
    /* Why it failed last, a GFileError, of which -1 is none */
    int failure;
    bool writing;
    bool ended;
};

/* The thread's, as long as it writes */
typedef struct Job {
    char *path;
    GBytes *text;
    /* What was put there, or before that what was put there the last time */
    FileId placed;
} Job;

static void unref(AiotopTextfile *textfile)
{
    if (--textfile->ref_count == 0) {
        g_free(textfile->path);
        g_free(textfile);
    }
}

static void free_job(gpointer opaque)
{
    Job *job = opaque;

    g_free(job->path);
    g_bytes_unref(job->text);
    g_free(job);
}

/* Whether there is nothing, or what a qemu-aiotop has written */
static bool may_replace(const Job *job)
{
    char head[sizeof(HEAD) - 1];
    struct stat st;
    ssize_t n = 0;
    int fd;

    if (lstat(job->path, &st) < 0 || file_id_is(&job->placed, &st)) {
        return true;
    }
    fd = open(job->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd >= 0) {
        n = read(fd, head, sizeof(head));
        close(fd);
    }
    return n == sizeof(head) && memcmp(head, HEAD, sizeof(head)) == 0;
}

static bool write_all(int fd, const char *text, gsize len)
{
    while (len) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno != EINTR) {
            return false;
        }
        text += MAX(n, 0);
        len -= MAX(n, 0);
    }
    return true;
}

/* What it is made of is on the disk before it has its name */
static bool replace(Job *job, const char *aside, int fd)
{
    gsize len;
    const char *text = g_bytes_get_data(job->text, &len);
    struct stat st;
    bool ok = write_all(fd, text, len) && fchmod(fd, MODE) == 0 &&
              fsync(fd) == 0 && fstat(fd, &st) == 0;

    /* Says so late if a disk is full: on NFS */
    ok = close(fd) == 0 && ok && rename(aside, job->path) == 0;
    if (ok) {
        job->placed = file_id_of(&st);
    }
    return ok;
}

static void run(GTask *task, gpointer source G_GNUC_UNUSED, gpointer opaque,
                GCancellable *cancellable G_GNUC_UNUSED)
{
    g_autofree char *aside = NULL;
    Job *job = opaque;
    int fd, cause;

    if (!may_replace(job)) {
        g_task_return_new_error(task, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                                "it is no file of qemu-aiotop's; give another"
                                " name, or remove it");
        return;
    }
    aside = g_strconcat(job->path, ".XXXXXX", NULL);
    fd = g_mkstemp_full(aside, O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 && replace(job, aside, fd)) {
        g_task_return_boolean(task, TRUE);
        return;
    }
    cause = errno;
    if (fd >= 0) {
        g_unlink(aside);
    }
    g_task_return_new_error(task, G_FILE_ERROR, g_file_error_from_errno(cause),
                            "%s", g_strerror(cause));
}

static void on_written(GObject *source G_GNUC_UNUSED, GAsyncResult *result,
                       gpointer opaque)
{
    g_autoptr(GError) error = NULL;
    AiotopTextfile *textfile = opaque;
    const Job *job = g_task_get_task_data(G_TASK(result));

    g_task_propagate_boolean(G_TASK(result), &error);
    textfile->writing = false;
    textfile->placed = job->placed;
    if (error && !textfile->ended && error->code != textfile->failure) {
        g_autofree char *message =
            g_strdup_printf("cannot write %s, and leave it as it is: %s",
                            textfile->path, error->message);

        textfile->report(message);
    }
    textfile->failure = error ? error->code : -1;
    unref(textfile);
}

AiotopTextfile *aiotop_textfile_new(const char *path,
                                    void (*report)(const char *message))
{
    AiotopTextfile *textfile = g_new0(AiotopTextfile, 1);

    textfile->ref_count = 1;
    textfile->failure = -1;
    textfile->path = g_strdup(path);
    textfile->report = report;
    return textfile;
}

void aiotop_textfile_write(AiotopTextfile *textfile, GBytes *text)
{
    g_autoptr(GTask) task = NULL;
    Job *job;

    if (textfile->writing) {
        return;
    }
    job = g_new(Job, 1);
    *job =
        (Job){ g_strdup(textfile->path), g_bytes_ref(text), textfile->placed };
    textfile->writing = true;
    textfile->ref_count++;
    task = g_task_new(NULL, NULL, on_written, textfile);
    g_task_set_task_data(task, job, free_job);
    g_task_run_in_thread(task, run);
}

static gboolean on_overdue(gpointer overdue)
{
    *(bool *)overdue = true;
    return G_SOURCE_REMOVE;
}

/* Who removes the file while it is written does so before it is there */
static void wait_for_end(const AiotopTextfile *textfile)
{
    GMainContext *context = g_main_context_get_thread_default();
    GSource *timer = NULL;
    bool overdue = false;

    aiotop_timer_set(&timer, context, END_MS, G_PRIORITY_DEFAULT, on_overdue,
                     &overdue);
    while (textfile->writing && !overdue) {
        g_main_context_iteration(context, TRUE);
    }
    aiotop_timer_clear(&timer);
}

void aiotop_textfile_free(AiotopTextfile *textfile)
{
    if (!textfile) {
        return;
    }
    textfile->ended = true;
    wait_for_end(textfile);
    if (textfile->writing) {
        g_autofree char *message =
            g_strdup_printf("cannot remove %s: its disk hangs", textfile->path);

        textfile->report(message);
    } else {
        /* Unless another one has put its own there */
        file_id_remove(&textfile->placed, textfile->path);
    }
    unref(textfile);
}
