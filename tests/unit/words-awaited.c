/*
 * Samples whose diagnosis is read as a whole: what is awaited
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <sys/syscall.h>

#include "words-cases.h"

#define LOOPS                                                                  \
    "{'name':'main-loop','thread-id':7,'since-ns':1000000000,'iterations':0,"  \
    "'dispatches':0,'state':'waiting','state-since-ns':10000000000,"           \
    "'sources':[]}"

/* It is no tool */
#define RUNNING ",'run-state':'running'"
#define LOOP_IN(name, label)                                                   \
    "{'name':'main-loop','thread-id':7,'since-ns':1000000000,'iterations':9,"  \
    "'dispatches':9,'state':'waiting','state-since-ns':10900000000,'stack':["  \
    "{'source-id':1,'since-ns':10500000000}],'sources':[{'id':1,"              \
    "'kind':'wait','name':'" name "','label':'" label "'}]}"
#define STUCK_IN(name, label)                                                  \
    "{'name':'main-loop','thread-id':7,'since-ns':1000000000,'iterations':9,"  \
    "'dispatches':9,'state':'dispatching','state-since-ns':10500000000,"       \
    "'stack':[{'source-id':2,'since-ns':10500000000},"                         \
    "{'source-id':1,'since-ns':10500000000}],'sources':[{'id':1,"              \
    "'kind':'wait','name':'" name "','label':'" label "'},{'id':2,"            \
    "'kind':'bh','name':'do_qmp_dispatch_bh','label':'stop'}]}"
#define STUCK                                                                  \
    LOOPS_OF("'state':'dispatching','state-since-ns':10500000000,"             \
             "'stack':[{'source-id':2,'since-ns':10500000000}],"               \
             "'sources':[{'id':2,'kind':'bh',"                                 \
             "'name':'do_qmp_dispatch_bh','label':'stop'}]")
#define LOOPS_OF(members)                                                      \
    "{'name':'main-loop','thread-id':7,'since-ns':1000000000,'wait-ns':0,"     \
    "'poll-ns':0,'dispatch-ns':0,'iterations':0,'dispatches':0,'cpu-ns':"      \
    "0," members "}"
#define REQUEST(stage, more)                                                   \
    ",'requests':[{'id':1,'node':'n','device':'vd0','type':'read',"            \
    "'stage':'" stage "','since-ns':4000000000,'offset':4096,'bytes':512" more \
    "}],'nodes':[{'node':'n','device':'vd0','in-flight':1,'completed':9,"      \
    "'last-completed-ns':3000000000,'stages':[{'stage':'" stage                \
    "','count':1,'since-ns':4000000000}]}]"

static void with_tasks(AiotopSample *sample, char state)
{
    AiotopSnapshot *const snapshots[] = { sample->before, sample->now };

    for (unsigned i = 0; i < G_N_ELEMENTS(snapshots); i++) {
        snapshots[i]->tasks = g_new0(AiotopTask, 1);
        snapshots[i]->n_tasks = 1;
        snapshots[i]->tasks[0] = (AiotopTask){ 9, "CPU 0/TCG", state, 0 };
    }
}

static void vcpu_held(AiotopSample *sample)
{
    with_tasks(sample, 't');
}

static void in_futex(AiotopSample *sample, int64_t owner,
                     AiotopAwaitedOfThread awaited)
{
    AiotopThread *thread = &sample->now->loops[0].thread;

    with_tasks(sample, 'S');
    thread->state = 'S';
    thread->syscall =
        (AiotopSyscall){ true, true, SYS_futex, { 0x7f00, 128 }, "" };
    thread->awaited = awaited;
    thread->awaited_tid = owner;
}

static void mutex_of_another(AiotopSample *sample)
{
    in_futex(sample, 9, AIOTOP_AWAITED_MUTEX);
}

static void mutex_of_its_own(AiotopSample *sample)
{
    in_futex(sample, 7, AIOTOP_AWAITED_MUTEX);
}

static void end_of_another(AiotopSample *sample)
{
    in_futex(sample, 9, AIOTOP_AWAITED_END);
}

static void starting(AiotopSample *sample)
{
    AiotopThread *thread = &sample->now->loops[0].thread;

    thread->state = 'S';
    thread->syscall = (AiotopSyscall){ true, true, SYS_accept4, { 5 }, "" };
}

static void guest_spins(AiotopSample *sample)
{
    with_tasks(sample, 'R');
    sample->cpu_ns = 1000000000;
}

static void guest_idles(AiotopSample *sample)
{
    sample->cpu_ns = 20000000;
}

static void halt(AiotopSample *sample, AiotopHalt why)
{
    sample->now->host_only = true;
    sample->now->halt = why;
}

/* A dump to a pipe, or to a file that the kernel does not tell of */
static void dump_waits(AiotopSample *sample)
{
    sample->now->threads[0].idle_since_ns = UINT64_C(2000000000);
    sample->now->saver = (AiotopThread){
        .state = 'S',
        .wchan = "anon_pipe_write",
        .syscall = { .known = true,
                     .has_args = true,
                     .number = SYS_write,
                     .args = { 12 } },
        .descriptor = "/run/vm1.fifo",
    };
}

static void dump_is_slow(AiotopSample *sample)
{
    sample->now->threads[0].idle_since_ns = UINT64_C(10000000000);
}

static void sender_waits(AiotopSample *sample)
{
    sample->now->sender = g_ref_string_new("a TCP socket to 10.0.0.1:49152");
}

static void thread_stopped(AiotopSample *sample)
{
    sample->now->threads[0].state = 't';
    sample->threads[0].stopped = true;
}

static void stopped(AiotopSample *sample)
{
    halt(sample, (AiotopHalt){ .kind = AIOTOP_HALT_SIGNAL });
}

static void traced(AiotopSample *sample)
{
    halt(sample, (AiotopHalt){ .kind = AIOTOP_HALT_TRACED,
                               .tracer_pid = 12,
                               .tracer = "gdb" });
}

static void traced_by_somebody(AiotopSample *sample)
{
    halt(sample, (AiotopHalt){ .kind = AIOTOP_HALT_TRACED });
}

static void frozen(AiotopSample *sample)
{
    halt(sample,
         (AiotopHalt){ .kind = AIOTOP_HALT_FROZEN,
                       .thaw = "echo 0 > '/sys/fs/cgroup/vm/cgroup.freeze'" });
}

static void frozen_somewhere(AiotopSample *sample)
{
    halt(sample, (AiotopHalt){ .kind = AIOTOP_HALT_FROZEN });
}

const WordsCase words_awaited[] = {
    { "stopped: by a signal", LOOPS, "", stopped },
    { "stopped: by a debugger", LOOPS, "", traced },
    { "stopped: by an unknown debugger", LOOPS, "", traced_by_somebody },
    { "stopped: frozen", LOOPS, "", frozen },
    { "stopped: frozen, by an unknown group", LOOPS, "", frozen_somewhere },

    { "not started",
      LOOPS_OF("'poll-hits':0,'state':'running','state-since-ns':1000000000,"
               "'sources':[]"),
      "", starting },

    { "request: in the driver", LOOPS, REQUEST("driver", ""), NULL },
    { "request: in a driver by its name", LOOPS,
      REQUEST("driver", "") ",'nodes':[{'node':'n','driver':'blkdebug',"
                            "'in-flight':1,'completed':0,'stages':[]}]",
      NULL },
    { "request: in a driver that asks a server", LOOPS,
      REQUEST("driver", "") ",'nodes':[{'node':'n','driver':'ssh',"
                            "'in-flight':1,'completed':0,'stages':[]}]",
      NULL },
    { "request: at a server", LOOPS, REQUEST("network", ""), NULL },
    { "request: in a thread", LOOPS, REQUEST("worker", ",'thread-id':9"),
      NULL },
    { "request: in the kernel", LOOPS, REQUEST("kernel", ""), NULL },
    { "request: not submitted", LOOPS, REQUEST("plugged", ""), NULL },
    { "request: throttled", LOOPS,
      REQUEST("throttled", ",'waits-for':'tg0'") ",'throttle-groups':[{'name':"
                                                 "'tg0','queued':20,"
                                                 "'timer-armed':true}]",
      NULL },
    { "request: throttled, by limits at work", LOOPS,
      REQUEST("throttled", ",'waits-for':'tg0'") ",'throttle-groups':[{'name':"
                                                 "'tg0','queued':20,"
                                                 "'timer-armed':true}],"
                                                 "'nodes':[{'node':'n',"
                                                 "'in-flight':20,'completed':9,"
                                                 "'last-completed-ns':"
                                                 "10500000000,'stages':[]}]",
      NULL },
    { "request: throttled without end", LOOPS,
      REQUEST("throttled", ",'waits-for':'tg0'") ",'throttle-groups':[{'name':"
                                                 "'tg0','queued':20,"
                                                 "'timer-armed':false}]",
      NULL },
    { "request: throttled, by an unknown group", LOOPS,
      REQUEST("throttled", ""), NULL },
    { "request: drained", LOOPS,
      REQUEST("drained", "") ",'commands':[{'name':'block_resize',"
                             "'since-ns':4000000000}]",
      NULL },
    { "request: overlaps", LOOPS, REQUEST("serialising", ""), NULL },
    { "request: flush", LOOPS, REQUEST("flush", ""), NULL },
    { "request: graph", LOOPS, REQUEST("graph-lock", ""), NULL },
    { "request: for a thread", LOOPS, REQUEST("pool", ""), NULL },
    { "request: at a stage that is new", LOOPS, REQUEST("x", ""), NULL },
    { "request: a command of the guest's", LOOPS,
      REQUEST("worker", ",'type':'ioctl'"), NULL },
    { "request: a size that changes", LOOPS,
      REQUEST("worker", ",'type':'truncate'"), NULL },
    { "request: a discard", LOOPS, REQUEST("kernel", ",'type':'discard'"),
      NULL },
    { "pool that is slow", LOOPS,
      ",'requests':[],'pools':[{'loop':'main-loop','max-threads':64,"
      "'threads':64,'idle':0,'queued':36,'queued-since-ns':8000000000,"
      "'running-since-ns':10000000000}]",
      NULL },
    { "pool", LOOPS,
      REQUEST("pool", "") ",'pools':[{'loop':'main-loop','max-threads':64,"
                          "'threads':64,'idle':0,'queued':36,"
                          "'queued-since-ns':8000000000,"
                          "'running-since-ns':4000000000}]",
      NULL },
    { "writer", LOOPS,
      ",'writers':[{'name':'chr_write','label':'serial0','fd':8,"
      "'since-ns':1000000000}]",
      NULL },

    { "a loop's thread is stopped", LOOPS,
      ",'threads':[{'thread-id':7,'name':'main-loop'}]", thread_stopped },
    { "a vCPU is stopped", LOOPS,
      ",'threads':[{'thread-id':9,'name':'CPU 0/KVM'}]", thread_stopped },
    { "nested wait: for requests",
      LOOP_IN("bdrv_drain_all_begin", "bdrv_drain_all_poll()"),
      RUNNING REQUEST("network", ""), NULL },
    { "nested wait: for a condition",
      LOOP_IN("bdrv_drain_all_begin", "bdrv_drain_all_poll()"), RUNNING, NULL },
    { "nested wait: of an older QEMU",
      "{'name':'main-loop','thread-id':7,'since-ns':1000000000,'iterations':9,"
      "'dispatches':9,'state':'waiting','state-since-ns':10900000000,"
      "'sources':[]}",
      ",'bql':{'holder-thread-id':7,'held-since-ns':10500000000,"
      "'threads':[]}",
      NULL },
    { "wait: RCU", STUCK_IN("drain_call_rcu", "RCU readers"), "", vcpu_held },
    { "wait: RCU, of nobody knows whom",
      STUCK_IN("drain_call_rcu", "RCU readers"), "", NULL },
    { "wait: vCPUs", STUCK_IN("pause_all_vcpus", "vCPUs"), "", vcpu_held },
    { "wait: a thread", STUCK_IN("iothread_stop", "a thread"), "", NULL },
    { "wait: a channel", STUCK_IN("qio_channel_wait", "a channel"), "", NULL },
    { "wait: the graph's lock", STUCK_IN("bdrv_graph_wrlock", "reader_count()"),
      REQUEST("driver", ""), NULL },
    { "wait: a mutex", STUCK, "", mutex_of_another },
    { "wait: a mutex of its own", STUCK, "", mutex_of_its_own },
    { "wait: the end of a thread", STUCK, "", end_of_another },

#define DUMP                                                                   \
    ",'run-state':'save-vm','threads':[{'thread-id':9,'name':'dump_thread'}]"
    { "transfer-stuck: a dump to a pipe", LOOPS, DUMP, dump_waits },
    { "transfer-stuck: a dump, for a moment", LOOPS, DUMP, dump_is_slow },
#undef DUMP
#define INCOMING(sources)                                                      \
    "{'name':'main-loop','thread-id':7,'since-ns':1000000000,'iterations':9,"  \
    "'dispatches':9,'state':'waiting','state-since-ns':10000000000,"           \
    "'sources':[" sources "]}",                                                \
        ",'run-state':'inmigrate'"
#define RECEIVER(last)                                                         \
    "{'id':1,'kind':'fd-read','name':'qio_channel_restart_read',"              \
    "'label':'migration-socket-incoming','fd':8,'last-ns':" #last "}"
    { "transfer-stuck: an incoming migration", INCOMING(RECEIVER(4000000000)),
      sender_waits },
    { "healthy: an incoming migration that comes",
      INCOMING(RECEIVER(10900000000)), NULL },
    { "healthy: an incoming migration that is to come", INCOMING(""), NULL },
#undef RECEIVER
#undef INCOMING

    { "livelock",
      LOOPS_OF("'iterations':55000,'cpu-ns':950000000,'dispatches':110000,"
               "'sources':[{'id':1,'kind':'timer','name':'job_sleep_timer_cb',"
               "'label':'j','calls':55000},{'id':2,'kind':'bh',"
               "'name':'co_schedule_bh_cb','calls':55000}]"),
      "", NULL },
    { "livelock without a label",
      LOOPS_OF("'iterations':55000,'cpu-ns':950000000,'dispatches':110000,"
               "'sources':[{'id':1,'kind':'bh','name':'a','calls':55000},"
               "{'id':2,'kind':'bh','name':'b','calls':55000}]"),
      "", NULL },
    { "CPU elsewhere: the host's word", LOOPS_OF("'iterations':9"), "",
      guest_spins },
    { "busy timer",
      LOOPS_OF("'iterations':1000,'cpu-ns':20000000,'sources':[{'id':1,"
               "'kind':'timer','name':'pit_tick','calls':1000}]"),
      ",'run-state':'running'", guest_idles },

    { "healthy: of what is known", LOOPS,
      ",'requests':[],'nodes':[],'profiling-since-ns':8000000000,"
      "'untracked-requests':30000,'commands':[{'name':'block-export-del',"
      "'since-ns':2000000000}]",
      NULL },
    { "healthy: with requests", LOOPS,
      ",'requests':[],'nodes':[{'node':'n','device':'vd0','in-flight':2,"
      "'completed':9,'last-completed-ns':10999000000,'stages':["
      "{'stage':'driver','count':2,'since-ns':10988000000}]}]",
      NULL },
};

const unsigned n_words_awaited = G_N_ELEMENTS(words_awaited);
