/*
 * Event loop profiler: one client's QMP dialogue
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The monitor's own dispatcher cannot be used here: it takes monitor_lock,
 * and it needs the main loop for all that is not out-of-band, so that it
 * stands still just when it is needed most.  Nor can its core be shared: it
 * calls marshallers, which most tools do not have, and these make QAPI objects
 * of what is text here.  Four commands need no more than what follows: QEMU's
 * JSON parser, the generated visitors for their arguments, and no lock.  All of
 * them only read, and there are no others, so that the socket can be given to
 * someone who must not control the virtual machine.
 *
 * What a client gets to see is otherwise what it gets from a monitor, down to
 * the wording of the errors.  The out-of-band capability is not offered: as
 * no command waits for anything, there is nothing to overtake.
 */

#include "qemu/osdep.h"
#include "io/event-loop-dialogue.h"
#include "qapi/error.h"
#include "qapi/qapi-types-run-state.h"
#include "qapi/qapi-visit-control.h"
#include "qapi/qapi-visit-event-loop-query.h"
#include "qapi/qobject-input-visitor.h"
#include "qemu/event-loop-snapshot.h"
#include "qemu/units.h"
#include "qemu-version.h"
#include "qobject/json-parser.h"
#include "qobject/qdict.h"
#include "qobject/qjson.h"
#include "system/runstate.h"
#include "system/system.h"

struct EventLoopDialogue {
    const EventLoopOwner *owner;
    GString *out;
    JSONMessageParser parser;
    /* bytes of the request that is being read */
    size_t request_size;
    bool open;
    bool over;
};

/*
 * Runs a command on arguments that are yet to be visited, and appends what it
 * returns to @json.
 */
typedef void Command(EventLoopDialogue *dialogue, Visitor *args,
                     GString *json, Error **errp);

bool event_loop_query(GString *json, const EventLoopOwner *owner,
                      const EventLoopQuery *query)
{
    RunState state = runstate_get();
    EventLoopProcess process = {
        .vm_name = owner->vm_name,
        /* tools have no machine, and no state of it */
        .run_state = state < RUN_STATE__MAX ? RunState_str(state) : NULL,
    };

    return event_loop_snapshot(json, &process, query);
}

static QDict *version(void)
{
    return qdict_from_jsonf_nofail(
        "{'qemu': {'major': %d, 'minor': %d, 'micro': %d}, 'package': %s}",
        QEMU_VERSION_MAJOR, QEMU_VERSION_MINOR, QEMU_VERSION_MICRO,
        QEMU_PKGVERSION);
}

static void append(GString *out, QDict *dict)
{
    g_autoptr(GString) json = qobject_to_json(QOBJECT(dict));

    g_string_append_len(out, json->str, json->len);
    qobject_unref(dict);
}

static void append_id(GString *out, QObject *id)
{
    if (id) {
        g_autoptr(GString) json = qobject_to_json(id);

        g_string_append(out, ", \"id\": ");
        g_string_append_len(out, json->str, json->len);
    }
    g_string_append(out, "}\r\n");
}

static void append_error(GString *out, QObject *id, Error *err)
{
    append(out, qdict_from_jsonf_nofail(
        "{'error': {'class': %s, 'desc': %s}}",
        QapiErrorClass_str(error_get_class(err)), error_get_pretty(err)));
    error_free(err);

    /* the brace comes back with the id */
    g_string_truncate(out, out->len - 1);
    append_id(out, id);
}

/* Commands */

static void run_qmp_capabilities(EventLoopDialogue *dialogue, Visitor *args,
                                 GString *json, Error **errp)
{
    q_obj_qmp_capabilities_arg arg = {};

    if (!visit_type_q_obj_qmp_capabilities_arg_members(args, &arg, errp) ||
        !visit_check_struct(args, errp)) {
        goto out;
    }
    if (dialogue->open) {
        error_set(errp, ERROR_CLASS_COMMAND_NOT_FOUND,
                  "Capabilities negotiation is already complete, command "
                  "ignored");
        goto out;
    }
    if (arg.enable) {
        error_setg(errp, "Capability %s not available",
                   QMPCapability_str(arg.enable->value));
        goto out;
    }
    dialogue->open = true;
    g_string_append(json, "{}");
out:
    qapi_free_QMPCapabilityList(arg.enable);
}

static void run_query_version(EventLoopDialogue *dialogue, Visitor *args,
                              GString *json, Error **errp)
{
    if (visit_check_struct(args, errp)) {
        append(json, version());
    }
}

static void run_query_commands(EventLoopDialogue *dialogue, Visitor *args,
                               GString *json, Error **errp)
{
    if (visit_check_struct(args, errp)) {
        g_string_append(json, "[{\"name\": \"qmp_capabilities\"}, "
                              "{\"name\": \"query-commands\"}, "
                              "{\"name\": \"query-event-loops\"}, "
                              "{\"name\": \"query-version\"}]");
    }
}

static void run_query_event_loops(EventLoopDialogue *dialogue, Visitor *args,
                                  GString *json, Error **errp)
{
    q_obj_query_event_loops_arg arg = {};

    if (visit_type_q_obj_query_event_loops_arg_members(args, &arg, errp) &&
        visit_check_struct(args, errp)) {
        EventLoopQuery query = {
            .after_sequence = arg.after_sequence,
            .histograms = arg.histograms,
            .has_max_sources = arg.has_max_sources,
            .max_sources = arg.max_sources,
        };

        event_loop_query(json, dialogue->owner, &query);
    }
}

static const struct {
    const char *name;
    Command *run;
} commands[] = {
    { "qmp_capabilities", run_qmp_capabilities },
    { "query-commands", run_query_commands },
    { "query-event-loops", run_query_event_loops },
    { "query-version", run_query_version },
};

static Command *find_command(const EventLoopDialogue *dialogue,
                             const char *name, Error **errp)
{
    if (!dialogue->open && strcmp(name, "qmp_capabilities")) {
        error_set(errp, ERROR_CLASS_COMMAND_NOT_FOUND,
                  "Expecting capabilities negotiation with "
                  "'qmp_capabilities'");
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (!strcmp(name, commands[i].name)) {
            return commands[i].run;
        }
    }
    error_set(errp, ERROR_CLASS_COMMAND_NOT_FOUND,
              "The command %s has not been found", name);
    return NULL;
}

/* Requests */

/* Returns the name of the command if @request has the form of a request */
static const char *check_request(const QDict *request, Error **errp)
{
    const QDictEntry *entry;

    for (entry = qdict_first(request); entry;
         entry = qdict_next(request, entry)) {
        const char *key = qdict_entry_key(entry);
        QType type = qobject_type(qdict_entry_value(entry));

        if (!strcmp(key, "execute")) {
            if (type != QTYPE_QSTRING) {
                error_setg(errp, "QMP input member 'execute' must be a string");
                return NULL;
            }
        } else if (!strcmp(key, "arguments")) {
            if (type != QTYPE_QDICT) {
                error_setg(errp,
                           "QMP input member 'arguments' must be an object");
                return NULL;
            }
        } else if (strcmp(key, "id")) {
            error_setg(errp, "QMP input member '%s' is unexpected", key);
            return NULL;
        }
    }
    if (!qdict_haskey(request, "execute")) {
        error_setg(errp, "QMP input lacks member 'execute'");
        return NULL;
    }
    return qdict_get_str(request, "execute");
}

static bool run_request(EventLoopDialogue *dialogue, const QDict *request,
                        GString *json, Error **errp)
{
    ERRP_GUARD();
    const char *name = check_request(request, errp);
    Command *run = name ? find_command(dialogue, name, errp) : NULL;
    QDict *args;
    Visitor *v;

    if (!run) {
        return false;
    }
    args = qdict_haskey(request, "arguments")
           ? qobject_ref(qdict_get_qdict(request, "arguments"))
           : qdict_new();
    v = qobject_input_visitor_new(QOBJECT(args));
    visit_start_struct(v, NULL, NULL, 0, &error_abort);
    run(dialogue, v, json, errp);
    visit_end_struct(v, NULL);
    visit_free(v);
    qobject_unref(args);
    return !*errp;
}

static void handle_request(void *opaque, QObject *json, Error *err)
{
    EventLoopDialogue *dialogue = opaque;
    QDict *request = qobject_to(QDict, json);
    QObject *id = request ? qdict_get(request, "id") : NULL;
    GString *out = dialogue->out;
    size_t len = out->len;

    dialogue->request_size = 0;
    if (!err && !request) {
        error_setg(&err, "QMP input must be a JSON object");
    }
    if (!err) {
        g_string_append(out, "{\"return\": ");
        if (run_request(dialogue, request, out, &err)) {
            append_id(out, id);
        } else {
            g_string_truncate(out, len);
        }
    }
    if (err) {
        append_error(out, id, err);
    }
    qobject_unref(json);
}

/* Dialogues */

EventLoopDialogue *event_loop_dialogue_new(const EventLoopOwner *owner,
                                           GString *out)
{
    EventLoopDialogue *dialogue = g_new0(EventLoopDialogue, 1);

    dialogue->owner = owner;
    dialogue->out = out;
    json_message_parser_init(&dialogue->parser, handle_request, dialogue,
                             NULL);
    append(out, qdict_from_jsonf_nofail(
        "{'QMP': {'version': %p, 'capabilities': []}}", version()));
    g_string_append(out, "\r\n");
    return dialogue;
}

void event_loop_dialogue_free(EventLoopDialogue *dialogue)
{
    if (dialogue) {
        json_message_parser_destroy(&dialogue->parser);
        g_free(dialogue);
    }
}

size_t event_loop_dialogue_feed(EventLoopDialogue *dialogue,
                                const char *buf, size_t size)
{
    size_t len = dialogue->out->len;
    size_t i;

    /*
     * The parser gets one byte at a time, as it cannot be told to stop after
     * a request, and a buffer may hold thousands of them.
     */
    for (i = 0; i < size && dialogue->out->len == len; i++) {
        if (dialogue->over ||
            (!dialogue->request_size && g_ascii_isspace(buf[i]))) {
            continue;
        }
        if (++dialogue->request_size > EVENT_LOOP_REQUEST_MAX) {
            event_loop_dialogue_refuse(dialogue->out, "request is too long");
            dialogue->over = true;
        } else {
            json_message_parser_feed(&dialogue->parser, &buf[i], 1);
        }
    }
    return i;
}

bool event_loop_dialogue_is_open(const EventLoopDialogue *dialogue)
{
    return dialogue->open;
}

bool event_loop_dialogue_is_over(const EventLoopDialogue *dialogue)
{
    return dialogue->over;
}

void event_loop_dialogue_refuse(GString *out, const char *reason)
{
    Error *err = NULL;

    error_setg(&err, "%s", reason);
    append_error(out, NULL, err);
}
