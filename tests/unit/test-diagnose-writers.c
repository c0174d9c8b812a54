/*
 * Diagnosis: peers that do not read
 *
 * Each class with its twin that is just under the threshold.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "awaited-sample.h"

static void test_back_pressure(void)
{
    g_autoptr(AiotopSample) over =
        idle_sample("'writers':[{'name':'chr_write','label':'serial0','fd':8,"
                    "'since-ns':1000000000}]");
    g_autoptr(AiotopSample) under =
        idle_sample("'writers':[{'name':'chr_write','fd':8,"
                    "'since-ns':1000000001}]");

    expect(over, AIOTOP_CLASS_BACK_PRESSURE,
           "chr_write serial0 (descriptor 8)|for 10.0s|does not read");
    over->now->awaited.writers[0].descriptor = g_strdup("a pipe");
    expect(over, AIOTOP_CLASS_BACK_PRESSURE, "The descriptor is a pipe.");
    expect_healthy(under);

    /* A transfer of a USB device is not over */
    g_clear_pointer(&over->now->awaited.writers[0].name, g_ref_string_release);
    over->now->awaited.writers[0].name = g_ref_string_new("usb_host_handle_fd");
    expect_healthy(over);
}

/* A node's driver that can't send is one finding with its requests */
static void test_back_pressure_of_a_node(void)
{
#define WRITER_OF(node)                                                        \
    ",'writers':[{'name':'restart','label':'" node "','fd':8,"                 \
    "'since-ns':1000000000}]"
    g_autoptr(AiotopSample) other =
        in_flight(REQUEST(1, "n", "driver", OLD, ""), WRITER_OF("m"));
    g_autoptr(GPtrArray) findings = diagnose(other, 0);

    check_io(REQUEST(1, "n", "driver", OLD, ""), WRITER_OF("n"),
             "something to send for 10.0s|does not read|the server that");
    g_assert_cmpuint(findings->len, ==, 2);
#undef WRITER_OF
}

/* The main loop has not looked since it waits, at 10 s */
static void test_back_pressure_stuck(void)
{
#define WRITER(since)                                                          \
    ",'writers':[{'name':'chr_write','fd':8,'since-ns':" #since "}]"
    static const struct {
        const char *writers;
        bool is_found;
    } cases[] = {
        { WRITER(0), true },
        { WRITER(1000000000), false },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(AiotopSample) sample = stuck_in(NULL, cases[i].writers);
        g_autoptr(GPtrArray) findings = diagnose(sample, 0);

        expect(sample, AIOTOP_CLASS_CALLBACK_STUCK, "");
        g_assert_cmpuint(findings->len, ==, 1 + cases[i].is_found);
    }
#undef WRITER
}

/* The same, in no callback */
static void test_back_pressure_loop_stuck(void)
{
    static const struct {
        const char *since;
        bool is_found;
    } cases[] = { { "0", true }, { "1000000000", false } };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *members = g_strdup_printf(
            "'writers':[{'name':'chr_write','fd':8,'since-ns':%s}],'stalls':["
            "{'id':1,'loop':'main-loop','thread-id':7,'cause':'wait',"
            "'start-ns':10000000000,'duration-ns':1000000000,'ongoing':true}]",
            cases[i].since);
        g_autoptr(AiotopSample) sample = idle_sample(members);
        g_autoptr(GPtrArray) findings = diagnose(sample, 0);

        expect(sample, AIOTOP_CLASS_LOOP_STUCK, "");
        g_assert_cmpuint(findings->len, ==, 1 + cases[i].is_found);
    }
}

/* Whether the finding about the node says that the other end does not read */
static bool blames_reader(const char *stage_and_writer)
{
    g_autoptr(AiotopSample) sample = stuck_in(NULL, stage_and_writer);
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);

    for (unsigned i = 0; i < findings->len; i++) {
        const AiotopFinding *finding = findings->pdata[i];

        if (finding->id == AIOTOP_CLASS_IO_STUCK) {
            return strstr(finding->evidence, "does not read");
        }
    }
    g_assert_not_reached();
}

/* The same of a node that has something to send */
static void test_back_pressure_stuck_node(void)
{
#define STUCK(stage, since)                                                    \
    ",'requests':[" REQUEST(                                                   \
        1, "n", stage, "1000000000",                                           \
        "") "],'writers':["                                                    \
            "{'name':'restart','label':'n','fd':8,'since-ns':" #since "}]"
    g_assert_true(blames_reader(STUCK("network", 5000000000)));
    g_assert_false(blames_reader(STUCK("network", 5000000001)));
    g_assert_true(blames_reader(STUCK("driver", 5000000000)));
    g_assert_false(blames_reader(STUCK("worker", 5000000000)));
#undef STUCK
}

/* The main loop drains since @wait, and an iothread is in a callback */
static AiotopSample *in_drain(const char *wait, const char *callback,
                              const char *more)
{
    g_autofree char *now = g_strdup_printf(
        HEAD(11, "running") "'loops':[{'name':'main-loop','thread-id':7,"
                            "'state':'dispatching','state-since-ns':%s,"
                            "'stack':[{'source-id':2,'since-ns':%s},"
                            "{'source-id':1,'since-ns':%s}],'sources':[" BH
                            ",%s]},{'name':'io0','thread-id':8,'state':"
                            "'dispatching','state-since-ns':%s,'stack':["
                            "{'source-id':2,'since-ns':%s}],'sources':[" BH
                            "]}]%s}",
        wait, wait, wait, WAIT("bdrv_drain_all_begin", "bdrv_drain_all_poll()"),
        callback, callback, more);

    return sample_of(HEAD(10, "running") MAIN(IDLE) "}", now);
}

static const AiotopFinding *find_of_thread(const GPtrArray *findings,
                                           int64_t thread_id)
{
    for (unsigned i = 0; i < findings->len; i++) {
        const AiotopFinding *finding = findings->pdata[i];

        if (finding->thread_id == thread_id) {
            return finding;
        }
    }
    return NULL;
}

typedef struct Drain {
    /* Since when: it waits, the iothread is in a callback, there is no room */
    const char *wait, *callback, *writer;
    const char *name, *more;
    bool is_said;
} Drain;

static void check_drain(const Drain *drain)
{
    g_autofree char *more = g_strdup_printf(
        ",'writers':[{'name':'%s','label':'exp0','fd':8,'since-ns':%s}]%s",
        drain->name, drain->writer, drain->more);
    g_autoptr(AiotopSample) sample =
        in_drain(drain->wait, drain->callback, more);
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);
    const AiotopFinding *stuck = find_of_thread(findings, 7);

    g_test_message("%s %s", stuck->evidence, stuck->next_step);
    g_assert_true(!strstr(stuck->evidence,
                          "but it may wait for a channel:"
                          " qio_channel_restart_write exp0"
                          " (descriptor 8) has had") == !drain->is_said);
    g_assert_true(!strstr(stuck->next_step, "which does not read") ==
                  !drain->is_said);
    /* It is not known for sure */
    g_assert_nonnull(strstr(stuck->next_step, "behind the disks"));
}

/* A drain waits for a client to take an answer, as it may */
static void test_drain_for_a_client(void)
{
#define SEND "qio_channel_restart_write"
    static const char request[] =
        ",'requests':[" REQUEST(1, "n", "driver", "1000000000", "") "]";
    const Drain drains[] = {
        { OLD, "11000000000", OLD, SEND, "", true },
        /* Neither is of now */
        { YOUNG, "11000000000", OLD, SEND, "", false },
        { OLD, "11000000000", YOUNG, SEND, "", false },
        /* It began before the wait, but for a moment */
        { "5000000000", "11000000000", "5100000000", SEND, "", true },
        { "5000000000", "11000000000", "5100000001", SEND, "", false },
        /* The iothread has looked at its descriptors for as long, or not */
        { "3000000000", "7000000000", "2000000000", SEND, "", true },
        { "3000000000", "6999999999", "2000000000", SEND, "", false },
        { OLD, "11000000000", OLD, SEND, request, false },
        /* A guest's console is nothing to it */
        { OLD, "11000000000", OLD, "serial_watch_cb", "", false },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(drains); i++) {
        g_test_message("%u", i);
        check_drain(&drains[i]);
    }
#undef SEND
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/awaited/back-pressure-stuck-node",
                    test_back_pressure_stuck_node);
    g_test_add_func("/awaited/back-pressure", test_back_pressure);
    g_test_add_func("/awaited/back-pressure/stuck", test_back_pressure_stuck);
    g_test_add_func("/awaited/back-pressure/loop-stuck",
                    test_back_pressure_loop_stuck);
    g_test_add_func("/awaited/back-pressure/node",
                    test_back_pressure_of_a_node);
    g_test_add_func("/awaited/back-pressure/drain", test_drain_for_a_client);
    return g_test_run();
}
