/*
 * Where callbacks are in the source, found beside the main loop
 *
 * The debug information of a QEMU is large, and on a disk that may hang.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "code.h"

#include <gio/gio.h>
#include <inttypes.h>
#include <qemu-aiotop/host/symbols.h>

struct Code {
    /* One thread at a time uses what follows */
    GMutex lock;
    AiotopSymbols *symbols;
    AiotopIdentity process;
};

typedef struct Search {
    Code *code;
    AiotopIdentity process;
    uint64_t callback;
    CodeDone *done;
    void *opaque;
} Search;

static void clear(gpointer opaque)
{
    Code *code = opaque;

    aiotop_symbols_free(code->symbols);
    g_mutex_clear(&code->lock);
}

Code *code_new(void)
{
    Code *code = g_atomic_rc_box_new0(Code);

    g_mutex_init(&code->lock);
    return code;
}

void code_free(Code *code)
{
    if (code) {
        g_atomic_rc_box_release_full(code, clear);
    }
}

static void search_free(gpointer opaque)
{
    Search *search = opaque;

    code_free(search->code);
    g_free(search);
}

/* With the lock */
static void open_symbols(Code *code, const AiotopIdentity *process)
{
    g_autofree char *path = NULL;

    if (aiotop_identity_equal(&code->process, process)) {
        return;
    }
    g_clear_pointer(&code->symbols, aiotop_symbols_free);
    code->process = *process;
    path =
        g_strdup_printf("%s/%" PRId64 "/exe", AIOTOP_PROCFS_ROOT, process->pid);
    code->symbols = aiotop_symbols_new(path, NULL);
    /* Opened, it stays what it is */
    if (!aiotop_procfs_is_same(AIOTOP_PROCFS_ROOT, process)) {
        g_clear_pointer(&code->symbols, aiotop_symbols_free);
    }
}

static void run(GTask *task, gpointer source G_GNUC_UNUSED, gpointer data,
                GCancellable *cancellable G_GNUC_UNUSED)
{
    const Search *search = data;
    Code *code = search->code;
    char *text = NULL;

    g_mutex_lock(&code->lock);
    open_symbols(code, &search->process);
    if (code->symbols) {
        text = aiotop_symbols_describe(code->symbols, search->callback);
    }
    g_mutex_unlock(&code->lock);
    g_task_return_pointer(task, text, g_free);
}

static void on_ready(GObject *source G_GNUC_UNUSED, GAsyncResult *result,
                     gpointer opaque G_GNUC_UNUSED)
{
    GTask *task = G_TASK(result);
    const Search *search = g_task_get_task_data(task);
    g_autofree char *text = g_task_propagate_pointer(task, NULL);

    search->done(&search->process, search->callback, text, search->opaque);
}

void code_find(Code *code, const AiotopIdentity *process, uint64_t callback,
               CodeDone *done, void *opaque)
{
    g_autoptr(GTask) task = g_task_new(NULL, NULL, on_ready, NULL);
    Search *search = g_new(Search, 1);

    *search = (Search){
        g_atomic_rc_box_acquire(code), *process, callback, done, opaque,
    };
    g_task_set_task_data(task, search, search_free);
    g_task_run_in_thread(task, run);
}
