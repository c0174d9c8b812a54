/*
 * A copy of a thread's registers and stack, for which it stops for a moment
 *
 * A thread that does not stop can't be let go of either, but by the end of
 * its tracer; so the tracer is a thread of its own, which ends in any case.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/thread-copy.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qemu-aiotop/host/procfs.h"
#include "qemu-aiotop/host/stack-error.h"

/* For how long it is waited for the thread to stop, in microseconds */
#define STOP_US 1000000
/* Between two looks whether it has: more and more, up to this */
#define LOOK_US 10000

/* Leaf functions use that much below the stack pointer */
#define RED_ZONE 128
/* No system has smaller pages: what can be read ends at one's end */
#define PAGE 4096

typedef struct Job {
    const AiotopIdentity *process;
    int64_t tid;
    AiotopThreadCopy *copy;
    GError *error;
} Job;

G_GNUC_PRINTF(5, 6)
static void set_error(GError **error, AiotopStackError code, int64_t pid,
                      int64_t tid, const char *format, ...)
{
    g_autofree char *why = NULL;
    va_list args;

    va_start(args, format);
    why = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, AIOTOP_STACK_ERROR, code,
                "thread %" PRId64 " of process %" PRId64 ": %s", tid, pid, why);
}

/* A number in a thread's status file; -1 if it isn't there */
static long read_status(int64_t tid, const char *name)
{
    g_autofree char *path =
        g_strdup_printf("%s/%" PRId64 "/status", AIOTOP_PROCFS_ROOT, tid);
    g_autofree char *text = NULL;
    const char *at;
    long value;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return -1;
    }
    at = strstr(text, name);
    return at && sscanf(at + strlen(name), "%ld", &value) == 1 ? value : -1;
}

static bool yama_restricts(void)
{
    g_autofree char *text = NULL;

    return g_file_get_contents(AIOTOP_PROCFS_ROOT
                               "/sys/kernel/yama/ptrace_scope",
                               &text, NULL, NULL) &&
           text[0] != '0';
}

static bool read_thread(const AiotopIdentity *process, int64_t tid,
                        AiotopThread *thread)
{
    return aiotop_procfs_thread(AIOTOP_PROCFS_ROOT, process->pid, tid,
                                thread) &&
           thread->state != 'Z' && thread->state != 'X' &&
           aiotop_procfs_is_same(AIOTOP_PROCFS_ROOT, process);
}

bool aiotop_thread_copy_is_there(const AiotopIdentity *process, int64_t tid)
{
    AiotopThread thread;

    return read_thread(process, tid, &thread);
}

void aiotop_thread_copy_refused(const AiotopIdentity *process, int64_t tid,
                                GError **error)
{
    int64_t pid = process->pid;
    AiotopThread thread, tracer;
    long tracer_pid = read_status(tid, "\nTracerPid:");

    if (!read_thread(process, tid, &thread)) {
        set_error(error, AIOTOP_STACK_ERROR_GONE, pid, tid,
                  "there is no such thread, or it has ended");
    } else if (tracer_pid > 0) {
        aiotop_procfs_thread(AIOTOP_PROCFS_ROOT, tracer_pid, tracer_pid,
                             &tracer);
        set_error(error, AIOTOP_STACK_ERROR_PERMISSION, pid, tid,
                  "it is being traced by %ld (%s), and can be by one only",
                  tracer_pid, tracer.comm);
    } else if (read_status(tid, "\nUid:") != (long)getuid()) {
        set_error(error, AIOTOP_STACK_ERROR_PERMISSION, pid, tid,
                  "it is another user's: needs CAP_SYS_PTRACE, as root has");
    } else {
        set_error(error, AIOTOP_STACK_ERROR_PERMISSION, pid, tid,
                  "not permitted: needs CAP_SYS_PTRACE%s",
                  yama_restricts() ? " or kernel.yama.ptrace_scope=0" : "");
    }
}

static void set_not_stopping(const Job *job, GError **error)
{
    g_autoptr(GString) call = g_string_new(NULL);
    AiotopThread thread;

    if (!read_thread(job->process, job->tid, &thread)) {
        aiotop_thread_copy_refused(job->process, job->tid, error);
        return;
    }
    aiotop_syscall_append(call, &thread.syscall);
    set_error(error, AIOTOP_STACK_ERROR_FAILED, job->process->pid, job->tid,
              "it does not stop to be looked at: %s is in state %c%s%s%s%s%s",
              thread.comm, thread.state,
              thread.state == 'D' ? " (uninterruptible sleep)" : "",
              *thread.wchan ? ", in the kernel's " : "", thread.wchan,
              call->len ? ", in the system call " : "", call->str);
}

/* What waitpid() says of the thread; 0 if it does not stop in time */
static int wait_for_stop(pid_t tid)
{
    unsigned look_us = 50;
    int status;

    for (unsigned us = 0; us < STOP_US; us += look_us) {
        if (waitpid(tid, &status, __WALL | WNOHANG) == tid) {
            return status;
        }
        g_usleep(look_us);
        look_us = MIN(look_us * 2, LOOK_US);
    }
    return 0;
}

static bool copy_registers(pid_t tid, struct user_regs_struct *registers)
{
    struct iovec all = { registers, sizeof(*registers) };

    if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &all) < 0) {
        return false;
    }
    if (all.iov_len != sizeof(*registers)) {
        /* A program of 32 bits has fewer */
        errno = ENOEXEC;
        return false;
    }
    return true;
}

static uint64_t stack_pointer(const struct user_regs_struct *registers)
{
#ifdef __x86_64__
    return registers->rsp;
#else
    return registers->sp;
#endif
}

static void copy_stack(pid_t tid, AiotopThreadCopy *copy)
{
    struct iovec local = { copy->stack, sizeof(copy->stack) };
    struct iovec pages[sizeof(copy->stack) / PAGE];
    uint64_t at = stack_pointer(&copy->registers) - RED_ZONE;
    ssize_t n;

    copy->stack_start = at;
    for (unsigned i = 0; i < G_N_ELEMENTS(pages); i++) {
        uint64_t end = (at / PAGE + 1) * PAGE;

        pages[i] = (struct iovec){ (void *)(uintptr_t)at, end - at };
        at = end;
    }
    n = process_vm_readv(tid, &local, 1, pages, G_N_ELEMENTS(pages), 0);
    copy->stack_len = MAX(n, 0);
}

/* Fills the copy, of a thread that stands still */
static void copy_thread(Job *job)
{
    /* As long as it is stopped its number can't become another one's */
    if (!aiotop_thread_copy_is_there(job->process, job->tid)) {
        aiotop_thread_copy_refused(job->process, job->tid, &job->error);
    } else if (copy_registers(job->tid, &job->copy->registers)) {
        copy_stack(job->tid, job->copy);
    } else {
        set_error(&job->error, AIOTOP_STACK_ERROR_FAILED, job->process->pid,
                  job->tid, "its registers can't be read: %s",
                  g_strerror(errno));
    }
}

/* Copies a thread whose state is @status, and ends the stop */
static void copy_stopped(Job *job, int status)
{
    bool by_us = status >> 16 == PTRACE_EVENT_STOP;

    copy_thread(job);
    ptrace(PTRACE_DETACH, job->tid, NULL,
           (void *)(uintptr_t)(by_us ? 0 : WSTOPSIG(status)));
}

static gpointer run(gpointer opaque)
{
    Job *job = opaque;
    int status;

    if (!aiotop_thread_copy_is_there(job->process, job->tid) ||
        ptrace(PTRACE_SEIZE, job->tid, NULL, NULL) < 0) {
        aiotop_thread_copy_refused(job->process, job->tid, &job->error);
        return NULL;
    }
    /* Fails if it has just ended, which is seen next */
    ptrace(PTRACE_INTERRUPT, job->tid, NULL, NULL);
    status = wait_for_stop(job->tid);
    if (WIFSTOPPED(status)) {
        copy_stopped(job, status);
    } else {
        set_not_stopping(job, &job->error);
    }
    return NULL;
}

static void trace(Job *job)
{
    g_autoptr(GError) error = NULL;
    GThread *thread = g_thread_try_new("ptrace", run, job, &error);

    if (thread) {
        g_thread_join(thread);
    } else {
        set_error(&job->error, AIOTOP_STACK_ERROR_FAILED, job->process->pid,
                  job->tid, "there is no thread to look at it: %s",
                  error->message);
    }
}

AiotopThreadCopy *aiotop_thread_copy_new(const AiotopIdentity *process,
                                         int64_t tid, GError **error)
{
    /* Who traces the thread already is not to be ourselves */
    static GMutex one_at_a_time;
    Job job = {
        .process = process,
        .tid = tid,
        .copy = g_new(AiotopThreadCopy, 1),
    };

    g_mutex_lock(&one_at_a_time);
    trace(&job);
    g_mutex_unlock(&one_at_a_time);
    if (job.error) {
        g_propagate_error(error, job.error);
        g_free(job.copy);
        return NULL;
    }
    return job.copy;
}
