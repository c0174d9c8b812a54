/*
 * What the kernel tells of a process and its threads
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "qemu-aiotop/model/snapshot.h"
#include "qemu-aiotop/text/escape.h"
#include "memory.h"

/* Reads a small file that the kernel makes up; errno if it can't be read */
static bool read_at(int dir, const char *name, char *buffer, size_t size)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    ssize_t n;
    int saved;

    if (fd < 0) {
        return false;
    }
    n = read(fd, buffer, size - 1);
    saved = errno;
    close(fd);
    if (n < 0) {
        errno = saved;
        return false;
    }
    buffer[n] = '\0';
    return true;
}

static bool read_file(char *buffer, size_t size, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static bool read_file(char *buffer, size_t size, const char *format, ...)
{
    char path[256];
    va_list ap;

    va_start(ap, format);
    vsnprintf(path, sizeof(path), format, ap);
    va_end(ap);
    return read_at(AT_FDCWD, path, buffer, size);
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

uint64_t aiotop_procfs_ticks_ns(uint64_t ticks)
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

/* The thread's name is in parentheses, as it is */
static void read_comm(const char *stat, AiotopThread *thread)
{
    const char *start = strchr(stat, '(');
    const char *end = strrchr(stat, ')');

    if (start && end && end > start) {
        g_strlcpy(thread->comm, start + 1,
                  MIN((gsize)(end - start), sizeof(thread->comm)));
    }
}

/* Of a thread or a process */
static uint64_t read_cpu_ns(const char *stat)
{
    uint64_t user, system;

    return stat_field(stat, 14, &user) && stat_field(stat, 15, &system)
               ? aiotop_procfs_ticks_ns(user + system)
               : AIOTOP_UNKNOWN;
}

static void read_stat(const char *stat, AiotopThread *thread)
{
    uint64_t cpu;

    read_comm(stat, thread);
    if (after_comm(stat)) {
        thread->state = *after_comm(stat);
    }
    thread->cpu_ns = read_cpu_ns(stat);
    if (stat_field(stat, 39, &cpu) && cpu <= INT_MAX) {
        thread->cpu = cpu;
    }
}

/* The end of @text behind "...", if it is too long: whole characters */
static void copy_end(char *out, gsize size, const char *text)
{
    gsize len = strlen(text);

    if (len < size) {
        g_strlcpy(out, text, size);
        return;
    }
    text += len - (size - strlen("...") - 1);
    while ((*text & 0xc0) == 0x80) {
        text++;
    }
    g_snprintf(out, size, "...%s", text);
}

/*
 * The path that a thread has been waiting with in the kernel.  Its memory may
 * not answer, like the command line.
 */
static void add_path(const char *root, int64_t pid, int64_t tid,
                     AiotopThread *thread)
{
    AiotopSyscall *call = &thread->syscall;
    g_autofree char *text = NULL;
    g_autofree char *shown = NULL;
    uint64_t address;
    gsize len;

    if ((thread->state != 'S' && thread->state != 'D') ||
        !aiotop_syscall_path_address(call, &address)) {
        return;
    }
    text = aiotop_memory_read(root, pid, tid, aiotop_procfs_owner(root, pid),
                              address, PATH_MAX, &len);
    if (text) {
        shown = aiotop_text_escape(text);
        copy_end(call->path, sizeof(call->path), shown);
    }
}

/* "running", or number -1, if it is in none */
static void read_syscall(const char *line, AiotopSyscall *call)
{
    int n = sscanf(line, "%ld %" SCNx64 " %" SCNx64, &call->number,
                   &call->args[0], &call->args[1]);

    call->known = n >= 1 && call->number >= 0;
    call->has_args = call->known && n == 1 + AIOTOP_SYSCALL_ARGS;
}

/* What it takes a permission to know; 0 stands for no place, or none told */
static void read_blocked(int dir, AiotopThread *thread)
{
    char line[256];

    if (!read_at(dir, "wchan", thread->wchan, sizeof(thread->wchan)) ||
        strcmp(thread->wchan, "0") == 0) {
        thread->wchan[0] = '\0';
    }
    if (read_at(dir, "syscall", line, sizeof(line))) {
        read_syscall(line, &thread->syscall);
    } else {
        thread->denied = errno == EACCES || errno == EPERM;
    }
}

/* The directory of a thread; -1 if there is none */
static int open_task(const char *root, int64_t pid, int64_t tid)
{
    char path[256];

    g_snprintf(path, sizeof(path), "%s/%" PRId64 "/task/%" PRId64, root, pid,
               tid);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Of a schedstat file: how long the thread ran, and waited for a CPU */
static bool read_schedstat(const char *text, uint64_t *cpu_ns,
                           uint64_t *run_queue_ns)
{
    return sscanf(text, "%" SCNu64 " %" SCNu64, cpu_ns, run_queue_ns) == 2;
}

uint64_t aiotop_procfs_read_runs(const char *text)
{
    uint64_t runs;

    if (sscanf(text, "%*u %*u %" SCNu64, &runs) == 1) {
        /* A kernel that does not count says 0 */
        return runs ? runs : AIOTOP_UNKNOWN;
    }
    return status_field(text, "\nvoluntary_ctxt_switches:");
}

/* By a thread that has run: this one */
const char *aiotop_procfs_runs_file(const char *root)
{
    char buffer[256];

    return read_file(buffer, sizeof(buffer), "%s/thread-self/schedstat",
                     root) &&
                   aiotop_procfs_read_runs(buffer) != AIOTOP_UNKNOWN
               ? "schedstat"
               : "status";
}

uint64_t aiotop_procfs_run_queue_ns(const char *root, int64_t pid, int64_t tid)
{
    uint64_t cpu_ns, run_queue_ns;
    char buffer[256];

    return read_file(buffer, sizeof(buffer),
                     "%s/%" PRId64 "/task/%" PRId64 "/schedstat", root, pid,
                     tid) &&
                   read_schedstat(buffer, &cpu_ns, &run_queue_ns)
               ? run_queue_ns
               : AIOTOP_UNKNOWN;
}

bool aiotop_procfs_thread(const char *root, int64_t pid, int64_t tid,
                          AiotopThread *thread)
{
    int dir = open_task(root, pid, tid);
    uint64_t cpu_ns, run_queue_ns;
    char buffer[4096];
    bool found;

    *thread = (AiotopThread)AIOTOP_THREAD_UNKNOWN;
    if (dir < 0) {
        return false;
    }
    found = read_at(dir, "stat", buffer, sizeof(buffer));
    if (found) {
        read_stat(buffer, thread);
        read_blocked(dir, thread);
        add_path(root, pid, tid, thread);
    }
    if (found && read_at(dir, "schedstat", buffer, sizeof(buffer)) &&
        read_schedstat(buffer, &cpu_ns, &run_queue_ns)) {
        thread->cpu_ns = cpu_ns;
        thread->run_queue_ns = run_queue_ns;
        thread->runs = aiotop_procfs_read_runs(buffer);
    }
    if (found && read_at(dir, "status", buffer, sizeof(buffer))) {
        thread->voluntary_switches =
            status_field(buffer, "\nvoluntary_ctxt_switches:");
        thread->involuntary_switches =
            status_field(buffer, "\nnonvoluntary_ctxt_switches:");
    }
    if (thread->runs == AIOTOP_UNKNOWN) {
        thread->runs = thread->voluntary_switches;
    }
    close(dir);
    return found;
}

void aiotop_procfs_process(const char *root, int64_t pid, uint64_t *cpu_ns,
                           uint64_t *start_ns)
{
    char buffer[1024];
    uint64_t ticks;

    *cpu_ns = *start_ns = AIOTOP_UNKNOWN;
    if (read_file(buffer, sizeof(buffer), "%s/%" PRId64 "/stat", root, pid)) {
        *cpu_ns = read_cpu_ns(buffer);
        if (stat_field(buffer, 22, &ticks)) {
            *start_ns = aiotop_procfs_ticks_ns(ticks);
        }
    }
}

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now = { 0 };

    clock_gettime(clock, &now);
    return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

uint64_t aiotop_procfs_suspended_ns(void)
{
    uint64_t awake_ns = read_clock(CLOCK_MONOTONIC);

    return read_clock(CLOCK_BOOTTIME) - awake_ns;
}

/* "[<0>] futex_wait+0x5c/0x110": addresses are not told */
static const char *stack_frame(const char *line)
{
    const char *end = strstr(line, "] ");

    return end ? end + 2 : line;
}

GPtrArray *aiotop_procfs_kernel_stack(const char *root, int64_t pid,
                                      int64_t tid, GError **error)
{
    char buffer[8192];
    g_auto(GStrv) lines = NULL;
    GPtrArray *frames;

    if (!read_file(buffer, sizeof(buffer),
                   "%s/%" PRId64 "/task/%" PRId64 "/stack", root, pid, tid)) {
        bool denied = errno == EACCES || errno == EPERM;

        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "no kernel stack of thread %" PRId64 ": %s", tid,
                    denied ? "it takes CAP_SYS_ADMIN: run this as root"
                           : g_strerror(errno));
        return NULL;
    }
    frames = g_ptr_array_new_with_free_func(g_free);
    lines = g_strsplit(buffer, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        if (*lines[i]) {
            g_ptr_array_add(frames, g_strdup(stack_frame(lines[i])));
        }
    }
    return frames;
}

static int compare_threads(gconstpointer a, gconstpointer b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

GArray *aiotop_procfs_threads(const char *root, int64_t pid)
{
    g_autofree char *path = g_strdup_printf("%s/%" PRId64 "/task", root, pid);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    GArray *threads = g_array_new(FALSE, FALSE, sizeof(int64_t));
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        gint64 tid;

        if (g_ascii_string_to_signed(name, 10, 1, INT32_MAX, &tid, NULL)) {
            int64_t number = tid;

            g_array_append_val(threads, number);
        }
    }
    g_array_sort(threads, compare_threads);
    return threads;
}

bool aiotop_procfs_task(const char *root, int64_t pid, int64_t tid,
                        AiotopTask *task)
{
    AiotopThread thread = AIOTOP_THREAD_UNKNOWN;
    char buffer[1024];

    if (!read_file(buffer, sizeof(buffer),
                   "%s/%" PRId64 "/task/%" PRId64 "/stat", root, pid, tid)) {
        return false;
    }
    read_stat(buffer, &thread);
    *task = (AiotopTask){
        .thread_id = tid,
        .state = thread.state,
        .cpu_ns = thread.cpu_ns,
    };
    g_strlcpy(task->comm, thread.comm, sizeof(task->comm));
    return true;
}

uint64_t aiotop_procfs_steal_ns(const char *root)
{
    char buffer[256];
    uint64_t ticks;

    /* user nice system idle iowait irq softirq steal */
    if (!read_file(buffer, sizeof(buffer), "%s/stat", root) ||
        sscanf(buffer, "cpu %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &ticks) !=
            1) {
        return AIOTOP_UNKNOWN;
    }
    return aiotop_procfs_ticks_ns(ticks);
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

uint32_t aiotop_procfs_owner(const char *root, int64_t pid)
{
    char buffer[1024];
    const char *at;

    if (!read_file(buffer, sizeof(buffer), "%s/%" PRId64 "/status", root,
                   pid)) {
        return UINT32_MAX;
    }
    at = strstr(buffer, "\nUid:\t");
    return at ? g_ascii_strtoull(at + strlen("\nUid:\t"), NULL, 10)
              : UINT32_MAX;
}

int64_t aiotop_procfs_inner_pid(const char *root, int64_t pid)
{
    g_autofree char *path = g_strdup_printf("%s/%" PRId64 "/status", root, pid);
    g_autofree char *status = NULL;
    g_auto(GStrv) words = NULL;
    char *at;

    if (!g_file_get_contents(path, &status, NULL, NULL)) {
        return 0;
    }
    /* One number for each name space that it is in, its own one last */
    at = strstr(status, "\nNStgid:\t");
    if (!at) {
        return 0;
    }
    at += strlen("\nNStgid:\t");
    at[strcspn(at, "\n")] = '\0';
    words = g_strsplit(at, "\t", -1);
    return *at ? g_ascii_strtoll(words[g_strv_length(words) - 1], NULL, 10) : 0;
}

AiotopIdentity aiotop_procfs_identify(const char *root, int64_t pid)
{
    uint64_t start_ticks = aiotop_procfs_start_ticks(root, pid);

    return start_ticks == AIOTOP_UNKNOWN ? (AiotopIdentity){ 0 }
                                         : (AiotopIdentity){ pid, start_ticks };
}

bool aiotop_procfs_is_same(const char *root, const AiotopIdentity *process)
{
    uint64_t start_ticks = process->pid
                               ? aiotop_procfs_start_ticks(root, process->pid)
                               : AIOTOP_UNKNOWN;

    return start_ticks != AIOTOP_UNKNOWN && start_ticks == process->start_ticks;
}

bool aiotop_procfs_has_ended(const char *root, const AiotopIdentity *process)
{
    g_autofree char *path = g_strdup_printf("%s/%" PRId64, root, process->pid);
    uint64_t start_ticks = aiotop_procfs_start_ticks(root, process->pid);

    return start_ticks == AIOTOP_UNKNOWN
               ? access(path, F_OK) < 0 && errno == ENOENT
               : start_ticks != process->start_ticks;
}

bool aiotop_procfs_may_keep(int fd, unsigned eighths)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
           (rlim_t)fd < limit.rlim_cur / 8 * eighths;
}
