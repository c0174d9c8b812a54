/*
 * Which functions QEMU's event loops are made of
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "roles.h"

#include <string.h>
#include <sys/uio.h>

#include "machine.h"

/* Static functions that call static functions, and so on */
#define MAX_DEPTH 4
/* Longer ones are read so far */
#define MAX_CODE (64 * 1024)
/* Look-ups in a file, of which QEMU takes 40, and names that they walk over */
#define MAX_LOOKUPS 1000
#define MAX_WALKED 50000000

typedef struct NamedRole {
    const char *name;
    unsigned role;
} NamedRole;

/* What these call is part of them, too */
static const NamedRole anchors[] = {
    { "aio_bh_poll", AIOTOP_ROLE_BH },
    { "aio_bh_call", AIOTOP_ROLE_BH },
    { "timerlist_run_timers", AIOTOP_ROLE_TIMER },
    { "aio_dispatch", AIOTOP_ROLE_FD },
    { "aio_poll", AIOTOP_ROLE_ROUND },
    { "main_loop_wait", AIOTOP_ROLE_MAIN_ROUND },
    { "g_main_loop_run", AIOTOP_ROLE_MAIN_ROUND },
    { "g_main_context_dispatch", AIOTOP_ROLE_GLIB },
};

static const NamedRole others[] = {
    /* Since 8.2, and before */
    { "bql_lock_impl", AIOTOP_ROLE_BQL },
    { "qemu_mutex_lock_iothread_impl", AIOTOP_ROLE_BQL },
    { "__start_context", AIOTOP_ROLE_START },
    { "_start", AIOTOP_ROLE_START },
    { "poll", AIOTOP_ROLE_WAIT },
    { "__poll", AIOTOP_ROLE_WAIT },
    { "ppoll", AIOTOP_ROLE_WAIT },
    { "__ppoll", AIOTOP_ROLE_WAIT },
    { "epoll_wait", AIOTOP_ROLE_WAIT },
    { "epoll_pwait", AIOTOP_ROLE_WAIT },
    { "epoll_pwait2", AIOTOP_ROLE_WAIT },
};

/* liburing has several, of any name */
#define RING_PREFIX "io_uring_"
#define RING_PREFIX_INNER "_io_uring_"
#define RING_PREFIX_CALL "__sys_io_uring_"
#define PROFILER_PREFIX "event_loop_profiler_"
/* Of a source of GLib's with a name, in the profiler */
#define PROFILER_CALL "call_named"

typedef struct Search {
    GHashTable *roles;
    const AiotopFunctionTable *functions;
    const AiotopSymbolIndex *symbols;
    int64_t pid;
    /* What those get that are found */
    unsigned role;
    unsigned depth;
    /* Whether it is static, by address: what was asked is not asked again */
    GHashTable *judged;
    unsigned max_judged;
} Search;

static void add_role(GHashTable *roles, uint64_t address, unsigned role)
{
    unsigned now = GPOINTER_TO_UINT(g_hash_table_lookup(roles, &address));

    g_hash_table_insert(roles, g_memdup2(&address, sizeof(address)),
                        GUINT_TO_POINTER(now | role));
}

static bool has_role(GHashTable *roles, uint64_t address, unsigned role)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(roles, &address)) & role;
}

/* Whether nobody else can call it, by the name that it has or has not */
static bool ask_whether_static(const AiotopSymbolIndex *symbols, uint64_t start)
{
    GElf_Off offset;
    GElf_Sym symbol;
    const char *name =
        aiotop_symbol_index_find(symbols, start, &offset, &symbol);

    return !name || offset || GELF_ST_BIND(symbol.st_info) == STB_LOCAL;
}

static bool is_static(const Search *here, uint64_t start)
{
    gpointer judged;

    if (g_hash_table_lookup_extended(here->judged, &start, NULL, &judged)) {
        return GPOINTER_TO_INT(judged);
    }
    if (g_hash_table_size(here->judged) >= here->max_judged) {
        return false;
    }
    judged = GINT_TO_POINTER(ask_whether_static(here->symbols, start));
    g_hash_table_insert(here->judged, g_memdup2(&start, sizeof(start)), judged);
    return GPOINTER_TO_INT(judged);
}

static void search(Search *search, uint64_t start);

static void visit(uint64_t target, void *opaque)
{
    Search *here = opaque;

    if (aiotop_function_table_find(here->functions, target) != target) {
        return;
    }
    add_role(here->roles, target, AIOTOP_ROLE_CALLED);
    if (!has_role(here->roles, target, here->role) && is_static(here, target)) {
        add_role(here->roles, target, here->role);
        search(here, target);
    }
}

static void search(Search *here, uint64_t start)
{
    uint64_t next = aiotop_function_table_next(here->functions, start);
    g_autofree uint8_t *code = NULL;
    struct iovec local, remote;
    ssize_t len;

    if (here->depth == MAX_DEPTH || next <= start) {
        return;
    }
    len = MIN(next - start, MAX_CODE);
    code = g_malloc(len);
    local = (struct iovec){ code, len };
    remote = (struct iovec){ (void *)(uintptr_t)start, len };
    len = process_vm_readv(here->pid, &local, 1, &remote, 1, 0);
    if (len > 0) {
        here->depth++;
        aiotop_machine_branches(code, len, start, visit, here);
        here->depth--;
    }
}

static const NamedRole *find_role(const NamedRole *table, size_t n,
                                  const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(table[i].name, name) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

void aiotop_roles_find(GHashTable *roles, Dwfl_Module *module,
                       const AiotopFunctionTable *functions,
                       const AiotopSymbolIndex *symbols, int64_t pid)
{
    g_autoptr(GHashTable) judged =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    bool found[G_N_ELEMENTS(anchors)] = { false };
    int n = dwfl_module_getsymtab(module);

    for (int i = 0; i < n; i++) {
        GElf_Sym symbol;
        GElf_Addr address;
        const char *name = dwfl_module_getsym_info(module, i, &symbol, &address,
                                                   NULL, NULL, NULL);
        const NamedRole *anchor =
            name && GELF_ST_TYPE(symbol.st_info) == STT_FUNC &&
                    symbol.st_shndx != SHN_UNDEF
                ? find_role(anchors, G_N_ELEMENTS(anchors), name)
                : NULL;

        /* There is one of each; whoever has made more of them has one, too */
        if (anchor && !found[anchor - anchors]) {
            Search here = {
                .roles = roles,
                .functions = functions,
                .symbols = symbols,
                .pid = pid,
                .role = anchor->role,
                .judged = judged,
                .max_judged = MIN(MAX_LOOKUPS, MAX_WALKED / n),
            };

            found[anchor - anchors] = true;
            add_role(roles, address, anchor->role);
            search(&here, address);
        }
    }
}

unsigned aiotop_roles_by_name(const char *name)
{
    const NamedRole *other;

    if (!name) {
        return 0;
    }
    if (g_str_has_prefix(name, RING_PREFIX) ||
        g_str_has_prefix(name, RING_PREFIX_INNER) ||
        g_str_has_prefix(name, RING_PREFIX_CALL)) {
        return AIOTOP_ROLE_WAIT;
    }
    if (g_str_has_prefix(name, PROFILER_PREFIX) ||
        strcmp(name, PROFILER_CALL) == 0) {
        return AIOTOP_ROLE_PROFILER;
    }
    other = find_role(others, G_N_ELEMENTS(others), name);
    return other ? other->role : 0;
}
