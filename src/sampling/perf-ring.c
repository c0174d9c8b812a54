/*
 * Samples of one thread that runs, as the kernel takes them
 *
 * By a clock of the kernel's, so that there need be no counters of the
 * hardware: most hosts are guests themselves.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "perf-ring.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "qemu-aiotop/host/procfs.h"

/* Of the ring, a power of two each: as much as may be locked */
static const unsigned sizes_in_pages[] = { 64, 32, 16 };

struct AiotopRing {
    int fd;
    bool user_only;
    /* To be set once there is a sample, which has come sooner; 0: it is set */
    uint64_t period_ns;
    struct perf_event_mmap_page *page;
    const uint8_t *data;
    size_t size;
};

G_DEFINE_QUARK(aiotop_ring_error, aiotop_ring_error)

static int open_event(int64_t tid, uint64_t period_ns, bool user_only)
{
    struct perf_event_attr attr = {
        .size = sizeof(attr),
        .type = PERF_TYPE_SOFTWARE,
        .config = PERF_COUNT_SW_CPU_CLOCK,
        .sample_period = period_ns,
        .sample_type = PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER,
        .sample_regs_user = aiotop_machine_perf_mask(),
        .sample_stack_user = AIOTOP_RING_STACK,
        .exclude_kernel = user_only,
        .exclude_hv = true,
        .exclude_guest = true,
    };

    return syscall(SYS_perf_event_open, &attr, (pid_t)tid, -1, -1,
                   PERF_FLAG_FD_CLOEXEC);
}

/* A container's filter says the same as the kernel's own rules */
static bool is_filtered(void)
{
    g_autofree char *status = NULL;
    const char *line;

    return g_file_get_contents("/proc/self/status", &status, NULL, NULL) &&
           (line = strstr(status, "\nSeccomp:\t")) &&
           line[strlen("\nSeccomp:\t")] == '2';
}

void aiotop_ring_set_error(GError **error, int why)
{
    const char *words =
        why == ENOSYS || why == ENOENT ? "this kernel has no perf events"
        : why == EMFILE || why == ENFILE
            ? "too many open files: raise the limit with ulimit -n"
        : is_filtered()
            ? "perf events are not permitted, perhaps by the container: run it"
              " with CAP_PERFMON, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"
              " (--cap-add)"
            : "perf events of it are not permitted: run as root, or give"
              " qemu-aiotop CAP_PERFMON, CAP_SYS_PTRACE and"
              " CAP_DAC_READ_SEARCH; or be the same user, with"
              " kernel.perf_event_paranoid at most 2";

    g_set_error(
        error, AIOTOP_RING_ERROR,
        why == ESRCH ? AIOTOP_RING_ERROR_GONE : AIOTOP_RING_ERROR_REFUSED, "%s",
        why == ESRCH ? "it has ended"
        : why == EACCES || why == EPERM || why == ENOSYS || why == ENOENT ||
                why == EMFILE || why == ENFILE
            ? words
            : g_strerror(why));
}

static bool map_ring(AiotopRing *ring, bool small, GError **error)
{
    size_t page_size = sysconf(_SC_PAGESIZE);

    for (unsigned i = small; i < G_N_ELEMENTS(sizes_in_pages); i++) {
        void *start;

        ring->size = sizes_in_pages[i] * page_size;
        start = mmap(NULL, page_size + ring->size, PROT_READ | PROT_WRITE,
                     MAP_SHARED, ring->fd, 0);
        if (start != MAP_FAILED) {
            ring->page = start;
            ring->data = (uint8_t *)start + page_size;
            return true;
        }
    }
    g_set_error(error, AIOTOP_RING_ERROR, AIOTOP_RING_ERROR_REFUSED,
                "no memory for samples may be locked: raise"
                " kernel.perf_event_mlock_kb, or give qemu-aiotop"
                " CAP_IPC_LOCK");
    return false;
}

AiotopRing *aiotop_ring_new(int64_t tid, uint64_t period_ns, bool small,
                            GError **error)
{
    g_autoptr(AiotopRing) ring = g_new0(AiotopRing, 1);
    uint64_t first_ns = MAX(period_ns * g_random_double_range(0.02, 1), 1);

    ring->fd = open_event(tid, first_ns, false);
    if (ring->fd < 0 && (errno == EACCES || errno == EPERM)) {
        ring->user_only = true;
        ring->fd = open_event(tid, first_ns, true);
    }
    if (ring->fd < 0 || !aiotop_procfs_may_keep(ring->fd, 6)) {
        aiotop_ring_set_error(error, ring->fd < 0 ? errno : EMFILE);
        return NULL;
    }
    if (!map_ring(ring, small, error)) {
        return NULL;
    }
    ring->period_ns = period_ns;
    return g_steal_pointer(&ring);
}

void aiotop_ring_free(AiotopRing *ring)
{
    if (!ring) {
        return;
    }
    if (ring->page) {
        munmap(ring->page, ring->data - (uint8_t *)ring->page + ring->size);
    }
    if (ring->fd >= 0) {
        close(ring->fd);
    }
    g_free(ring);
}

bool aiotop_ring_is_user_only(const AiotopRing *ring)
{
    return ring->user_only;
}

/* In one piece */
static void copy_out(const AiotopRing *ring, uint64_t *record, uint64_t at,
                     size_t len)
{
    size_t offset = at % ring->size;
    size_t first = MIN(len, ring->size - offset);

    memcpy(record, ring->data + offset, first);
    memcpy((uint8_t *)record + first, ring->data, len - first);
}

/* ABI, registers, size of the stack, the stack, and how much of it is there */
static void visit_sample(const uint64_t *record, bool in_kernel,
                         AiotopRingVisit *visit, void *opaque)
{
    unsigned n_registers = __builtin_popcountll(aiotop_machine_perf_mask());
    const uint64_t *at = record + 1;
    AiotopRegisters registers = { .known = 0 };
    AiotopStackCopy copy = { .len = 0 };
    uint64_t size;

    if (*at++ == PERF_SAMPLE_REGS_ABI_64) {
        aiotop_machine_from_perf(&registers, at);
        at += n_registers;
        size = *at++;
        if (size && size <= AIOTOP_RING_STACK) {
            copy.start = registers.value[AIOTOP_REGISTER_SP];
            copy.bytes = (const uint8_t *)at;
            copy.len = MIN(at[size / sizeof(*at)], size);
        }
    }
    visit(&registers, &copy, in_kernel, opaque);
}

/*
 * After the first sample all come at equal distances.  Not before: the kernel
 * forgets what is left of the first one.
 */
static void set_period(AiotopRing *ring)
{
    if (ring->period_ns &&
        ioctl(ring->fd, PERF_EVENT_IOC_PERIOD, &ring->period_ns) == 0) {
        ring->period_ns = 0;
    }
}

uint64_t aiotop_ring_drain(AiotopRing *ring, uint64_t *record,
                           AiotopRingVisit *visit, void *opaque)
{
    /* Those that come between the first one and the ioctl are too many */
    bool only_one = ring->period_ns, any = false;
    uint64_t head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
    uint64_t tail = ring->page->data_tail, lost = 0;

    while (tail != head) {
        struct perf_event_header header;

        copy_out(ring, record, tail, sizeof(header));
        memcpy(&header, record, sizeof(header));
        if (header.size < sizeof(header) || header.size > head - tail) {
            tail = head;
            break;
        }
        copy_out(ring, record, tail, header.size);
        if (header.type == PERF_RECORD_SAMPLE && !(only_one && any)) {
            visit_sample(record,
                         (header.misc & PERF_RECORD_MISC_CPUMODE_MASK) ==
                             PERF_RECORD_MISC_KERNEL,
                         visit, opaque);
            any = true;
        } else if (header.type == PERF_RECORD_LOST && !only_one) {
            /* Behind the head and the event's number */
            lost += record[2];
        }
        tail += header.size;
        /* Now, so that there is room for what comes meanwhile */
        __atomic_store_n(&ring->page->data_tail, tail, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&ring->page->data_tail, tail, __ATOMIC_RELEASE);
    if (any) {
        set_period(ring);
    }
    return lost;
}
