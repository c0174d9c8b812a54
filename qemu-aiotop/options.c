/*
 * The command line
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "options.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* No number of seconds that anybody means */
#define NOT_GIVEN (-DBL_MAX)

/* As it was given, before it is made sense of */
typedef struct Raw {
    int iterations;
    double delay_s;
    int top;
    int stall_ms;
    char *output;
    char *sort;
    char *filter;
    char *columns;
    char *color;
    char **rest;
    gboolean list, diagnose, check, stalls, stacks;
    gboolean batch, reverse, cumulative, enable, ascii, version;
} Raw;

static void raw_clear(Raw *raw)
{
    g_free(raw->output);
    g_free(raw->sort);
    g_free(raw->filter);
    g_free(raw->columns);
    g_free(raw->color);
    g_strfreev(raw->rest);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Raw, raw_clear)

static const char description[] =
    "TARGET is the path of a socket, HOST:PORT, a PID, or a VM's name, after\n"
    "name: if that looks like something else.\n"
    "Of a QEMU that is not profiled, the last two show what the host knows.\n"
    "Without it: the only profiled QEMU on this host, or, on the screen, a "
    "choice.\n"
    "\n"
    "Exit status: 0 fine, 1 failure, 2 wrong command line, 3 --check found a\n"
    "loop that is stuck.\n"
    "\n"
    "Examples:\n"
    "  qemu-aiotop --list\n"
    "  qemu-aiotop --diagnose --stacks vm1\n"
    "  qemu-aiotop -b -n 3 -t 10 vm1\n"
    "  qemu-aiotop -b -o json /run/vm1-prof.sock | jq '.sources[0]'\n"
    "  qemu-aiotop -b -c loop,name,label,p99,delay-p99 -s p99 -f virtio 4711\n"
    "  qemu-aiotop --enable vm1\n";

static GOptionContext *new_context(Raw *raw, Options *options)
{
    const GOptionEntry entries[] = {
        { "list", 'l', 0, G_OPTION_ARG_NONE, &raw->list,
          "List the QEMUs on this host, and whether they are profiled", NULL },
        { "batch", 'b', 0, G_OPTION_ARG_NONE, &raw->batch,
          "No screen; implied when stdout is not a terminal", NULL },
        { "iterations", 'n', 0, G_OPTION_ARG_INT, &raw->iterations,
          "End after N samples", "N" },
        { "delay", 'd', 0, G_OPTION_ARG_DOUBLE, &raw->delay_s,
          "Time between samples (default 1; 0.01 to 86400)", "SECONDS" },
        { "output", 'o', 0, G_OPTION_ARG_STRING, &raw->output,
          "text, json (an object a line) or csv", "FORMAT" },
        { "sort", 's', 0, G_OPTION_ARG_STRING, &raw->sort,
          "Sort by this column; \"help\" lists them", "COLUMN" },
        { "reverse", 'r', 0, G_OPTION_ARG_NONE, &raw->reverse,
          "Sort the other way round", NULL },
        { "top", 't', 0, G_OPTION_ARG_INT, &raw->top,
          "Only the first N sources", "N" },
        { "filter", 'f', 0, G_OPTION_ARG_STRING, &raw->filter,
          "Only sources whose loop, kind, name or label matches; a leading !"
          " negates",
          "REGEX" },
        { "loop", 'L', 0, G_OPTION_ARG_STRING, &options->selection.loop_name,
          "Only this loop", "NAME" },
        { "columns", 'c', 0, G_OPTION_ARG_STRING, &raw->columns,
          "Show these columns only, in this order; those of loops begin with"
          " \"loop.\"",
          "A,B,..." },
        { "cumulative", 0, 0, G_OPTION_ARG_NONE, &raw->cumulative,
          "Since profiling began instead of an interval; at once", NULL },
        { "diagnose", 'D', 0, G_OPTION_ARG_NONE, &raw->diagnose,
          "Say in words what is the matter, and what to do; after one interval",
          NULL },
        { "stacks", 0, 0, G_OPTION_ARG_NONE, &raw->stacks,
          "With --diagnose: the native stacks of threads that are stuck",
          NULL },
        { "check", 0, 0, G_OPTION_ARG_NONE, &raw->check,
          "One line for a monitoring system; exit status 3 if a loop is stuck",
          NULL },
        { "stalls", 0, 0, G_OPTION_ARG_NONE, &raw->stalls,
          "The log of stalls that QEMU keeps; at once", NULL },
        { "stall-ms", 0, 0, G_OPTION_ARG_INT, &raw->stall_ms,
          "A dispatch of N milliseconds is a stall (default: as QEMU has it)",
          "N" },
        { "enable", 0, 0, G_OPTION_ARG_NONE, &raw->enable,
          "Switch profiling on first, through TARGET's QMP monitor", NULL },
        { "color", 0, 0, G_OPTION_ARG_STRING, &raw->color,
          "auto, always or never (also: NO_COLOR in the environment)", "WHEN" },
        { "ascii", 0, 0, G_OPTION_ARG_NONE, &raw->ascii,
          "No characters but ASCII", NULL },
        { "version", 0, 0, G_OPTION_ARG_NONE, &raw->version, "Show the version",
          NULL },
        { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->rest, NULL,
          "[TARGET]" },
        { NULL },
    };
    GOptionContext *context = g_option_context_new(NULL);

    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(
        context,
        "Shows which callbacks QEMU's event loops spend their time in.");
    g_option_context_set_description(context, description);
    return context;
}

static bool fail(GError **error, const char *message)
{
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        message);
    return false;
}

static bool read_numbers(Options *options, Raw *raw, GError **error)
{
    if (raw->iterations == 0 || raw->iterations < -1) {
        return fail(error, "-n needs a number of at least 1");
    }
    if (raw->top == 0 || raw->top < -1) {
        return fail(error, "-t needs a number of at least 1");
    }
    if (raw->stall_ms == 0 || raw->stall_ms < -1) {
        return fail(error, "--stall-ms needs a number of at least 1");
    }
    options->delay_given = raw->delay_s != NOT_GIVEN;
    if (!options->delay_given) {
        raw->delay_s = 1;
    }
    if (!(raw->delay_s >= 0.01 && raw->delay_s <= 86400)) {
        return fail(error, "-d needs a number of seconds, 0.01 to 86400");
    }
    options->iterations = MAX(raw->iterations, 0);
    options->selection.top = MAX(raw->top, 0);
    options->stall_ms = MAX(raw->stall_ms, 0);
    options->interval_ms = lround(raw->delay_s * 1000);
    return true;
}

static bool read_output(Options *options, const Raw *raw, GError **error)
{
    static const char *const names[] = {
        [OUTPUT_TEXT] = "text",
        [OUTPUT_JSON] = "json",
        [OUTPUT_CSV] = "csv",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!raw->output || strcmp(raw->output, names[i]) == 0) {
            options->output = i;
            return true;
        }
    }
    return fail(error, "-o needs text, json or csv");
}

static bool read_color(Options *options, const Raw *raw, GError **error)
{
    const char *no_color = g_getenv("NO_COLOR");

    options->color_given = raw->color && strcmp(raw->color, "auto") != 0;
    if (!raw->color || strcmp(raw->color, "auto") == 0) {
        options->selection.color =
            isatty(STDOUT_FILENO) && !(no_color && *no_color);
    } else if (strcmp(raw->color, "always") == 0) {
        options->selection.color = true;
    } else if (strcmp(raw->color, "never") != 0) {
        return fail(error, "--color needs auto, always or never");
    }
    return true;
}

static bool read_selection(Options *options, const Raw *raw, GError **error)
{
    AiotopSelection *selection = &options->selection;

    selection->ascii = raw->ascii || !g_get_charset(NULL);
    selection->source_reverse = raw->reverse;
    options->sort_given = raw->sort || raw->reverse;
    selection->silent = options->output != OUTPUT_TEXT;
    selection->exact = options->output != OUTPUT_TEXT;
    if (raw->sort && strcmp(raw->sort, "help") == 0) {
        options->column_help = true;
        return true;
    }
    return (!raw->sort || aiotop_selection_set_sort(selection, raw->sort,
                                                    raw->reverse, error)) &&
           (!raw->filter ||
            aiotop_selection_set_filter(selection, raw->filter, error)) &&
           (!raw->columns ||
            aiotop_selection_set_columns(selection, raw->columns, error));
}

/* What chooses and shapes samples means nothing to the other modes */
static bool check_mode(const Options *options, const Raw *raw, GError **error)
{
    bool shaped = raw->iterations != -1 || raw->top != -1 || raw->sort ||
                  raw->reverse || raw->filter || raw->columns ||
                  raw->cumulative || options->selection.loop_name;
    Mode mode = options->mode;

    if (raw->list + raw->diagnose + raw->check + raw->stalls > 1) {
        return fail(error, "only one of --list, --diagnose, --check and"
                           " --stalls can be done at a time");
    }
    if (raw->stacks && mode != MODE_DIAGNOSE) {
        return fail(error, "--stacks needs --diagnose");
    }
    if (mode == MODE_SAMPLES || mode == MODE_LIST) {
        return true;
    }
    if (shaped) {
        return fail(error, "--diagnose, --check and --stalls look at all there"
                           " is: no -n, -s, -r, -t, -f, -L, -c, --cumulative");
    }
    if (mode == MODE_CHECK && raw->output) {
        return fail(error, "--check has one format, without -o");
    }
    if (mode == MODE_DIAGNOSE && options->output == OUTPUT_CSV) {
        return fail(error, "--diagnose needs -o text or json");
    }
    return true;
}

bool options_parse(Options *options, int *argc, char ***argv, GError **error)
{
    g_auto(Raw) raw = {
        .iterations = -1,
        .delay_s = NOT_GIVEN,
        .top = -1,
        .stall_ms = -1,
    };
    g_autoptr(GOptionContext) context = NULL;

    *options = (Options){ 0 };
    aiotop_selection_init(&options->selection);
    context = new_context(&raw, options);
    if (!g_option_context_parse(context, argc, argv, error)) {
        return false;
    }
    if (raw.rest && raw.rest[0] && raw.rest[1]) {
        return fail(error, "more than one TARGET");
    }
    if (raw.rest && raw.rest[0] && !*raw.rest[0]) {
        return fail(error, "TARGET is empty");
    }
    options->target = raw.rest ? g_strdup(raw.rest[0]) : NULL;
    options->mode = raw.list       ? MODE_LIST
                    : raw.diagnose ? MODE_DIAGNOSE
                    : raw.check    ? MODE_CHECK
                    : raw.stalls   ? MODE_STALLS
                                   : MODE_SAMPLES;
    options->stacks = raw.stacks;
    options->batch = raw.batch;
    options->cumulative = raw.cumulative;
    options->enable = raw.enable;
    options->version = raw.version;
    return read_numbers(options, &raw, error) &&
           read_output(options, &raw, error) &&
           read_color(options, &raw, error) &&
           read_selection(options, &raw, error) &&
           check_mode(options, &raw, error);
}

void options_clear(Options *options)
{
    aiotop_selection_clear(&options->selection);
    g_free(options->target);
}
