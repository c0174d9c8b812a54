/*
 * A sampler, and a QMP server in the same thread for it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_QMP_SERVED_H
#define TESTS_QMP_SERVED_H

#include <gio/gio.h>
#include <qemu-aiotop/sampler/sampler.h>

/* Of each snapshot; only every other one did something since the last */
#define N_SOURCES 100

typedef struct Fixture {
    char *dir;
    char *path;
    GMainLoop *loop;
    guint watchdog;

    /* The server */
    GSocketService *service;
    GSocketConnection *connection;
    GDataInputStream *input;
    unsigned n_connections;
    unsigned n_requests;
    uint64_t sequence;
    uint64_t pid;
    /* Requests for all sources, and for none */
    unsigned n_full;
    unsigned n_loops_only;
    /* Sources that the server has forgotten: the first ones */
    unsigned n_forgotten;
    /* Requests are not answered */
    bool silent;
    /* Sent instead of the answer */
    const char *instead;
    /* What to do when a snapshot was sent */
    void (*on_sent)(struct Fixture *f);

    AiotopSampler *sampler;
    bool loops_only;
    uint64_t request_ns;
    /* As --sample; 0: not given */
    unsigned sample_hz;
    unsigned n_samples;
    int64_t begun_us;
    /* What to do with each sample, and with each change of status */
    void (*on_sample)(struct Fixture *f, const AiotopSample *sample);
    void (*on_status)(struct Fixture *f, const AiotopSamplerStatus *status);
} Fixture;

void send_text(Fixture *f, const char *text);

void answer(Fixture *f, const char *request);

void listen_again(Fixture *f);

void drop_client(Fixture *f);

void stop_listening(Fixture *f);

void set_up(Fixture *f, gconstpointer data G_GNUC_UNUSED);

void tear_down(Fixture *f, gconstpointer data G_GNUC_UNUSED);

void run(Fixture *f, bool reconnect, unsigned interval_ms);

/* For @on_sample, where none is to come */
void no_sample(Fixture *f, const AiotopSample *sample);

/* For @on_sent: the second snapshot is the last thing that the client gets */
void drop_with_second(Fixture *f);

#endif /* TESTS_QMP_SERVED_H */
