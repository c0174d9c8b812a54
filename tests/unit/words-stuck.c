/*
 * Samples whose diagnosis is read as a whole: what is stuck, and what was
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <sys/syscall.h>

#include "words-cases.h"

#define MS UINT64_C(1000000)

/* The loop is in source 1, or in 2 and that in 1, for half a second */
#define IN_ONE "'stack':[{'source-id':1,'since-ns':10500000000}],"
#define IN_TWO                                                                 \
    "'stack':[{'source-id':1,'since-ns':10500000000},"                         \
    "{'source-id':2,'since-ns':10960000000}],"
#define STUCK(stack) STATE("dispatching", 10500000000) stack SOURCES

#define THREADS                                                                \
    "'threads':[{'name':'main-loop','thread-id':7},"                           \
    "{'name':'CPU 0/KVM','thread-id':9,'waiting-since-ns':10850000000}]"

#define STALL(id, cause, start, duration)                                      \
    "{'id':" #id ",'loop':'main-loop','thread-id':7,'cause':'" cause "',"      \
    "'source-id':1,'kind':'bh','name':'f','label':'l',"                        \
    "'start-ns':" #start ",'duration-ns':" #duration "}"

#define LOOK(cause)                                                            \
    "{'id':1,'loop':'main-loop','thread-id':7,'cause':'" cause "',"            \
    "'start-ns':10500000000,'duration-ns':500000000,'ongoing':true}"

/* @number: of its system call, 0 if it is in none */
static void set_thread(AiotopSample *sample, char state, long number,
                       uint64_t first, const char *wchan)
{
    AiotopThread *thread = &sample->now->loops[0].thread;

    thread->state = state;
    thread->syscall = (AiotopSyscall){ number, number, number, { first } };
    g_strlcpy(thread->wchan, wchan, sizeof(thread->wchan));
}

static void in_futex(AiotopSample *sample)
{
    set_thread(sample, 'S', SYS_futex, 0x7f00, "futex_wait_queue");
}

static void in_disk_sleep(AiotopSample *sample)
{
    set_thread(sample, 'D', 0, 0, "");
}

static void in_open(AiotopSample *sample)
{
    set_thread(sample, 'S', SYS_openat, 0, "wait_for_partner");
}

static void in_poll(AiotopSample *sample)
{
    set_thread(sample, 'S', SYS_ppoll, 0, "do_sys_poll");
}

static void in_read(AiotopSample *sample)
{
    set_thread(sample, 'D', SYS_readv, 21, "unix_stream_read_generic");
    g_strlcpy(sample->now->loops[0].thread.descriptor,
              "a TCP socket to 10.0.0.1:2049",
              sizeof(sample->now->loops[0].thread.descriptor));
}

static void on_cpu(AiotopSample *sample)
{
    set_thread(sample, 'R', 0, 0, "what it slept in");
}

static void takes_cpu(AiotopSample *sample)
{
    sample->loops[0].cpu_ns = 901 * MS;
}

static void on_whole_cpu(AiotopSample *sample)
{
    on_cpu(sample);
    takes_cpu(sample);
}

static void starved(AiotopSample *sample)
{
    on_cpu(sample);
    sample->loops[0].cpu_ns = 20 * MS;
    sample->loops[0].run_queue_ns = 501 * MS;
}

static void without_cpu(AiotopSample *sample)
{
    on_cpu(sample);
    sample->before->loops[0].thread.state = 'R';
    sample->loops[0].cpu_ns = 0;
    sample->loops[0].run_queue_ns = 0;
}

static void host_only(AiotopSample *sample)
{
    sample->now->host_only = true;
    sample->loops[0].wall_ns = sample->interval_ns;
    sample->loops[0].cpu_ns = 0;
}

static void host_only_why(AiotopSample *sample)
{
    host_only(sample);
    sample->now->unprofiled = AIOTOP_UNPROFILED_NO_MONITOR;
}

static void host_only_busy(AiotopSample *sample)
{
    host_only(sample);
    takes_cpu(sample);
}

static void kept_in_ring(AiotopSample *sample)
{
    set_thread(sample, 'D', SYS_io_uring_enter, 12, "rpc_wait_bit_killable");
    sample->before->loops[0].thread = sample->now->loops[0].thread;
    sample->now->loops[0].thread.voluntary_switches = 5;
    sample->before->loops[0].thread.voluntary_switches = 5;
}

static void between_in_read(AiotopSample *sample)
{
    in_read(sample);
    sample->before->loops[0].state = AIOTOP_LOOP_RUNNING;
    sample->now->loops[0].iterations = 9;
}

static void host_only_blocked(AiotopSample *sample)
{
    host_only(sample);
    in_open(sample);
    set_thread(sample, 'S', SYS_openat, 0, "wait_for_partner");
    sample->before->loops[0].thread = sample->now->loops[0].thread;
    sample->now->loops[0].thread.voluntary_switches = 5;
    sample->before->loops[0].thread.voluntary_switches = 5;
}

const WordsCase words_stuck[] = {
    { "stuck: nothing known of the thread", MAIN(STUCK(IN_ONE)), "", NULL },
    { "stuck: blocked", MAIN(STUCK(IN_ONE)), "", in_open },
    { "stuck: can't be interrupted", MAIN(STUCK(IN_ONE)), "", in_disk_sleep },
    { "stuck: reads from a peer", MAIN(STUCK(IN_ONE)), "", in_read },
    { "stuck: waits for a thread", MAIN(STUCK(IN_ONE)), "", in_futex },
    { "stuck: on a CPU", MAIN(STUCK(IN_ONE)), "", on_cpu },
    { "stuck: takes a CPU", MAIN(STUCK(IN_ONE)), "", takes_cpu },
    { "stuck: has hardly a CPU", MAIN(STUCK(IN_ONE)), "", starved },
    { "stuck: has no CPU", MAIN(STUCK(IN_ONE)), "", without_cpu },
    { "stuck: no source",
      MAIN(STUCK("'stack':[{'source-id':3,'since-ns':1}],")), "", NULL },
    { "stuck: nested callbacks", MAIN(STUCK(IN_TWO)), "", NULL },
    { "stuck: nested loop", MAIN(STATE("waiting", 10600000000) IN_ONE SOURCES),
      "", NULL },
    { "stuck: nested loop that polls",
      MAIN(STATE("polling", 10600000000) IN_TWO SOURCES), "", NULL },

    { "lock: held by a loop", MAIN(STATE("running", 10500000000) SOURCES),
      ",'bql':{'holder-thread-id':7,'held-since-ns':10200000000," THREADS "}",
      NULL },
    { "lock: held in a callback",
      MAIN(STATE(
          "dispatching",
          10950000000) "'stack':[{'source-id':1,'since-ns':10950000000},"
                       "{'source-id':2,'since-ns':10960000000}]," SOURCES),
      ",'bql':{'holder-thread-id':7,'held-since-ns':10200000000," THREADS "}",
      in_open },
    { "lock: held in a nested loop",
      MAIN(STATE("waiting", 10950000000) "'stack':[{'source-id':1,"
                                         "'since-ns':10950000000}]," SOURCES),
      ",'bql':{'holder-thread-id':7,'held-since-ns':11200000000," THREADS "}",
      NULL },
    { "lock: held by a thread without a name", MAIN(SOURCES),
      ",'bql':{'holder-thread-id':99,'held-since-ns':10200000000," THREADS "}",
      NULL },
    { "lock: held by a thread that is no loop", MAIN(SOURCES),
      ",'bql':{'holder-thread-id':9,'held-since-ns':10200000000,"
      "'threads':[{'name':'a','thread-id':9},{'name':'b','thread-id':10,"
      "'waiting-since-ns':10850000000}]}",
      NULL },
    { "lock: held by one that writes to a peer",
      MAIN(STATE("running", 10500000000) SOURCES),
      ",'bql':{'holder-thread-id':7,'held-since-ns':10200000000," THREADS "}",
      in_read },
    { "lock: held by nobody", MAIN(SOURCES), ",'bql':{" THREADS "}", NULL },
    { "lock: two wait", MAIN(SOURCES),
      ",'bql':{'threads':[{'name':'a','thread-id':9,"
      "'waiting-since-ns':10850000000},{'name':'b','thread-id':10,"
      "'waiting-since-ns':10860000000}]}",
      NULL },
    { "lock: three wait", MAIN(SOURCES),
      ",'bql':{'threads':[{'name':'a','thread-id':9,"
      "'waiting-since-ns':10860000000},{'name':'b','thread-id':10,"
      "'waiting-since-ns':10850000000},{'name':'c','thread-id':11,"
      "'waiting-since-ns':10860000000}]}",
      NULL },
    { "lock: waited for in a callback, of an older QEMU",
      MAIN(STATE("bql-wait", 10500000000) IN_ONE SOURCES), "", NULL },

    { "lost wake-up: bottom half",
      MAIN(STATE("waiting", 10100000000) "'bh-"
                                         "pending-since-ns':10800000000"),
      "", in_poll },
    { "lost wake-up: timer",
      IO(STATE("waiting", 10100000000) "'timer-deadline-ns':10800000000"), "",
      NULL },
    { "lost wake-up: both, nested",
      IO(STATE("waiting", 10100000000) "'timer-deadline-ns':10800000000,"
                                       "'bh-pending-since-ns':10700000000,"
                                       "'stack':[{'source-id':1,"
                                       "'since-ns':10990000000}]," SOURCES),
      "", NULL },

    { "loop: does not come back from a look", MAIN(SOURCES),
      ",'stalls':[" LOOK("wait") "]", in_disk_sleep },
    { "loop: does not come back from polling", MAIN(SOURCES),
      ",'stalls':[" LOOK("poll") "]", on_whole_cpu },
    { "loop: between two callbacks", MAIN(STATE("running", 8000000000) SOURCES),
      "", between_in_read },
    { "loop: kept in the kernel", MAIN(STATE("waiting", 10400000000) SOURCES),
      "", kept_in_ring },

    { "not profiled: main thread blocked", MAIN(SOURCES), "",
      host_only_blocked },
    { "not profiled: main thread busy", MAIN(SOURCES), "", host_only_busy },
    { "not profiled", MAIN(SOURCES), "", host_only },
    { "not profiled, and why", MAIN(SOURCES), "", host_only_why },

    { "stalled: one callback", MAIN(SOURCES),
      ",'stalls':[" STALL(1, "dispatch", 10500000000, 100000000) "]", NULL },
    { "stalled: several", MAIN(SOURCES),
      ",'stalls':[" STALL(1, "dispatch", 10000000000, 300000000) "," STALL(
          2, "dispatch", 10500000000, 100000000) "]",
      NULL },
    { "stalled: one wait for the lock", MAIN(SOURCES),
      ",'stalls':[" STALL(1, "bql-wait", 10500000000, 100000000) "]", NULL },
    { "stalled: several waits for the lock", MAIN(SOURCES),
      ",'stalls':[" STALL(1, "bql-wait", 10500000000, 100000000) "," STALL(
          2, "bql-wait", 10500000000, 100000000) "]",
      NULL },
    { "stalled: earlier than what is stuck", MAIN(STUCK(IN_ONE)),
      ",'stalls':[" STALL(1, "dispatch", 10000000000, 156000000) "]", NULL },
    { "stalled: not in the log",
      MAIN("'sources':[{'id':1,'kind':'bh','name':'f','calls':1,"
           "'max-ns':120000000,'histogram':{'buckets':[84],'counts':[1]}}]"),
      "", NULL },
};

const unsigned n_words_stuck = G_N_ELEMENTS(words_stuck);
