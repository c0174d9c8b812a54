/*
 * The command line of "qemu-aiotop export"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "options-export.h"

#include <limits.h>
#include <math.h>

#include <qemu-aiotop/diagnose/thresholds.h>
#include <qemu-aiotop/sampler/sampler.h>

#include "argument.h"
#include "argv.h"
#include "users.h"

/* Exporters have 9100 to 9999, all of which are given out, and some of 10000 */
#define DEFAULT_LISTEN "localhost:29177"
#define DEFAULT_INTERVAL_S 5
#define DEFAULT_SINCE_S 300
/* node_exporter reads no others */
#define TEXTFILE_END ".prom"

/* As it was given; NULL: not given */
typedef struct Raw {
    char *listen;
    char *textfile;
    char *user;
    char *delay;
    char *timeout;
    char *stall_ms;
    char *request_ms;
    char **rest;
    gboolean version, help;
} Raw;

static const char description[] =
    "Pages: /metrics of all VMs, /metrics?vm=NAME of one, /sd with a target a\n"
    "VM for Prometheus' http_sd, and / for a browser.  docs/fleet.md has all\n"
    "metrics, rules, and a dashboard.\n"
    "\n"
    "Exit status: 0 after SIGINT, SIGTERM or SIGHUP, 1 failure, 2 wrong\n"
    "command line.\n"
    "\n"
    "Examples:\n"
    "  qemu-aiotop export\n"
    "  qemu-aiotop export --listen 192.0.2.1:29177\n"
    "  qemu-aiotop export --listen /run/qemu-aiotop-export/http\n"
    "  qemu-aiotop export --textfile /var/lib/node_exporter/qemu.prom\n";

static char *make_help(GOptionContext *context)
{
    g_autofree char *help = argument_help(context);
    g_autoptr(GString) named = g_string_new(help);

    g_string_replace(named, "qemu-aiotop [", "qemu-aiotop " EXPORT_WORD " [",
                     1);
    return g_strdup(named->str);
}

/* @kept: set to what owns the strings in @raw */
static bool parse_words(ExportOptions *options, Raw *raw, GPtrArray **kept,
                        char **argv, GError **error)
{
    const GOptionEntry entries[] = {
        { "listen", 0, 0, G_OPTION_ARG_FILENAME, &raw->listen,
          "Where to serve: an address or a name, and a port; or the path of a"
          " UNIX socket (default " DEFAULT_LISTEN ", without --textfile)",
          "ADDRESS:PORT|PATH" },
        { "textfile", 0, 0, G_OPTION_ARG_FILENAME, &raw->textfile,
          "Keep this file up to date, for node_exporter, which reads what ends"
          " in " TEXTFILE_END,
          "FILE" },
        { "user", 'u', 0, G_OPTION_ARG_FILENAME, &raw->user,
          "Only QEMUs of these users, by name or number", "USER,..." },
        { "delay", 'd', 0, G_OPTION_ARG_FILENAME, &raw->delay,
          "Time between two looks at all VMs, as 5 or 500ms (default"
          " " G_STRINGIFY(DEFAULT_INTERVAL_S) "; " AIOTOP_INTERVAL_LIMITS ")",
          "SECONDS" },
        { "timeout", 0, 0, G_OPTION_ARG_FILENAME, &raw->timeout,
          "What QEMU has to accept, to greet and to answer, each (default 3, 3"
          " and 10)",
          "SECONDS" },
        { "stall-ms", 0, 0, G_OPTION_ARG_FILENAME, &raw->stall_ms,
          ARGUMENT_STALL_MS_HELP, "N" },
        { "request-ms", 0, 0, G_OPTION_ARG_FILENAME, &raw->request_ms,
          ARGUMENT_REQUEST_MS_HELP, "N" },
        { "version", 'V', 0, G_OPTION_ARG_NONE, &raw->version,
          "Show the version", NULL },
        { "help", 'h', 0, G_OPTION_ARG_NONE, &raw->help, "List the options",
          NULL },
        { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->rest,
          NULL, NULL },
        { NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_auto(GStrv) words = argv_normalize(entries, argv, error);

    if (error && *error) {
        return false;
    }
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_summary(
        context, "Serves what the event loops of all QEMUs of this host do, as"
                 " OpenMetrics over HTTP.");
    g_option_context_set_description(context, description);
    if (!g_option_context_parse_strv(context, &words, error)) {
        return false;
    }
    *kept = arguments_keep(entries);
    if (raw->help) {
        options->help = make_help(context);
    }
    return true;
}

static bool read_ms(uint64_t *ns, const char *text, const char *option,
                    GError **error)
{
    guint64 ms = 0;

    if (!argument_number(&ms, text, option, INT_MAX, error)) {
        return false;
    }
    *ns = ms * UINT64_C(1000000);
    return true;
}

static bool read_times(ExportOptions *options, const Raw *raw, GError **error)
{
    double delay_s = DEFAULT_INTERVAL_S, timeout_s = 0;

    if (!argument_seconds(&delay_s, raw->delay, "-d", AIOTOP_INTERVAL_MIN_S,
                          AIOTOP_INTERVAL_MAX_S, error) ||
        !argument_seconds(&timeout_s, raw->timeout, "--timeout", 0.001,
                          2 * 86400, error)) {
        return false;
    }
    options->interval_ms = lround(delay_s * 1000);
    options->timeouts = raw->timeout
                            ? aiotop_qmp_timeouts(ceil(timeout_s * 1000))
                            : aiotop_qmp_default_timeouts;
    options->check.since_ns = DEFAULT_SINCE_S * UINT64_C(1000000000);
    return read_ms(&options->check.stall_ns, raw->stall_ms, "--stall-ms",
                   error) &&
           read_ms(&options->check.request_ns, raw->request_ms, "--request-ms",
                   error);
}

static bool read_places(ExportOptions *options, const Raw *raw, GError **error)
{
    const char *listen = raw->listen;

    if (raw->rest && raw->rest[0]) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    EXPORT_WORD " is of all VMs of this host, without TARGET;"
                                " a VM that is called so is name:" EXPORT_WORD);
        return false;
    }
    if ((raw->listen && !*raw->listen) || (raw->textfile && !*raw->textfile)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--listen and --textfile need to say where");
        return false;
    }
    if (raw->textfile && !g_str_has_suffix(raw->textfile, TEXTFILE_END)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--textfile needs a name that ends in " TEXTFILE_END
                    ", as node_exporter reads no others, not \"%s\"",
                    raw->textfile);
        return false;
    }
    if (!listen && !raw->textfile) {
        listen = DEFAULT_LISTEN;
    }
    options->listen = g_strdup(listen);
    options->textfile = g_strdup(raw->textfile);
    return true;
}

bool export_options_parse(ExportOptions *options, char **argv, GError **error)
{
    g_autoptr(GPtrArray) kept = NULL;
    Raw raw = { 0 };

    *options = (ExportOptions){ 0 };
    if (!parse_words(options, &raw, &kept, argv, error)) {
        return false;
    }
    options->version = raw.version;
    return options->help || (read_places(options, &raw, error) &&
                             users_parse(&options->users, raw.user, error) &&
                             read_times(options, &raw, error));
}

void export_options_clear(ExportOptions *options)
{
    g_free(options->listen);
    g_free(options->textfile);
    g_free(options->help);
    g_clear_pointer(&options->users, g_array_unref);
}
