/*
 * Which QEMUs run on this host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu-aiotop/host/discover.h"

#include <inttypes.h>
#include <string.h>

#include "counted.h"
#include "executable.h"
#include "listening.h"
#include "patience.h"
#include "qemu-aiotop/host/procfs.h"
#include "qemu-aiotop/host/target.h"
#include "qemu-aiotop/host/user.h"

/* For all of them together */
#define READ_US 250000

/* A process of which more is to be known */
typedef struct Candidate {
    int64_t pid;
    char *dir;
    AiotopPatientReading *cmdline;
} Candidate;

static void candidate_clear(gpointer opaque)
{
    Candidate *candidate = opaque;

    g_free(candidate->dir);
}

static char *read_link(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    return g_file_read_link(path, NULL);
}

/* Paths of a process in a container are seen through its root directory */
static void enter_root(GPtrArray *addresses, const char *root, const char *dir)
{
    g_autofree char *own_dir = g_build_filename(root, "self", NULL);
    g_autofree char *own = read_link(own_dir, "ns/mnt");
    g_autofree char *its = read_link(dir, "ns/mnt");

    if (!own || !its || strcmp(own, its) == 0) {
        return;
    }
    for (unsigned i = 0; i < addresses->len; i++) {
        char *address = addresses->pdata[i];

        if (g_str_has_prefix(address, "unix:/")) {
            addresses->pdata[i] = g_strconcat("unix:", dir, "/root",
                                              address + strlen("unix:"), NULL);
            g_free(address);
        }
    }
}

static void add_listening(AiotopProcess *process, AiotopListening *listening,
                          const char *cwd)
{
    g_autoptr(GPtrArray) own = aiotop_listening_of(listening, process->pid);

    for (unsigned i = 0; i < own->len; i++) {
        const char *path = (char *)own->pdata[i] + strlen("unix:");
        g_autofree char *absolute =
            path[0] == '/' || path[0] == '@'
                ? g_strdup(path)
                : g_build_filename(cwd ? cwd : "", path, NULL);

        process->has_object = true;
        aiotop_process_add_address(process->profilers,
                                   g_strconcat("unix:", absolute, NULL));
    }
}

static char *thread_name(const char *dir)
{
    g_autofree char *path = g_build_filename(dir, "comm", NULL);
    char *comm = NULL;

    /* Needs no permission, and waits for nothing */
    return g_file_get_contents(path, &comm, NULL, NULL) ? g_strchomp(comm)
                                                        : NULL;
}

/*
 * The name of its executable if that is one of QEMU's, else of its first
 * thread; NULL if neither is.  QEMU may have given that thread another name, or
 * be run by a loader.
 */
static char *qemu_name(const char *dir)
{
    g_autofree char *exe = read_link(dir, "exe");
    g_autofree char *program = exe ? g_path_get_basename(exe) : NULL;
    g_autofree char *comm = thread_name(dir);

    if (program && aiotop_process_might_be_qemu(program)) {
        return g_steal_pointer(&program);
    }
    return comm && aiotop_process_might_be_qemu(comm) ? g_steal_pointer(&comm)
                                                      : NULL;
}

static bool might_be_qemu(const char *dir)
{
    g_autofree char *name = qemu_name(dir);

    return name;
}

static Candidate begin_candidate(const char *root, int64_t pid)
{
    Candidate candidate = {
        .pid = pid,
        .dir = g_strdup_printf("%s/%" PRId64, root, pid),
    };

    return candidate;
}

static void begin_reading(const char *root, Candidate *candidate)
{
    g_autofree char *path = g_build_filename(candidate->dir, "cmdline", NULL);

    candidate->cmdline =
        aiotop_patience_begin(aiotop_procfs_owner(root, candidate->pid), path,
                              aiotop_patient_command_line);
}

static AiotopProcess *parse(const Candidate *candidate, const char *text,
                            gsize len, const char *cwd)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();

    for (gsize i = 0; i < len; i += strlen(text + i) + 1) {
        g_ptr_array_add(argv, (gpointer)(text + i));
    }
    g_ptr_array_add(argv, NULL);
    return aiotop_process_parse(candidate->pid,
                                (const char *const *)argv->pdata, cwd);
}

/* One that does not answer is listed as such, if it looks like a QEMU */
static AiotopProcess *silent(const Candidate *candidate)
{
    g_autofree char *program = qemu_name(candidate->dir);

    if (!program) {
        return NULL;
    }
    return aiotop_process_unreadable(candidate->pid, program);
}

static AiotopProcess *read_candidate(Candidate *candidate, int64_t deadline_us,
                                     const char *cwd)
{
    bool late = false;
    gsize len = 0;
    g_autofree char *text =
        aiotop_patience_end(candidate->cmdline, deadline_us, &len, &late);

    if (text) {
        return parse(candidate, text, len, cwd);
    }
    return late || g_file_test(candidate->dir, G_FILE_TEST_EXISTS)
               ? silent(candidate)
               : NULL;
}

static AiotopProcess *complete_candidate(const char *root, Candidate *candidate,
                                         AiotopListening *listening,
                                         int64_t deadline_us)
{
    g_autofree char *cwd = read_link(candidate->dir, "cwd");
    AiotopProcess *process = read_candidate(candidate, deadline_us, cwd);

    if (process) {
        process->start_ticks = aiotop_procfs_start_ticks(root, candidate->pid);
        process->owner = aiotop_procfs_owner(root, candidate->pid);
        process->trusted = aiotop_user_is_trusted(process->owner);
        add_listening(process, listening, cwd);
        enter_root(process->profilers, root, candidate->dir);
        enter_root(process->monitors, root, candidate->dir);
    }
    return process;
}

static void find_patches(const char *root, AiotopProcess *process,
                         int64_t deadline_us)
{
    g_autofree char *exe =
        g_strdup_printf("%s/%" PRId64 "/exe", root, process->pid);
    g_autofree char *answer = NULL;
    bool late = false;
    gsize len;

    if (process->has_object || process->unreadable) {
        return;
    }
    answer = aiotop_patience_end(
        aiotop_patience_begin(process->owner, exe,
                              aiotop_executable_has_profiler),
        deadline_us, &len, &late);
    process->patches = g_strcmp0(answer, "yes") == 0  ? AIOTOP_PATCHES_THERE
                       : g_strcmp0(answer, "no") == 0 ? AIOTOP_PATCHES_NONE
                                                      : AIOTOP_PATCHES_UNKNOWN;
}

/*
 * Asks once for each user, and for none whose name is known: those up to
 * @n_known were there before
 */
static void find_users(GPtrArray *processes, unsigned n_known,
                       int64_t deadline_us)
{
    g_autoptr(GHashTable) names = g_hash_table_new(NULL, NULL);

    for (unsigned i = 0; i < processes->len; i++) {
        AiotopProcess *process = processes->pdata[i];
        gpointer key = GUINT_TO_POINTER((unsigned)process->owner);

        if (process->owner == UINT32_MAX) {
            continue;
        }
        if (!process->user) {
            const char *name = g_hash_table_lookup(names, key);

            process->user = name
                                ? g_strdup(name)
                                : aiotop_user_name(process->owner, deadline_us);
        }
        /* A number may get a name later */
        if (i >= n_known || !g_ascii_isdigit(*process->user)) {
            g_hash_table_insert(names, key, process->user);
        }
    }
}

AiotopProcess *aiotop_discover_process(const char *root, int64_t pid)
{
    int64_t deadline_us = g_get_monotonic_time() + READ_US;
    Candidate candidate = begin_candidate(root, pid);
    g_autoptr(AiotopListening) listening =
        aiotop_listening_new(root, AIOTOP_SOCKET_PREFIX);
    AiotopProcess *process;

    begin_reading(root, &candidate);
    process = complete_candidate(root, &candidate, listening, deadline_us);
    if (process) {
        find_patches(root, process, deadline_us);
    }
    candidate_clear(&candidate);
    return process;
}

static void add_process(GPtrArray *processes, AiotopProcess *process)
{
    if (process) {
        g_ptr_array_add(processes, process);
    }
}

/*
 * For the executables of one user: a look waits no longer for them, and what
 * is left is looked at the next time
 */
#define SEARCH_US 500000

/* Of those from @begin on */
static void find_patches_of_all(const char *root, const GPtrArray *processes,
                                unsigned begin, int64_t deadline_us)
{
    g_autoptr(GHashTable) spent =
        g_hash_table_new_full(NULL, NULL, NULL, g_free);

    for (unsigned i = begin; i < processes->len; i++) {
        AiotopProcess *process = processes->pdata[i];
        gpointer owner = GUINT_TO_POINTER(aiotop_counted_as(process->owner));
        int64_t *spent_us = g_hash_table_lookup(spent, owner);

        if (!spent_us) {
            spent_us = g_new0(int64_t, 1);
            g_hash_table_insert(spent, owner, spent_us);
        }
        if (*spent_us < SEARCH_US) {
            int64_t begun_us = g_get_monotonic_time();

            find_patches(root, process, deadline_us);
            *spent_us += g_get_monotonic_time() - begun_us;
        }
    }
}

static int compare_pids(const void *a, const void *b)
{
    const AiotopProcess *x = *(AiotopProcess *const *)a;
    const AiotopProcess *y = *(AiotopProcess *const *)b;

    return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static bool need_not_be_read(const char *root, const AiotopProcess *process,
                             unsigned number)
{
    const AiotopIdentity identity = { process->pid, process->start_ticks };
    uint64_t start_ticks = aiotop_procfs_start_ticks(root, process->pid);

    /* Where there is no file to be had, it can't be, and has not ended either */
    return start_ticks == process->start_ticks
               ? (process->pid + number) % AIOTOP_DISCOVER_AGAIN &&
                     !process->unreadable
               : start_ticks == AIOTOP_UNKNOWN &&
                     !aiotop_procfs_has_ended(root, &identity);
}

/*
 * Takes the process that has this number out of @known, if it is still that
 * one and not due to be read again; else NULL
 */
static AiotopProcess *take_known(const char *root, GPtrArray *known,
                                 unsigned number, int64_t pid)
{
    for (unsigned i = 0; i < known->len; i++) {
        AiotopProcess *process = known->pdata[i];

        if (process->pid != pid) {
            continue;
        }
        return need_not_be_read(root, process, number)
                   ? g_ptr_array_steal_index_fast(known, i)
                   : NULL;
    }
    return NULL;
}

/*
 * Those that are read by now go over to @found: that all are being read at once
 * is no reason to have all their texts at once
 */
static void complete_those_done(const char *root, GArray *candidates,
                                AiotopListening *listening, GPtrArray *found)
{
    for (unsigned i = candidates->len; i-- > 0;) {
        Candidate *candidate = &g_array_index(candidates, Candidate, i);

        if (aiotop_patience_is_done(candidate->cmdline)) {
            add_process(found,
                        complete_candidate(root, candidate, listening, 0));
            g_array_remove_index_fast(candidates, i);
        }
    }
}

/*
 * All that are to be read are being read at once, and go to @found; those that
 * need not be go to @processes.  Returns those that have not answered yet.
 */
static GArray *begin_candidates(const char *root, GPtrArray *known,
                                unsigned number, AiotopListening *listening,
                                GPtrArray *processes, GPtrArray *found)
{
    GArray *candidates = g_array_new(FALSE, FALSE, sizeof(Candidate));
    g_autoptr(GDir) dir = g_dir_open(root, 0, NULL);
    const char *name;

    g_array_set_clear_func(candidates, candidate_clear);
    if (!dir) {
        /* Nobody has looked, and so nobody is known to be gone */
        g_ptr_array_extend_and_steal(processes, g_ptr_array_ref(known));
    }
    while (dir && (name = g_dir_read_name(dir))) {
        AiotopProcess *process;
        Candidate candidate;
        guint64 pid;

        if (!g_ascii_string_to_unsigned(name, 10, 1, INT32_MAX, &pid, NULL)) {
            continue;
        }
        process = take_known(root, known, number, pid);
        if (process) {
            g_ptr_array_add(processes, process);
            continue;
        }
        candidate = begin_candidate(root, pid);
        if (might_be_qemu(candidate.dir)) {
            begin_reading(root, &candidate);
            g_array_append_val(candidates, candidate);
            complete_those_done(root, candidates, listening, found);
        } else {
            candidate_clear(&candidate);
        }
    }
    return candidates;
}

GPtrArray *aiotop_discover_again(const char *root, GPtrArray *known,
                                 unsigned number)
{
    GPtrArray *processes =
        g_ptr_array_new_with_free_func((GDestroyNotify)aiotop_process_free);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    g_autoptr(AiotopListening) listening =
        aiotop_listening_new(root, AIOTOP_SOCKET_PREFIX);
    g_autoptr(GArray) candidates =
        begin_candidates(root, known, number, listening, processes, found);
    int64_t deadline_us = g_get_monotonic_time() + READ_US;
    unsigned n_known = processes->len;
    int64_t names_us;

    for (unsigned i = 0; i < candidates->len; i++) {
        add_process(found, complete_candidate(
                               root, &g_array_index(candidates, Candidate, i),
                               listening, deadline_us));
    }
    g_ptr_array_extend(processes, found, NULL, NULL);
    /* Before executables, which take their time: a name that is late is none */
    names_us = g_get_monotonic_time() + READ_US;
    find_users(processes, n_known, names_us);
    find_patches_of_all(root, processes, n_known, deadline_us);
    g_ptr_array_sort(processes, compare_pids);
    return processes;
}

GPtrArray *aiotop_discover(const char *root)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();

    return aiotop_discover_again(root, none, 0);
}
