/*
 * Diagnosis: the state of the VM, in which its guest may not run
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "run-state.h"

#include <string.h>
#include <glib.h>

/* As QEMU has it in RunState */
typedef struct RunState {
    const char *name;
    const char *failure;
    const char *advice;
} RunState;

static const RunState run_states[] = {
    { "io-error", "a request of a disk failed",
      "Find out which disk: query-block on the monitor tells (io-status). Mend"
      " that, then cont." },
    { "guest-panicked", "it has crashed",
      "Look at its console. system_reset on the monitor, then cont, starts it"
      " again." },
    { "internal-error", "QEMU or KVM could not go on with it",
      "Look at QEMU's own messages. system_reset on the monitor, then cont,"
      " starts it again." },
    { "watchdog", "its watchdog was not fed in time",
      "It was stuck before: look at its console, and at what the stalls of"
      " that time say. cont on the monitor lets it go on, system_reset starts"
      " it again." },
    { "inmigrate", NULL, "It is the target of a migration, and waits for it." },
    { "finish-migrate", NULL,
      "A migration is at its end: query-migrate on the monitor tells how far"
      " it is." },
    { "postmigrate", NULL, "It was migrated: it runs on the other host." },
    { "save-vm", NULL,
      "Its state or its memory is being saved: query-jobs, query-migrate and"
      " query-dump on the monitor tell how far that is." },
    { "restore-vm", NULL, "A snapshot of it is being loaded." },
    { "suspended", NULL,
      "Its guest sleeps: system_wakeup on the monitor wakes it." },
    { "shutdown", NULL,
      "Its guest has shut down: system_reset on the monitor, then cont, starts"
      " it again." },
};

static const RunState *find_state(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(run_states); i++) {
        if (strcmp(name, run_states[i].name) == 0) {
            return &run_states[i];
        }
    }
    return NULL;
}

const char *aiotop_run_state_failure(const char *run_state)
{
    const RunState *state = find_state(run_state);

    return state ? state->failure : NULL;
}

const char *aiotop_run_state_advice(const char *run_state)
{
    const RunState *state = find_state(run_state);

    return state ? state->advice
                 : "If it should run, continue it: cont on the monitor.";
}
