/*
 * The code of a process
 *
 * What was found out of an address is kept: some thousand are enough for all
 * stacks of a process.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "code.h"

#include <inttypes.h>
#include <string.h>
#include <sys/uio.h>

#include "qemu-aiotop/host/modules.h"
#include "function-table.h"
#include "symbol-index.h"

/* More addresses than any process has, so that garbage does not add up */
#define MAX_SITES 65536
/* And functions, which are kept; those that come then are one */
#define MAX_FUNCTIONS 65536
/* Of a name: what is longer was made so */
#define MAX_NAME 255
/* Between two looks for new files, in microseconds: more and more */
#define FIRST_REFRESH_US (G_USEC_PER_SEC / 4)
#define LAST_REFRESH_US (64 * G_USEC_PER_SEC)

/* What is known of a file that is mapped */
typedef struct Module {
    Dwfl_Module *dwfl;
    bool is_elf;
    Dwarf_CFI *tables;
    /* Added to the file's addresses */
    Dwarf_Addr tables_bias;
    Dwarf_Addr bias;
    Dwarf_Addr start;
    Dwarf_Addr end;
    AiotopFunctionTable functions;
    /* NULL before it is asked for the first time */
    AiotopSymbolIndex *symbols;
    /* NULL: the executable */
    char *name;
} Module;

struct AiotopCode {
    AiotopModules *modules;
    /* Module by Dwfl_Module */
    GHashTable *by_module;
    /* AiotopSite by address */
    GHashTable *sites;
    /* AiotopFunction by itself: file and address; never freed before the end */
    GHashTable *functions;
    AiotopFunction others;
    /* Roles of functions by their address in the process */
    GHashTable *roles;
    char *build_id;
    /* An address was in no file */
    bool lost;
    int64_t refreshed_us;
    int64_t wait_us;
};

static guint hash_function(gconstpointer key)
{
    const AiotopFunction *function = key;

    return (function->module ? g_str_hash(function->module) : 0) ^
           g_int64_hash(&function->offset);
}

static gboolean equal_functions(gconstpointer a, gconstpointer b)
{
    const AiotopFunction *x = a, *y = b;

    return x->offset == y->offset && g_strcmp0(x->module, y->module) == 0;
}

static void free_function(gpointer opaque)
{
    AiotopFunction *function = opaque;

    g_free(function->name);
    g_free(function->module);
    g_free(function);
}

static void free_module(gpointer opaque)
{
    Module *module = opaque;

    aiotop_symbol_index_free(module->symbols);
    g_free(module->name);
    g_free(module);
}

static Module *make_module(const AiotopCode *code, Dwfl_Module *dwfl)
{
    Module *module = g_new0(Module, 1);
    const char *name = dwfl_module_info(dwfl, NULL, &module->start,
                                        &module->end, NULL, NULL, NULL, NULL);

    module->dwfl = dwfl;
    /* A stack, or data, is mapped under a name, too */
    module->is_elf = dwfl_module_getelf(dwfl, &module->bias) != NULL;
    if (module->is_elf) {
        module->tables = dwfl_module_eh_cfi(dwfl, &module->tables_bias);
        aiotop_function_table_read(&module->functions, dwfl, &module->bias);
    }
    if (g_strcmp0(name, code->modules->executable) != 0) {
        g_autofree char *base = g_path_get_basename(name);

        module->name = g_utf8_make_valid(base, -1);
    }
    return module;
}

/* NULL if there is no code */
static Module *get_module(AiotopCode *code, uint64_t address)
{
    Dwfl_Module *dwfl = dwfl_addrmodule(code->modules->dwfl, address);
    Module *module = dwfl ? g_hash_table_lookup(code->by_module, dwfl) : NULL;

    if (dwfl && !module) {
        module = make_module(code, dwfl);
        g_hash_table_insert(code->by_module, dwfl, module);
    }
    /* libdwfl gives the one before, if there is none */
    return module && module->is_elf && address >= module->start &&
                   address < module->end
               ? module
               : NULL;
}

/*
 * Without what the compiler adds where it has cut a function into parts.  A file
 * may have any bytes there.
 */
static char *plain_name(const char *name)
{
    return g_utf8_make_valid(name, MIN(strcspn(name, ".@"), MAX_NAME));
}

/* Files are read when something in them is seen */
static const AiotopSymbolIndex *get_symbols(Module *module)
{
    if (!module->symbols) {
        module->symbols = aiotop_symbol_index_new(module->dwfl);
    }
    return module->symbols;
}

/* The name of what begins at @start, or has that within it; or NULL */
static char *find_name(Module *module, uint64_t start)
{
    GElf_Off offset;
    GElf_Sym symbol;
    const char *name =
        aiotop_symbol_index_find(get_symbols(module), start, &offset, &symbol);

    return name && *name && (offset == 0 || offset < symbol.st_size)
               ? plain_name(name)
               : NULL;
}

/* Where what has a name begins that @address is in; 0 if nothing is known */
static uint64_t find_symbol(Module *module, uint64_t address)
{
    GElf_Off offset;
    GElf_Sym symbol;

    return aiotop_symbol_index_find(get_symbols(module), address, &offset,
                                    &symbol)
               ? address - offset
               : 0;
}

static const AiotopFunction *get_function(AiotopCode *code, Module *module,
                                          uint64_t start)
{
    AiotopFunction key = { .module = module->name,
                           .offset = start - module->bias };
    AiotopFunction *function = g_hash_table_lookup(code->functions, &key);

    if (!function && g_hash_table_size(code->functions) >= MAX_FUNCTIONS) {
        return &code->others;
    }
    if (!function) {
        function = g_new0(AiotopFunction, 1);
        function->name = find_name(module, start);
        function->module = g_strdup(module->name);
        function->offset = key.offset;
        function->roles =
            GPOINTER_TO_UINT(g_hash_table_lookup(code->roles, &start)) |
            aiotop_roles_by_name(function->name);
        g_hash_table_add(code->functions, function);
    }
    return function;
}

static bool read_code(const AiotopCode *code, uint64_t address, void *bytes,
                      size_t len)
{
    struct iovec local = { bytes, len };
    struct iovec remote = { (void *)(uintptr_t)address, len };

    return process_vm_readv(code->modules->process.pid, &local, 1, &remote, 1,
                            0) == (ssize_t)len;
}

/* How what returns to @pc was called */
static void find_call(AiotopCode *code, Module *module, uint64_t pc,
                      AiotopSite *site)
{
    uint8_t before[AIOTOP_CALL_BYTES];
    AiotopBranch branch;
    uint64_t target;

    if (!read_code(code, pc - sizeof(before), before, sizeof(before))) {
        return;
    }
    branch = aiotop_machine_call(before, pc, &target);
    if (branch == AIOTOP_BRANCH_DIRECT &&
        (target < module->start || target >= module->end)) {
        /* These bytes are part of something else */
        branch = AIOTOP_BRANCH_INDIRECT;
    }
    site->indirect = branch == AIOTOP_BRANCH_INDIRECT;
    if (branch == AIOTOP_BRANCH_DIRECT &&
        g_hash_table_contains(code->roles, &target)) {
        site->target = get_function(code, module, target);
    }
}

static AiotopSite *make_site(AiotopCode *code, uint64_t pc, bool returns)
{
    AiotopSite *site = g_new0(AiotopSite, 1);
    uint64_t lookup = pc - returns, start;
    Module *module = get_module(code, lookup);

    site->rule.unknown = true;
    if (!module) {
        code->lost = true;
        return site;
    }
    aiotop_rule_find(&site->rule, module->tables, lookup - module->tables_bias);
    start = site->rule.unknown
                ? find_symbol(module, lookup)
                : aiotop_function_table_find(&module->functions, lookup);
    /* Where nothing is known, all of the file is one */
    site->function = get_function(code, module, start ? start : module->start);
    if (returns) {
        find_call(code, module, pc, site);
    }
    return site;
}

const AiotopSite *aiotop_code_site(AiotopCode *code, uint64_t pc, bool returns)
{
    /* No address of a process has the highest bit */
    uint64_t key = pc << 1 | returns;
    AiotopSite *site = g_hash_table_lookup(code->sites, &key);

    if (!site) {
        site = make_site(code, pc, returns);
        g_hash_table_insert(code->sites, g_memdup2(&key, sizeof(key)), site);
    }
    return site;
}

/* What is part of QEMU's loops, of one file that is mapped */
static int add_roles(Dwfl_Module *dwfl, void **userdata G_GNUC_UNUSED,
                     const char *name G_GNUC_UNUSED, Dwarf_Addr start,
                     void *opaque)
{
    AiotopCode *code = opaque;
    Module *module = get_module(code, start);

    if (!module || (module->name && !strstr(module->name, "glib"))) {
        return DWARF_CB_OK;
    }
    if (!module->name && !code->build_id) {
        const unsigned char *bits;
        GElf_Addr where;
        int n = dwfl_module_build_id(dwfl, &bits, &where);
        g_autoptr(GString) text = g_string_new(NULL);

        for (int i = 0; i < n; i++) {
            g_string_append_printf(text, "%02x", bits[i]);
        }
        code->build_id = n > 0 ? g_strdup(text->str) : NULL;
    }
    aiotop_roles_find(code->roles, dwfl, &module->functions,
                      get_symbols(module), code->modules->process.pid);
    return DWARF_CB_OK;
}

AiotopCode *aiotop_code_new(const AiotopIdentity *process, GError **error)
{
    AiotopModules *modules =
        aiotop_modules_new(process, process->pid, false, error);
    AiotopCode *code;

    if (!modules) {
        return NULL;
    }
    code = g_new0(AiotopCode, 1);
    code->modules = modules;
    code->by_module = g_hash_table_new_full(NULL, NULL, NULL, free_module);
    code->sites =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    code->functions = g_hash_table_new_full(hash_function, equal_functions,
                                            free_function, NULL);
    code->roles =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    code->others.name = (char *)"(other functions)";
    code->refreshed_us = g_get_monotonic_time();
    code->wait_us = FIRST_REFRESH_US;
    dwfl_getmodules(modules->dwfl, add_roles, code, 0);
    return code;
}

void aiotop_code_free(AiotopCode *code)
{
    if (!code) {
        return;
    }
    g_hash_table_unref(code->sites);
    g_hash_table_unref(code->functions);
    g_hash_table_unref(code->roles);
    g_hash_table_unref(code->by_module);
    aiotop_modules_free(code->modules);
    g_free(code->build_id);
    g_free(code);
}

static int count_module(Dwfl_Module *module, void **userdata G_GNUC_UNUSED,
                        const char *name G_GNUC_UNUSED,
                        Dwarf_Addr start G_GNUC_UNUSED, void *opaque)
{
    GHashTable *modules = opaque;

    g_hash_table_add(modules, module);
    return DWARF_CB_OK;
}

static GHashTable *list_modules(const AiotopCode *code)
{
    GHashTable *modules = g_hash_table_new(NULL, NULL);

    dwfl_getmodules(code->modules->dwfl, count_module, modules, 0);
    return modules;
}

static bool same_keys(GHashTable *a, GHashTable *b)
{
    GHashTableIter iter;
    gpointer key;

    if (g_hash_table_size(a) != g_hash_table_size(b)) {
        return false;
    }
    g_hash_table_iter_init(&iter, a);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        if (!g_hash_table_contains(b, key)) {
            return false;
        }
    }
    return true;
}

void aiotop_code_refresh(AiotopCode *code)
{
    int64_t now_us = g_get_monotonic_time();
    g_autoptr(GHashTable) before = NULL, after = NULL;

    if (g_hash_table_size(code->sites) > MAX_SITES) {
        g_hash_table_remove_all(code->sites);
    }
    if (!code->lost || now_us - code->refreshed_us < code->wait_us) {
        return;
    }
    before = list_modules(code);
    aiotop_modules_refresh(code->modules, NULL);
    after = list_modules(code);
    code->lost = false;
    code->refreshed_us = now_us;
    code->wait_us = MIN(code->wait_us * 2, LAST_REFRESH_US);
    if (!same_keys(before, after)) {
        g_hash_table_remove_all(code->sites);
        g_hash_table_remove_all(code->by_module);
        code->wait_us = FIRST_REFRESH_US;
    }
}

const char *aiotop_code_build_id(const AiotopCode *code)
{
    return code->build_id;
}
