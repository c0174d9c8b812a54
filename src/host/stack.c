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

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "dwarf.h"
#include "qemu-aiotop/host/procfs.h"
#include "patience.h"
#include "thread-copy.h"

/* A stack that is broken may have no end */
#define MAX_FRAMES 128
/* For the memory map */
#define MAP_PATIENCE_US G_TIME_SPAN_SECOND

typedef struct Stack {
    const AiotopIdentity *process;
    int64_t tid;
    Dwfl *dwfl;
    /* What /proc/TID/exe is, as in the list of modules; NULL if unknown */
    char *executable;
    AiotopThreadCopy *copy;
    GPtrArray *frames;
} Stack;

static void stack_free(Stack *stack)
{
    if (stack->dwfl) {
        dwfl_end(stack->dwfl);
    }
    g_clear_pointer(&stack->frames, g_ptr_array_unref);
    g_free(stack->executable);
    g_free(stack->copy);
    g_free(stack);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Stack, stack_free)

/*
 * The process may see other files than we do under a name; and its executable
 * is there even when a newer version has taken its place
 */
static int open_module(const Stack *stack, const char *name)
{
    g_autofree char *path =
        g_strcmp0(name, stack->executable) == 0
            ? g_strdup_printf("%s/%" PRId64 "/exe", AIOTOP_PROCFS_ROOT,
                              stack->tid)
            : g_strdup_printf("%s/%" PRId64 "/root%s", AIOTOP_PROCFS_ROOT,
                              stack->tid, name);
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    /* Devices are mapped, too */
    if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        return -1;
    }
    return fd;
}

static int find_elf(Dwfl_Module *module, void **userdata, const char *name,
                    Dwarf_Addr base, char **file_name, Elf **elf)
{
    const Stack *stack = *userdata;
    int fd = *name == '/' ? open_module(stack, name) : -1;

    if (fd < 0) {
        return dwfl_linux_proc_find_elf(module, userdata, name, base, file_name,
                                        elf);
    }
    /* libdwfl frees it */
    *file_name = strdup(name);
    return fd;
}

static const Dwfl_Callbacks callbacks = {
    .find_elf = find_elf,
    /* Asks a server, and waits for it, if DEBUGINFOD_URLS is set */
    .find_debuginfo = dwfl_standard_find_debuginfo,
};

static int set_userdata(Dwfl_Module *module G_GNUC_UNUSED, void **userdata,
                        const char *name G_GNUC_UNUSED,
                        Dwarf_Addr base G_GNUC_UNUSED, void *opaque)
{
    *userdata = opaque;
    return DWARF_CB_OK;
}

/* libdwfl would wait for the memory map, which may be held without end */
static bool has_map(const Stack *stack)
{
    g_autofree char *path =
        g_strdup_printf("%s/%" PRId64 "/maps", AIOTOP_PROCFS_ROOT, stack->tid);
    g_autofree char *text = NULL;
    bool late = false;
    gsize len;

    text = aiotop_patience_end(
        aiotop_patience_begin(path, aiotop_patient_whole_file),
        g_get_monotonic_time() + MAP_PATIENCE_US, &len, &late);
    return !late;
}

static bool find_modules(Stack *stack, GError **error)
{
    g_autofree char *link =
        g_strdup_printf("%s/%" PRId64 "/exe", AIOTOP_PROCFS_ROOT, stack->tid);
    int result;

    if (!has_map(stack)) {
        g_set_error(error, AIOTOP_STACK_ERROR, AIOTOP_STACK_ERROR_FAILED,
                    "thread %" PRId64 " of process %" PRId64
                    ": its memory map can't be read in time: another thread of"
                    " it holds the map, and sleeps in the kernel",
                    stack->tid, stack->process->pid);
        return false;
    }
    stack->executable = g_file_read_link(link, NULL);
    stack->dwfl = dwfl_begin(&callbacks);
    result = stack->dwfl ? dwfl_linux_proc_report(stack->dwfl, stack->tid) : -1;
    if (result > 0) {
        aiotop_thread_copy_refused(stack->process, stack->tid, error);
        return false;
    }
    if (result < 0 || dwfl_report_end(stack->dwfl, NULL, NULL) < 0) {
        g_set_error(error, AIOTOP_STACK_ERROR, AIOTOP_STACK_ERROR_FAILED,
                    "thread %" PRId64 " of process %" PRId64
                    ": its modules can't be read: %s",
                    stack->tid, stack->process->pid, dwfl_errmsg(-1));
        return false;
    }
    dwfl_getmodules(stack->dwfl, set_userdata, stack, 0);
    return true;
}

static pid_t next_thread(Dwfl *dwfl G_GNUC_UNUSED, void *opaque,
                         void **thread_opaque)
{
    const Stack *stack = opaque;

    if (*thread_opaque) {
        return 0;
    }
    *thread_opaque = opaque;
    return stack->tid;
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
    return process_vm_readv(stack->tid, &local, 1, &remote, 1, 0) ==
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
    Dwfl_Module *module = dwfl_addrmodule(stack->dwfl, lookup);
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
    if (dwfl_attach_state(stack->dwfl, NULL, stack->tid, &thread_callbacks,
                          stack)) {
        result =
            dwfl_getthread_frames(stack->dwfl, stack->tid, on_frame, stack);
    }
    if (!stack->frames->len) {
        g_set_error(error, AIOTOP_STACK_ERROR, AIOTOP_STACK_ERROR_FAILED,
                    "thread %" PRId64 " of process %" PRId64
                    ": its stack can't be unwound: %s",
                    stack->tid, stack->process->pid, dwfl_errmsg(-1));
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

GPtrArray *aiotop_stack_capture(const AiotopIdentity *process, int64_t tid,
                                GError **error)
{
    g_autoptr(Stack) stack = g_new0(Stack, 1);
    g_autoptr(GPtrArray) kernel = NULL;

    stack->process = process;
    stack->tid = tid;
    /* No thread of another process, whatever number we were told */
    if (!aiotop_thread_copy_is_there(process, tid)) {
        aiotop_thread_copy_refused(process, tid, error);
        return NULL;
    }
    if (!find_modules(stack, error)) {
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
