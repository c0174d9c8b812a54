/*
 * Mode: metrics of all QEMUs of this host, until a signal comes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "modes.h"

#include <stdlib.h>

#include <qemu-aiotop/export/exporter.h>

#include "descriptors.h"
#include "options-export.h"
#include "output.h"
#include "screen/signals.h"

static gboolean on_signal(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_CONTINUE;
}

static void respond(const AiotopHttpRequest *request, AiotopHttpAnswer *answer,
                    void *exporter)
{
    aiotop_exporter_respond(request, answer, *(AiotopExporter **)exporter);
}

/*
 * NULL if that can't be, which is said.  @exporter may be made later, but
 * before the main loop runs.
 */
static AiotopHttpServer *listen_at(const char *where, AiotopExporter **exporter)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *message = NULL;
    AiotopHttpLimits limits = aiotop_http_default_limits;
    AiotopHttpServer *server;

    /* Of each place there may be four connections, if most are refused */
    limits.peers = descriptors_share(limits.peers);
    server = aiotop_http_server_new(where, &limits, respond, report, exporter,
                                    &error);

    if (server) {
        message = g_strdup_printf("serving metrics at %s",
                                  aiotop_http_server_where(server));
    }
    report(server ? message : error->message);
    return server;
}

static void run(const ExportOptions *options, AiotopExporter **exporter,
                GMainLoop *loop)
{
    *exporter = aiotop_exporter_new(&(AiotopExporterConfig){
        .users = options->users,
        .interval_ms = options->interval_ms,
        .timeouts = &options->timeouts,
        .check = options->check,
        .version = VERSION,
        .textfile = options->textfile,
        .report = report,
    });
    g_main_loop_run(loop);
}

/* Who can't listen has begun nothing */
static int serve(const ExportOptions *options)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    AiotopExporter *exporter = NULL;
    AiotopHttpServer *server = NULL;
    int status = EXIT_FAILURE;

    signals_add_end(on_signal, loop);
    if (!options->listen || (server = listen_at(options->listen, &exporter))) {
        run(options, &exporter, loop);
        status = EXIT_SUCCESS;
    }
    aiotop_http_server_free(server);
    aiotop_exporter_free(exporter);
    /* What was cancelled comes to its end */
    while (g_main_context_iteration(NULL, FALSE)) {
        continue;
    }
    return status;
}

static int tell(const char *text)
{
    g_autoptr(GString) out = g_string_new(text);
    int status = EXIT_SUCCESS;

    report_output(out, &status);
    return status;
}

int mode_export(char **argv)
{
    g_autoptr(GError) error = NULL;
    ExportOptions options;
    int status = EXIT_USAGE;

    if (!export_options_parse(&options, argv, &error)) {
        g_autofree char *message =
            g_strconcat(error->message,
                        " (" EXPORT_WORD " --help lists the options)", NULL);

        report(message);
    } else if (options.help) {
        status = tell(options.help);
    } else if (options.version) {
        status = tell("qemu-aiotop " VERSION "\n");
    } else {
        status = serve(&options);
    }
    export_options_clear(&options);
    return status;
}
