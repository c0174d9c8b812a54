/*
 * A process that means no good, sampled: its names, and what they take
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <link.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <glib.h>

#include <qemu-aiotop/host/procfs.h>

#include "sampling/code.h"
#include "sampling/perf-ring.h"
#include "sampling/place.h"
#include "sampling/tally.h"

#define LONG_NAME                                                              \
    "long_name_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"             \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"             \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"             \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"             \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"             \
    "xxxxxxxxxx"

extern const ElfW(Ehdr) __ehdr_start;

void __attribute__((noinline)) long_name(void) __asm__(LONG_NAME);

void long_name(void)
{
    __asm__ volatile("");
}

static AiotopCode *make_code(void)
{
    AiotopIdentity self = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, getpid());
    GError *error = NULL;
    AiotopCode *code = aiotop_code_new(&self, &error);

    g_assert_no_error(error);
    return code;
}

static const AiotopFunction *function_at(AiotopCode *code, uint64_t address)
{
    return aiotop_code_site(code, address, false)->function;
}

static void test_long_name(void)
{
    g_autoptr(AiotopCode) code = make_code();
    const AiotopFunction *function =
        function_at(code, (uint64_t)(uintptr_t)&long_name);

    g_assert_nonnull(function);
    g_assert_true(g_str_has_prefix(LONG_NAME, function->name));
    g_assert_cmpuint(strlen(function->name), ==, 255);
}

/* Each address of what is no code would be a function else */
static void test_no_code(void)
{
    g_autoptr(AiotopCode) code = make_code();
    uint64_t start = (uint64_t)(uintptr_t)&__ehdr_start;

    g_assert_nonnull(function_at(code, start + 8));
    g_assert_true(function_at(code, start + 8) ==
                  function_at(code, start + 16));
    g_assert_true(function_at(code, start + 8) !=
                  function_at(code, (uint64_t)(uintptr_t)&long_name));
}

/* What a symbol is called makes no line and no frame, nor moves a cursor */
static void test_frames(void)
{
    AiotopFunction function = { .name = (char *)"a;b\n1 \033[2J\xff" };
    AiotopSite site = { .function = &function };
    AiotopWalk walk = { .n = 1 };
    AiotopPlace place = { .n_calls = 1, .in_loop = true };
    size_t bytes = 0;
    AiotopTally *tally = aiotop_tally_new(0, &bytes);
    const AiotopLoop loop = { .thread_id = 1 };
    g_autoptr(GArray) stacks =
        g_array_new(FALSE, FALSE, sizeof(AiotopSampledStack));
    AiotopSampledStack *stack = NULL;

    walk.frames[0].site = &site;
    place.calls[0] = (AiotopCall){ AIOTOP_PLACE_BH, &function, 0 };
    aiotop_tally_add(tally, &place, &walk, &stack, false, 1);
    aiotop_tally_add_stacks(tally, &loop, false, stacks);
    g_assert_cmpuint(stacks->len, ==, 1);
    stack = &g_array_index(stacks, AiotopSampledStack, 0);
    g_assert_cmpstr(stack->text, ==, "bh;a,b\\n1 \\x1b[2J\\xff");
    g_assert_cmpstr(stack->text + stack->inner, ==, "a,b\\n1 \\x1b[2J\\xff");
    g_assert_cmpuint(bytes, ==, strlen(stack->text));
    g_ref_string_release(stack->text);
    aiotop_tally_free(tally);
    g_assert_cmpuint(bytes, ==, 0);
}

int __real_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument);

static unsigned n_periods;
static uint64_t period_ns;

int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
    if (request == PERF_EVENT_IOC_PERIOD) {
        n_periods++;
        period_ns = *(uint64_t *)argument;
    }
    return __real_ioctl(fd, request, argument);
}

static void count(const AiotopRegisters *registers G_GNUC_UNUSED,
                  const AiotopStackCopy *copy G_GNUC_UNUSED,
                  bool in_kernel G_GNUC_UNUSED, void *opaque)
{
    (*(unsigned *)opaque)++;
}

static void burn_cpu_ns(int64_t ns)
{
    struct timespec begin, now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    do {
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    } while ((now.tv_sec - begin.tv_sec) * 1000000000 + now.tv_nsec -
                 begin.tv_nsec <
             ns);
}

/*
 * The first sample of a thread comes sooner than the others, so that who runs
 * for less than one period is seen now and then; the kernel would forget that.
 */
static void test_first_period(void)
{
    g_autofree uint64_t *record = g_new(uint64_t, AIOTOP_RING_RECORD);
    g_autoptr(AiotopRing) ring = NULL;
    GError *error = NULL;
    unsigned n = 0;

    ring = aiotop_ring_new(syscall(SYS_gettid), 100000000, true, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(n_periods, ==, 0);
    while (!n) {
        burn_cpu_ns(1000000);
        aiotop_ring_drain(ring, record, count, &n);
    }
    g_assert_cmpuint(n, ==, 1);
    g_assert_cmpuint(n_periods, ==, 1);
    g_assert_cmpuint(period_ns, ==, 100000000);
    aiotop_ring_drain(ring, record, count, &n);
    g_assert_cmpuint(n_periods, ==, 1);
}

#ifdef __x86_64__
/* An anchor by its name, which calls many functions that have none, twice each */
__asm__(".text\n"
        ".globl aio_dispatch\n"
        ".type aio_dispatch, @function\n"
        "aio_dispatch:\n"
        ".cfi_startproc\n"
        ".set i, 0\n"
        ".rept 3000\n"
        "call called + 16 * i\n"
        "call called + 16 * i\n"
        ".set i, i + 1\n"
        ".endr\n"
        "ret\n"
        ".cfi_endproc\n"
        ".size aio_dispatch, . - aio_dispatch\n"
        ".p2align 4\n"
        "called:\n"
        ".rept 3000\n"
        ".cfi_startproc\n"
        "ret\n"
        ".p2align 4\n"
        ".cfi_endproc\n"
        ".endr\n");

static unsigned n_lookups;

const char *__real_dwfl_module_addrinfo(Dwfl_Module *module, GElf_Addr address,
                                        GElf_Off *offset, GElf_Sym *symbol,
                                        GElf_Word *index, Elf **elf,
                                        Dwarf_Addr *bias);
const char *__wrap_dwfl_module_addrinfo(Dwfl_Module *module, GElf_Addr address,
                                        GElf_Off *offset, GElf_Sym *symbol,
                                        GElf_Word *index, Elf **elf,
                                        Dwarf_Addr *bias);

const char *__wrap_dwfl_module_addrinfo(Dwfl_Module *module, GElf_Addr address,
                                        GElf_Off *offset, GElf_Sym *symbol,
                                        GElf_Word *index, Elf **elf,
                                        Dwarf_Addr *bias)
{
    n_lookups++;
    return __real_dwfl_module_addrinfo(module, address, offset, symbol, index,
                                       elf, bias);
}

/* However many functions a file says that a loop is made of */
static void test_many_parts(void)
{
    g_autoptr(AiotopCode) code = NULL;

    n_lookups = 0;
    code = make_code();
    g_assert_cmpuint(n_lookups, >=, 100);
    g_assert_cmpuint(n_lookups, <=, 1100);
}
#endif

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sampling-limits/long-name", test_long_name);
    g_test_add_func("/sampling-limits/no-code", test_no_code);
    g_test_add_func("/sampling-limits/frames", test_frames);
    g_test_add_func("/sampling-limits/first-period", test_first_period);
#ifdef __x86_64__
    g_test_add_func("/sampling-limits/many-parts", test_many_parts);
#endif
    return g_test_run();
}
