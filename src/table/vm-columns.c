/*
 * The columns of this host's QEMUs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/table/vm-columns.h"

#include <math.h>

#include "getters.h"

#define VM_GETTER(name, value)                                                 \
    static AiotopValue name(const AiotopRow *row, char *buffer G_GNUC_UNUSED)  \
    {                                                                          \
        const AiotopVerdict *v = row->item;                                    \
        return value;                                                          \
    }

typedef double Measure(const AiotopLoopSample *loop);

static double dispatch(const AiotopLoopSample *loop)
{
    return aiotop_part_percent(loop->dispatch_ns, loop->wall_ns);
}

static double delay_p99(const AiotopLoopSample *loop)
{
    return loop->delay.p99_ns;
}

static double lock_wait(const AiotopLoopSample *loop)
{
    return aiotop_part_percent(loop->lock_wait_ns, loop->wall_ns);
}

static double run_queue(const AiotopLoopSample *loop)
{
    return aiotop_part_percent(loop->run_queue_ns, loop->wall_ns);
}

/* Of all its loops; NAN if none of them has any */
static double largest(const AiotopVerdict *verdict, Measure *measure)
{
    const AiotopSample *sample = aiotop_verdict_sample(verdict);
    double most = NAN;

    for (unsigned i = 0; sample && i < sample->n_loops; i++) {
        most = fmax(most, measure(&sample->loops[i]));
    }
    return most;
}

static double cpu_percent(const AiotopVerdict *verdict)
{
    const AiotopSample *sample = aiotop_verdict_sample(verdict);

    return sample ? aiotop_share_percent(sample->cpu_ns, sample->interval_ns)
                  : NAN;
}

static uint64_t oldest_request_ns(const AiotopVerdict *verdict)
{
    const AiotopSnapshot *now =
        verdict->vm->sample ? verdict->vm->sample->now : NULL;

    return now ? aiotop_age_ns(now->time_ns,
                               aiotop_awaited_oldest_ns(&now->awaited))
               : AIOTOP_UNKNOWN;
}

/* Worst first, and of those that have been so for two rounds the oldest */
static double verdict_rank(const AiotopRow *row)
{
    const AiotopVerdict *verdict = row->item;
    double seconds = verdict->settled == verdict->id
                         ? aiotop_known_or_zero(verdict->lasting_ns) / 1e9
                         : 0;

    return (AIOTOP_N_VERDICTS - verdict->settled) * 1e12 +
           fmin(floor(seconds), 1e11);
}

VM_GETTER(vm_name, text(v->vm->name))
VM_GETTER(vm_pid, integer(v->vm->process.pid))
VM_GETTER(vm_program, text(v->vm->program))
VM_GETTER(vm_verdict, text(aiotop_verdict_word(v->id)))
VM_GETTER(vm_class, text(v->class_name))
VM_GETTER(vm_lasting, integer(v->lasting_ns))
VM_GETTER(vm_loop, text(v->loop ? v->loop->now->name : NULL))
VM_GETTER(vm_dispatch, real(largest(v, dispatch)))
VM_GETTER(vm_delay_p99, real(largest(v, delay_p99)))
VM_GETTER(vm_stalls, integer(v->stalls))
VM_GETTER(vm_bql, real(largest(v, lock_wait)))
VM_GETTER(vm_cpu, real(cpu_percent(v)))
VM_GETTER(vm_run_queue, real(largest(v, run_queue)))
VM_GETTER(vm_request, integer(oldest_request_ns(v)))
VM_GETTER(vm_age, integer(aiotop_vm_age_ns(v->vm, v->now_us)))
VM_GETTER(vm_user, text(v->vm->user))
VM_GETTER(vm_address, text(v->vm->address))
VM_GETTER(vm_evidence, text(v->evidence))

/* As the loops' own table has it: what it is in, and since when */
static AiotopValue vm_state(const AiotopRow *row, char *buffer)
{
    return row->loop ? aiotop_table_find(&aiotop_loop_table, "state")
                           ->get(row, buffer)
                     : unknown();
}

static const AiotopColumn vm_columns[] = {
    { "vm", "VM", "vm_name", AIOTOP_UNIT_TEXT, 16, true,
      "Name of the VM, as -name has it", vm_name },
    { "pid", "PID", "pid", AIOTOP_UNIT_ID, 8, true, "Number of the process",
      vm_pid },
    { "program", "PROGRAM", "program", AIOTOP_UNIT_TEXT, 18, false,
      "Which program it is, a VM or one of QEMU's tools", vm_program },
    { "verdict", "VERDICT", "verdict", AIOTOP_UNIT_TEXT, 10, true,
      "STUCK, SILENT, LOST, SLOW, well, new or unprofiled; by it the worst come"
      " first",
      vm_verdict, .rank = verdict_rank },
    { "class", "FINDING", "class", AIOTOP_UNIT_TEXT, 15, true,
      "Class of the worst finding of its diagnosis", vm_class },
    { "lasting", "FOR", "lasting_ns", AIOTOP_UNIT_TIME, 7, true,
      "How long that has lasted, if it does not go on", vm_lasting },
    { "loop", "LOOP", "loop", AIOTOP_UNIT_TEXT, 12, true,
      "The loop that it is about, else the busiest", vm_loop },
    { "dispatch", "DISP%", "dispatch_percent", AIOTOP_UNIT_PERCENT, 6, true,
      "Share of time in callbacks, of the loop where that is largest",
      vm_dispatch },
    { "delay-p99", "DLY-P99", "delay_p99_ns", AIOTOP_UNIT_TIME, 7, true,
      "99th percentile of the delay from ready to running, of the loop where"
      " that is largest",
      vm_delay_p99 },
    { "stalls", "STALLS", "stalls", AIOTOP_UNIT_COUNT, 6, true,
      "Stalls that ended in the last minute", vm_stalls },
    { "bql", "BQL%", "bql_wait_percent", AIOTOP_UNIT_PERCENT, 6, true,
      "Share of time waiting for the big QEMU lock, of the loop where that is"
      " largest",
      vm_bql },
    { "cpu", "CPU%", "cpu_percent", AIOTOP_UNIT_PERCENT, 6, true,
      "CPU time of the whole process, in percent of one CPU", vm_cpu },
    { "run-queue", "RUNQ%", "run_queue_percent", AIOTOP_UNIT_PERCENT, 6, true,
      "Share of time waiting for a CPU of the host, of the loop where that is"
      " largest",
      vm_run_queue },
    { "request", "OLDREQ", "oldest_request_age_ns", AIOTOP_UNIT_TIME, 7, true,
      "How long ago the oldest block request in flight began", vm_request },
    { "age", "AGE", "age_ns", AIOTOP_UNIT_TIME, 7, true,
      "How old what is known of it is", vm_age },
    { "address", "SOCKET", "address", AIOTOP_UNIT_TEXT, 30, false,
      "Where it is asked", vm_address },
    { "state", "STATE", "state_text", AIOTOP_UNIT_TEXT, 40, true,
      "What that loop does, for how long, and in which source", vm_state },
    { "evidence", "WHY", "evidence", AIOTOP_UNIT_TEXT, 60, false,
      "What was seen that is wrong, in words", vm_evidence },
    { "user", "USER", "user", AIOTOP_UNIT_TEXT, 12, false,
      "Whose process it is: anybody may begin one under any name", vm_user },
};

const AiotopTable aiotop_vm_table = {
    .name = "vm",
    .columns = vm_columns,
    .n_columns = G_N_ELEMENTS(vm_columns),
    .sort = "verdict",
};

AiotopRow aiotop_vm_row(const AiotopVerdict *verdict)
{
    return (AiotopRow){
        .sample = verdict->vm->sample,
        .loop = verdict->loop,
        .item = verdict,
    };
}
