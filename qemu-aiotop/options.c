/*
 * The command line: what it means, and whether it can be
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "options.h"

#include <limits.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include <qemu-aiotop/sampler/sampler.h>
#include <qemu-aiotop/sampling/sampling.h>
#include <qemu-aiotop/table/vm-columns.h>
#include <qemu-aiotop/text/duration.h>

#include "argument.h"
#include "options-raw.h"
#include "users.h"

static bool fail(GError **error, const char *message)
{
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        message);
    return false;
}

/* A number that was not given is 0 */
static bool read_number(unsigned *number, const char *text, const char *option,
                        GError **error)
{
    guint64 value = 0;

    if (!argument_number(&value, text, option, INT_MAX, error)) {
        return false;
    }
    *number = value;
    return true;
}

static bool read_delay(Options *options, const RawOptions *raw, GError **error)
{
    double seconds = 1;

    options->delay_given = raw->delay != NULL;
    if (!argument_seconds(&seconds, raw->delay, "-d", AIOTOP_INTERVAL_MIN_S,
                          AIOTOP_INTERVAL_MAX_S, error)) {
        return false;
    }
    options->interval_ms = lround(seconds * 1000);
    return true;
}

static bool read_sample(Options *options, const RawOptions *raw, GError **error)
{
    guint64 hz = raw->no_sample ? 0 : AIOTOP_SAMPLING_HZ;

    if (raw->sample && raw->no_sample) {
        return fail(error, "--sample and --no-sample exclude each other");
    }
    if (!argument_number(&hz, raw->sample, "--sample", AIOTOP_SAMPLING_MAX_HZ,
                         error)) {
        return false;
    }
    options->sample_hz = hz;
    options->sample_given = raw->sample;
    return true;
}

static bool read_numbers(Options *options, const RawOptions *raw,
                         GError **error)
{
    return read_number(&options->iterations, raw->iterations, "-n", error) &&
           read_number(&options->query.top, raw->top, "-t", error) &&
           read_number(&options->stall_ms, raw->stall_ms, "--stall-ms",
                       error) &&
           read_number(&options->request_ms, raw->request_ms, "--request-ms",
                       error) &&
           read_sample(options, raw, error) && read_delay(options, raw, error);
}

static bool read_timeout(Options *options, const RawOptions *raw,
                         GError **error)
{
    bool check = options->mode == MODE_CHECK;
    double interval_s = options->interval_ms / 1000.0;
    double least_s = check ? interval_s : 0;
    double seconds = interval_s + ANSWER_S;

    options->timeouts = aiotop_qmp_default_timeouts;
    if (raw->timeout) {
        if (!aiotop_duration_parse(raw->timeout, &seconds) ||
            !(seconds > least_s) || seconds > 2 * 86400) {
            g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        "--timeout needs a time as 9 or 500ms%s, not \"%s\"",
                        check ? ", longer than -d" : "", raw->timeout);
            return false;
        }
        options->timeouts = aiotop_qmp_timeouts(ceil(seconds * 1000));
        options->round_ms = ceil(seconds * 1000);
    }
    if (check) {
        options->timeout_s = seconds;
        options->deadline_us =
            g_get_monotonic_time() + (int64_t)(seconds * 1e6);
    }
    return true;
}

static bool read_thresholds(AiotopCheck *check, AiotopCheckStatus level,
                            char **texts, GError **error)
{
    for (unsigned i = 0; texts && texts[i]; i++) {
        if (!aiotop_check_set_threshold(check, level, texts[i], error)) {
            return false;
        }
    }
    return true;
}

static bool read_check(Options *options, const RawOptions *raw, GError **error)
{
    const char *since = raw->since ? raw->since : DEFAULT_SINCE;
    AiotopCheck *check = &options->check;
    double seconds;

    if (options->mode != MODE_CHECK &&
        (raw->since || raw->warn || raw->crit || raw->quiet)) {
        return fail(error, "--since, --warn, --crit and --quiet need --check");
    }
    if (!aiotop_duration_parse(since, &seconds) || seconds < 0 ||
        seconds > 365 * 86400.0) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--since needs a time as 90s, 5m or 1h, not \"%s\"", since);
        return false;
    }
    check->since_ns = seconds * 1e9;
    check->stall_ns = options->stall_ms * UINT64_C(1000000);
    check->request_ns = options->request_ms * UINT64_C(1000000);
    options->quiet = raw->quiet;
    return read_timeout(options, raw, error) &&
           read_thresholds(check, AIOTOP_CHECK_WARNING, raw->warn, error) &&
           read_thresholds(check, AIOTOP_CHECK_CRITICAL, raw->crit, error);
}

/* Bytes that are text in the locale, if they are not UTF-8 already */
static char *to_utf8(const char *text)
{
    char *converted = NULL;

    if (text && !g_utf8_validate(text, -1, NULL)) {
        converted = g_locale_to_utf8(text, -1, NULL, NULL, NULL);
    }
    return converted ? converted : g_strdup(text);
}

static bool read_target(Options *options, const RawOptions *raw, GError **error)
{
    const char *target = raw->rest ? raw->rest[0] : NULL;
    guint64 pid;

    if (raw->rest && raw->rest[0] && (raw->rest[1] || raw->pid)) {
        return fail(error, "more than one TARGET");
    }
    if (target && !*target) {
        return fail(error, "TARGET is empty");
    }
    if (raw->pid &&
        !g_ascii_string_to_unsigned(raw->pid, 10, 1, INT32_MAX, &pid, NULL)) {
        return fail(error, "-p needs the number of a process");
    }
    options->target = g_strdup(raw->pid ? raw->pid : target);
    return true;
}

static bool read_output(Options *options, const RawOptions *raw, GError **error)
{
    static const char *const names[] = {
        [OUTPUT_TEXT] = "text",
        [OUTPUT_JSON] = "json",
        [OUTPUT_CSV] = "csv",
        [OUTPUT_FOLDED] = "folded",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!raw->output || strcmp(raw->output, names[i]) == 0) {
            options->output = i;
            options->screen = options->mode == MODE_SAMPLES && !raw->batch &&
                              i == OUTPUT_TEXT && isatty(STDOUT_FILENO);
            return true;
        }
    }
    return fail(error, "-o needs text, json, csv or folded");
}

static bool read_color(Options *options, const RawOptions *raw, GError **error)
{
    const char *no_color = g_getenv("NO_COLOR");

    options->color_given = raw->color && strcmp(raw->color, "auto") != 0;
    if (!raw->color || strcmp(raw->color, "auto") == 0) {
        options->style.color =
            isatty(STDOUT_FILENO) && !(no_color && *no_color);
    } else if (strcmp(raw->color, "always") == 0) {
        options->style.color = true;
    } else if (strcmp(raw->color, "never") != 0) {
        return fail(error, "--color needs auto, always or never");
    }
    return true;
}

static bool read_query(Options *options, const RawOptions *raw, GError **error)
{
    AiotopQuery *query = &options->query;
    g_autofree char *filter = to_utf8(raw->filter);

    options->style.ascii = raw->ascii || !g_get_charset(NULL);
    query->source_reverse = raw->reverse;
    query->vm_reverse = raw->reverse;
    options->sort_given = raw->sort || raw->reverse;
    query->silent = options->output != OUTPUT_TEXT;
    query->exact = options->output != OUTPUT_TEXT;
    query->loop_name = to_utf8(raw->loop);
    query->of_vms = raw->host;
    if (g_strcmp0(raw->sort, "help") == 0 ||
        g_strcmp0(raw->columns, "help") == 0) {
        options->column_help = true;
        return true;
    }
    if (filter && !aiotop_query_set_filter(query, filter, error)) {
        g_prefix_error(error, "-f %s: ", filter);
        return false;
    }
    return (!raw->sort ||
            aiotop_query_set_sort(query, raw->sort, raw->reverse, error)) &&
           (!raw->columns ||
            aiotop_query_set_columns(query, raw->columns, error));
}

/* Of a whole host there is no more than a row for each QEMU */
static bool check_host(const Options *options, const RawOptions *raw,
                       GError **error)
{
    Mode mode = options->mode;

    if (!raw->host) {
        return !raw->user || fail(error, "--user needs --host");
    }
    if (options->target) {
        return fail(error, "--host is about all QEMUs here, and takes no"
                           " TARGET; -f chooses some by their names");
    }
    if (raw->enable || raw->cumulative || raw->loop) {
        return fail(error, "--host goes without --enable, --cumulative and"
                           " -L");
    }
    if (mode != MODE_SAMPLES && mode != MODE_CHECK && mode != MODE_DIAGNOSE) {
        return fail(error, "--host goes with -b, --check and --diagnose, not"
                           " with --list, --stalls, --requests and --threads");
    }
    if (raw->sample && !options->screen) {
        return fail(error, "--sample is of one QEMU: name it as TARGET; with"
                           " --host it is for those that are opened on the"
                           " screen");
    }
    if (aiotop_query_names(&options->query, &aiotop_loop_table) &&
        !options->screen) {
        return fail(error, "-c and -s with loop. are of one QEMU: name it as"
                           " TARGET; with --host they are for those that are"
                           " opened on the screen");
    }
    return true;
}

/* What is shown as QEMU tells it has no thresholds, nor samples */
static bool check_told(const Options *options, const RawOptions *raw,
                       GError **error)
{
    if (raw->sample || raw->request_ms || (raw->stall_ms && !raw->enable)) {
        return fail(error, "--stalls, --requests and --threads show what QEMU"
                           " tells: no --sample, --request-ms, nor --stall-ms"
                           " but with --enable; --diagnose judges");
    }
    if (options->mode == MODE_STALLS && raw->delay) {
        return fail(error, "--stalls waits for no interval: no -d");
    }
    return true;
}

bool options_are_of_one(const Options *options)
{
    const AiotopQuery *query = &options->query;

    /* A check or a diagnosis of several goes without samples */
    return options->target || options->cumulative ||
           options->output == OUTPUT_FOLDED ||
           (options->mode == MODE_SAMPLES && options->sample_given) ||
           query->loop_name || query->loop_columns || query->source_columns;
}

/*
 * What changes no sample of one QEMU.  Where they may be of all, that depends on
 * how many run, which the same command line must not.
 */
static bool check_samples(const Options *options, const RawOptions *raw,
                          GError **error)
{
    if (options->screen || options->host || !options_are_of_one(options)) {
        return true;
    }
    if (raw->request_ms || (raw->stall_ms && !raw->enable)) {
        return fail(error, "samples of one QEMU are not judged in batch mode:"
                           " no --request-ms, nor --stall-ms but with --enable;"
                           " --diagnose and --check judge");
    }
    return !aiotop_query_names(&options->query, &aiotop_vm_table) ||
           fail(error, "-c and -s with vm. are of all QEMUs here, and samples"
                       " of one have no such columns: --host has");
}

/* What chooses and shapes samples means nothing to the other modes */
static bool check_mode(const Options *options, const RawOptions *raw,
                       GError **error)
{
    bool shaped = raw->iterations || raw->top || raw->sort || raw->reverse ||
                  (raw->filter && !raw->host) || raw->columns ||
                  raw->cumulative || raw->loop;
    Mode mode = options->mode;

    if (raw->list + raw->diagnose + raw->check + raw->stalls + raw->requests +
            raw->threads >
        1) {
        return fail(error, "only one of --list, --diagnose, --check, --stalls,"
                           " --requests and --threads can be done at a time");
    }
    if (raw->stacks && mode != MODE_DIAGNOSE) {
        return fail(error, "--stacks needs --diagnose");
    }
    if (options->output == OUTPUT_FOLDED &&
        (mode != MODE_SAMPLES || raw->host || raw->cumulative ||
         raw->columns)) {
        return fail(error, "-o folded is of samples of one QEMU, and of an"
                           " interval, only, and has no columns");
    }
    if (mode == MODE_LIST &&
        (options->target || raw->enable || shaped || raw->delay ||
         raw->timeout || raw->stall_ms || raw->request_ms || raw->sample)) {
        return fail(error, "--list is of all QEMUs here, as they are, and asks"
                           " none: no TARGET, --enable, -n, -d, -s, -r, -t, -f,"
                           " -L, -c, --cumulative, --timeout, --stall-ms,"
                           " --request-ms, --sample");
    }
    if (mode == MODE_SAMPLES || mode == MODE_LIST) {
        return mode == MODE_LIST || check_samples(options, raw, error);
    }
    if (shaped) {
        return fail(error, "--diagnose, --check, --stalls, --requests and"
                           " --threads look at all there is: no -n, -s, -r,"
                           " -t, -f, -L, -c, --cumulative");
    }
    if (mode == MODE_CHECK && raw->output) {
        return fail(error, "--check has one format, without -o");
    }
    if (mode == MODE_DIAGNOSE && options->output == OUTPUT_CSV) {
        return fail(error, "--diagnose needs -o text or json");
    }
    return mode == MODE_CHECK || mode == MODE_DIAGNOSE ||
           check_told(options, raw, error);
}

static Mode mode_of(const RawOptions *raw)
{
    return raw->check      ? MODE_CHECK
           : raw->list     ? MODE_LIST
           : raw->diagnose ? MODE_DIAGNOSE
           : raw->stalls   ? MODE_STALLS
           : raw->requests ? MODE_REQUESTS
           : raw->threads  ? MODE_THREADS
                           : MODE_SAMPLES;
}

bool options_parse(Options *options, char **argv, GError **error)
{
    g_auto(RawOptions) raw = { 0 };
    bool whole;

    *options = (Options){ 0 };
    aiotop_query_init(&options->query);
    whole = raw_options_parse(&raw, &options->help, argv, error);
    options->mode = mode_of(&raw);
    if (!whole) {
        return false;
    }
    options->host = raw.host;
    options->stacks = raw.stacks;
    options->mouse = !raw.no_mouse;
    options->cumulative = raw.cumulative;
    options->enable = raw.enable;
    options->version = raw.version;
    return options->help || (read_target(options, &raw, error) &&
                             read_numbers(options, &raw, error) &&
                             read_output(options, &raw, error) &&
                             read_color(options, &raw, error) &&
                             read_query(options, &raw, error) &&
                             read_check(options, &raw, error) &&
                             check_host(options, &raw, error) &&
                             users_parse(&options->users, raw.user, error) &&
                             check_mode(options, &raw, error));
}

void options_clear(Options *options)
{
    aiotop_query_clear(&options->query);
    g_free(options->target);
    g_free(options->help);
    g_clear_pointer(&options->users, g_array_unref);
}
