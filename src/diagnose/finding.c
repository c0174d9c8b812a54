/*
 * What a diagnosis finds: the classes, and what follows from them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/diagnose/finding.h"
#include "qemu-aiotop/diagnose/thresholds.h"

#define TEXT(number) G_STRINGIFY(number)

/* clang-format off */
const AiotopClass aiotop_classes[AIOTOP_N_CLASSES] = {
    [AIOTOP_CLASS_STOPPED] = { "stopped", true, true,
        "All threads of the process, or one of them, are kept from running: by"
        " a signal, by a debugger, or by the freezer of their control group; or"
        " a vCPU has been blocked in the kernel (state D) for the whole interval"
        " of about a second" },
    [AIOTOP_CLASS_NOT_STARTED] = { "not-started", true, true,
        "QEMU's main loop has not begun yet, over "
        TEXT(AIOTOP_RULE_START_S) " s after its start" },
    [AIOTOP_CLASS_POOL_STARVED] = { "pool-starved", true, true,
        "All threads of a pool are busy, and a request has waited for one for"
        " over " TEXT(AIOTOP_RULE_POOL_S) " s; only a warning as long as none"
        " of them has worked as long on the same thing" },
    [AIOTOP_CLASS_IO_STUCK] = { "io-stuck", true, true,
        "A block request has been in flight for over "
        TEXT(AIOTOP_RULE_REQUEST_S) " s (--request-ms), and 1 s more for each "
        TEXT(AIOTOP_RULE_REQUEST_MB_S) " MB of it, up to "
        TEXT(AIOTOP_RULE_REQUEST_MORE_S) ", and no loop has waited for it"
        " as long, or was stuck before that and is where it is to end; those"
        " that wait in a driver behind an older one that is stuck are told of"
        " with that one; only a"
        " warning if a throttle group holds it back whose"
        " timer is set, or if it is an ioctl, a truncate or a discard that is"
        " being worked on" },
    [AIOTOP_CLASS_CALLBACK_STUCK] = { "callback-stuck", true, true,
        "A callback has been running for longer than the stall threshold"
        " (--stall-ms, or QEMU's own), and its whole loop waits for it" },
    [AIOTOP_CLASS_NESTED_WAIT] = { "nested-wait", true, true,
        "A loop has been waiting outside of any callback for something else"
        " than its own events, such as the end of requests, for longer than the"
        " stall threshold" },
    [AIOTOP_CLASS_LOOP_STUCK] = { "loop-stuck", true, true,
        "A loop has not come back from a look for events, from polling, or from"
        " a wait that was to be shorter, for longer than the stall threshold;"
        " or it has been blocked in the kernel, where it submits requests and"
        " waits for events, or in QEMU's own code between two callbacks, for"
        " the whole interval" },
    [AIOTOP_CLASS_BQL_WAIT] = { "bql-wait", true, true,
        "A thread has been waiting for the big QEMU lock for longer than the"
        " stall threshold" },
    [AIOTOP_CLASS_LOST_WAKEUP] = { "lost-wakeup", true, true,
        "A loop waits for events though a bottom half is queued or a timer is"
        " due, for longer than the stall threshold and "
        TEXT(AIOTOP_RULE_LOST_MS) " ms" },
    [AIOTOP_CLASS_MAIN_LOOP_BLOCKED] = { "main-loop-blocked", true, true,
        "QEMU is not profiled, and its main thread was blocked in the kernel,"
        " elsewhere than where its loop waits, for the whole interval" },
    [AIOTOP_CLASS_GUEST_STOPPED] = { "guest-stopped", true, true,
        "QEMU has stopped the guest because of a failure: the VM's state is"
        " io-error, guest-panicked, internal-error or watchdog" },
    [AIOTOP_CLASS_TRANSFER_STUCK] = { "transfer-stuck", true, true,
        "The guest's memory is being saved, and the thread that does it does not"
        " run, only a warning as long as it was watched for less than "
        TEXT(AIOTOP_RULE_TRANSFER_S) " s; or the VM is being migrated, and the"
        " other end has read nothing for over " TEXT(AIOTOP_RULE_UNREAD_MS)
        " ms, only a warning; or the VM is the target of a"
        " migration, whose sender has sent nothing for over "
        TEXT(AIOTOP_RULE_TRANSFER_S) " s, only a warning up to "
        TEXT(AIOTOP_RULE_SENDER_S) " s" },
    [AIOTOP_CLASS_BACK_PRESSURE] = { "back-pressure", false, true,
        "Something has waited for over " TEXT(AIOTOP_RULE_WRITER_S) " s until"
        " its descriptor can be written: the other end does not read" },
    [AIOTOP_CLASS_STALLED] = { "stalled", false, true,
        "A callback or a wait for the big QEMU lock that took longer than the"
        " stall threshold ended in the interval, or in the last "
        TEXT(AIOTOP_RULE_STALL_WINDOW_S) " s" },
    [AIOTOP_CLASS_LIVELOCK] = { "livelock", false, true,
        "A loop goes round over " TEXT(AIOTOP_RULE_LIVELOCK_HZ) " times a"
        " second, takes over " TEXT(AIOTOP_RULE_CPU_PERCENT) " % of a CPU, and"
        " calls the same " TEXT(AIOTOP_RULE_LIVELOCK_MIN) " to "
        TEXT(AIOTOP_RULE_LIVELOCK_MAX) " sources each time, none of which has a"
        " descriptor that somebody outside of QEMU makes ready" },
    [AIOTOP_CLASS_SPINNING] = { "spinning", false, true,
        "Over " TEXT(AIOTOP_RULE_SPIN_HZ) " dispatches a second of one source,"
        " which are no completions of requests, that make up at least " TEXT(AIOTOP_RULE_SPIN_PERCENT) " % of its"
        " loop's; or as many rounds of a loop that dispatches in under "
        TEXT(AIOTOP_RULE_IDLE_PERCENT) " % of them and takes at least "
        TEXT(AIOTOP_RULE_CPU_PERCENT) " % of a CPU; of a QEMU that is sampled:"
        " a loop takes as much, does not sleep, and is in one callback that"
        " asks nothing of the kernel, or in callbacks for under "
        TEXT(AIOTOP_RULE_SPIN_DISPATCH_PERCENT) " % of the time" },
    [AIOTOP_CLASS_NOT_SCHEDULED] = { "not-scheduled", false, true,
        "A loop's thread waits for a CPU of the host for over "
        TEXT(AIOTOP_RULE_QUEUE_PERCENT) " % of the time" },
    [AIOTOP_CLASS_OVERLOADED] = { "overloaded", false, true,
        "A loop spends over " TEXT(AIOTOP_RULE_OVERLOAD_PERCENT) " % of its"
        " time in callbacks, none of which is stuck, or goes on for half of the"
        " interval; of a QEMU that is not profiled: its main thread takes as"
        " much of a CPU" },
    [AIOTOP_CLASS_LATE_NEIGHBOUR] = { "late-neighbour", false, true,
        "The 99th percentile of a source's delay is over "
        TEXT(AIOTOP_RULE_LATE_MS) " ms, and another source of its loop takes at"
        " least half of that" },
    [AIOTOP_CLASS_POLLING_WASTE] = { "polling-waste", false, false,
        "A loop polls over " TEXT(AIOTOP_RULE_WASTE_PERCENT) " % of the time,"
        " and under " TEXT(AIOTOP_RULE_WASTE_HIT_PERCENT) " % of the polls find"
        " something to do" },
    [AIOTOP_CLASS_BUSY_TIMER] = { "busy-timer", false, false,
        "A timer runs over " TEXT(AIOTOP_RULE_TIMER_HZ) " times a second though"
        " the guest runs and all threads but the loops take under "
        TEXT(AIOTOP_RULE_HALTED_PERCENT) " % of a CPU" },
    [AIOTOP_CLASS_WAKES_TOO_OFTEN] = { "wakes-too-often", false, false,
        "A loop goes round over " TEXT(AIOTOP_RULE_WAKE_HZ) " times a second,"
        " and sleeping and waking up takes over "
        TEXT(AIOTOP_RULE_WAKE_PERCENT) " % of a CPU, more than its callbacks"
        " and its own code together" },
    [AIOTOP_CLASS_CPU_ELSEWHERE] = { "cpu-elsewhere", false, false,
        "Threads that are no loops, such as vCPUs, take over "
        TEXT(AIOTOP_RULE_ELSEWHERE_PERCENT) " % of a CPU, or one of them would"
        " if there were a CPU for it: it runs or waits for one for over "
        TEXT(AIOTOP_RULE_NEVER_IDLE_PERCENT) " % of the time" },
    [AIOTOP_CLASS_UNKNOWN] = { "unknown", false, false,
        "QEMU is not profiled, and what the kernel tells shows nothing wrong" },
    [AIOTOP_CLASS_HEALTHY] = { "healthy", false, false,
        "None of the above: QEMU's event loops keep up" },
};
/* clang-format on */

bool aiotop_diagnosis_healthy(const GPtrArray *findings)
{
    const AiotopFinding *first = findings->pdata[0];

    return first->id == AIOTOP_CLASS_HEALTHY;
}

bool aiotop_finding_is_stuck(const AiotopFinding *finding)
{
    return aiotop_classes[finding->id].stuck && !finding->goes_on;
}

bool aiotop_finding_warns(const AiotopFinding *finding)
{
    return aiotop_classes[finding->id].warns;
}

unsigned aiotop_diagnosis_stuck(const GPtrArray *findings)
{
    unsigned n = 0;

    for (unsigned i = 0; i < findings->len; i++) {
        n += aiotop_finding_is_stuck(findings->pdata[i]);
    }
    return n;
}
