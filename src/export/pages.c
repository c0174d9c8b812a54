/*
 * What the exporter serves besides metrics
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "pages.h"

#include <string.h>

#include "qemu-aiotop/text/json-writer.h"

static void append_html(GString *out, const char *text)
{
    g_autofree char *escaped = g_markup_escape_text(text, -1);

    g_string_append(out, escaped);
}

/* In words, the worst finding first */
static const char *verdict(const AiotopMetricsVm *vm)
{
    const AiotopFinding *worst;

    if (!vm->check) {
        return vm->up ? "not known yet" : "no answer";
    }
    worst = vm->check->findings->pdata[0];
    return aiotop_classes[worst->id].name;
}

void aiotop_export_landing(GString *out, const AiotopMetricsVm *vms, unsigned n,
                           const char *version)
{
    g_string_append_printf(
        out,
        "<!DOCTYPE html>\n"
        "<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<title>qemu-aiotop</title></head><body>\n"
        "<h1>qemu-aiotop %s</h1>\n"
        "<ul>\n"
        "<li><a href=\"metrics\">metrics</a> of all VMs</li>\n"
        "<li><a href=\"sd\">sd</a>: a target for each VM, for http_sd</li>\n"
        "</ul>\n"
        "<table>\n<tr><th>VM</th><th>PID</th><th>verdict</th></tr>\n",
        version);
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *query = g_uri_escape_string(vms[i].label, NULL, FALSE);

        g_string_append_printf(out, "<tr><td><a href=\"metrics?vm=%s\">",
                               query);
        append_html(out, vms[i].label);
        g_string_append_printf(
            out, "</a></td><td>%" G_GINT64_FORMAT "</td><td>%s</td></tr>\n",
            vms[i].pid, verdict(&vms[i]));
    }
    g_string_append(out, "</table>\n</body></html>\n");
}

void aiotop_export_targets(GString *out, const AiotopMetricsVm *vms, unsigned n,
                           const char *host)
{
    g_string_append_c(out, '[');
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *instance =
            g_strdup_printf("%s/%s", host, vms[i].label);

        aiotop_json_add_key(out, NULL);
        g_string_append(out, "{\"targets\":[");
        aiotop_json_add_string(out, NULL, host);
        g_string_append(out, "],\"labels\":{");
        aiotop_json_add_string(out, "__param_vm", vms[i].label);
        aiotop_json_add_string(out, "instance", instance);
        aiotop_json_add_string(out, "host", host);
        g_string_append(out, "}}");
    }
    g_string_append(out, "]\n");
}
