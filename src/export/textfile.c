/*
 * A file for node_exporter
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "textfile.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdbool.h>

/* Others have to be able to read it */
#define MODE 0644

struct AiotopTextfile {
    int ref_count;
    char *path;
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

static void run(GTask *task, gpointer source G_GNUC_UNUSED, gpointer opaque,
                GCancellable *cancellable G_GNUC_UNUSED)
{
    const Job *job = opaque;
    GError *error = NULL;
    gsize len;
    const char *text = g_bytes_get_data(job->text, &len);

    if (g_file_set_contents_full(job->path, text, len,
                                 G_FILE_SET_CONTENTS_CONSISTENT, MODE,
                                 &error)) {
        g_task_return_boolean(task, TRUE);
    } else {
        g_task_return_error(task, error);
    }
}

static void on_written(GObject *source G_GNUC_UNUSED, GAsyncResult *result,
                       gpointer opaque)
{
    g_autoptr(GError) error = NULL;
    AiotopTextfile *textfile = opaque;

    g_task_propagate_boolean(G_TASK(result), &error);
    textfile->writing = false;
    if (textfile->ended) {
        g_unlink(textfile->path);
    } else if (error && error->code != textfile->failure) {
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
    *job = (Job){ g_strdup(textfile->path), g_bytes_ref(text) };
    textfile->writing = true;
    textfile->ref_count++;
    task = g_task_new(NULL, NULL, on_written, textfile);
    g_task_set_task_data(task, job, free_job);
    g_task_run_in_thread(task, run);
}

void aiotop_textfile_free(AiotopTextfile *textfile)
{
    if (textfile) {
        textfile->ended = true;
        if (!textfile->writing) {
            g_unlink(textfile->path);
        }
        unref(textfile);
    }
}
