/*
 * Which thread another one waits for
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "owner.h"

#include <inttypes.h>
#include <linux/futex.h>
#include <string.h>
#include <glib.h>

#include "memory.h"
#include "qemu-aiotop/host/procfs.h"

/* How pthread_mutex_t begins; locked with others waiting is 2 */
typedef struct Mutex {
    int32_t lock;
    uint32_t count;
    int32_t owner;
    uint32_t users;
} Mutex;

#define LOCKED_WITH_WAITERS 2

static bool is_thread_of(const char *root, int64_t pid, int64_t tid)
{
    g_autofree char *path =
        g_strdup_printf("%s/%" PRId64 "/task/%" PRId64, root, pid, tid);

    return tid > 0 && g_file_test(path, G_FILE_TEST_IS_DIR);
}

/*
 * A mutex is waited for by FUTEX_WAIT and private to the process; the end of a
 * thread by FUTEX_WAIT_BITSET, and the kernel clears its number, which others
 * may wait for, too.  A condition waits otherwise.
 */
void aiotop_owner_find(const char *root, int64_t pid, int64_t tid,
                       AiotopThread *thread)
{
    const AiotopSyscall *call = &thread->syscall;
    g_autofree char *memory = NULL;
    uint64_t operation = call->args[1] & FUTEX_CMD_MASK;
    bool private = call->args[1] & FUTEX_PRIVATE_FLAG;
    Mutex mutex;
    gsize len;

    if (!aiotop_syscall_is_futex(call) || !call->has_args) {
        return;
    }
    memory = aiotop_memory_read(root, pid, tid, aiotop_procfs_owner(root, pid),
                                call->args[0], sizeof(mutex), &len);
    if (!memory || len < sizeof(mutex)) {
        return;
    }
    memcpy(&mutex, memory, sizeof(mutex));
    if (operation == FUTEX_WAIT && mutex.lock == LOCKED_WITH_WAITERS &&
        mutex.users && is_thread_of(root, pid, mutex.owner)) {
        thread->awaited = AIOTOP_AWAITED_MUTEX;
        thread->awaited_tid = mutex.owner;
    } else if (operation == FUTEX_WAIT_BITSET && !private &&
               is_thread_of(root, pid, mutex.lock)) {
        thread->awaited = AIOTOP_AWAITED_END;
        thread->awaited_tid = mutex.lock;
    }
}
