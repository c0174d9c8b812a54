/*
 * Stacks that go through what is not just code of the program: a signal, the
 * kernel's own file, the linker's table, a module that comes late
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <dlfcn.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <glib.h>

#include <qemu-aiotop/host/procfs.h>

#include "loops.h"
#include "made-sampled.h"
#include "sampling/machine.h"
#include "sampling/subject.h"
#include "taken.h"

static AiotopCode *code;

/* Whole, in this callback, and with these functions from the inside out */
static void assert_walk(const char *callback, const char *const *names)
{
    AiotopPlace place;
    AiotopWalk walk;

    taken_find(code, &walk, &place);
    g_assert_cmpint(walk.end, ==, AIOTOP_WALK_WHOLE);
    g_assert_cmpuint(place.n_calls, ==, 1);
    g_assert_cmpstr(place.calls[0].function->name, ==, callback);
    for (unsigned i = 0, j = 0; names[j]; i++) {
        const AiotopFunction *function;

        g_assert_cmpuint(i, <, walk.n);
        function = walk.frames[i].site->function;
        j += g_strcmp0(function->name, names[j]) == 0;
    }
}

static void __attribute__((noinline)) callback(void *opaque)
{
    take(opaque);
    AFTER_CALL();
}

/*
 * Its first instruction faults, so that one before that is another function,
 * without a frame; as is where any signal comes that is not asked for
 */
#ifdef __x86_64__
#define FAULT "ud2"
#define FAULT_BYTES 2
#else
#define FAULT "udf #0"
#define FAULT_BYTES 4
#endif
void faults(void);
__asm__(".text\n"
        ".type faults, %function\n"
        "faults:\n"
        ".cfi_startproc\n" FAULT "\n"
        "ret\n"
        ".cfi_endproc\n"
        ".size faults, . - faults\n");

static void __attribute__((noinline))
on_fault(int number G_GNUC_UNUSED, siginfo_t *info G_GNUC_UNUSED, void *opaque)
{
    ucontext_t *context = opaque;

    take(NULL);
#ifdef __x86_64__
    context->uc_mcontext.gregs[REG_RIP] += FAULT_BYTES;
#else
    context->uc_mcontext.pc += FAULT_BYTES;
#endif
}

static void __attribute__((noinline)) interrupted(void *opaque G_GNUC_UNUSED)
{
    faults();
    AFTER_CALL();
}

static void test_signal(void)
{
    struct sigaction action = { .sa_sigaction = on_fault,
                                .sa_flags = SA_SIGINFO };
    struct sigaction before;

    g_assert_cmpint(sigaction(SIGILL, &action, &before), ==, 0);
    aio_poll(&(Round){ .bh = interrupted });
    g_assert_cmpint(sigaction(SIGILL, &before, NULL), ==, 0);
    assert_walk("interrupted",
                (const char *const[]){ "on_fault", "faults", "interrupted",
                                       "aio_bh_call", NULL });
}

#ifdef __x86_64__
/* It is at the first instruction there, which the one that was taken calls */
static void step_into(uint64_t pc)
{
    uint64_t back = taken.registers.value[AIOTOP_REGISTER_PC];

    taken.start -= sizeof(back);
    taken.len = MIN(taken.len + sizeof(back), sizeof(taken.bytes));
    memmove(taken.bytes + sizeof(back), taken.bytes, taken.len - sizeof(back));
    memcpy(taken.bytes, &back, sizeof(back));
    aiotop_register_set(&taken.registers, AIOTOP_REGISTER_SP, taken.start);
    aiotop_register_set(&taken.registers, AIOTOP_REGISTER_PC, pc);
}

/* Who asks for the time is in no file that could be opened */
static void test_vdso(void)
{
    void *file = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
    void *function = file ? dlsym(file, "__vdso_clock_gettime") : NULL;

    g_assert_nonnull(function);
    aio_poll(&(Round){ .fd = callback });
    step_into((uintptr_t)function);
    assert_walk("callback", (const char *const[]){ "__vdso_clock_gettime",
                                                   "take", "callback", NULL });
    dlclose(file);
}

/* Calls it by way of the linker's table */
void calls_by_table(void);
__asm__(".text\n"
        ".type calls_by_table, %function\n"
        "calls_by_table:\n"
        ".cfi_startproc\n"
        "call getppid@PLT\n"
        "ret\n"
        ".cfi_endproc\n"
        ".size calls_by_table, . - calls_by_table\n");

static void test_plt(void)
{
    const uint8_t *call = (const uint8_t *)(uintptr_t)calls_by_table;
    int32_t offset;

    g_assert_cmpuint(*call, ==, 0xe8);
    memcpy(&offset, call + 1, sizeof(offset));
    aio_poll(&(Round){ .fd = callback });
    step_into((uintptr_t)call + 5 + offset);
    assert_walk("callback", (const char *const[]){ "take", "callback", NULL });
}
#endif

/* It was not there when sampling began, and is known soon after */
static void test_module(void)
{
    void *file = dlopen(PLUGGED, RTLD_NOW);
    void (*plugged)(Callback * entry, void *opaque) =
        file ? (void (*)(Callback *, void *))dlsym(file, "plugged") : NULL;
    const AiotopFunction *function = NULL;
    AiotopPlace place;
    AiotopWalk walk;

    g_assert_nonnull(plugged);
    for (unsigned i = 0; i < 2; i++) {
        plugged(callback, NULL);
        taken_find(code, &walk, &place);
        while (walk.end != AIOTOP_WALK_WHOLE) {
            g_assert_cmpint(walk.end, ==, AIOTOP_WALK_NO_FILE);
            g_usleep(10000);
            aiotop_code_refresh(code);
            taken_find(code, &walk, &place);
        }
        for (unsigned j = 0; j < walk.n; j++) {
            function = walk.frames[j].site->function;
            if (g_strcmp0(function->name, "plugged") == 0) {
                break;
            }
        }
        g_assert_cmpstr(function->name, ==, "plugged");
        g_assert_cmpstr(function->module, ==, "plugged.so");
    }
    dlclose(file);
}

typedef struct Burner {
    Round round;
    pid_t tid;
    gint ends;
} Burner;

static void __attribute__((noinline)) computes(void *opaque)
{
    while (!g_atomic_int_get(&((Burner *)opaque)->ends)) {
        continue;
    }
    AFTER_CALL();
}

static void __attribute__((noinline)) asks_the_kernel(void *opaque)
{
    static char bytes[1024 * 1024];

    while (!g_atomic_int_get(&((Burner *)opaque)->ends)) {
        g_assert_cmpint(syscall(SYS_getrandom, bytes, sizeof(bytes), 0), >, 0);
    }
    AFTER_CALL();
}

static gpointer run_burner(gpointer opaque)
{
    Burner *burner = opaque;

    g_atomic_int_set(&burner->tid, syscall(SYS_gettid));
    aio_poll(&burner->round);
    AFTER_CALL();
    return NULL;
}

/* Who only computes is told from who has the kernel work for it */
static void test_kernel(void)
{
    AiotopIdentity self = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, getpid());
    g_autofree uint64_t *record = g_new(uint64_t, AIOTOP_RING_RECORD);
    Callback *const callbacks[] = { computes, asks_the_kernel };
    GMutex lock;

    g_mutex_init(&lock);
    for (unsigned i = 0; i < G_N_ELEMENTS(callbacks); i++) {
        Burner burner = { .round = { .bh = callbacks[i], .opaque = &burner } };
        GThread *thread = g_thread_new("burner", run_burner, &burner);
        AiotopLoop loop = AIOTOP_LOOP_NOTHING_KNOWN;
        AiotopSubjectCounts counts = { .samples = 0 };
        GError *error = NULL;
        AiotopSubject *subject;

        while (!g_atomic_int_get(&burner.tid)) {
            g_usleep(1000);
        }
        subject = aiotop_subject_new(&self, burner.tid, 5000000, true, NULL, 0,
                                     &error);
        g_assert_no_error(error);
        do {
            sampled_clear(&loop);
            g_usleep(1000);
            aiotop_subject_look(subject, code, record, &lock, &counts);
            aiotop_tally_fill(aiotop_subject_tally(subject), &loop, 1);
        } while (loop.seen_running < 20);
        g_assert_cmpuint(loop.seen_running, <=, counts.samples);
        g_assert_cmpint(2 * loop.seen_in_kernel > loop.seen_running, ==, i);
        sampled_clear(&loop);
        g_atomic_int_set(&burner.ends, 1);
        g_thread_join(thread);
        aiotop_subject_free(subject);
    }
    g_mutex_clear(&lock);
}

#ifdef __x86_64__
/* The bytes before a return address */
static void test_calls(void)
{
    static const struct {
        uint8_t bytes[AIOTOP_CALL_BYTES + 1];
        AiotopBranch branch;
    } cases[] = {
        { "\x90\x90\x90\xe8\x10\x00\x00\x00", AIOTOP_BRANCH_DIRECT },
        { "\x90\x90\x90\x90\x90\x90\xff\xd0", AIOTOP_BRANCH_INDIRECT },
        { "\x90\x90\x90\x90\x90\x41\xff\xd4", AIOTOP_BRANCH_INDIRECT },
        { "\x90\x90\x90\x90\x90\x90\xff\x13", AIOTOP_BRANCH_INDIRECT },
        { "\x90\x90\x90\x90\x90\xff\x53\x10", AIOTOP_BRANCH_INDIRECT },
        { "\x90\x90\x90\x90\xff\x54\x24\x18", AIOTOP_BRANCH_INDIRECT },
        { "\x90\x90\xff\x93\x80\x01\x00\x00", AIOTOP_BRANCH_INDIRECT },
        { "\x90\xff\x94\x24\x80\x01\x00\x00", AIOTOP_BRANCH_INDIRECT },
        /* By the linker's table, as a library is called */
        { "\x90\x90\xff\x15\x80\x01\x00\x00", AIOTOP_BRANCH_NONE },
        /* Jumps, and a push */
        { "\x90\x90\x90\x90\x90\x90\xff\xe0", AIOTOP_BRANCH_NONE },
        { "\x90\x90\x90\x90\x90\xff\x73\x10", AIOTOP_BRANCH_NONE },
        { "\x90\x90\x90\x90\x90\x90\x90\x90", AIOTOP_BRANCH_NONE },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint64_t target;

        g_test_message("case %u", i);
        g_assert_cmpint(aiotop_machine_call(cases[i].bytes, 0x1000, &target),
                        ==, cases[i].branch);
        if (cases[i].branch == AIOTOP_BRANCH_DIRECT) {
            g_assert_cmpuint(target, ==, 0x1010);
        }
    }
}
#endif

int main(int argc, char *argv[])
{
    AiotopIdentity self = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, getpid());
    GError *error = NULL;
    int result;

    g_test_init(&argc, &argv, NULL);
    code = aiotop_code_new(&self, &error);
    g_assert_no_error(error);
    g_test_add_func("/sampling-walks/signal", test_signal);
#ifdef __x86_64__
    g_test_add_func("/sampling-walks/vdso", test_vdso);
    g_test_add_func("/sampling-walks/plt", test_plt);
#endif
    g_test_add_func("/sampling-walks/module", test_module);
    g_test_add_func("/sampling-walks/kernel", test_kernel);
#ifdef __x86_64__
    g_test_add_func("/sampling-walks/calls", test_calls);
#endif
    result = g_test_run();
    aiotop_code_free(code);
    return result;
}
