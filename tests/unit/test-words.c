/*
 * The words of the diagnosis: each kind of each class, on each surface
 *
 * Whole texts are in tests/data/diagnosis.text, so that a changed word shows
 * in a diff; they change only with AIOTOP_UPDATE_GOLDENS=1 in the
 * environment.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>
#include <sys/syscall.h>

#include <qemu-aiotop/diagnose/diagnose.h>
#include <qemu-aiotop/diagnose/missing.h>
#include <qemu-aiotop/diagnose/note.h>

#include "quoted.h"
#include "words-cases.h"

#define MS UINT64_C(1000000)

/* Two snapshots, at 10 s and 11 s of the clock; the threshold is 100 ms */
#define HEAD(seconds)                                                          \
    "{'time-ns':" #seconds "000000000,'sequence':" #seconds ",'pid':7,"        \
    "'profiling-since-ns':1000000000,'stall-threshold-ns':100000000,"

/* A loop that was there before, with what it had counted */
#define LOOP(name, id, members)                                                \
    "{'name':'" name "','thread-id':" #id ",'since-ns':1000000000,"            \
    "'wait-ns':0,'poll-ns':0,'dispatch-ns':0,'bql-wait-ns':0,"                 \
    "'iterations':0,'dispatches':0,'poll-hits':0,'poll-misses':0,'cpu-ns':0,"  \
    "'state':'waiting','state-since-ns':10000000000,'sources':[]" members "}"
#define MAIN(members) LOOP("main-loop", 7, "," members)
#define IO(members) LOOP("iothread0", 8, "," members)

/* The loop is in source 1, or in 2 and that in 1, for half a second */
#define IN_ONE "'stack':[{'source-id':1,'since-ns':10500000000}],"
#define IN_TWO                                                                 \
    "'stack':[{'source-id':1,'since-ns':10500000000},"                         \
    "{'source-id':2,'since-ns':10960000000}],"
#define READ "{'id':1,'kind':'fd-read','name':'chr_read','label':'mon0'}"
#define BH "{'id':2,'kind':'bh','name':'nested_bh'}"
#define SOURCES "'sources':[" READ "," BH "]"
#define STATE(name, since) "'state':'" name "','state-since-ns':" #since ","
#define STUCK(stack) STATE("dispatching", 10500000000) stack SOURCES

#define THREADS                                                                \
    "'threads':[{'name':'main-loop','thread-id':7},"                           \
    "{'name':'CPU 0/KVM','thread-id':9,'waiting-since-ns':10850000000}]"

/* No loop: it has no rounds */
#define VCPU ",{'name':'CPU 0/KVM','thread-id':9,'iterations':0,'sources':[]}"

#define STALL(id, cause, start, duration)                                      \
    "{'id':" #id ",'loop':'main-loop','thread-id':7,'cause':'" cause "',"      \
    "'source-id':1,'kind':'bh','name':'f','label':'l',"                        \
    "'start-ns':" #start ",'duration-ns':" #duration "}"

#define LOOK(cause)                                                            \
    "{'id':1,'loop':'main-loop','thread-id':7,'cause':'" cause "',"            \
    "'start-ns':10500000000,'duration-ns':500000000,'ongoing':true}"

#define BUSY(id, kind, name, label, busy)                                      \
    "{'id':" #id ",'kind':'" kind "','name':'" name "'" label ",'calls':9,"    \
    "'busy-ns':" #busy "}"
#define LABEL(label) ",'label':'" label "'"
#define QUEUE(id, label, busy)                                                 \
    BUSY(id, "fd-read", "virtio_queue_host_notifier_read", LABEL(label), busy)

/* 10.5 to 12.6 ms are bucket 71 */
#define LATE(id, name, label)                                                  \
    "{'id':" #id ",'kind':'fd-read','name':'" name "'" label ",'calls':9,"     \
    "'busy-ns':1000,'histogram':{'buckets':[5],'counts':[9]},"                 \
    "'delay-histogram':{'buckets':[71],'counts':[9]}}"
#define SLOW(id, name, label)                                                  \
    "{'id':" #id ",'kind':'fd-read','name':'" name "'" label ",'calls':9,"     \
    "'busy-ns':1000000,'histogram':{'buckets':[71],'counts':[9]}}"
#define NOTIFIER "virtio_queue_host_notifier_read"

#define CALLS(id, kind, name, calls)                                           \
    "{'id':" #id ",'kind':'" kind "','name':'" name "','calls':" #calls "}"
#define WAKING                                                                 \
    "'iterations':3300,'cpu-ns':132000000,'wait-ns':949000000,"                \
    "'dispatch-ns':15000000,"

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

static void queued(AiotopSample *sample)
{
    sample->loops[0].cpu_ns = 300 * MS;
    sample->loops[0].run_queue_ns = 201 * MS;
}

static void queued_only(AiotopSample *sample)
{
    queued(sample);
    sample->loops[0].cpu_ns = AIOTOP_UNKNOWN;
}

static void offloads(AiotopSample *sample)
{
    sample->now->offloaded = g_ref_string_new("vd0 (vhost-user-blk-pci)");
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

static void host_only_blocked(AiotopSample *sample)
{
    host_only(sample);
    in_open(sample);
    set_thread(sample, 'S', SYS_openat, 0, "wait_for_partner");
    sample->before->loops[0].thread = sample->now->loops[0].thread;
    sample->now->loops[0].thread.voluntary_switches = 5;
    sample->before->loops[0].thread.voluntary_switches = 5;
}

static const WordsCase cases[] = {
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

    { "spinning: source",
      MAIN("'dispatches':100001,'sources':[{'id':1,'kind':'bh','name':'f',"
           "'calls':100001,'total-ns':20000200}]"),
      "", NULL },
    { "spinning: source of unknown time",
      MAIN("'dispatches':100001,'sources':[{'id':1,'kind':'bh','name':'f',"
           "'calls':100001}]"),
      "", NULL },
    { "spinning: loop",
      MAIN("'cpu-ns':900000000,'iterations':200000,'dispatches':1999"), "",
      NULL },

    { "not scheduled", MAIN(SOURCES), "", queued },
    { "not scheduled, CPU time unknown", MAIN(SOURCES), "", queued_only },

    { "overloaded: disks of the main loop",
      MAIN(
          "'dispatch-ns':901000000,'sources':[" QUEUE(1, "vd0/vq0", 100000000) "," QUEUE(
              2, "vd0/vq1",
              150000000) "," QUEUE(3, "vd1/vq0",
                                   210000000) "," BUSY(4, "bh",
                                                       "co_schedule_bh_cb", "",
                                                       440000000) "]"),
      "", NULL },
    { "overloaded: disks of an iothread",
      IO("'dispatch-ns':901000000,'sources':[" QUEUE(
          1, "vd0/vq0", 300000000) "," QUEUE(2, "vd1/vq0", 600000000) "]"),
      "", NULL },
    { "overloaded: one disk of an iothread",
      IO("'dispatch-ns':901000000,'sources':[" QUEUE(
          1, "vd0/vq0", 300000000) "," BUSY(2, "fd-read",
                                            "qemu_luring_completion_cb", "",
                                            600000000) "]"),
      "", NULL },
    { "overloaded: one export of an iothread",
      IO("'dispatch-ns':901000000,'sources':[" BUSY(
          1, "fd-read", "kick_handler", LABEL("exp0/vq0"), 900000000) "]"),
      "", NULL },
    { "overloaded: exports of an iothread",
      IO("'dispatch-ns':901000000,'sources':[" BUSY(
          1, "fd-read", "kick_handler", LABEL("exp0/vq0"),
          500000000) "," BUSY(2, "fd-read", "read_from_fuse_export",
                              LABEL("exp1"), 400000000) "]"),
      "", NULL },
    { "overloaded: a job, and a disk that does little",
      MAIN("'dispatch-ns':901000000,'sources':[" BUSY(1, "bh", "co_schedule_bh_cb", "", 300000000) "," BUSY(
          2, "timer", "job_sleep_timer_cb", LABEL("j"),
          200000000) "," BUSY(3, "bh", "c", "",
                              100000000) "," BUSY(4, "bh", "d", "",
                                                  90000000) "," BUSY(5, "bh",
                                                                     "e", "",
                                                                     80000000) "," QUEUE(6,
                                                                                         "vd0/vq0",
                                                                                         70000000) "]"),
      "", NULL },

    { "overloaded: as many as are named",
      MAIN(
          "'dispatch-ns':901000000,'sources':[" BUSY(1, "bh", "a", "", 300000000) "," BUSY(
              2, "bh", "b", "",
              250000000) "," BUSY(3, "bh", "c", "",
                                  200000000) "," BUSY(4, "bh", "d", "",
                                                      150000000) "," BUSY(5,
                                                                          "bh",
                                                                          "e",
                                                                          "",
                                                                          0) ","
                                                                             "{"
                                                                             "'"
                                                                             "i"
                                                                             "d"
                                                                             "'"
                                                                             ":"
                                                                             "6"
                                                                             ","
                                                                             "'"
                                                                             "k"
                                                                             "i"
                                                                             "n"
                                                                             "d"
                                                                             "'"
                                                                             ":"
                                                                             "'"
                                                                             "b"
                                                                             "h"
                                                                             "'"
                                                                             ","
                                                                             "'"
                                                                             "n"
                                                                             "a"
                                                                             "m"
                                                                             "e"
                                                                             "'"
                                                                             ":"
                                                                             "'"
                                                                             "f"
                                                                             "'"
                                                                             "}"
                                                                             "]"),
      "", NULL },
    { "late neighbour: two disks of an iothread",
      IO("'sources':[" SLOW(1, NOTIFIER, LABEL("vd0/vq0")) "," LATE(
          2, NOTIFIER, LABEL("vd1/vq0")) "]"),
      "", NULL },
    { "late neighbour: two queues of an iothread's disk",
      IO("'sources':[" SLOW(1, NOTIFIER, LABEL("vd0/vq0")) "," LATE(
          2, NOTIFIER, LABEL("vd0/vq1")) "]"),
      "", NULL },
    { "late neighbour: only the late one moves",
      MAIN("'sources':[" SLOW(1, "chr_read", LABEL("mon0")) "," LATE(
          2, NOTIFIER, LABEL("vd1/vq0")) "," LATE(3, "other", "") "]"),
      "", NULL },
    { "late neighbour: neither moves",
      MAIN("'sources':[" SLOW(
          1, "do_qmp_dispatch_bh",
          LABEL("pmemsave")) "," LATE(2, "nbd_listener",
                                      LABEL("nbd-listener")) "]"),
      "", NULL },

    { "polling waste: iothread",
      IO("'poll-ns':201000000,'poll-hits':49,'poll-misses':951"), "", NULL },
    { "polling waste: main loop",
      MAIN("'poll-ns':201000000,'poll-hits':49,'poll-misses':951"), "", NULL },

    { "wakes too often: main loop",
      MAIN(WAKING "'sources':[" CALLS(
          1, "glib", "g_main_context_dispatch",
          3600) "," CALLS(2, "fd-read", "aio_context_notifier_cb",
                          1650) "," CALLS(3, "timer", "seldom",
                                          400) "," CALLS(4, "bh", "often",
                                                         1650) "]"),
      "", NULL },
    { "wakes too often: GLib",
      MAIN(WAKING
           "'sources':[" CALLS(1, "glib", "g_main_context_dispatch", 3300) "]"),
      "", NULL },
    { "wakes too often: GLib, and one that is not known",
      MAIN(WAKING
           "'sources':[" CALLS(1, "glib", "g_main_context_dispatch",
                               3300) ","
                                     "{'id':2,'kind':'bh','name':'unknown'}]"),
      "", NULL },
    { "wakes too often: GLib, as often as others together",
      MAIN(WAKING "'sources':[" CALLS(
          1, "glib", "g_main_context_dispatch",
          3000) "," CALLS(2, "bh", "one", 2900) "," CALLS(3, "bh", "two",
                                                          100) "]"),
      "", NULL },
    { "wakes too often: a disk of the main loop",
      MAIN(WAKING "'sources':[" CALLS(
          1, "bh", "f", 3300) ","
                              "{'id':2,'kind':'fd-read','name':'" NOTIFIER "',"
                              "'label':'vd0/vq0','calls':1650}]"),
      "", NULL },
    { "wakes too often: iothread",
      IO(WAKING "'sources':[" CALLS(1, "fd-read", "f", 3300) "]"), "", NULL },
    { "wakes too often: nothing called", IO(WAKING "'sources':[]"), "", NULL },

    { "healthy",
      MAIN("'dispatch-ns':500000000,"
           "'bh-pending-since-ns':10999000000,'sources':["
           "{'id':1,'kind':'bh','name':'f','calls':9,"
           "'max-ns':1200000,'histogram':{'buckets':[58],'counts':[9]},"
           "'delay-histogram':{'buckets':[10],"
           "'counts':[9]}}]") "," IO("'sources':[]") VCPU,
      ",'run-state':'running'", NULL },
    { "healthy: a tool", MAIN("'sources':[]"), "", NULL },
    { "healthy: a disk past QEMU", MAIN("'sources':[]"),
      ",'run-state':'running'", offloads },
    { "healthy: nobody waited", MAIN("'sources':[]"),
      ",'bql':{'threads':[{'name':'a','thread-id':9,'wait-ns':700499999}]}",
      NULL },
    { "healthy: waits for the lock", MAIN("'bql-wait-ns':20000000"),
      ",'bql':{'threads':[{'name':'main-loop','thread-id':7,"
      "'wait-ns':38000000},{'name':'a','thread-id':9,'wait-ns':750000000}]}",
      NULL },
    { "healthy: three wait for the lock", MAIN("'bql-wait-ns':0"),
      ",'bql':{'threads':["
      "{'name':'a','thread-id':9,'wait-ns':750000000},"
      "{'name':'b','thread-id':10,'wait-ns':30000000},"
      "{'name':'c','thread-id':11,'wait-ns':40000000}]}",
      NULL },
    { "healthy: many wait for the lock", MAIN("'bql-wait-ns':0"),
      ",'bql':{'threads':["
      "{'name':'main-loop','thread-id':7,'wait-ns':20000000},"
      "{'name':'a','thread-id':9,'wait-ns':750000000},"
      "{'name':'b','thread-id':10,'wait-ns':30000000},"
      "{'name':'c','thread-id':11,'wait-ns':40000000},"
      "{'name':'d','thread-id':12,'wait-ns':500000},"
      "{'name':'e','thread-id':13}]}",
      NULL },
    { "healthy: paused", MAIN("'sources':[]"), ",'run-state':'paused'", NULL },
    { "guest-stopped: I/O error", MAIN("'sources':[]"),
      ",'run-state':'io-error'", NULL },
    { "healthy: incoming migration", MAIN("'sources':[]"),
      ",'run-state':'inmigrate'", NULL },
    { "healthy: end of a migration", MAIN("'sources':[]"),
      ",'run-state':'finish-migrate'", NULL },
    { "healthy: migrated", MAIN("'sources':[]"), ",'run-state':'postmigrate'",
      NULL },
    { "healthy: saved", MAIN("'sources':[]"), ",'run-state':'save-vm'", NULL },
    { "healthy: loaded", MAIN("'sources':[]"), ",'run-state':'restore-vm'",
      NULL },
    { "healthy: suspended", MAIN("'sources':[]"), ",'run-state':'suspended'",
      NULL },
    { "healthy: shut down", MAIN("'sources':[]"), ",'run-state':'shutdown'",
      NULL },
    { "guest-stopped: panicked", MAIN("'sources':[]"),
      ",'run-state':'guest-panicked'", NULL },
    { "guest-stopped: internal error", MAIN("'sources':[]"),
      ",'run-state':'internal-error'", NULL },
    { "guest-stopped: watchdog", MAIN("'sources':[]"),
      ",'run-state':'watchdog'", NULL },
};

static unsigned n_cases(void)
{
    return G_N_ELEMENTS(cases) + n_words_awaited;
}

static const WordsCase *case_of(unsigned i)
{
    return i < G_N_ELEMENTS(cases) ? &cases[i]
                                   : &words_awaited[i - G_N_ELEMENTS(cases)];
}

static AiotopSample *make_sample(unsigned i)
{
    static const char first[] =
        HEAD(10) "'loops':[" LOOP("main-loop", 7, "") "," LOOP(
            "iothread0", 8, "") "],"
                                "'bql':{'threads':[{'name':'a','thread-id':9,'"
                                "wait-ns':700000000}]}}";
    g_autofree char *second = g_strdup_printf(
        HEAD(11) "'loops':[%s]%s}", case_of(i)->loops, case_of(i)->members);
    g_autoptr(AiotopSnapshot) before = parse(first);
    g_autoptr(AiotopSnapshot) now = parse_after(before, second);
    AiotopSample *sample = aiotop_sample_new(before, now);

    if (case_of(i)->change) {
        case_of(i)->change(sample);
    }
    return sample;
}

static void append_findings(GString *out, const AiotopSample *sample)
{
    g_autoptr(GPtrArray) command_line = aiotop_diagnose(
        sample,
        &(AiotopDiagnoseOptions){ .surface = AIOTOP_SURFACE_COMMAND_LINE });
    g_autoptr(GPtrArray) screen = aiotop_diagnose(
        sample, &(AiotopDiagnoseOptions){ .surface = AIOTOP_SURFACE_SCREEN });

    g_assert_cmpuint(command_line->len, ==, screen->len);
    for (unsigned i = 0; i < screen->len; i++) {
        const AiotopFinding *a = command_line->pdata[i];
        const AiotopFinding *b = screen->pdata[i];

        /* What was seen is the same wherever it is read */
        g_assert_cmpint(a->id, ==, b->id);
        g_assert_cmpstr(a->evidence, ==, b->evidence);
        g_string_append_printf(out, "%s\n    %s\n    %s\n",
                               aiotop_classes[a->id].name, a->evidence,
                               a->next_step);
        if (strcmp(a->next_step, b->next_step) != 0) {
            g_string_append_printf(out, "    screen: %s\n", b->next_step);
        }
    }
}

static void test_golden(void)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "diagnosis.text", NULL);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *golden = NULL;
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < n_cases(); i++) {
        g_autoptr(AiotopSample) sample = make_sample(i);

        g_string_append_printf(out, "%s== %s\n", i ? "\n" : "",
                               case_of(i)->title);
        append_findings(out, sample);
    }
    if (g_getenv("AIOTOP_UPDATE_GOLDENS")) {
        g_file_set_contents(path, out->str, -1, &error);
        g_assert_no_error(error);
    }
    g_file_get_contents(path, &golden, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(out->str, ==, golden);
}

/* What a surface does not have is not named there, whatever is found */
static void test_surfaces(void)
{
    static const char *const foreign[][3] = {
        [AIOTOP_SURFACE_COMMAND_LINE] = { "press ", "S lists", "this page" },
        [AIOTOP_SURFACE_SCREEN] = { "--stacks", "--stalls", "--diagnose" },
    };

    for (unsigned i = 0; i < n_cases(); i++) {
        g_autoptr(AiotopSample) sample = make_sample(i);

        for (unsigned j = 0; j < G_N_ELEMENTS(foreign); j++) {
            AiotopDiagnoseOptions options = { .surface = j };
            g_autoptr(GPtrArray) findings = aiotop_diagnose(sample, &options);

            for (unsigned k = 0; k < findings->len; k++) {
                const AiotopFinding *finding = findings->pdata[k];

                for (unsigned l = 0; l < G_N_ELEMENTS(foreign[j]); l++) {
                    g_assert_null(strstr(finding->next_step, foreign[j][l]));
                    g_assert_null(strstr(finding->evidence, foreign[j][l]));
                }
            }
        }
    }
}

/* Sentences: a capital or a name first, a full stop last, nothing doubled */
static void check_sentences(const char *text)
{
    static const char *const wrong[] = {
        "  ", " ,", " .", "..", ",.", ";.", ":.", "; I", "; T", "(null)", "nan",
    };

    g_test_message("%s", text);
    g_assert_true(g_str_has_suffix(text, "."));
    g_assert_false(g_ascii_isspace(*text));
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_assert_null(strstr(text, wrong[i]));
    }
}

static void test_sentences(void)
{
    for (unsigned i = 0; i < n_cases(); i++) {
        g_autoptr(AiotopSample) sample = make_sample(i);
        AiotopDiagnoseOptions options = { 0 };
        g_autoptr(GPtrArray) findings = aiotop_diagnose(sample, &options);

        for (unsigned j = 0; j < findings->len; j++) {
            const AiotopFinding *finding = findings->pdata[j];

            check_sentences(finding->evidence);
            check_sentences(finding->next_step);
            g_assert_true(g_ascii_isupper(*finding->next_step) ||
                          *finding->next_step == '-');
        }
    }
}

/* No class is without words here */
static void test_all_classes(void)
{
    bool seen[AIOTOP_N_CLASSES] = { false };

    for (unsigned i = 0; i < n_cases(); i++) {
        g_autoptr(AiotopSample) sample = make_sample(i);
        AiotopDiagnoseOptions options = { 0 };
        g_autoptr(GPtrArray) findings = aiotop_diagnose(sample, &options);

        for (unsigned j = 0; j < findings->len; j++) {
            const AiotopFinding *finding = findings->pdata[j];

            seen[finding->id] = true;
        }
    }
    for (unsigned i = 0; i < AIOTOP_N_CLASSES; i++) {
        g_test_message("%s", aiotop_classes[i].name);
        g_assert_true(seen[i]);
    }
}

/* By the beginning of its name, and only if it needs one */
static void test_notes(void)
{
    const char *queue =
        aiotop_note_find("virtio_queue_host_notifier_aio_poll_ready");

    g_assert_nonnull(strstr(queue, "query-blockstats"));
    g_assert_true(queue == aiotop_note_find(NOTIFIER));
    g_assert_null(aiotop_note_find("virtio_queue_guest_notifier_read"));
    g_assert_null(aiotop_note_find("chr_read"));
    g_assert_null(aiotop_note_find(""));
    for (unsigned i = 0; aiotop_notes[i].prefix; i++) {
        check_sentences(aiotop_notes[i].text);
        g_assert_true(aiotop_note_find(aiotop_notes[i].prefix) ==
                      aiotop_notes[i].text);
    }
}

static void test_why_not_profiled(void)
{
    static const struct {
        AiotopUnprofiled why;
        const char *said;
    } cases[] = {
        { AIOTOP_UNPROFILED_SILENT, "/proc/7/cmdline, can't be read" },
        { AIOTOP_UNPROFILED_NO_SOCKET, "no socket with an address" },
        { AIOTOP_UNPROFILED_NOT_BUILT, "built without the profiler" },
        { AIOTOP_UNPROFILED_NO_MONITOR, "no QMP monitor on a socket to add" },
        { AIOTOP_UNPROFILED_LIBVIRT, "--enable 7 says how" },
        { AIOTOP_UNPROFILED_ADD, "add one with --enable 7" },
        { AIOTOP_UNPROFILED_PERHAPS_ADD, "perhaps: --enable 7, if" },
    };

    g_assert_null(aiotop_missing_profile(AIOTOP_UNPROFILED_NO_REASON, 7));
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = aiotop_missing_profile(cases[i].why, 7);

        g_assert_nonnull(strstr(text, cases[i].said));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/words/golden", test_golden);
    g_test_add_func("/words/surfaces", test_surfaces);
    g_test_add_func("/words/sentences", test_sentences);
    g_test_add_func("/words/all-classes", test_all_classes);
    g_test_add_func("/words/notes", test_notes);
    g_test_add_func("/words/why-not-profiled", test_why_not_profiled);
    return g_test_run();
}
