/*
 * A session with the user interface, without terminal, QEMU and clock
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "session.h"

#include <inttypes.h>
#include <string.h>
#include <sys/syscall.h>
#include <qemu-aiotop/host/host-snapshot.h>

#include "proc-tree.h"
#include "reply-text.h"

/* g_get_monotonic_time() in a session */
#define NOW_US (1000 * INT64_C(1000000))

static char *describe_fd(const AiotopIdentity *process, int fd)
{
    return g_strdup_printf("socket:[%" PRId64 "]", process->pid + fd);
}

static char *describe_callback(const AiotopIdentity *process G_GNUC_UNUSED,
                               uint64_t callback G_GNUC_UNUSED,
                               void *opaque G_GNUC_UNUSED)
{
    return g_strdup("callback at dir/file.c:123");
}

Session *session_new(void)
{
    Session *session = g_new0(Session, 1);
    AiotopQuery query;

    aiotop_query_init(&query);
    session->ui = ui_new(&query, &(AiotopTextStyle){ .color = true });
    session->ui->now_us = NOW_US;
    session->ui->describe_fd = describe_fd;
    session->ui->describe_callback = describe_callback;
    session->ui->watching = true;
    session_link(session, AIOTOP_SAMPLER_CONNECTING, NULL);
    return session;
}

void session_free(Session *session)
{
    if (session) {
        ui_free(session->ui);
        aiotop_snapshot_unref(session->last);
        g_free(session);
    }
}

AiotopSnapshot *session_load(const char *name, unsigned number,
                             const AiotopSnapshot *previous)
{
    g_autofree char *file = g_strdup_printf("%s-%u.json", name, number);
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, file, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    AiotopSnapshot *snapshot;
    gsize len;

    g_file_get_contents(path, &text, &len, &error);
    g_assert_no_error(error);
    snapshot = read_reply(text, len, previous, &error);
    g_assert_no_error(error);
    return snapshot;
}

void session_take(Session *session, AiotopSnapshot *now)
{
    session->ui->local = (AiotopIdentity){ now->pid, 1 };
    ui_take_sample(session->ui, aiotop_sample_new(session->last, now));
    aiotop_snapshot_unref(session->last);
    session->last = now;
}

void session_feed(Session *session, const char *name, unsigned first,
                  unsigned last)
{
    for (unsigned i = first; i <= last; i++) {
        session_take(session, session_load(name, i, session->last));
    }
}

Session *session_live(const char *name)
{
    Session *session = session_new();

    session_feed(session, name, 0, 1);
    session_link(session, AIOTOP_SAMPLER_LIVE, NULL);
    return session;
}

Session *session_for(UiView view)
{
    switch (view) {
    case UI_DIAGNOSIS:
    case UI_STALLS:
        return session_live("stuck");
    case UI_REQUESTS:
    case UI_NODE:
    case UI_THREADS:
        return session_live("awaited");
    default:
        return session_live("odd");
    }
}

/* What threads do at one instant, and a second later */
static const ProcThread host_threads[2][8] = {
    {
        { 4711, "qemu-system-x86", 'S', 5000000, 100, 100, 10, 0,
          "poll_schedule_timeout", NULL },
        { 4712, "qemu-system-x86", 'S', 0, 0, 1, 0, 0, "futex_do_wait", NULL },
        { 4713, "IO iothread0", 'D', 0, 0, 5, 0, 1, "folio_wait_bit_common",
          NULL },
        { 4714, "IO mon_iothread", 'S', 0, 0, 5, 0, 1, "0", NULL },
        { 4715, "CPU 0/KVM", 'R', 0, 0, 5, 0, 1, "0", "running\n" },
        { 4716, "CPU 1/KVM", 'S', 0, 0, 5, 0, 0, "0", NULL },
        { 4717, "worker", 'S', 0, 0, 5, 0, 0, "futex_do_wait", NULL },
        { 4718, "\xe6\x95\xb0\x1b[1m\xff", 'S', 0, 0, 5, 0, 0, "0", NULL },
    },
    {
        { 4711, "qemu-system-x86", 'S', 25000000, 5000100, 900, 30, 0,
          "poll_schedule_timeout", NULL },
        { 4712, "qemu-system-x86", 'S', 0, 0, 1, 0, 0, "futex_do_wait", NULL },
        { 4713, "IO iothread0", 'D', 3000000, 0, 6, 0, 1,
          "folio_wait_bit_common", NULL },
        { 4714, "IO mon_iothread", 'S', 0, 0, 5, 0, 1, "0", NULL },
        { 4715, "CPU 0/KVM", 'R', 950000000, 50000000, 9, 250, 1, "0",
          "running\n" },
        { 4716, "CPU 1/KVM", 'S', 10000000, 0, 105, 0, 0, "0", NULL },
        { 4717, "worker", 'S', 0, 0, 5, 0, 0, "futex_do_wait", NULL },
        { 4718, "\xe6\x95\xb0\x1b[1m\xff", 'S', 0, 0, 5, 0, 0, "0", NULL },
    },
};

/* System calls of the threads, in their order; their numbers differ by host */
static const struct {
    long number;
    const char *args;
} host_calls[] = {
    { SYS_ppoll, "0x55d0 0x1b" },
    { SYS_futex, "0x55d012345678 0x80" },
    { SYS_preadv, "0x17 0x7f00" },
    { SYS_ppoll, "0x55d0 0x3" },
    { -1, "0x0 0x0" },
    { SYS_ioctl, "0x14 0xae80" },
    { SYS_futex, "0x55d0deadbe 0x189" },
    { 99999, "0x0 0x0" },
};

static AiotopSnapshot *host_snapshot(const char *root, unsigned number,
                                     bool denied)
{
    static const char *const argv[] = {
        "/usr/bin/qemu-system-x86_64",
        "-name",
        "vm1,debug-threads=on",
        NULL,
    };
    g_autoptr(AiotopProcess) process = aiotop_process_parse(4711, argv, "/");
    AiotopSnapshot *snapshot;

    for (unsigned i = 0; i < G_N_ELEMENTS(host_calls); i++) {
        g_autofree char *syscall = g_strdup_printf(
            "%ld %s 0x0\n", host_calls[i].number, host_calls[i].args);
        ProcThread thread = host_threads[number][i];

        thread.syscall = denied ? NULL : syscall;
        thread.wchan = denied ? "0" : thread.wchan;
        proc_tree_thread(root, 4711, &thread);
    }
    process->start_ticks = PROC_TREE_START;
    snapshot = aiotop_host_snapshot(root, process, NULL,
                                    (number + 1) * UINT64_C(1000000000), NULL);
    snapshot->denied = denied;
    return snapshot;
}

Session *session_host(bool denied)
{
    Session *session = session_new();
    char *root = proc_tree_new();

    for (unsigned i = 0; i < 2; i++) {
        AiotopSnapshot *now = host_snapshot(root, i, denied);

        session->ui->local = (AiotopIdentity){ now->pid, 1 };
        session->ui->uptime_s = 93784;
        ui_take_sample(session->ui, aiotop_sample_new(session->last, now));
        aiotop_snapshot_unref(session->last);
        session->last = now;
    }
    proc_tree_free(root);
    session_link(session, AIOTOP_SAMPLER_LIVE, NULL);
    return session;
}

void session_link(Session *session, AiotopSamplerState state, const char *error)
{
    g_autoptr(GError) cause = NULL;
    AiotopSamplerStatus status = {
        .state = state,
        .since_us = NOW_US - 12 * INT64_C(1000000),
        .address = "unix:/run/vm1.sock",
    };

    if (error) {
        cause = g_error_new_literal(AIOTOP_QMP_ERROR, AIOTOP_QMP_ERROR_CLOSED,
                                    error);
        status.error = cause;
        status.retry_us = NOW_US + 1500000;
    }
    ui_set_link(session->ui, &status);
}

/* What is known of it: an interval of a recording, or nothing without one */
static void add_vm(GPtrArray *vms, int64_t pid, const char *name,
                   AiotopVmState state, const char *recording)
{
    const AiotopVm facts = {
        .process = { pid, 1000 + pid },
        .program = g_ref_string_new("qemu-system-x86_64"),
        .name = name ? g_ref_string_new(name) : NULL,
        .address = g_ref_string_new("unix:/run/vm.prof"),
        .state = state,
        .since_us = NOW_US - 8 * INT64_C(1000000),
        .sample_us = NOW_US - 250000,
    };
    AiotopVm *vm = aiotop_vm_copy(&facts);

    if (recording) {
        g_autoptr(AiotopSnapshot) first = session_load(recording, 0, NULL);
        g_autoptr(AiotopSnapshot) second = session_load(recording, 1, first);

        vm->sample = aiotop_sample_new(first, second);
    }
    g_ptr_array_add(vms, vm);
    g_ref_string_release(facts.program);
    g_ref_string_release(facts.address);
    if (facts.name) {
        g_ref_string_release(facts.name);
    }
}

void session_vms(Session *session)
{
    g_autoptr(GPtrArray) vms = aiotop_vms_new();
    const AiotopHostInterval load = { 0 };
    AiotopVm *plain;

    add_vm(vms, 1001, "dbhost1", AIOTOP_VM_LIVE, "screen");
    add_vm(vms, 1002, "\xe6\x95\xb0\xe6\x8d\xae\x1b[1m", AIOTOP_VM_NEW, NULL);
    add_vm(vms, 1003, NULL, AIOTOP_VM_LIVE, "stuck");
    add_vm(vms, 1004, "dbhost2", AIOTOP_VM_LATE, NULL);
    plain = vms->pdata[1];
    g_clear_pointer(&plain->address, g_ref_string_release);
    plain->unprofiled = AIOTOP_UNPROFILED_NOT_BUILT;
    session->ui->now_us = NOW_US;
    if (!session->ui->in_vms) {
        ui_enter_vms(session->ui);
    }
    ui_take_vms(session->ui, vms, &load);
    /* What two rounds say is what rows are sorted by */
    ui_take_vms(session->ui, vms, &load);
}

void session_stack(Session *session, unsigned n_frames)
{
    static const char *const texts[] = {
        "ppoll+0xa6 (libc.so.6)",
        "fdmon_poll_wait+0x109 at ../util/fdmon-poll.c:79",
        "aio_poll+0x316 at ../util/aio-posix.c:783",
        "libfoo.so.6+0x1234",
        "evil\x1b[2J\xe2\x80\xae\xff+0x1 at "
        "/home/\xe6\x95\xb0\xe6\x8d\xae/with a rather long name/"
        "of/its/directory/that/does/not/fit/in/a/line/of/the/screen/file.c:1",
        "0x7f0012345678",
    };
    GPtrArray *frames = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; i < n_frames; i++) {
        g_ptr_array_add(frames, g_strdup(texts[i % G_N_ELEMENTS(texts)]));
    }
    ui_take_stack(session->ui, session->ui->stack.number, frames, NULL);
}

static unsigned find_key(const char *name, gsize len)
{
    for (unsigned i = 0; i < n_key_bindings; i++) {
        for (unsigned j = 0; j < KEYS_MAX; j++) {
            unsigned key = key_bindings[i].keys[j];
            g_autofree char *known = key ? keycode_name(key) : NULL;

            if (known && strlen(known) == len &&
                strncmp(known, name, len) == 0) {
                return key;
            }
        }
    }
    if (g_str_has_prefix(name, "Ctrl-")) {
        return KEYCODE_CTRL(name[5]);
    }
    g_error("no key {%.*s}", (int)len, name);
}

void session_type(Session *session, const char *keys)
{
    /* What has come is on the screen when a key is pressed */
    canvas_free(ui_draw(session->ui, 80, 24));
    while (*keys) {
        const char *end = *keys == '{' ? strchr(keys, '}') : NULL;

        if (end) {
            ui_key(session->ui, find_key(keys + 1, end - keys - 1));
            keys = end + 1;
        } else {
            ui_key(session->ui, g_utf8_get_char(keys));
            keys = g_utf8_next_char(keys);
        }
        canvas_free(ui_draw(session->ui, 80, 24));
    }
}

bool session_reach(Session *session, UiView view)
{
    static const char *const ways[UI_N_VIEWS] = {
        [UI_MAIN] = "",
        [UI_SOURCE] = "{Enter}",
        [UI_LOOP] = "{Tab}{Enter}",
        [UI_STACK] = "{Tab}{Enter}s",
        [UI_DIAGNOSIS] = "D",
        [UI_STALLS] = "S",
        [UI_REQUESTS] = "r",
        [UI_NODE] = "r{Enter}",
        [UI_THREADS] = "T",
        [UI_HELP] = "?",
        [UI_COLUMNS] = "C",
        [UI_SORT] = "{F6}",
    };

    if (view == UI_VMS) {
        session_vms(session);
    } else {
        session_type(session, "{Esc}{Esc}{Esc}{Esc}");
        session->ui->in_sources = true;
        session_type(session, ways[view]);
    }
    if (session->ui->view != view) {
        return false;
    }
    if (view == UI_STACK) {
        session_stack(session, 100);
    }
    return true;
}

void session_open(Session *session, UiView view)
{
    g_assert_true(session_reach(session, view));
}

static char *line_of(const Canvas *canvas, int y)
{
    GString *text = g_string_new(NULL);

    for (int x = 0; x < canvas->width; x++) {
        g_string_append(text, canvas_cell(canvas, y, x)->text);
    }
    return g_strchomp(g_string_free(text, FALSE));
}

char *session_line(Session *session, int y)
{
    g_autoptr(Canvas) canvas = ui_draw(session->ui, 80, 24);

    return line_of(canvas, y);
}

bool session_shows(Session *session, const char *text)
{
    return session_shows_at(session, 132, text);
}

bool session_shows_at(Session *session, int width, const char *text)
{
    g_autoptr(Canvas) canvas = ui_draw(session->ui, width, 43);

    for (int y = 0; y < canvas->height; y++) {
        g_autofree char *line = line_of(canvas, y);

        if (strstr(line, text)) {
            return true;
        }
    }
    return false;
}

void session_check_frame(const Canvas *canvas)
{
    for (int y = 0; y < canvas->height; y++) {
        for (int x = 0; x < canvas->width; x++) {
            const CanvasCell *cell = canvas_cell(canvas, y, x);

            if (cell->width == 0) {
                g_assert_cmpint(x, >, 0);
                g_assert_cmpint(cell[-1].width, ==, 2);
                g_assert_cmpstr(cell->text, ==, "");
                continue;
            }
            g_assert_true(g_utf8_validate(cell->text, -1, NULL));
            g_assert_false(g_unichar_iscntrl(g_utf8_get_char(cell->text)));
            if (cell->width == 2) {
                g_assert_cmpint(x + 1, <, canvas->width);
                g_assert_cmpint(cell[1].width, ==, 0);
            }
        }
    }
}

int session_find_line(Session *session, const char *text, int width, int height)
{
    g_autoptr(Canvas) canvas = ui_draw(session->ui, width, height);

    for (int y = 0; y < height; y++) {
        g_autofree char *line = line_of(canvas, y);

        if (strstr(line, text)) {
            return y;
        }
    }
    g_error("no %s", text);
}
