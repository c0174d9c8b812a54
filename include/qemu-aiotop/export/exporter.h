/*
 * The exporter: keeps what is known of all QEMUs of this host, and serves it
 *
 * The host sampler asks them; what it brings is booked and judged when it
 * comes.  A scrape is answered from what is kept, whatever a VM does, and what
 * is kept of all is written out at most some times a second, however many ask:
 * all of them get the same bytes.
 *
 * A VM's label is its name, with its user's if that is not to be trusted; if
 * another one has that already, or it has none, its number comes with it.  A label stays the process's as long as that lives,
 * so that no series ever goes from one process to another that runs beside it.
 *
 * It never blocks: everything happens in callbacks from the thread's default
 * main context.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_AIOTOP_EXPORT_EXPORTER_H
#define QEMU_AIOTOP_EXPORT_EXPORTER_H

#include <glib.h>
#include <qemu-aiotop/diagnose/check.h>
#include <qemu-aiotop/export/http-server.h>
#include <qemu-aiotop/wire/connection.h>

/* Sources that a VM is asked for, of each loop */
#define AIOTOP_EXPORT_SOURCES 64

/* QEMUs that are told of, and of one user: anybody may start some */
#define AIOTOP_EXPORT_VMS 1000
#define AIOTOP_EXPORT_VMS_OF_OWNER 500

typedef struct AiotopExporterConfig {
    /* As in AiotopHostSamplerConfig */
    const GArray *users;
    /* Between two looks at all VMs */
    unsigned interval_ms;
    const AiotopQmpTimeouts *timeouts;
    /* What is stuck, and for how long a stall warns */
    AiotopCheck check;
    const char *version;
    /* A file that has the metrics, in the classic format; NULL for none */
    const char *textfile;
    /* What went wrong, in words for the user: it goes on */
    void (*report)(const char *message);
} AiotopExporterConfig;

typedef struct AiotopExporter AiotopExporter;

/* @config: copied; what it points to stays valid as long as the exporter */
AiotopExporter *aiotop_exporter_new(const AiotopExporterConfig *config);

/* Removes the text file.  Accepts NULL. */
void aiotop_exporter_free(AiotopExporter *exporter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AiotopExporter, aiotop_exporter_free)

/* For a server; @exporter is an AiotopExporter */
void aiotop_exporter_respond(const AiotopHttpRequest *request,
                             AiotopHttpAnswer *answer, void *exporter);

#endif /* QEMU_AIOTOP_EXPORT_EXPORTER_H */
