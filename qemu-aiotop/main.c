/*
 * qemu-aiotop: options to wiring
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <locale.h>
#include <malloc.h>
#include <stdlib.h>

#include "connect.h"
#include "descriptors.h"
#include "modes.h"
#include "options-export.h"
#include "output.h"

#include <qemu-aiotop/format/sample.h>

/* Whether all there is to do is to say something about the program */
static bool tell(const Options *options, GString *out)
{
    if (options->help) {
        g_string_append(out, options->help);
    } else if (options->version) {
        g_string_append(out, "qemu-aiotop " VERSION "\n");
    } else if (options->column_help) {
        aiotop_format_columns(out);
    }
    return out->len;
}

/* What prevents an answer, said as the mode wants it; the exit code */
static int fail(const Options *options, const char *message, int status)
{
    if (options->mode == MODE_CHECK) {
        return mode_check_unknown(message);
    }
    report(message);
    return status;
}

static int run(Options *options)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    int status = EXIT_SUCCESS;

    if (tell(options, out)) {
        report_output(out, &status);
        return status;
    }
    if (options->mode == MODE_LIST) {
        return mode_list(options);
    }
    if (options->enable && !connect_enable(options, &error)) {
        return fail(options, error->message, EXIT_FAILURE);
    }
    switch (options->mode) {
    case MODE_CHECK:
        return mode_check(options);
    case MODE_DIAGNOSE:
        return mode_diagnose(options);
    case MODE_STALLS:
        return mode_stalls(options);
    case MODE_REQUESTS:
    case MODE_THREADS:
        return mode_awaited(options);
    case MODE_SAMPLES:
    case MODE_LIST:
        break;
    }
    return options->screen ? mode_screen(options) : mode_samples(options);
}

/*
 * A sample is a tree of a hundred thousand small pieces, made and dropped
 * within a few milliseconds, in whichever thread.  glibc's defaults for that
 * take a fifth more time and half as much memory again (2,000 sources): an
 * arena a thread, lists of small chunks that each large request joins up, and
 * memory that goes back to the kernel each time.
 */
static void tune_memory(void)
{
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MXFAST, 0);
    mallopt(M_MMAP_THRESHOLD, 64 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}

/* With options of its own */
static int run_export(char **argv)
{
    int status = mode_export(argv);

    return report_close() ? status : MAX(status, EXIT_FAILURE);
}

int main(int argc G_GNUC_UNUSED, char **argv)
{
    g_autoptr(GError) error = NULL;
    Options options;
    int status;

    tune_memory();
    descriptors_raise();
    report_prepare();
    setlocale(LC_CTYPE, "");
    g_set_prgname("qemu-aiotop");
    if (argv[0] && g_strcmp0(argv[1], EXPORT_WORD) == 0) {
        return run_export(argv + 1);
    }
    if (options_parse(&options, argv, &error)) {
        status = run(&options);
    } else {
        g_autofree char *message =
            g_strconcat(error->message,
                        strstr(error->message, " help lists ")
                            ? ""
                            : " (--help lists the options)",
                        NULL);

        status = fail(&options, message, EXIT_USAGE);
    }
    if (!report_close()) {
        status = options.mode == MODE_CHECK ? AIOTOP_CHECK_UNKNOWN
                                            : MAX(status, EXIT_FAILURE);
    }
    options_clear(&options);
    return status;
}
