/*
 * Diagnosis: requests that wait in a driver for their turn, behind another one
 *
 * Each with its twin that does not.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "awaited-sample.h"

/* They wait for their turn in a driver, behind one with a part that is stuck */
static void test_behind_in_a_driver(void)
{
#define PART ",'parent':1"
    static const char part[] =
        REQUEST(1, "fmt", "driver", "5999999999",
                "") "," REQUEST(2, "srv", "network", OLD, PART);
    static const char nodes[] =
        ",'nodes':[{'node':'fmt','driver':'qcow2','device':'vd0',"
        "'in-flight':3,'completed':0,'stages':[{'stage':'driver','count':3,"
        "'since-ns':5999999999}]}]";
    g_autofree char *above =
        g_strconcat(part, ",", REQUEST(3, "fmt", "driver", OLD, ""), NULL);
    g_autofree char *beside = g_strconcat(
        part, ",", REQUEST(3, "srv", "driver", "5999999999", ""), NULL);
    g_autofree char *queued =
        g_strconcat(REQUEST(1, "fmt", "driver", OLD,
                            "") "," REQUEST(2, "srv", "drained", OLD, PART) ",",
                    REQUEST(3, "fmt", "driver", OLD, ""), NULL);
    g_autoptr(AiotopSample) both = in_flight(queued, "");
    g_autoptr(GPtrArray) findings = diagnose(both, 0);

    /* That which has the part is none of them, though it counts at the node */
    check_io(above, nodes,
             "1 request of node srv|server|Behind that: 2 requests of node fmt"
             " (device vd0), in the node's driver, qcow2, for 5.00s.");
    check_io(beside, "",
             "1 request of node srv|sent to a server|Behind that: 1 request of"
             " node srv, in the node's driver");
    /* One that waits itself explains nothing */
    g_assert_nonnull(find_class(findings, AIOTOP_CLASS_IO_STUCK, "fmt"));
#undef PART
}

/* Of a file below a format, of which another waits in the driver since then */
#define LOCKED_BY(type, held, since)                                           \
    "{'id':1,'node':'fmt','type':'read','stage':'driver','since-ns':" since    \
    "},{'id':2,'node':'fmt','type':'" type                                     \
    "','stage':'driver','since-ns':" held                                      \
    "},{'id':3,'parent':2,'node':'file','type':'read','stage':'worker',"       \
    "'since-ns':" held "}"
#define LOCKED_SINCE(held, since) LOCKED_BY("read", held, since)
#define LOCKED(since) LOCKED_SINCE(OLD, since)

/* The main loop drains since 9 s of the clock */
static AiotopSample *in_drain(const char *requests)
{
    g_autofree char *now = g_strdup_printf(
        HEAD(11, "running") MAIN(
            "'state':'dispatching','state-since-ns':9000000000,'stack':["
            "{'source-id':2,'since-ns':9000000000},"
            "{'source-id':1,'since-ns':9000000000}],'sources':[" BH "," WAIT(
                "bdrv_drain_all_begin", "in_flight") "]") ",'requests':[%s]}",
        requests);

    return sample_of(HEAD(10, "running") MAIN(IDLE) "}", now);
}

static void check_fmt(AiotopSample *owned, uint64_t request_ns, bool is_told)
{
    g_autoptr(AiotopSample) sample = owned;
    AiotopDiagnoseOptions options = { .request_ns = request_ns };
    g_autoptr(GPtrArray) findings = aiotop_diagnose(sample, &options);

    g_assert_true(!find_class(findings, AIOTOP_CLASS_IO_STUCK, "fmt") ==
                  !is_told);
}

/* What has waited for longer does not wait for that */
static void test_older_in_a_driver(void)
{
    static const char other[] = REQUEST(4, "file", "worker", OLD, "");
    g_autofree char *beside = g_strconcat(LOCKED(OLD), ",", other, NULL);
    g_autofree char *discard =
        g_strconcat(LOCKED_BY("discard", OLD, OLD), ",", other, NULL);

    check_fmt(in_flight(LOCKED("5900000000"), ""), 0, false);
    check_fmt(in_flight(LOCKED("5899999999"), ""), 0, true);
    check_fmt(in_flight(LOCKED("1000000000"), ""), 0, true);
    /* Nor for the part of one that may take long, whatever else is there */
    check_fmt(in_flight(beside, ""), 0, false);
    check_fmt(in_flight(discard, ""), 0, true);
}

static void append_request(GString *out, unsigned id, unsigned parent,
                           char node)
{
    g_string_append_printf(out,
                           "%s{'id':%u,'parent':%u,'node':'%c','type':'read',"
                           "'stage':'%s','since-ns':" OLD "}",
                           out->len ? "," : "", id, parent, node,
                           node == 'z' ? "network" : "driver");
}

/* Three of the nodes are named, and how many more there are */
static void test_many_behind(void)
{
    static const char *const words[] = {
        "node a, in the node's driver, for 5.00s; 1 request of node b|"
        "node c, in the node's driver, for 5.00s.",
        "node c, in the node's driver, for 5.00s; and 1 more node.",
        "node c, in the node's driver, for 5.00s; and 2 more nodes.",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autoptr(GString) requests = g_string_new(NULL);
        unsigned n = 3 + i;

        /* One above the other, with z below; and one more of each behind that */
        for (unsigned j = 0; j < n; j++) {
            append_request(requests, 1 + j, j, 'a' + j);
            append_request(requests, 100 + j, 0, 'a' + j);
        }
        append_request(requests, 1 + n, n, 'z');
        check_io(requests->str, "", words[i]);
    }
}

#define POOL(idle)                                                             \
    "{'loop':'m','max-threads':64,'threads':64,'idle':" #idle                  \
    ",'queued':36,'queued-since-ns':8000000000,'running-since-ns':9000000001}"

/* Who waits for what is not told of is told of */
static void test_behind_what_is_not_told(void)
{
    static const char slow[] = ",'pools':[" POOL(0) "]";
    static const char well[] = ",'pools':[" POOL(1) "]";

    check_fmt(in_flight(LOCKED(OLD), slow), 0, true);
    check_fmt(in_flight(LOCKED(OLD), well), 0, false);
    /* A loop has waited for the one since 9 s of the clock, and no other */
    check_fmt(in_drain(LOCKED_SINCE("9000000000", "9100000001")), S, true);
    check_fmt(in_drain(LOCKED_SINCE("9100000001", "9100000001")), S, false);
}

/* Nothing is told of only with what is itself told of with another one */
static void test_behind_each_other(void)
{
    static const char circle[] =
        REQUEST(1, "fmt", "driver", OLD, ",'parent':2") "," REQUEST(
            2, "b", "driver", YOUNG,
            "") "," REQUEST(3, "b", "driver", OLD,
                            ",'parent':4") "," REQUEST(4, "fmt", "driver",
                                                       YOUNG, "");
    static const char line[] = REQUEST(1, "fmt", "driver", OLD, "") "," REQUEST(
        2, "fmt", "driver", OLD,
        "") "," REQUEST(3, "srv", "driver", OLD,
                        ",'parent':2") "," REQUEST(4, "srv", "network", OLD,
                                                   "");
    g_autoptr(AiotopSample) sample = in_flight(circle, "");
    g_autoptr(GPtrArray) findings = diagnose(sample, 0);

    g_assert_cmpuint(findings->len, ==, 2);
    g_assert_nonnull(find_class(findings, AIOTOP_CLASS_IO_STUCK, "fmt"));
    g_assert_nonnull(find_class(findings, AIOTOP_CLASS_IO_STUCK, "b"));
    check_fmt(in_flight(line, ""), 0, true);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/turns/behind", test_behind_in_a_driver);
    g_test_add_func("/turns/older", test_older_in_a_driver);
    g_test_add_func("/turns/many", test_many_behind);
    g_test_add_func("/turns/not-told", test_behind_what_is_not_told);
    g_test_add_func("/turns/each-other", test_behind_each_other);
    return g_test_run();
}
