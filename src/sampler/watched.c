/*
 * One QEMU that the host sampler watches
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "watched.h"

#include <inttypes.h>
#include <string.h>

#include "qemu-aiotop/host/peer.h"
#include "qemu-aiotop/host/target.h"

struct AiotopWatched {
    const AiotopSamplerConfig *config;
    AiotopWatchedDone *done;
    void *opaque;
    /* As it is to be published; nobody else has a reference */
    AiotopVm *vm;
    /* NULL while its connection is lent */
    AiotopSampler *sampler;
    /* For the sampler's resolver: see resolve() */
    char *target;
    /* An answer is to come, since then; and the end of a round waits for it */
    bool asked;
    bool in_round;
    int64_t asked_us;
};

/*
 * What is asked is one process, and where it listens is known: a walk through
 * /proc for each of a hundred is spared.
 */
static char *make_target(const AiotopVm *vm)
{
    return g_strdup_printf("%" PRId64 " %" PRIu64 " %s", vm->process.pid,
                           vm->process.start_ticks,
                           vm->address ? vm->address : AIOTOP_HOST_ADDRESS);
}

static char *resolve(const char *target, AiotopIdentity *process,
                     GError **error G_GNUC_UNUSED)
{
    char *end;

    process->pid = g_ascii_strtoll(target, &end, 10);
    process->start_ticks = g_ascii_strtoull(end, &end, 10);
    return g_strdup(end + 1);
}

static GRefString *new_string(const char *text)
{
    return text ? g_ref_string_new(text) : NULL;
}

/*
 * A monitor serves one client at a time, and who watches a whole host must not
 * take that place: only profilers' own sockets are asked.
 */
static const char *address_of(const AiotopProcess *process)
{
    return process->profilers->len ? process->profilers->pdata[0] : NULL;
}

static AiotopUnprofiled unprofiled(const AiotopProcess *process)
{
    return process->profilers->len ? AIOTOP_UNPROFILED_NO_REASON
           : aiotop_process_profiled(process)
               ? AIOTOP_UNPROFILED_NO_SOCKET
               : aiotop_process_unprofiled(process);
}

static void finish(AiotopWatched *watched)
{
    watched->asked = false;
    if (watched->in_round) {
        watched->in_round = false;
        watched->done(watched->opaque);
    }
}

static void begin(AiotopWatched *watched);

/*
 * One that gave no answer as it was halted is looked at instead; that it goes
 * on is not seen by who looks
 */
static bool goes_on_again(const AiotopWatched *watched,
                          const AiotopSnapshot *now)
{
    return watched->vm->address && now->host_only &&
           now->halt.kind == AIOTOP_HALT_NONE;
}

static void on_sample(AiotopSampler *sampler G_GNUC_UNUSED,
                      AiotopSample *sample, void *opaque)
{
    AiotopWatched *watched = opaque;

    if (goes_on_again(watched, sample->now)) {
        aiotop_sample_free(sample);
        begin(watched);
        return;
    }
    aiotop_sample_free(watched->vm->sample);
    watched->vm->sample = sample;
    watched->vm->sample_us = g_get_monotonic_time();
    finish(watched);
}

static void on_status(AiotopSampler *sampler, void *opaque)
{
    AiotopWatched *watched = opaque;

    if (aiotop_sampler_status(sampler)->state == AIOTOP_SAMPLER_LOST) {
        finish(watched);
    }
}

static void begin(AiotopWatched *watched)
{
    static const AiotopSamplerHandler handler = {
        .sample = on_sample,
        .status = on_status,
    };
    AiotopSamplerConfig config = *watched->config;

    config.resolve = resolve;
    config.target = watched->target;
    /* It asks when it is told to: all of them at once */
    config.interval_ms = AIOTOP_INTERVAL_MAX_S * 1000;
    config.looks_at_halted = true;
    config.reconnect = true;
    config.handler = &handler;
    config.opaque = watched;
    aiotop_sampler_free(watched->sampler);
    watched->sampler = aiotop_sampler_new(&config);
}

AiotopWatched *aiotop_watched_new(const AiotopProcess *process,
                                  const AiotopSamplerConfig *config,
                                  AiotopWatchedDone *done, void *opaque)
{
    AiotopWatched *watched = g_new(AiotopWatched, 1);
    int64_t now_us = g_get_monotonic_time();
    const AiotopVm vm = {
        .process = { process->pid, process->start_ticks },
        .program = new_string(process->program),
        .name = new_string(process->vm_name),
        .user = new_string(process->user),
        .trusted = process->trusted,
        .address = new_string(address_of(process)),
        .unprofiled = unprofiled(process),
        .state = AIOTOP_VM_NEW,
        .since_us = now_us,
    };

    *watched = (AiotopWatched){
        .config = config,
        .done = done,
        .opaque = opaque,
        .vm = g_rc_box_new(AiotopVm),
        .asked = true,
        .asked_us = now_us,
    };
    *watched->vm = vm;
    watched->target = make_target(&vm);
    begin(watched);
    return watched;
}

void aiotop_watched_free(AiotopWatched *watched)
{
    if (watched) {
        aiotop_sampler_free(watched->sampler);
        aiotop_vm_unref(watched->vm);
        g_free(watched->target);
        g_free(watched);
    }
}

bool aiotop_watched_is(const AiotopWatched *watched,
                       const AiotopIdentity *process)
{
    return aiotop_identity_equal(&watched->vm->process, process);
}

/* Another place to ask it, or the first one, or none any more */
static void move(AiotopWatched *watched, const char *address)
{
    AiotopVm *vm = watched->vm;

    g_clear_pointer(&vm->address, g_ref_string_release);
    vm->address = new_string(address);
    g_free(watched->target);
    watched->target = make_target(vm);
    if (watched->sampler) {
        watched->asked = true;
        watched->asked_us = g_get_monotonic_time();
        begin(watched);
    }
}

void aiotop_watched_update(AiotopWatched *watched, const AiotopProcess *process)
{
    /* It told more before it fell silent */
    if (process->unreadable) {
        return;
    }
    watched->vm->unprofiled = unprofiled(process);
    watched->vm->trusted = process->trusted;
    if (g_strcmp0(watched->vm->user, process->user) != 0) {
        g_clear_pointer(&watched->vm->user, g_ref_string_release);
        watched->vm->user = new_string(process->user);
    }
    if (!watched->vm->name) {
        watched->vm->name = new_string(process->vm_name);
    }
    if (g_strcmp0(watched->vm->address, address_of(process)) != 0) {
        move(watched, address_of(process));
    }
}

static bool is_lost(const AiotopWatched *watched)
{
    return watched->sampler && aiotop_sampler_status(watched->sampler)->state ==
                                   AIOTOP_SAMPLER_LOST;
}

void aiotop_watched_ask(AiotopWatched *watched, int64_t now_us)
{
    if (!watched->sampler || is_lost(watched)) {
        watched->asked = false;
        return;
    }
    watched->in_round = true;
    if (!watched->asked) {
        watched->asked = true;
        watched->asked_us = now_us;
        aiotop_sampler_hurry(watched->sampler);
    }
}

bool aiotop_watched_is_awaited(const AiotopWatched *watched)
{
    return watched->in_round;
}

static void set_error(AiotopVm *vm, const GError *error)
{
    const char *message = error ? error->message : NULL;

    if (g_strcmp0(vm->error, message) != 0) {
        g_clear_pointer(&vm->error, g_ref_string_release);
        vm->error = new_string(message);
    }
}

static AiotopVmSilence kind_of(const GError *error)
{
    if (error->domain == AIOTOP_PEER_ERROR) {
        return error->code == AIOTOP_PEER_ERROR_DENIED ? AIOTOP_VM_DENIED
                                                       : AIOTOP_VM_REFUSED;
    }
    if (error->domain != AIOTOP_QMP_ERROR) {
        return AIOTOP_VM_MALFORMED;
    }
    switch (error->code) {
    case AIOTOP_QMP_ERROR_DENIED:
        return AIOTOP_VM_DENIED;
    case AIOTOP_QMP_ERROR_CONNECT:
    case AIOTOP_QMP_ERROR_CLOSED:
    case AIOTOP_QMP_ERROR_PEER:
        return AIOTOP_VM_REFUSED;
    case AIOTOP_QMP_ERROR_NOT_TAKEN:
    case AIOTOP_QMP_ERROR_NO_GREETING:
    case AIOTOP_QMP_ERROR_TIMEOUT:
        return AIOTOP_VM_SILENT;
    default:
        return AIOTOP_VM_MALFORMED;
    }
}

/* What was wrong is so until there is an answer, also while it is tried anew */
static AiotopVmSilence find_silence(const AiotopWatched *watched,
                                    AiotopVmState state)
{
    const GError *error = watched->sampler
                              ? aiotop_sampler_status(watched->sampler)->error
                              : NULL;

    if (!watched->vm->address) {
        return AIOTOP_VM_ANSWERS;
    }
    return error                     ? kind_of(error)
           : state == AIOTOP_VM_LATE ? AIOTOP_VM_SILENT
                                     : AIOTOP_VM_ANSWERS;
}

static AiotopVmState find_state(const AiotopWatched *watched, int64_t now_us,
                                int64_t patience_us)
{
    if (is_lost(watched)) {
        return AIOTOP_VM_LOST;
    }
    if (!watched->asked) {
        return watched->vm->sample ? AIOTOP_VM_LIVE : AIOTOP_VM_NEW;
    }
    return watched->vm->sample || now_us - watched->asked_us >= patience_us
               ? AIOTOP_VM_LATE
               : AIOTOP_VM_NEW;
}

AiotopVm *aiotop_watched_publish(AiotopWatched *watched, int64_t now_us,
                                 int64_t patience_us)
{
    AiotopVmState state = find_state(watched, now_us, patience_us);
    AiotopVm *vm = watched->vm;

    watched->in_round = false;
    set_error(vm, state == AIOTOP_VM_LOST
                      ? aiotop_sampler_status(watched->sampler)->error
                      : NULL);
    if (state == AIOTOP_VM_LATE) {
        vm->since_us = watched->asked_us;
    } else if (state == AIOTOP_VM_LOST) {
        vm->since_us = aiotop_sampler_status(watched->sampler)->since_us;
    } else if (state != vm->state) {
        vm->since_us = now_us;
    }
    vm->state = state;
    vm->silence = find_silence(watched, state);
    return aiotop_vm_copy(vm);
}

void aiotop_watched_lend(AiotopWatched *watched)
{
    g_clear_pointer(&watched->sampler, aiotop_sampler_free);
    watched->asked = false;
    watched->in_round = false;
}

void aiotop_watched_take_back(AiotopWatched *watched)
{
    if (!watched->sampler) {
        watched->asked = true;
        watched->asked_us = g_get_monotonic_time();
        begin(watched);
    }
}
