/*
 * The native stack of one thread of another process
 *
 * The modules are read before the thread stops, and what needs time, which
 * is unwinding and symbols, happens after it has gone on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/stack.h"

#ifdef HAVE_STACKS

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "dwarf.h"
#include "patience.h"
#include "qemu-aiotop/host/modules.h"
#include "qemu-aiotop/host/procfs.h"
#include "qemu-aiotop/host/thread-copy.h"

/* A stack that is broken may have no end */
#define MAX_FRAMES 128

/*
 * For a file to answer; and for all of it, which may be a lot to read.  There is
 * an end to it, as who serves a file may go on without one.
 */
#define PATIENCE_US (30 * G_TIME_SPAN_SECOND)
#define WHOLE_PATIENCE_US (300 * G_TIME_SPAN_SECOND)

/* Process, when it began, and thread */
#define WHAT "%" PRId64 " %" PRIu64 " %" PRId64
#define WHAT_TO_SCAN "%" SCNd64 " %" SCNu64 " %" SCNd64

typedef struct Stack {
    AiotopModules *modules;
    AiotopThreadCopy *copy;
    GPtrArray *frames;
} Stack;

static void stack_free(Stack *stack)
{
    g_clear_pointer(&stack->modules, aiotop_modules_free);
    g_clear_pointer(&stack->frames, g_ptr_array_unref);
    g_free(stack->copy);
    g_free(stack);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Stack, stack_free)

static pid_t next_thread(Dwfl *dwfl G_GNUC_UNUSED, void *opaque,
                         void **thread_opaque)
{
    const Stack *stack = opaque;

    if (*thread_opaque) {
        return 0;
    }
    *thread_opaque = opaque;
    return stack->modules->tid;
}

static bool read_memory(Dwfl *dwfl G_GNUC_UNUSED, Dwarf_Addr address,
                        Dwarf_Word *word, void *opaque)
{
    const Stack *stack = opaque;
    const AiotopThreadCopy *copy = stack->copy;
    uint64_t offset = address - copy->stack_start;
    struct iovec local = { word, sizeof(*word) };
    struct iovec remote = { (void *)(uintptr_t)address, sizeof(*word) };

    if (offset < copy->stack_len && copy->stack_len - offset >= sizeof(*word)) {
        memcpy(word, copy->stack + offset, sizeof(*word));
        return true;
    }
    return process_vm_readv(stack->modules->tid, &local, 1, &remote, 1, 0) ==
           sizeof(*word);
}

/* In the order of DWARF, as the processors' ABIs say */
static bool set_registers(Dwfl_Thread *thread, void *opaque)
{
    const Stack *stack = opaque;
    const struct user_regs_struct *from = &stack->copy->registers;
#ifdef __x86_64__
    const Dwarf_Word registers[] = {
        from->rax, from->rdx, from->rcx, from->rbx, from->rsi, from->rdi,
        from->rbp, from->rsp, from->r8,  from->r9,  from->r10, from->r11,
        from->r12, from->r13, from->r14, from->r15, from->rip,
    };
#else
    Dwarf_Word registers[32];

    for (unsigned i = 0; i < 31; i++) {
        registers[i] = from->regs[i];
    }
    registers[31] = from->sp;
    dwfl_thread_state_register_pc(thread, from->pc);
#endif
    return dwfl_thread_state_registers(thread, 0, G_N_ELEMENTS(registers),
                                       registers);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
    .next_thread = next_thread,
    .memory_read = read_memory,
    .set_initial_registers = set_registers,
};

/* Adds a frame, and those of the functions that are inlined in it */
static void add_frames(const Stack *stack, uint64_t pc, uint64_t lookup)
{
    Dwfl_Module *module = dwfl_addrmodule(stack->modules->dwfl, lookup);
    g_autofree char *name = NULL;
    Dwarf_Addr start, offset = pc;

    if (!module) {
        g_ptr_array_add(stack->frames, g_strdup_printf("0x%" PRIx64, pc));
        return;
    }
    name = g_path_get_basename(
        dwfl_module_info(module, NULL, &start, NULL, NULL, NULL, NULL, NULL));
    if (aiotop_address_frames(module, pc, lookup, name, stack->frames)) {
        return;
    }
    if (dwfl_module_relocate_address(module, &offset) < 0) {
        offset = pc - start;
    }
    g_ptr_array_add(stack->frames,
                    g_strdup_printf("%s+0x%" PRIx64, name, (uint64_t)offset));
}

static int on_frame(Dwfl_Frame *frame, void *opaque)
{
    Stack *stack = opaque;
    Dwarf_Addr pc;
    bool exact;

    if (stack->frames->len >= MAX_FRAMES ||
        !dwfl_frame_pc(frame, &pc, &exact)) {
        return DWARF_CB_ABORT;
    }
    add_frames(stack, pc, pc - !exact);
    return DWARF_CB_OK;
}

static bool unwind(Stack *stack, GError **error)
{
    int result = -1;

    stack->frames = g_ptr_array_new_with_free_func(g_free);
    if (dwfl_attach_state(stack->modules->dwfl, NULL, stack->modules->tid,
                          &thread_callbacks, stack)) {
        result = dwfl_getthread_frames(stack->modules->dwfl,
                                       stack->modules->tid, on_frame, stack);
    }
    if (!stack->frames->len) {
        g_set_error(error, AIOTOP_STACK_ERROR, AIOTOP_STACK_ERROR_FAILED,
                    "thread %" PRId64 " of process %" PRId64
                    ": its stack can't be unwound: %s",
                    stack->modules->tid, stack->modules->process.pid,
                    dwfl_errmsg(-1));
        return false;
    }
    if (result != 0) {
        g_ptr_array_add(stack->frames,
                        g_strdup_printf("(it goes on, but can't be followed: "
                                        "%s)",
                                        stack->frames->len >= MAX_FRAMES
                                            ? "too many frames"
                                            : dwfl_errmsg(-1)));
    }
    return true;
}

/* The kernel's part of the stack comes first; who may not see it has none */
static void add_kernel_frames(GPtrArray *frames, const GPtrArray *kernel)
{
    for (unsigned i = 0; kernel && i < kernel->len; i++) {
        const char *frame = kernel->pdata[i];

        g_ptr_array_insert(frames, i, g_strdup_printf("%s (kernel)", frame));
    }
}

static GPtrArray *capture(const AiotopIdentity *process, int64_t tid,
                          GError **error)
{
    g_autoptr(Stack) stack = g_new0(Stack, 1);
    g_autoptr(GPtrArray) kernel = NULL;

    /* No thread of another process, whatever number we were told */
    if (!aiotop_thread_copy_is_there(process, tid)) {
        aiotop_thread_copy_refused(process, tid, error);
        return NULL;
    }
    stack->modules = aiotop_modules_new(process, tid, true, error);
    if (!stack->modules) {
        return NULL;
    }
    /* Before it is stopped, which is where it would be seen then */
    kernel =
        aiotop_procfs_kernel_stack(AIOTOP_PROCFS_ROOT, process->pid, tid, NULL);
    stack->copy = aiotop_thread_copy_new(process, tid, error);
    if (!stack->copy || !unwind(stack, error)) {
        return NULL;
    }
    /* What was read while it ran may be another one's, if it has ended */
    if (!aiotop_procfs_is_same(AIOTOP_PROCFS_ROOT, process)) {
        aiotop_thread_copy_refused(process, tid, error);
        return NULL;
    }
    add_kernel_frames(stack->frames, kernel);
    return g_steal_pointer(&stack->frames);
}

/* With the NUL at its end */
static void append(GString *out, const char *text)
{
    g_string_append_len(out, text, strlen(text) + 1);
}

/*
 * In a thread that is not waited for without end, as a file of the process may
 * be on a disk that hangs, or on one that its owner serves.  Returns strings:
 * none and the frames, or the code of an error and its message.
 */
static char *capture_patiently(const char *what, gsize *len)
{
    g_autoptr(GPtrArray) frames = NULL;
    g_autoptr(GError) error = NULL;
    GString *out = g_string_new(NULL);
    AiotopIdentity process = { 0 };
    int64_t tid = 0;

    sscanf(what, WHAT_TO_SCAN, &process.pid, &process.start_ticks, &tid);
    frames = capture(&process, tid, &error);
    if (frames) {
        append(out, "");
    } else {
        g_string_append_printf(out, "%d", error->code);
        append(out, "");
        append(out, error->message);
    }
    for (unsigned i = 0; frames && i < frames->len; i++) {
        append(out, frames->pdata[i]);
    }
    *len = out->len;
    return g_string_free(out, FALSE);
}

/* Whether it has got on until then; a server of debug information may be slow */
static bool wait_for(AiotopPatientReading *reading)
{
    const char *urls = g_getenv("DEBUGINFOD_URLS");

    return aiotop_patience_wait(reading,
                                urls && *urls ? WHOLE_PATIENCE_US : PATIENCE_US,
                                g_get_monotonic_time() + WHOLE_PATIENCE_US);
}

static void set_late(const AiotopIdentity *process, int64_t tid, bool has_begun,
                     bool gets_on, GError **error)
{
    g_set_error(error, AIOTOP_STACK_ERROR, AIOTOP_STACK_ERROR_FAILED,
                "thread %" PRId64 " of process %" PRId64
                ": its stack can't be had in time: %s",
                tid, process->pid,
                !has_begun ? "others, or of it another one, are waited for"
                             " already, and nobody is free"
                : gets_on  ? "what it takes is still being read after five"
                             " minutes; try again, as that may be cached then"
                           : "a file that it has mapped, or a server of debug"
                             " information, does not answer");
}

GPtrArray *aiotop_stack_capture(const AiotopIdentity *process, int64_t tid,
                                GError **error)
{
    g_autofree char *whose =
        g_strdup_printf("stacks of %" PRId64, process->pid);
    g_autofree char *what =
        g_strdup_printf(WHAT, process->pid, process->start_ticks, tid);
    AiotopPatientReading *reading = aiotop_patience_begin_of(
        aiotop_procfs_owner(AIOTOP_PROCFS_ROOT, process->pid), whose, what,
        capture_patiently);
    bool has_begun = reading, gets_on = wait_for(reading), late = false;
    GPtrArray *frames = NULL;
    gsize len = 0;
    g_autofree char *text =
        aiotop_patience_end(reading, g_get_monotonic_time(), &len, &late);
    const char *end = text + len, *at = text;

    if (late) {
        set_late(process, tid, has_begun, gets_on, error);
    } else if (*text) {
        g_set_error_literal(error, AIOTOP_STACK_ERROR, atoi(text),
                            text + strlen(text) + 1);
    } else {
        frames = g_ptr_array_new_with_free_func(g_free);
        while ((at += strlen(at) + 1) < end) {
            g_ptr_array_add(frames, g_strdup(at));
        }
    }
    return frames;
}

#else

GPtrArray *aiotop_stack_capture(const AiotopIdentity *process G_GNUC_UNUSED,
                                int64_t tid G_GNUC_UNUSED, GError **error)
{
    g_set_error(
        error, AIOTOP_STACK_ERROR, AIOTOP_STACK_ERROR_NOT_BUILT_IN,
        "this qemu-aiotop was built without stacks, which need elfutils "
        "and x86-64 or AArch64");
    return NULL;
}

#endif
