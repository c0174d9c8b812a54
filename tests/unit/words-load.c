/*
 * Samples whose diagnosis is read as a whole: what does too much, or
 * keeps others from it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "words-cases.h"

#define MS UINT64_C(1000000)

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

const WordsCase words_load[] = {
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
};

const unsigned n_words_load = G_N_ELEMENTS(words_load);
