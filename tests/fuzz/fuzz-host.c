/*
 * Fuzz target: what the kernel says of a QEMU and its threads
 *
 * Each part is a file of a process and of one of its threads; its first byte
 * says which.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <sys/stat.h>
#include <glib/gstdio.h>
#include <qemu-aiotop/format/listing.h>
#include <qemu-aiotop/host/target.h>
#include <qemu-aiotop/host/discover.h>
#include <qemu-aiotop/host/host-snapshot.h>
#include <qemu-aiotop/host/procfs.h>

#include "fuzz.h"

#define PID 7
#define TID 8

/* What has to be there that there is anything to look at */
#define DEFAULT_STAT                                                           \
    "7 (qemu) S 1 7 7 0 -1 4194304 1 0 0 0 30 12 0 0 20 0 1 0 555 1 2 3 0 0 0" \
    " 0 0 0 0 0 0 0 0 0 17 3 0 0\n"
#define DEFAULT_CMDLINE "/usr/bin/qemu-system-x86_64"

static const struct {
    char letter;
    const char *names[2];
    const char *text;
} files[] = {
    { 'c', { "7/cmdline" }, DEFAULT_CMDLINE },
    { 'p', { "7/stat" }, DEFAULT_STAT },
    { 'm', { "7/task/7/stat" }, DEFAULT_STAT },
    { 't', { "7/task/8/stat" }, DEFAULT_STAT },
    { 'u', { "7/task/7/status", "7/task/8/status" }, NULL },
    { 'd', { "7/task/7/schedstat", "7/task/8/schedstat" }, NULL },
    { 'w', { "7/task/7/wchan", "7/task/8/wchan" }, NULL },
    { 'y', { "7/task/7/syscall", "7/task/8/syscall" }, NULL },
    { 'k', { "7/task/7/stack", "7/task/8/stack" }, NULL },
    { 'M', { "7/task/7/mem", "7/task/8/mem" }, NULL },
    { 'n', { "7/comm" }, NULL },
    { 's', { "stat" }, NULL },
};

static const char *root;

int LLVMFuzzerInitialize(int *argc G_GNUC_UNUSED, char ***argv G_GNUC_UNUSED)
{
    static const char *const directories[] = { "7/task/7", "7/task/8" };

    fuzz_init();
    root = fuzz_directory();
    for (unsigned i = 0; i < G_N_ELEMENTS(directories); i++) {
        g_autofree char *path = g_build_filename(root, directories[i], NULL);

        g_assert_cmpint(g_mkdir_with_parents(path, 0700), ==, 0);
    }
    return 0;
}

/* With the text that there is by itself, if @part is NULL */
static void write_files(unsigned i, const FuzzPart *part)
{
    const char *text = files[i].text;
    FuzzPart by_itself = { text, text ? strlen(text) : 0 };

    for (unsigned j = 0; j < G_N_ELEMENTS(files[i].names); j++) {
        const char *name = files[i].names[j];
        g_autofree char *path =
            name ? g_build_filename(root, name, NULL) : NULL;

        if (path) {
            fuzz_write_file(path, part ? part : text ? &by_itself : NULL);
        }
    }
}

static void write_tree(const uint8_t *data, size_t size)
{
    bool written[G_N_ELEMENTS(files)] = { false };
    FuzzPart part;

    while (fuzz_next_part(&data, &size, &part)) {
        for (unsigned i = 0; part.len && i < G_N_ELEMENTS(files); i++) {
            if (files[i].letter == part.text[0] && !written[i]) {
                FuzzPart file = { part.text + 1, part.len - 1 };

                write_files(i, &file);
                written[i] = true;
            }
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
        if (!written[i]) {
            write_files(i, NULL);
        }
    }
}

static void look_at_thread(int64_t tid)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) frames =
        aiotop_procfs_kernel_stack(root, PID, tid, &error);
    AiotopThread thread;

    g_assert_true(!frames == !!error);
    aiotop_procfs_thread(root, PID, tid, &thread);
    g_assert_nonnull(memchr(thread.comm, '\0', sizeof(thread.comm)));
    g_assert_nonnull(memchr(thread.wchan, '\0', sizeof(thread.wchan)));
    g_assert_nonnull(
        memchr(thread.syscall.path, '\0', sizeof(thread.syscall.path)));
    g_assert_cmpint(aiotop_syscall_fd(&thread.syscall), >=, -1);
}

static void write_list(void)
{
    g_autoptr(GPtrArray) processes = aiotop_discover(root);
    g_autoptr(GString) out = g_string_new(NULL);

    aiotop_listing_text(out, processes, true);
    fuzz_check_text(out, true);
    g_string_truncate(out, 0);
    aiotop_listing_csv(out, processes);
    aiotop_listing_json(out, processes);
    g_assert_true(g_utf8_validate(out->str, out->len, NULL));
    for (unsigned i = 0; i < processes->len; i++) {
        const AiotopProcess *process = processes->pdata[i];
        AiotopTarget target = { 0 };

        aiotop_target_resolve(process->vm_name, i % 2, processes, &target,
                              NULL);
        aiotop_target_clear(&target);
    }
}

static void look_at_snapshots(const AiotopProcess *process)
{
    g_autoptr(Session) session = session_new();

    session_link(session, AIOTOP_SAMPLER_LIVE, NULL);
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(AiotopSample) sample = NULL;
        AiotopSnapshot *now = aiotop_host_snapshot(
            root, process, NULL, (i + 1) * UINT64_C(1000000000), NULL);

        if (!now) {
            return;
        }
        sample = aiotop_sample_new(session->last, now);
        fuzz_write(sample);
        session_take(session, now);
    }
    /* What else there is to see is like that of a reply */
    fuzz_draw(session, 132, 43);
    ui_key(session->ui, KEYCODE_ENTER);
    fuzz_draw(session, 80, 24);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(AiotopProcess) process = NULL;

    write_tree(data, size);
    look_at_thread(PID);
    look_at_thread(TID);
    aiotop_procfs_steal_ns(root);
    aiotop_procfs_alive(root, PID);
    write_list();
    process = aiotop_discover_process(root, PID);
    if (process) {
        look_at_snapshots(process);
    }
    return 0;
}
