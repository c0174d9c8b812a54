/*
 * The exporter: keeps what is known of all QEMUs of this host, and serves it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/export/exporter.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pages.h"
#include "textfile.h"

#include "qemu-aiotop/format/openmetrics.h"
#include "qemu-aiotop/sampler/host-sampler.h"
#include "qemu-aiotop/text/label.h"

/* How long a rendering is good for, unless a new round comes before */
#define RENDERING_US 250000

/*
 * Sources of a loop with which a VM is judged.  Far more than it is asked for
 * come from a peer only that wants to hold us up: what is looked for in some of
 * them is looked for in all others.
 */
#define JUDGED_SOURCES (16 * AIOTOP_EXPORT_SOURCES)
/* The same of loops and threads: as many times those that can have series */
#define JUDGED_LOOPS (16 * AIOTOP_LEDGER_LOOPS)

/* A QEMU, from when it is found until it is gone */
typedef struct Kept {
    AiotopVm *vm;
    char *label;
    AiotopLedger *ledger;
    /* Whether anything was booked */
    bool booked;
    /* Of @vm's sample; not known of a first one, nor of one that is too big */
    bool checked;
    AiotopCheckResult check;
    /* While those that are gone are looked for */
    bool there;
} Kept;

struct AiotopExporter {
    AiotopExporterConfig config;
    AiotopHostSampler *host;
    AiotopTextfile *textfile;
    /* There was a round with which it is known what there is */
    bool is_known;
    /* Of Kept, in the order in which they came */
    GPtrArray *kept;
    /* What was written last in each format, and when; NULL if it is over */
    GBytes *renderings[AIOTOP_N_METRICS_FORMATS];
    int64_t rendered_us[AIOTOP_N_METRICS_FORMATS];
    uint64_t n_renderings;
    uint64_t rendering_ns;
};

static void free_kept(gpointer opaque)
{
    Kept *kept = opaque;

    aiotop_check_result_clear(&kept->check);
    aiotop_vm_unref(kept->vm);
    aiotop_ledger_free(kept->ledger);
    g_free(kept->label);
    g_free(kept);
}

/* --- What a round brings --- */

static bool has_label(const AiotopExporter *exporter, const char *label)
{
    for (unsigned i = 0; i < exporter->kept->len; i++) {
        const Kept *kept = exporter->kept->pdata[i];

        if (strcmp(kept->label, label) == 0) {
            return true;
        }
    }
    return false;
}

static char *make_label(const AiotopExporter *exporter, const AiotopVm *vm)
{
    g_autofree char *name =
        aiotop_label_bound(vm->name ? vm->name : vm->program);
    g_autofree char *suffix = aiotop_vm_suffix(vm);
    g_autofree char *whose = aiotop_label_bound(suffix);
    char *label = g_strconcat(name, whose, NULL);
    bool numbered = !vm->name;

    while (numbered || has_label(exporter, label)) {
        char *longer = g_strdup_printf("%s#%" PRId64, label, vm->process.pid);

        g_free(label);
        label = longer;
        numbered = false;
    }
    return label;
}

static Kept *find_kept(const AiotopExporter *exporter, const AiotopVm *vm)
{
    for (unsigned i = 0; i < exporter->kept->len; i++) {
        Kept *kept = exporter->kept->pdata[i];

        if (aiotop_vm_compare(kept->vm, vm) == 0) {
            return kept;
        }
    }
    return NULL;
}

/* Without @vm, so that whatever that has is new */
static Kept *add_kept(AiotopExporter *exporter, const AiotopVm *vm)
{
    Kept *kept = g_new0(Kept, 1);

    kept->label = make_label(exporter, vm);
    kept->ledger = aiotop_ledger_new();
    g_ptr_array_add(exporter->kept, kept);
    return kept;
}

static bool can_judge(const AiotopSample *sample)
{
    if (sample->n_loops > JUDGED_LOOPS) {
        return false;
    }
    for (unsigned i = 0; i < sample->n_loops; i++) {
        if (sample->loops[i].n_sources > JUDGED_SOURCES) {
            return false;
        }
    }
    return aiotop_diagnose_can(sample);
}

static void judge(AiotopExporter *exporter, Kept *kept)
{
    const AiotopSample *sample = kept->vm->sample;

    aiotop_check_result_clear(&kept->check);
    kept->check = (AiotopCheckResult){ 0 };
    kept->checked = can_judge(sample);
    if (kept->checked) {
        aiotop_check_run(&kept->check, sample, &exporter->config.check);
    }
}

static void take(AiotopExporter *exporter, AiotopVm *vm)
{
    Kept *kept = find_kept(exporter, vm) ?: add_kept(exporter, vm);
    /* Has the sample that was judged, so that another one is not where it was */
    g_autoptr(AiotopVm) before = kept->vm;

    kept->vm = aiotop_vm_ref(vm);
    if (!vm->sample || (before && vm->sample == before->sample)) {
        return;
    }
    /* What the host says of one that is halted does not end its profile */
    if (!vm->sample->now->host_only) {
        aiotop_ledger_update(kept->ledger, vm->sample,
                             g_get_monotonic_time() * UINT64_C(1000));
        kept->booked = true;
    }
    judge(exporter, kept);
}

/* Before others come, as one that began anew may have the name of before */
static void drop_those_gone(AiotopExporter *exporter, const GPtrArray *vms)
{
    for (unsigned i = 0; i < vms->len; i++) {
        Kept *kept = find_kept(exporter, vms->pdata[i]);

        if (kept) {
            kept->there = true;
        }
    }
    for (unsigned i = exporter->kept->len; i-- > 0;) {
        Kept *kept = exporter->kept->pdata[i];

        if (!kept->there) {
            g_ptr_array_remove_index(exporter->kept, i);
        } else {
            kept->there = false;
        }
    }
}

static void drop_renderings(AiotopExporter *exporter)
{
    for (unsigned i = 0; i < AIOTOP_N_METRICS_FORMATS; i++) {
        g_clear_pointer(&exporter->renderings[i], g_bytes_unref);
    }
}

/* --- What is told --- */

/*
 * Whether what a VM said last is of now.  It is asked once an interval, and has
 * to answer by the end of the round.
 */
static bool is_recent(const AiotopExporter *exporter, uint64_t age_ns)
{
    uint64_t limit_ms =
        2 * exporter->config.interval_ms + AIOTOP_ROUND_DEADLINE_MS;

    return age_ns <= limit_ms * UINT64_C(1000000);
}

static AiotopMetricsVm describe(const AiotopExporter *exporter,
                                const Kept *kept, int64_t now_us)
{
    const AiotopVm *vm = kept->vm;
    uint64_t age_ns = aiotop_vm_age_ns(vm, now_us);
    bool recent = is_recent(exporter, age_ns);

    return (AiotopMetricsVm){
        .label = kept->label,
        .name = vm->name,
        .user = vm->user,
        .pid = vm->process.pid,
        .profiled = vm->address,
        .silence = vm->silence,
        .up = recent && kept->booked && !vm->sample->now->host_only,
        .age_ns = age_ns,
        .sample = vm->sample,
        .ledger = kept->ledger,
        .check = recent && kept->checked ? &kept->check : NULL,
    };
}

/* Of AiotopMetricsVm: those whose label is @only, or all if it is NULL */
static GArray *describe_all(const AiotopExporter *exporter, const char *only)
{
    GArray *vms = g_array_new(FALSE, FALSE, sizeof(AiotopMetricsVm));
    int64_t now_us = g_get_monotonic_time();

    for (unsigned i = 0; i < exporter->kept->len; i++) {
        const Kept *kept = exporter->kept->pdata[i];

        if (!only || strcmp(kept->label, only) == 0) {
            AiotopMetricsVm vm = describe(exporter, kept, now_us);

            g_array_append_val(vms, vm);
        }
    }
    return vms;
}

static uint64_t own_cpu_ns(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) < 0) {
        return AIOTOP_UNKNOWN;
    }
    return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

static uint64_t own_resident_bytes(void)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) words = NULL;

    if (!g_file_get_contents("/proc/self/statm", &text, NULL, NULL)) {
        return AIOTOP_UNKNOWN;
    }
    words = g_strsplit(text, " ", 3);
    return words[0] && words[1]
               ? g_ascii_strtoull(words[1], NULL, 10) * sysconf(_SC_PAGESIZE)
               : AIOTOP_UNKNOWN;
}

static GBytes *render(AiotopExporter *exporter, const GArray *vms,
                      AiotopMetricsFormat format)
{
    const AiotopMetricsExporter self = {
        .version = exporter->config.version,
        .left_out = aiotop_host_sampler_left_out(exporter->host),
        .cpu_ns = own_cpu_ns(),
        .resident_bytes = own_resident_bytes(),
        .renderings = exporter->n_renderings,
        .rendering_ns = exporter->rendering_ns,
    };
    GString *out = g_string_new(NULL);
    int64_t start_us = g_get_monotonic_time();

    aiotop_format_metrics(out, (const AiotopMetricsVm *)vms->data, vms->len,
                          &self, format);
    exporter->n_renderings++;
    exporter->rendering_ns +=
        (g_get_monotonic_time() - start_us) * UINT64_C(1000);
    return g_string_free_to_bytes(out);
}

/* The same for all who ask at about the same time */
static GBytes *render_all(AiotopExporter *exporter, AiotopMetricsFormat format)
{
    int64_t now_us = g_get_monotonic_time();
    GBytes **kept = &exporter->renderings[format];

    if (!*kept || now_us - exporter->rendered_us[format] > RENDERING_US) {
        g_autoptr(GArray) vms = describe_all(exporter, NULL);

        g_clear_pointer(kept, g_bytes_unref);
        *kept = render(exporter, vms, format);
        exporter->rendered_us[format] = now_us;
    }
    return g_bytes_ref(*kept);
}

static void on_round(AiotopHostSampler *host, void *opaque)
{
    AiotopExporter *exporter = opaque;
    const GPtrArray *vms = aiotop_host_sampler_vms(host);

    /* Nothing is known, and so nobody is gone, if nobody has looked */
    if (!aiotop_host_sampler_has_looked(host)) {
        return;
    }
    exporter->is_known = true;
    drop_those_gone(exporter, vms);
    for (unsigned i = 0; i < vms->len; i++) {
        take(exporter, vms->pdata[i]);
    }
    drop_renderings(exporter);
    if (exporter->textfile) {
        g_autoptr(GBytes) text = render_all(exporter, AIOTOP_METRICS_CLASSIC);

        aiotop_textfile_write(exporter->textfile, text);
    }
}

/* --- Answers --- */

static void answer_metrics(AiotopExporter *exporter,
                           const AiotopHttpRequest *request,
                           AiotopHttpAnswer *answer)
{
    AiotopMetricsFormat format = request->openmetrics
                                     ? AIOTOP_METRICS_OPENMETRICS
                                     : AIOTOP_METRICS_CLASSIC;
    g_autoptr(GArray) vms = NULL;

    answer->type = aiotop_metrics_types[format];
    if (!request->vm) {
        answer->body = render_all(exporter, format);
        answer->status = AIOTOP_HTTP_OK;
        return;
    }
    vms = describe_all(exporter, request->vm);
    if (vms->len) {
        answer->body = render(exporter, vms, format);
        answer->status = AIOTOP_HTTP_OK;
    }
}

static void answer_page(AiotopExporter *exporter,
                        const AiotopHttpRequest *request,
                        AiotopHttpAnswer *answer)
{
    g_autoptr(GArray) vms = describe_all(exporter, NULL);
    const AiotopMetricsVm *all = (const AiotopMetricsVm *)vms->data;
    GString *out = g_string_new(NULL);

    answer->status = AIOTOP_HTTP_OK;
    if (strcmp(request->path, "/sd") == 0) {
        answer->type = "application/json";
        aiotop_export_targets(out, all, vms->len,
                              request->host ? request->host : "localhost");
    } else {
        answer->type = "text/html; charset=utf-8";
        aiotop_export_landing(out, all, vms->len, exporter->config.version);
    }
    answer->body = g_string_free_to_bytes(out);
}

void aiotop_exporter_respond(const AiotopHttpRequest *request,
                             AiotopHttpAnswer *answer, void *opaque)
{
    AiotopExporter *exporter = opaque;

    answer->status = AIOTOP_HTTP_NOT_FOUND;
    if (!exporter->is_known) {
        answer->status = AIOTOP_HTTP_UNAVAILABLE;
    } else if (strcmp(request->path, "/metrics") == 0) {
        answer_metrics(exporter, request, answer);
    } else if (strcmp(request->path, "/") == 0 ||
               strcmp(request->path, "/sd") == 0) {
        answer_page(exporter, request, answer);
    }
}

AiotopExporter *aiotop_exporter_new(const AiotopExporterConfig *config)
{
    static const AiotopHostHandler handler = { .round = on_round };
    AiotopExporter *exporter = g_new0(AiotopExporter, 1);

    exporter->config = *config;
    exporter->kept = g_ptr_array_new_with_free_func(free_kept);
    if (config->textfile) {
        exporter->textfile =
            aiotop_textfile_new(config->textfile, config->report);
    }
    exporter->host = aiotop_host_sampler_new(&(AiotopHostSamplerConfig){
        .users = config->users,
        .interval_ms = config->interval_ms,
        .max_sources = AIOTOP_EXPORT_SOURCES,
        .max_vms = AIOTOP_EXPORT_VMS,
        .max_vms_of_owner = AIOTOP_EXPORT_VMS_OF_OWNER,
        .timeouts = config->timeouts,
        .handler = &handler,
        .opaque = exporter,
    });
    return exporter;
}

void aiotop_exporter_free(AiotopExporter *exporter)
{
    if (exporter) {
        aiotop_host_sampler_free(exporter->host);
        aiotop_textfile_free(exporter->textfile);
        drop_renderings(exporter);
        g_ptr_array_unref(exporter->kept);
        g_free(exporter);
    }
}
