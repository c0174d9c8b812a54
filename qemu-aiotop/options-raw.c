/*
 * The command line as it was given: which options there are, and what --help says
 * of them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "options-raw.h"

#include <qemu-aiotop/diagnose/check.h>
#include <qemu-aiotop/diagnose/thresholds.h>
#include <qemu-aiotop/sampler/sampler.h>
#include <qemu-aiotop/sampling/sampling.h>

#include "argument.h"
#include "argv.h"

static const char description[] =
    "TARGET is the path of a socket, HOST:PORT, a PID, or the name of a VM;\n"
    "name:X is a VM's name whatever X looks like.  Without TARGET it is the\n"
    "only profiled QEMU on this host, or, if several are, all of them: "
    "--host.\n"
    "A QEMU that is not profiled is watched by its PID or name: as far as the\n"
    "host knows.\n"
    "\n"
    "Exit status: 0 fine, 1 failure, 2 wrong command line; with --check 0 OK,\n"
    "1 WARNING, 2 CRITICAL, 3 UNKNOWN.\n"
    "\n"
    "Examples:\n"
    "  qemu-aiotop --list\n"
    "  qemu-aiotop --host\n"
    "  qemu-aiotop --host --check -u libvirt-qemu -f '^prod-'\n"
    "  qemu-aiotop --diagnose --stacks vm1\n"
    "  qemu-aiotop --check --warn delay-p99=10ms --crit dispatch=95 vm1\n"
    "  qemu-aiotop -bn3 -t10 vm1\n"
    "  qemu-aiotop -b -o json /run/vm1-prof.sock | jq '.sources[0]'\n"
    "  qemu-aiotop -b -c loop,name,label,p99,delay-p99 -s p99 -f virtio 4711\n"
    "  qemu-aiotop --enable vm1\n";

static char *make_warn_help(void)
{
    const char *names[AIOTOP_N_METRICS + 1] = { NULL };
    g_autofree char *list = NULL;

    for (unsigned i = 0; i < AIOTOP_N_METRICS; i++) {
        names[i] = aiotop_metrics[i].name;
    }
    list = g_strjoinv(", ", (char **)names);
    return g_strdup_printf("With --check: a warning out of this range; for %s",
                           list);
}

bool raw_options_parse(RawOptions *raw, char **help, char **argv,
                       GError **error)
{
    g_autofree char *warn_help = make_warn_help();
    /* All are file names to GLib: bytes, which it leaves as they are */
    const GOptionEntry entries[] = {
        { "list", 'l', 0, G_OPTION_ARG_NONE, &raw->list,
          "List the QEMUs on this host, and whether they are profiled", NULL },
        { "host", 0, 0, G_OPTION_ARG_NONE, &raw->host,
          "All QEMUs on this host, a row each, the worst first; also with -b,"
          " --check and --diagnose",
          NULL },
        { "user", 'u', 0, G_OPTION_ARG_FILENAME, &raw->user,
          "With --host: only QEMUs of these users, by name or number",
          "USER,..." },
        { "batch", 'b', 0, G_OPTION_ARG_NONE, &raw->batch,
          "No screen; implied when stdout is not a terminal", NULL },
        { "iterations", 'n', 0, G_OPTION_ARG_FILENAME, &raw->iterations,
          "End after N samples", "N" },
        { "delay", 'd', 0, G_OPTION_ARG_FILENAME, &raw->delay,
          "Time between samples, as 0.5 or 500ms (default "
          "1; " AIOTOP_INTERVAL_LIMITS ")",
          "SECONDS" },
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &raw->output,
          "text, json (an object a line), csv or folded (lines of a flame"
          " graph)",
          "FORMAT" },
        { "sort", 's', 0, G_OPTION_ARG_FILENAME, &raw->sort,
          "Sort by this column; \"help\" lists them", "COLUMN" },
        { "reverse", 'r', 0, G_OPTION_ARG_NONE, &raw->reverse,
          "Sort the other way round", NULL },
        { "top", 't', 0, G_OPTION_ARG_FILENAME, &raw->top,
          "Only the first N sources", "N" },
        { "filter", 'f', 0, G_OPTION_ARG_FILENAME, &raw->filter,
          "Only sources whose loop, kind, name or label matches; a leading !"
          " negates",
          "REGEX" },
        { "loop", 'L', 0, G_OPTION_ARG_FILENAME, &raw->loop, "Only this loop",
          "NAME" },
        { "columns", 'c', 0, G_OPTION_ARG_FILENAME, &raw->columns,
          "Show these columns only, in this order; those of loops begin with"
          " \"loop.\"; \"help\" lists them",
          "A,B,..." },
        { "cumulative", 0, 0, G_OPTION_ARG_NONE, &raw->cumulative,
          "What happened since profiling began; waits for no interval", NULL },
        { "pid", 'p', 0, G_OPTION_ARG_FILENAME, &raw->pid,
          "The process, instead of TARGET", "PID" },
        { "diagnose", 'D', 0, G_OPTION_ARG_NONE, &raw->diagnose,
          "Say in words what is the matter, and what to do; after one interval",
          NULL },
        { "stacks", 0, 0, G_OPTION_ARG_NONE, &raw->stacks,
          "With --diagnose: the native stacks of threads that are stuck",
          NULL },
        { "check", 0, 0, G_OPTION_ARG_NONE, &raw->check,
          "One line for a monitoring system; exit status 2 if a loop is stuck,"
          " 1 if one was, or is slow",
          NULL },
        { "since", 0, 0, G_OPTION_ARG_FILENAME, &raw->since,
          "With --check: a stall is a warning for so long (default"
          " " DEFAULT_SINCE ")",
          "TIME" },
        { "timeout", 0, 0, G_OPTION_ARG_FILENAME, &raw->timeout,
          "What QEMU has to accept, to greet and to answer, each (default 3, 3"
          " and 10); with --check: in all (default " G_STRINGIFY(
              ANSWER_S) " more than -d)",
          "SECONDS" },
        { "warn", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->warn, warn_help,
          "NAME=RANGE" },
        { "crit", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->crit,
          "The same, and critical", "NAME=RANGE" },
        { "quiet", 0, 0, G_OPTION_ARG_NONE, &raw->quiet,
          "With --check: print nothing if all is OK", NULL },
        { "stalls", 0, 0, G_OPTION_ARG_NONE, &raw->stalls,
          "Show QEMU's log of stalls, and end", NULL },
        { "requests", 0, 0, G_OPTION_ARG_NONE, &raw->requests,
          "Show the block requests in flight, and where they are; after one"
          " interval",
          NULL },
        { "threads", 0, 0, G_OPTION_ARG_NONE, &raw->threads,
          "Show the CPU time of all threads of QEMU; after one interval",
          NULL },
        { "stall-ms", 0, 0, G_OPTION_ARG_FILENAME, &raw->stall_ms,
          ARGUMENT_STALL_MS_HELP, "N" },
        { "request-ms", 0, 0, G_OPTION_ARG_FILENAME, &raw->request_ms,
          ARGUMENT_REQUEST_MS_HELP, "N" },
        { "sample", 0, 0, G_OPTION_ARG_FILENAME, &raw->sample,
          "Look so often a second what a QEMU is at: if it is not profiled"
          " (default " G_STRINGIFY(
              AIOTOP_SAMPLING_HZ) "), and if it is, below callbacks",
          "HZ" },
        { "no-sample", 0, 0, G_OPTION_ARG_NONE, &raw->no_sample, "Do not look",
          NULL },
        { "enable", 0, 0, G_OPTION_ARG_NONE, &raw->enable,
          "Switch profiling on first, through TARGET's QMP monitor", NULL },
        { "color", 0, 0, G_OPTION_ARG_FILENAME, &raw->color,
          "auto, always or never (also: NO_COLOR in the environment)", "WHEN" },
        { "no-mouse", 0, 0, G_OPTION_ARG_NONE, &raw->no_mouse,
          "Leave the mouse to the terminal, which can select text then", NULL },
        { "ascii", 0, 0, G_OPTION_ARG_NONE, &raw->ascii,
          "No characters but ASCII", NULL },
        { "version", 'V', 0, G_OPTION_ARG_NONE, &raw->version,
          "Show the version", NULL },
        { "help", 'h', 0, G_OPTION_ARG_NONE, &raw->help, "List the options",
          NULL },
        { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->rest,
          NULL, "[TARGET]" },
        { NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) wrong = NULL;
    g_auto(GStrv) words = argv_normalize(entries, argv, &wrong);

    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_summary(
        context,
        "Shows which callbacks QEMU's event loops spend their time in.");
    g_option_context_set_description(context, description);
    /* Also where a word was wrong, as --check wants its line all the same */
    if (!g_option_context_parse_strv(context, &words, wrong ? NULL : error)) {
        return false;
    }
    raw->kept = arguments_keep(entries);
    if (raw->help) {
        *help = argument_help(context);
    }
    if (wrong) {
        g_propagate_error(error, g_steal_pointer(&wrong));
        return false;
    }
    return true;
}

void raw_options_clear(RawOptions *raw)
{
    g_clear_pointer(&raw->kept, g_ptr_array_unref);
}
