/*
 * What is awaited: from replies to snapshots and samples
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include <qemu-aiotop/model/sample.h>

#include "quoted.h"

static void test_requests(void)
{
    g_autoptr(AiotopSnapshot) snapshot =
        parse("{'time-ns':9,'loops':[],'untracked-requests':3,'requests':["
              "{'id':4,'parent':2,'node':'disk0','device':'vd0','type':'read',"
              "'stage':'worker','since-ns':5,'stage-since-ns':6,'offset':4096,"
              "'bytes':512,'thread-id':77,'waits-for':'tg0','extra':[]},"
              "{'id':5,'node':'fmt','type':'copy','stage':'dreaming'}]}");
    const AiotopRequest *request = snapshot->awaited.requests;

    g_assert_cmpuint(snapshot->awaited.untracked, ==, 3);
    g_assert_cmpuint(snapshot->awaited.n_requests, ==, 2);
    g_assert_cmpuint(request->id, ==, 4);
    g_assert_cmpuint(request->parent, ==, 2);
    g_assert_cmpstr(request->node, ==, "disk0");
    g_assert_cmpstr(request->device, ==, "vd0");
    g_assert_cmpstr(request->type, ==, "read");
    g_assert_cmpstr(request->stage, ==, "worker");
    g_assert_cmpuint(request->since_ns, ==, 5);
    g_assert_cmpuint(request->stage_since_ns, ==, 6);
    g_assert_cmpint(request->offset, ==, 4096);
    g_assert_cmpint(request->bytes, ==, 512);
    g_assert_cmpint(request->thread_id, ==, 77);
    g_assert_cmpstr(request->waits_for, ==, "tg0");

    /* What is not said is not 0, and what is not known has its name */
    request++;
    g_assert_cmpuint(request->parent, ==, 0);
    g_assert_null(request->device);
    g_assert_cmpstr(request->type, ==, "copy");
    g_assert_cmpstr(request->stage, ==, "dreaming");
    g_assert_cmpuint(request->since_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(request->stage_since_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpint(request->offset, ==, -1);
    g_assert_cmpint(request->bytes, ==, -1);
    g_assert_cmpint(request->thread_id, ==, -1);
    g_assert_null(request->waits_for);
}

static void test_nodes(void)
{
    g_autoptr(AiotopSnapshot) snapshot =
        parse("{'time-ns':9,'loops':[],'nodes':[{'node':'disk0','device':'vd0',"
              "'in-flight':3,'completed':40,'last-completed-ns':8,'stages':["
              "{'stage':'driver','count':1,'since-ns':7},"
              "{'stage':'throttled','count':2,'since-ns':6}]},{'node':'b'}]}");
    const AiotopAwaited *awaited = &snapshot->awaited;
    const AiotopNode *node = awaited->nodes;

    g_assert_cmpuint(awaited->n_nodes, ==, 2);
    g_assert_cmpstr(node->name, ==, "disk0");
    g_assert_cmpstr(node->device, ==, "vd0");
    g_assert_cmpuint(node->in_flight, ==, 3);
    g_assert_cmpuint(node->completed, ==, 40);
    g_assert_cmpuint(node->last_completed_ns, ==, 8);
    g_assert_cmpuint(node->n_stages, ==, 2);
    g_assert_cmpstr(node->stages[0].stage, ==, "driver");
    g_assert_cmpuint(node->stages[1].count, ==, 2);
    g_assert_true(aiotop_node_oldest(node) == &node->stages[1]);
    g_assert_true(aiotop_awaited_find_node(awaited, "b") == node + 1);
    g_assert_null(aiotop_awaited_find_node(awaited, "c"));

    node++;
    g_assert_null(node->device);
    g_assert_cmpuint(node->in_flight, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(node->completed, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(node->last_completed_ns, ==, AIOTOP_UNKNOWN);
    g_assert_null(aiotop_node_oldest(node));
}

/* A stage without requests has no oldest one; one without a time may have */
static void test_oldest_stage(void)
{
    g_autoptr(AiotopSnapshot) snapshot =
        parse("{'time-ns':9,'loops':[],'nodes':[{'node':'a','stages':["
              "{'stage':'driver','count':0,'since-ns':1},"
              "{'stage':'pool','count':1}]}]}");
    const AiotopNode *node = snapshot->awaited.nodes;

    g_assert_true(aiotop_node_oldest(node) == &node->stages[1]);
    g_assert_cmpuint(node->stages[1].since_ns, ==, AIOTOP_UNKNOWN);
}

static void test_pools_and_groups(void)
{
    g_autoptr(AiotopSnapshot) snapshot =
        parse("{'time-ns':9,'loops':[],'pools':[{'loop':'main-loop',"
              "'max-threads':64,'threads':5,'idle':1,'queued':2,"
              "'queued-since-ns':3,'running-since-ns':4},{'loop':'io'}],"
              "'throttle-groups':[{'name':'tg0','queued':6,'since-ns':7,"
              "'timer-armed':true},{'name':'tg1'}]}");
    const AiotopPool *pool = snapshot->awaited.pools;
    const AiotopThrottleGroup *group = snapshot->awaited.groups;

    g_assert_cmpuint(snapshot->awaited.n_pools, ==, 2);
    g_assert_cmpstr(pool->loop, ==, "main-loop");
    g_assert_cmpuint(pool->max_threads, ==, 64);
    g_assert_cmpuint(pool->threads, ==, 5);
    g_assert_cmpuint(pool->idle, ==, 1);
    g_assert_cmpuint(pool->queued, ==, 2);
    g_assert_cmpuint(pool->queued_since_ns, ==, 3);
    g_assert_cmpuint(pool->running_since_ns, ==, 4);
    g_assert_cmpuint(pool[1].max_threads, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(pool[1].threads, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(pool[1].idle, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(pool[1].queued, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(pool[1].queued_since_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(pool[1].running_since_ns, ==, AIOTOP_UNKNOWN);

    g_assert_cmpuint(snapshot->awaited.n_groups, ==, 2);
    g_assert_cmpstr(group->name, ==, "tg0");
    g_assert_cmpuint(group->queued, ==, 6);
    g_assert_cmpuint(group->since_ns, ==, 7);
    g_assert_true(group->timer_armed);
    g_assert_cmpuint(group[1].queued, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(group[1].since_ns, ==, AIOTOP_UNKNOWN);
    g_assert_false(group[1].timer_armed);
}

static void test_commands_writers_and_threads(void)
{
    g_autoptr(AiotopSnapshot) snapshot =
        parse("{'time-ns':9,'loops':[],'commands':[{'name':'block_resize',"
              "'since-ns':5},{'name':'quit'}],'writers':[{'name':'f','label':"
              "'c0','fd':7,'since-ns':6},{'name':'g'}],'threads':["
              "{'thread-id':70,'name':'main-loop','cpu-ns':8},"
              "{'thread-id':71,'name':'worker'}]}");
    const AiotopCommand *command = snapshot->awaited.commands;
    const AiotopWriter *writer = snapshot->awaited.writers;
    const AiotopQemuThread *thread = snapshot->threads;

    g_assert_cmpuint(snapshot->awaited.n_commands, ==, 2);
    g_assert_cmpstr(command->name, ==, "block_resize");
    g_assert_cmpuint(command->since_ns, ==, 5);
    g_assert_cmpuint(command[1].since_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(snapshot->awaited.n_writers, ==, 2);
    g_assert_cmpstr(writer->name, ==, "f");
    g_assert_cmpstr(writer->label, ==, "c0");
    g_assert_cmpint(writer->fd, ==, 7);
    g_assert_cmpuint(writer->since_ns, ==, 6);
    g_assert_null(writer[1].label);
    g_assert_cmpint(writer[1].fd, ==, -1);
    g_assert_cmpuint(writer[1].since_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(snapshot->n_threads, ==, 2);
    g_assert_cmpint(thread->thread_id, ==, 70);
    g_assert_cmpstr(thread->name, ==, "main-loop");
    g_assert_cmpuint(thread->cpu_ns, ==, 8);
    g_assert_cmpuint(thread[1].cpu_ns, ==, AIOTOP_UNKNOWN);
}

/* An older QEMU tells nothing; one that is idle tells that there is nothing */
static void test_absent_is_not_empty(void)
{
    g_autoptr(AiotopSnapshot) absent = parse("{'time-ns':1,'loops':[]}");
    g_autoptr(AiotopSnapshot) empty =
        parse("{'time-ns':1,'loops':[],'requests':[],'nodes':[],'pools':[],"
              "'throttle-groups':[],'commands':[],'writers':[],'threads':[]}");
    const AiotopAwaited *awaited = &absent->awaited;

    g_assert_false(aiotop_awaited_known(awaited));
    g_assert_null(awaited->pools);
    g_assert_null(awaited->groups);
    g_assert_null(awaited->commands);
    g_assert_null(awaited->writers);
    g_assert_null(absent->threads);
    g_assert_cmpuint(awaited->untracked, ==, AIOTOP_UNKNOWN);
    awaited = &empty->awaited;
    g_assert_true(aiotop_awaited_known(awaited));
    g_assert_nonnull(awaited->requests);
    g_assert_nonnull(awaited->nodes);
    g_assert_nonnull(awaited->pools);
    g_assert_nonnull(awaited->groups);
    g_assert_nonnull(awaited->commands);
    g_assert_nonnull(awaited->writers);
    g_assert_nonnull(empty->threads);
    g_assert_cmpuint(awaited->n_requests, ==, 0);
}

static void test_stages_have_names(void)
{
    for (unsigned i = 1; i < AIOTOP_N_STAGES; i++) {
        g_assert_cmpint(aiotop_stage_parse(aiotop_stage_name(i)), ==, i);
    }
    g_assert_cmpint(aiotop_stage_parse("serialising"), ==,
                    AIOTOP_STAGE_SERIALISING);
    g_assert_cmpint(aiotop_stage_parse("graph-lock"), ==,
                    AIOTOP_STAGE_GRAPH_LOCK);
    g_assert_cmpint(aiotop_stage_parse("dreaming"), ==, AIOTOP_STAGE_OTHER);
    g_assert_cmpint(aiotop_stage_parse(NULL), ==, AIOTOP_STAGE_OTHER);
}

#define REQUEST "'id':1,'node':'n','type':'read','stage':'driver'"

static void test_malformed(void)
{
    static const char *const members[] = {
        "'requests':{}",
        "'requests':[7]",
        "'requests':[{'node':'n','type':'read','stage':'driver'}]",
        "'requests':[{'id':1,'type':'read','stage':'driver'}]",
        "'requests':[{'id':1,'node':'n','stage':'driver'}]",
        "'requests':[{'id':1,'node':'n','type':'read'}]",
        "'requests':[{'id':1,'node':'n','type':3,'stage':'driver'}]",
        "'requests':[{'id':1,'node':'n','type':'read','stage':null}]",
        "'requests':[{" REQUEST ",'parent':-1}]",
        "'requests':[{" REQUEST ",'device':1}]",
        "'requests':[{" REQUEST ",'since-ns':-1}]",
        "'requests':[{" REQUEST ",'stage-since-ns':'1'}]",
        "'requests':[{" REQUEST ",'offset':1.5}]",
        "'requests':[{" REQUEST ",'bytes':'1'}]",
        "'requests':[{" REQUEST ",'thread-id':-1}]",
        "'requests':[{" REQUEST ",'waits-for':{}}]",
        "'nodes':7",
        "'nodes':[{}]",
        "'nodes':[{'node':'n','in-flight':-1}]",
        "'nodes':[{'node':'n','device':1}]",
        "'nodes':[{'node':'n','completed':-1}]",
        "'nodes':[{'node':'n','last-completed-ns':-1}]",
        "'nodes':[{'node':'n','stages':{}}]",
        "'nodes':[{'node':'n','stages':[{'count':1}]}]",
        "'nodes':[{'node':'n','stages':[{'stage':'driver'}]}]",
        "'nodes':[{'node':'n','stages':[{'stage':'driver',"
        "'count':4294967296}]}]",
        "'pools':[{}]",
        "'pools':[{'loop':'l','max-threads':-1}]",
        "'pools':[{'loop':'l','threads':-1}]",
        "'pools':[{'loop':'l','idle':-1}]",
        "'pools':[{'loop':'l','queued':-1}]",
        "'pools':[{'loop':'l','queued-since-ns':-1}]",
        "'pools':[{'loop':'l','running-since-ns':-1}]",
        "'throttle-groups':[{}]",
        "'throttle-groups':[{'name':'a','queued':-1}]",
        "'throttle-groups':[{'name':'a','since-ns':-1}]",
        "'throttle-groups':[{'name':'a','timer-armed':1}]",
        "'commands':[{}]",
        "'commands':[{'name':'a','since-ns':-1}]",
        "'writers':[{}]",
        "'writers':[{'name':'a','fd':-2}]",
        "'writers':[{'name':'a','label':1}]",
        "'writers':[{'name':'a','since-ns':-1}]",
        "'threads':[{'thread-id':1}]",
        "'threads':[{'name':'a'}]",
        "'threads':[{'thread-id':2147483648,'name':'a'}]",
        "'threads':[{'thread-id':1,'name':'a','cpu-ns':-1}]",
        "'untracked-requests':-1",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(members); i++) {
        g_autofree char *text =
            g_strdup_printf("{'time-ns':1,'loops':[],%s}", members[i]);
        g_autofree char *json = quoted(text);
        g_autoptr(GError) error = NULL;

        g_test_message("%s", json);
        g_assert_null(read_reply(json, strlen(json), NULL, &error));
        g_assert_error(error, AIOTOP_REPLY_ERROR, AIOTOP_REPLY_ERROR_MALFORMED);
    }
}

/* A reply with @n times @element in the list @member, within @head and @tail */
static AiotopSnapshot *parse_many(const char *head, const char *element,
                                  unsigned n, const char *tail, GError **error)
{
    g_autoptr(GString) text = g_string_new("{'time-ns':1,'loops':[],");
    g_autofree char *json = NULL;

    g_string_append(text, head);
    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(text, "%s%s", i ? "," : "", element);
    }
    g_string_append_printf(text, "%s}", tail);
    json = quoted(text->str);
    return read_reply(json, strlen(json), NULL, error);
}

static void test_too_many(void)
{
    static const struct {
        const char *head;
        const char *element;
        unsigned max;
        const char *tail;
    } lists[] = {
        { "'requests':[", "{" REQUEST "}", 128, "]" },
        { "'nodes':[", "{'node':'n'}", 1025, "]" },
        { "'nodes':[{'node':'n','stages':[", "{'stage':'s','count':1}", 64,
          "]}]" },
        { "'pools':[", "{'loop':'l'}", 4096, "]" },
        { "'throttle-groups':[", "{'name':'a'}", 4096, "]" },
        { "'commands':[", "{'name':'a'}", 1024, "]" },
        { "'writers':[", "{'name':'a'}", 4096, "]" },
        { "'threads':[", "{'thread-id':1,'name':'a'}", 4096, "]" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(AiotopSnapshot) as_many =
            parse_many(lists[i].head, lists[i].element, lists[i].max,
                       lists[i].tail, &error);

        g_assert_no_error(error);
        g_assert_null(parse_many(lists[i].head, lists[i].element,
                                 lists[i].max + 1, lists[i].tail, &error));
        g_assert_error(error, AIOTOP_REPLY_ERROR, AIOTOP_REPLY_ERROR_MALFORMED);
        g_assert_nonnull(strstr(error->message, "than there can be"));
    }
}

static void test_long_names_are_cut(void)
{
    g_autofree char *n = g_strnfill(5000, 'n');
    g_autofree char *end = g_strndup(n, 4096);
    g_autofree char *text = g_strdup_printf(
        "{'time-ns':1,'loops':[],'requests':[{'id':1,'node':'%s','device':"
        "'%s','type':'%s','stage':'%s','waits-for':'%s'}],'nodes':[{'node':"
        "'%s','device':'%s','stages':[{'stage':'%s','count':1}]}],'pools':["
        "{'loop':'%s'}],'throttle-groups':[{'name':'%s'}],'commands':["
        "{'name':'%s'}],'writers':[{'name':'%s','label':'%s'}],'threads':["
        "{'thread-id':1,'name':'%s'}]}",
        n, n, n, n, n, n, n, n, n, n, n, n, n, n);
    g_autoptr(AiotopSnapshot) snapshot = parse(text);
    const AiotopAwaited *awaited = &snapshot->awaited;
    const char *const cut[] = {
        awaited->requests->node,      awaited->requests->device,
        awaited->requests->type,      awaited->requests->stage,
        awaited->requests->waits_for, awaited->nodes->name,
        awaited->nodes->device,       awaited->nodes->stages->stage,
        awaited->pools->loop,         awaited->groups->name,
        awaited->commands->name,      awaited->writers->name,
        awaited->writers->label,      snapshot->threads->name,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cut); i++) {
        g_assert_cmpstr(cut[i], ==, end);
    }
}

/* More than 2^63-1 is that much; a stage or an offset may be anything */
static void test_extreme_numbers(void)
{
    g_autoptr(AiotopSnapshot) snapshot = parse(
        "{'time-ns':1,'loops':[],'requests':[{" REQUEST
        ",'offset':-9223372036854775808,'bytes':9223372036854775807,"
        "'since-ns':18446744073709551615,'parent':18446744073709551614}]}");
    const AiotopRequest *request = snapshot->awaited.requests;

    g_assert_cmpint(request->offset, ==, INT64_MIN);
    g_assert_cmpint(request->bytes, ==, INT64_MAX);
    g_assert_cmpuint(request->since_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(request->parent, ==, UINT64_MAX - 1);
}

#define AT(time, members)                                                      \
    "{'time-ns':" #time "000000000,'pid':1,'profiling-since-ns':1,"            \
    "'loops':[]" members "}"

static AiotopSample *sample_of(const char *before_text, const char *now_text)
{
    g_autoptr(AiotopSnapshot) before = before_text ? parse(before_text) : NULL;
    g_autoptr(AiotopSnapshot) now = parse(now_text);

    return aiotop_sample_new(before, now);
}

/* One that had none before, one in another place, one that began anew */
static void test_completed_in_the_interval(void)
{
    g_autoptr(AiotopSample) sample =
        sample_of(AT(10, ",'nodes':[{'node':'a','completed':5},{'node':'b',"
                         "'completed':7},{'node':'d','completed':100}]"),
                  AT(12, ",'nodes':[{'node':'c','completed':4},{'node':'b',"
                         "'completed':17},{'node':'a','completed':6},"
                         "{'node':'d','completed':3},{'node':'e'}]"));
    static const uint64_t completed[] = { 4, 10, 1, 3, AIOTOP_UNKNOWN };

    g_assert_cmpuint(sample->n_nodes, ==, G_N_ELEMENTS(completed));
    for (unsigned i = 0; i < G_N_ELEMENTS(completed); i++) {
        g_assert_true(sample->nodes[i].now == &sample->now->awaited.nodes[i]);
        g_assert_cmpuint(sample->nodes[i].completed, ==, completed[i]);
    }
    g_assert_null(sample->nodes[0].before);
    g_assert_true(sample->nodes[1].before == &sample->before->awaited.nodes[1]);
}

/* What was before is not known, if it did not tell; else it was nothing */
static void test_completed_without_before(void)
{
    g_autoptr(AiotopSample) all =
        sample_of(NULL, AT(12, ",'nodes':[{'node':'a','completed':6}]"));
    g_autoptr(AiotopSample) untold =
        sample_of(AT(10, ""), AT(12, ",'nodes':[{'node':'a','completed':6}]"));

    g_assert_cmpuint(all->nodes[0].completed, ==, 6);
    g_assert_cmpuint(untold->nodes[0].completed, ==, AIOTOP_UNKNOWN);
}

#define THREAD(id, cpu) "{'thread-id':" #id ",'name':'t','cpu-ns':" #cpu "}"

/* The first two in another order, a new one, and one that is untold */
static void test_threads_take_cpu_time(void)
{
    g_autoptr(AiotopSample) sample = NULL;
    g_autoptr(AiotopSnapshot) before =
        parse(AT(10, ",'threads':[" THREAD(1, 100) "," THREAD(2, 50) "]"));
    g_autoptr(AiotopSnapshot) now =
        parse(AT(12, ",'threads':[" THREAD(2, 57) "," THREAD(1, 110) "," THREAD(
                         3, 4) ",{'thread-id':4,'name':'t'}]"));
    static const uint64_t cpu_ns[] = { 7, 10, 4, AIOTOP_UNKNOWN };

    before->cpu_ns = 1000;
    now->cpu_ns = 1030;
    sample = aiotop_sample_new(before, now);
    g_assert_cmpuint(sample->n_threads, ==, G_N_ELEMENTS(cpu_ns));
    for (unsigned i = 0; i < G_N_ELEMENTS(cpu_ns); i++) {
        g_assert_true(sample->threads[i].now == &now->threads[i]);
        g_assert_cmpuint(sample->threads[i].cpu_ns, ==, cpu_ns[i]);
    }
    g_assert_cmpuint(sample->cpu_ns, ==, 30);
    g_assert_cmpuint(sample->rest_cpu_ns, ==, 9);
}

/* Ticks are coarse: the rest is never negative */
static void test_rest_of_cpu_time(void)
{
    g_autoptr(AiotopSnapshot) before =
        parse(AT(10, ",'threads':[" THREAD(1, 100) "]"));
    g_autoptr(AiotopSnapshot) now =
        parse(AT(12, ",'threads':[" THREAD(1, 150) "]"));
    g_autoptr(AiotopSnapshot) untold = parse(AT(12, ""));
    g_autoptr(AiotopSample) remote = aiotop_sample_new(before, now);
    g_autoptr(AiotopSample) first = NULL, coarse = NULL, without = NULL;

    g_assert_cmpuint(remote->cpu_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(remote->rest_cpu_ns, ==, AIOTOP_UNKNOWN);
    before->cpu_ns = 1000;
    now->cpu_ns = 1030;
    untold->cpu_ns = 1030;
    first = aiotop_sample_new(NULL, now);
    g_assert_cmpuint(first->threads[0].cpu_ns, ==, AIOTOP_UNKNOWN);
    g_assert_cmpuint(first->rest_cpu_ns, ==, AIOTOP_UNKNOWN);
    coarse = aiotop_sample_new(before, now);
    g_assert_cmpuint(coarse->rest_cpu_ns, ==, 0);
    without = aiotop_sample_new(before, untold);
    g_assert_cmpuint(without->cpu_ns, ==, 30);
    g_assert_cmpuint(without->rest_cpu_ns, ==, AIOTOP_UNKNOWN);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/awaited/requests", test_requests);
    g_test_add_func("/awaited/nodes", test_nodes);
    g_test_add_func("/awaited/oldest-stage", test_oldest_stage);
    g_test_add_func("/awaited/pools-and-groups", test_pools_and_groups);
    g_test_add_func("/awaited/commands-writers-and-threads",
                    test_commands_writers_and_threads);
    g_test_add_func("/awaited/absent-is-not-empty", test_absent_is_not_empty);
    g_test_add_func("/awaited/stages-have-names", test_stages_have_names);
    g_test_add_func("/awaited/malformed", test_malformed);
    g_test_add_func("/awaited/too-many", test_too_many);
    g_test_add_func("/awaited/long-names-are-cut", test_long_names_are_cut);
    g_test_add_func("/awaited/extreme-numbers", test_extreme_numbers);
    g_test_add_func("/awaited/completed-in-the-interval",
                    test_completed_in_the_interval);
    g_test_add_func("/awaited/completed-without-before",
                    test_completed_without_before);
    g_test_add_func("/awaited/threads-take-cpu-time",
                    test_threads_take_cpu_time);
    g_test_add_func("/awaited/rest-of-cpu-time", test_rest_of_cpu_time);
    return g_test_run();
}
