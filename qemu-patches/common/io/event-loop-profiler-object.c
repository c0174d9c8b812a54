/*
 * Event loop profiler: the object that switches it on
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Event loops are profiled as long as there is an object of the type
 * "event-loop-profiler".  Who wants to read the counters connects to its
 * socket (io/event-loop-server.c), or asks an ordinary monitor.
 */

#include "qemu/osdep.h"
#include "authz/list.h"
#include "authz/simple.h"
#include "crypto/tlscreds.h"
#include "io/event-loop-server.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-event-loop-query.h"
#include "qapi/qapi-visit-event-loop.h"
#include "qapi/qapi-visit-sockets.h"
#include "qapi/qobject-input-visitor.h"
#include "qemu/event-loop-compat.h"
#include "qemu/event-loop-snapshot.h"
#include "qemu/lockable.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "qemu/units.h"
#include "qobject/qjson.h"
#include "qobject/qobject.h"
#include "qobject/qstring.h"
#include "qom/object_interfaces.h"
#include "qom/qom-qobject.h"
#include "system/system.h"

#define TYPE_EVENT_LOOP_PROFILER "event-loop-profiler"
OBJECT_DECLARE_SIMPLE_TYPE(EventLoopProfiler, EVENT_LOOP_PROFILER)

struct EventLoopProfiler {
    Object parent;

    EventLoopOwner owner;
    SocketAddress *socket;
    /* see numbers[] */
    uint32_t stall_threshold_ms;
    uint32_t max_overhead;
    uint32_t max_connections;
    char *tls_creds;
    char *tls_authz;

    EventLoopServer *server;
};

/*
 * The profiler that is on.  A monitor may ask out-of-band, that is in its own
 * thread, while the object goes away, hence the lock.  The server's thread
 * does not take it: it ends before.
 */
static EventLoopProfiler *profiler;

/*
 * A longer reply, in bytes, is refused on an ordinary monitor.  It would be
 * made into QAPI objects, QObjects and text again, in the main loop and with
 * the big lock; and of twice the size it might have more tokens than the JSON
 * parser takes.
 */
#define MONITOR_REPLY_MAX (1 * MiB)

static QemuMutex profiler_lock;

EventLoopsInfo *qmp_query_event_loops(bool has_after_sequence,
                                      uint64_t after_sequence,
                                      bool has_histograms, bool histograms,
                                      bool has_max_sources,
                                      uint32_t max_sources, Error **errp)
{
    g_autoptr(GString) json = g_string_new(NULL);
    EventLoopQuery query = {
        .after_sequence = after_sequence,
        .histograms = histograms,
        .has_max_sources = has_max_sources,
        .max_sources = max_sources,
        .max_size = MONITOR_REPLY_MAX,
    };
    EventLoopsInfo *info = NULL;
    QObject *obj;
    Visitor *v;

    WITH_QEMU_LOCK_GUARD(&profiler_lock) {
        if (!profiler) {
            error_setg(errp, "no event-loop profiler: create one with "
                       "object-add, qom-type=" TYPE_EVENT_LOOP_PROFILER);
            return NULL;
        }
        if (!event_loop_query(json, &profiler->owner, &query)) {
            error_setg(errp, "the reply is longer than %" PRIu64 " KiB, which "
                       "would keep the monitor too long: ask without "
                       "histograms, with 'max-sources', or through the "
                       "profiler's own socket", MONITOR_REPLY_MAX / KiB);
            return NULL;
        }
    }

    obj = qobject_from_json(json->str, errp);
    if (!obj) {
        return NULL;
    }
    v = qobject_input_visitor_new(obj);
    visit_type_EventLoopsInfo(v, NULL, &info, errp);
    visit_free(v);
    qobject_unref(obj);
    return info;
}

/* Sets the properties of @copy, as far as there are any, to those of @obj */
static bool copy_properties(Object *copy, Object *obj,
                            const char *const *properties, Error **errp)
{
    for (const char *const *p = properties; *p; p++) {
        QObject *value;
        bool ok;

        if (!object_property_find(obj, *p)) {
            continue;
        }
        value = object_property_get_qobject(obj, *p, errp);
        if (!value) {
            return false;
        }
        /* a string that is not set reads as an empty one */
        ok = (qobject_type(value) == QTYPE_QSTRING &&
              !*qstring_get_str(qobject_to(QString, value))) ||
             object_property_set_qobject(copy, *p, value, errp);
        qobject_unref(value);
        if (!ok) {
            return false;
        }
    }
    return true;
}

/*
 * Returns a copy of TLS credentials that only the server has: the main thread
 * may load the original anew at any time, while there is a handshake.
 */
static QCryptoTLSCreds *copy_tls_creds(const char *id, Error **errp)
{
    static const char *const properties[] = {
        "dir", "endpoint", "verify-peer", "priority", "sanity-check",
        "passwordid", "username", NULL
    };
    Object *obj = object_resolve_path_component(object_get_objects_root(), id);
    Object *copy;

    if (!obj) {
        error_setg(errp, "no TLS credentials object with id '%s'", id);
        return NULL;
    }
    if (!object_dynamic_cast(obj, TYPE_QCRYPTO_TLS_CREDS)) {
        error_setg(errp, "object with id '%s' is not TLS credentials", id);
        return NULL;
    }
    if (!qcrypto_tls_creds_check_endpoint(QCRYPTO_TLS_CREDS(obj),
                                          QCRYPTO_TLS_CREDS_ENDPOINT_SERVER,
                                          errp)) {
        return NULL;
    }
    copy = object_new(object_get_typename(obj));
    if (!copy_properties(copy, obj, properties, errp) ||
        !user_creatable_complete(USER_CREATABLE(copy), errp)) {
        object_unref(copy);
        return NULL;
    }
    return QCRYPTO_TLS_CREDS(copy);
}

/*
 * Returns a copy of an authorization object that only the server has: the
 * main thread may change the original's properties at any time.
 */
static QAuthZ *copy_tls_authz(const char *id, Error **errp)
{
    static const struct {
        const char *type;
        const char *properties[3];
    } allowed[] = {
        { TYPE_QAUTHZ_LIST, { "policy", "rules" } },
        { TYPE_QAUTHZ_SIMPLE, { "identity" } },
    };
    Object *obj = object_resolve_path_component(object_get_objects_root(), id);
    Object *copy;

    if (!obj || !object_dynamic_cast(obj, TYPE_QAUTHZ)) {
        error_setg(errp, "no authorization object with id '%s'", id);
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
        if (strcmp(object_get_typename(obj), allowed[i].type)) {
            continue;
        }
        copy = object_new(allowed[i].type);
        if (!copy_properties(copy, obj, allowed[i].properties, errp)) {
            object_unref(copy);
            return NULL;
        }
        return QAUTHZ(copy);
    }
    error_setg(errp, "authorization object '%s' of type '%s' may block or "
               "needs the main loop; use authz-list or authz-simple",
               id, object_get_typename(obj));
    return NULL;
}

static void apply_numbers(const EventLoopProfiler *p)
{
    event_loop_set_stall_threshold(p->stall_threshold_ms * (uint64_t)SCALE_MS);
    event_loop_set_max_overhead(p->max_overhead);
}

static EventLoopServer *new_server(EventLoopProfiler *p, Error **errp)
{
    EventLoopServerOptions options = {
        .socket = p->socket,
        .max_connections = p->max_connections,
        .owner = &p->owner,
    };
    EventLoopServer *server = NULL;

    if (p->tls_authz && !p->tls_creds) {
        error_setg(errp, "'tls-authz' requires 'tls-creds'");
        return NULL;
    }
    if (p->tls_creds) {
        options.tls_creds = copy_tls_creds(p->tls_creds, errp);
        if (!options.tls_creds) {
            goto out;
        }
    }
    if (p->tls_authz) {
        options.tls_authz = copy_tls_authz(p->tls_authz, errp);
        if (!options.tls_authz) {
            goto out;
        }
    }
    server = event_loop_server_new(&options, errp);
out:
    object_unref(OBJECT(options.tls_creds));
    object_unref(OBJECT(options.tls_authz));
    return server;
}

/*
 * Where a number of 64 bits is not written at once, counters would be locked:
 * a reader would wait for ever for a thread that was stopped in a store.
 */
static bool can_profile(void)
{
#ifdef CONFIG_ATOMIC64
    return HOST_LONG_BITS >= 64;
#else
    return false;
#endif
}

static void profiler_complete(UserCreatable *uc, Error **errp)
{
    EventLoopProfiler *p = EVENT_LOOP_PROFILER(uc);

    if (profiler) {
        g_autofree char *id =
            g_strdup(object_get_canonical_path_component(OBJECT(profiler)));

        error_setg(errp, "there is an event-loop profiler already: '%s'", id);
        return;
    }
    if (!p->socket && (p->tls_creds || p->tls_authz)) {
        error_setg(errp, "TLS requires 'socket'");
        return;
    }

    if (!can_profile()) {
        error_setg(errp, "event loops cannot be profiled on 32-bit hosts");
        return;
    }

    p->owner.vm_name = qemu_get_vm_name();
    p->server = new_server(p, errp);
    if (!p->server) {
        return;
    }
    apply_numbers(p);
    event_loop_profiler_start();
    WITH_QEMU_LOCK_GUARD(&profiler_lock) {
        profiler = p;
    }
    event_loop_server_start(p->server);
}

static void profiler_finalize(Object *obj)
{
    EventLoopProfiler *p = EVENT_LOOP_PROFILER(obj);

    event_loop_server_free(p->server);
    WITH_QEMU_LOCK_GUARD(&profiler_lock) {
        if (profiler == p) {
            event_loop_profiler_stop();
            profiler = NULL;
        }
    }
    qapi_free_SocketAddress(p->socket);
    g_free(p->tls_creds);
    g_free(p->tls_authz);
}

static bool check_unused(Object *obj, const char *name, Error **errp)
{
    if (EVENT_LOOP_PROFILER(obj) == profiler) {
        error_setg(errp, "'%s' cannot be changed at run time", name);
        return false;
    }
    return true;
}

static void get_socket(Object *obj, Visitor *v, const char *name,
                       void *opaque, Error **errp)
{
    EventLoopProfiler *p = EVENT_LOOP_PROFILER(obj);

    if (p->socket) {
        visit_type_SocketAddress(v, name, &p->socket, errp);
    } else {
        error_setg(errp, "'%s' is not set", name);
    }
}

static void set_socket(Object *obj, Visitor *v, const char *name,
                       void *opaque, Error **errp)
{
    EventLoopProfiler *p = EVENT_LOOP_PROFILER(obj);
    SocketAddress *addr;

    if (check_unused(obj, name, errp) &&
        visit_type_SocketAddress(v, name, &addr, errp)) {
        qapi_free_SocketAddress(p->socket);
        p->socket = addr;
    }
}

typedef struct ProfilerNumber {
    const char *name;
    size_t offset;
    uint32_t min, max, initial;
    /* it may change while the profiler is on */
    bool at_run_time;
    const char *description;
} ProfilerNumber;

static const ProfilerNumber numbers[] = {
    { "stall-threshold", offsetof(EventLoopProfiler, stall_threshold_ms),
      1, UINT32_MAX, 100, true,
      "Milliseconds after which a dispatch counts as a stall" },
    { "max-overhead", offsetof(EventLoopProfiler, max_overhead),
      0, 1000, 10, true,
      "What profiling may take of an event loop's time, per mille" },
    { "max-connections", offsetof(EventLoopProfiler, max_connections),
      1, 256, 8, false,
      "Number of clients that are served at the same time" },
};

static uint32_t *number_of(EventLoopProfiler *p, const ProfilerNumber *number)
{
    return (uint32_t *)((char *)p + number->offset);
}

static void get_number(Object *obj, Visitor *v, const char *name,
                       void *opaque, Error **errp)
{
    visit_type_uint32(v, name, number_of(EVENT_LOOP_PROFILER(obj), opaque),
                      errp);
}

static void set_number(Object *obj, Visitor *v, const char *name,
                       void *opaque, Error **errp)
{
    EventLoopProfiler *p = EVENT_LOOP_PROFILER(obj);
    const ProfilerNumber *number = opaque;
    uint32_t value;

    if ((!number->at_run_time && !check_unused(obj, name, errp)) ||
        !visit_type_uint32(v, name, &value, errp)) {
        return;
    }
    if (value < number->min || value > number->max) {
        error_setg(errp, "'%s' must be from %" PRIu32 " to %" PRIu32, name,
                   number->min, number->max);
        return;
    }
    *number_of(p, number) = value;
    if (p == profiler) {
        apply_numbers(p);
    }
}

static char *get_tls_creds(Object *obj, Error **errp)
{
    return g_strdup(EVENT_LOOP_PROFILER(obj)->tls_creds);
}

static void set_tls_creds(Object *obj, const char *value, Error **errp)
{
    EventLoopProfiler *p = EVENT_LOOP_PROFILER(obj);

    if (check_unused(obj, "tls-creds", errp)) {
        g_free(p->tls_creds);
        p->tls_creds = g_strdup(value);
    }
}

static char *get_tls_authz(Object *obj, Error **errp)
{
    return g_strdup(EVENT_LOOP_PROFILER(obj)->tls_authz);
}

static void set_tls_authz(Object *obj, const char *value, Error **errp)
{
    EventLoopProfiler *p = EVENT_LOOP_PROFILER(obj);

    if (check_unused(obj, "tls-authz", errp)) {
        g_free(p->tls_authz);
        p->tls_authz = g_strdup(value);
    }
}

static void profiler_init(Object *obj)
{
    EventLoopProfiler *p = EVENT_LOOP_PROFILER(obj);

    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        *number_of(p, &numbers[i]) = numbers[i].initial;
    }
}

static void profiler_class_init(ObjectClass *oc, EventLoopClassData *data)
{
    UserCreatableClass *ucc = USER_CREATABLE_CLASS(oc);

    ucc->complete = profiler_complete;
    ucc->has_thread = true;

    object_class_property_add(oc, "socket", "SocketAddress",
                              get_socket, set_socket, NULL, NULL);
    object_class_property_set_description(oc, "socket",
        "Where to listen for QMP clients");
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        const ProfilerNumber *number = &numbers[i];

        object_class_property_add(oc, number->name, "uint32", get_number,
                                  set_number, NULL, (void *)number);
        object_class_property_set_description(oc, number->name,
                                              number->description);
    }
    object_class_property_add_str(oc, "tls-creds",
                                  get_tls_creds, set_tls_creds);
    object_class_property_set_description(oc, "tls-creds",
        "ID of a TLS credentials object");
    object_class_property_add_str(oc, "tls-authz",
                                  get_tls_authz, set_tls_authz);
    object_class_property_set_description(oc, "tls-authz",
        "ID of an authorization object for TLS clients");
}

static const TypeInfo profiler_info = {
    .name = TYPE_EVENT_LOOP_PROFILER,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(EventLoopProfiler),
    .instance_init = profiler_init,
    .instance_finalize = profiler_finalize,
    .class_init = profiler_class_init,
    .interfaces = (InterfaceInfo[]) {
        { TYPE_USER_CREATABLE },
        { }
    },
};

static void profiler_register_types(void)
{
    qemu_mutex_init(&profiler_lock);
    type_register_static(&profiler_info);
}

type_init(profiler_register_types);
