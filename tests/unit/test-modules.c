/*
 * Files that are mapped, by an owner who means no good
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include <qemu-aiotop/host/modules.h>
#include <qemu-aiotop/host/procfs.h>

#include "host/module-file.h"

#define PAGE 4096

int __real_fstat64(int fd, struct stat *st);
int __wrap_fstat64(int fd, struct stat *st);

static bool is_foreign;

/* Files of another user's, which only root could make */
int __wrap_fstat64(int fd, struct stat *st)
{
    int result = __real_fstat64(fd, st);

    if (is_foreign) {
        st->st_uid = geteuid() + 1000;
    }
    return result;
}

/* Here, as code may not be run from everywhere */
static char *folder;

static char *path_of(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* A copy of this program */
static char *make_file(const char *name)
{
    g_autofree char *text = NULL;
    char *path = path_of(name);
    gsize len;

    g_assert_true(g_file_get_contents("/proc/self/exe", &text, &len, NULL));
    g_assert_true(g_file_set_contents(path, text, len, NULL));
    return path;
}

static void *map_at(const char *path, void *at)
{
    int fd = g_open(path, O_RDONLY | O_CLOEXEC, 0);
    void *start = mmap(at, PAGE, PROT_READ | PROT_EXEC,
                       MAP_PRIVATE | (at ? MAP_FIXED : 0), fd, 0);

    g_assert_true(start != MAP_FAILED);
    close(fd);
    return start;
}

static AiotopModules *make_modules(void)
{
    AiotopIdentity self = aiotop_procfs_identify(AIOTOP_PROCFS_ROOT, getpid());
    GError *error = NULL;
    AiotopModules *modules = aiotop_modules_new(&self, getpid(), false, &error);

    g_assert_no_error(error);
    return modules;
}

static const char *name_at(const AiotopModules *modules, const void *start)
{
    Dwfl_Module *module =
        dwfl_addrmodule(modules->dwfl, (uint64_t)(uintptr_t)start);

    g_assert_nonnull(module);
    return dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
}

static int read_elf(Dwfl_Module *module, void **userdata G_GNUC_UNUSED,
                    const char *name G_GNUC_UNUSED,
                    Dwarf_Addr start G_GNUC_UNUSED, void *opaque)
{
    Dwarf_Addr bias;
    unsigned *n = opaque;

    *n += dwfl_module_getelf(module, &bias) != NULL;
    return DWARF_CB_OK;
}

/* One file, with two names side by side, is mapped later on */
static void test_two_names(void)
{
    g_autoptr(AiotopModules) modules = make_modules();
    g_autofree char *one = make_file("one"), *two = path_of("two");
    uint8_t *start =
        mmap(NULL, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned before = 0, after = 0;
    GError *error = NULL;

    dwfl_getmodules(modules->dwfl, read_elf, &before, 0);
    /* This program, and the kernel's own */
    g_assert_cmpuint(before, >=, 2);
    g_assert_cmpint(link(one, two), ==, 0);
    map_at(one, start);
    map_at(two, start + PAGE);
    g_assert_true(aiotop_modules_refresh(modules, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(name_at(modules, start), ==, one);
    g_assert_cmpstr(name_at(modules, start + PAGE), ==, two);
    dwfl_getmodules(modules->dwfl, read_elf, &after, 0);
    g_assert_cmpuint(after, ==, before + 2);
    munmap(start, 2 * PAGE);
    g_assert_true(aiotop_modules_refresh(modules, NULL));
    after = 0;
    dwfl_getmodules(modules->dwfl, read_elf, &after, 0);
    g_assert_cmpuint(after, ==, before);
    g_unlink(one);
    g_unlink(two);
}

/* Who can't see what is mapped now keeps what was */
static void test_keeps(void)
{
    g_autoptr(AiotopModules) modules = make_modules();
    int64_t tid = modules->tid;
    unsigned before = 0, after = 0;
    g_autoptr(GError) error = NULL;

    modules->tid = INT32_MAX;
    g_assert_false(aiotop_modules_refresh(modules, &error));
    g_assert_nonnull(error);
    modules->tid = tid;
    dwfl_getmodules(modules->dwfl, read_elf, &after, 0);
    g_assert_true(aiotop_modules_refresh(modules, NULL));
    dwfl_getmodules(modules->dwfl, read_elf, &before, 0);
    g_assert_cmpuint(after, ==, before);
}

/* Nobody waits for a writer of what has taken the file's name */
static void test_fifo(void)
{
    g_autofree char *path = make_file("fifo");
    void *start = map_at(path, NULL);
    g_autoptr(AiotopModules) modules = make_modules();
    unsigned n = 0;

    g_unlink(path);
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    dwfl_getmodules(modules->dwfl, read_elf, &n, 0);
    g_assert_cmpuint(n, >=, 2);
    munmap(start, PAGE);
    g_unlink(path);
}

/* What is cut short while it is read is not there: no signal comes */
static void test_cut_short(void)
{
    g_autofree char *path = make_file("cut");
    void *start = map_at(path, NULL);
    g_autoptr(AiotopModules) modules = make_modules();
    Dwfl_Module *module =
        dwfl_addrmodule(modules->dwfl, (uint64_t)(uintptr_t)start);
    Dwarf_Addr bias;

    g_assert_nonnull(dwfl_module_getelf(module, &bias));
    g_assert_cmpint(truncate(path, 0), ==, 0);
    dwfl_module_getsymtab(module);
    dwfl_module_eh_cfi(module, &bias);
    munmap(start, PAGE);
    g_unlink(path);
}

/* A link of the process's own leads to where it does for the process */
static void test_names(void)
{
    g_autofree char *path = make_file("name"), *link = path_of("link");
    g_autofree char *missing = path_of("missing");
    AiotopModuleFile file = { .name = link };
    int fd;

    g_assert_cmpint(symlink(path, link), ==, 0);
    fd = aiotop_module_file_open(&file, getpid());
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    file.name = missing;
    g_assert_cmpint(aiotop_module_file_open(&file, getpid()), <, 0);
    file.name = (char *)"/proc/self/exe";
    g_assert_cmpint(aiotop_module_file_open(&file, getpid()), <, 0);
    file.name = (char *)"/dev/null";
    g_assert_cmpint(aiotop_module_file_open(&file, getpid()), <, 0);
    g_unlink(path);
    g_unlink(link);
}

static Elf *read_file(const char *path, int *fd, uint64_t *left)
{
    *fd = g_open(path, O_RDONLY | O_CLOEXEC, 0);
    g_assert_cmpint(*fd, >=, 0);
    return aiotop_module_file_read(*fd, left);
}

static void test_sizes(void)
{
    g_autofree char *path = make_file("large");
    uint64_t left = AIOTOP_MODULE_FILES_MOST;
    struct stat st;
    Elf *elf;
    int fd;

    g_assert_cmpint(stat(path, &st), ==, 0);
    elf = read_file(path, &fd, &left);
    g_assert_nonnull(elf);
    g_assert_cmpuint(left, ==, AIOTOP_MODULE_FILES_MOST - st.st_size);
    elf_end(elf);
    close(fd);
    left = st.st_size - 1;
    g_assert_null(read_file(path, &fd, &left));
    close(fd);
    left = AIOTOP_MODULE_FILES_MOST;
    g_assert_cmpint(truncate(path, AIOTOP_MODULE_FILE_MOST + 1), ==, 0);
    g_assert_null(read_file(path, &fd, &left));
    g_assert_cmpuint(left, ==, AIOTOP_MODULE_FILES_MOST);
    close(fd);
    g_unlink(path);
}

/* With one section, of that name */
static char *make_elf(const char *name, const GElf_Shdr *section, void *bytes,
                      size_t len)
{
    static char names[] = "\0.shstrtab\0.gnu_debugdata\0.symtab";
    char *path = path_of("made");
    int fd = g_open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    Elf *elf = elf_begin(fd, ELF_C_WRITE, NULL);
    void *parts[] = { bytes, names };
    size_t sizes[] = { len, sizeof(names) };
    GElf_Shdr headers[] = { *section, { .sh_type = SHT_STRTAB, .sh_name = 1 } };
    GElf_Ehdr head;

    for (headers[0].sh_name = 0; strcmp(names + headers[0].sh_name, name) != 0;
         headers[0].sh_name++) {
        continue;
    }
    g_assert_nonnull(gelf_newehdr(elf, ELFCLASS64));
    gelf_getehdr(elf, &head);
    head.e_ident[EI_DATA] = ELFDATA2LSB;
    head.e_type = ET_DYN;
    head.e_version = EV_CURRENT;
    head.e_shstrndx = 2;
    gelf_update_ehdr(elf, &head);
    for (unsigned i = 0; i < 2; i++) {
        Elf_Scn *scn = elf_newscn(elf);
        Elf_Data *data = elf_newdata(scn);

        data->d_buf = parts[i];
        data->d_size = sizes[i];
        data->d_align = 1;
        data->d_version = EV_CURRENT;
        g_assert_true(gelf_update_shdr(scn, &headers[i]));
    }
    g_assert_cmpint(elf_update(elf, ELF_C_WRITE), >, 0);
    elf_end(elf);
    close(fd);
    return path;
}

static bool has_packed(const char *path)
{
    uint64_t left = AIOTOP_MODULE_FILES_MOST;
    size_t names;
    Elf_Scn *section = NULL;
    bool found = false;
    int fd;
    Elf *elf = read_file(path, &fd, &left);

    g_assert_nonnull(elf);
    g_assert_cmpint(elf_getshdrstrndx(elf, &names), ==, 0);
    while ((section = elf_nextscn(elf, section))) {
        GElf_Shdr header;

        gelf_getshdr(section, &header);
        found |= strcmp(elf_strptr(elf, names, header.sh_name),
                        ".gnu_debugdata") == 0;
    }
    elf_end(elf);
    close(fd);
    return found;
}

/* A few bytes may become any number of them */
static void test_packed(void)
{
    GElf_Shdr section = { .sh_type = SHT_PROGBITS };
    g_autofree char *path =
        make_elf(".gnu_debugdata", &section, (char *)"packed", 6);
    Elf64_Chdr packed = { .ch_type = ELFCOMPRESS_ZLIB,
                          .ch_size = AIOTOP_MODULE_FILE_MOST + UINT64_C(1),
                          .ch_addralign = 8 };
    g_autofree char *again = NULL;
    uint64_t left = AIOTOP_MODULE_FILES_MOST;
    Elf *elf;
    int fd;

    g_assert_true(has_packed(path));
    is_foreign = true;
    g_assert_false(has_packed(path));
    is_foreign = false;
    section.sh_flags = SHF_COMPRESSED;
    again = make_elf(".symtab", &section, &packed, sizeof(packed));
    g_assert_null(read_file(again, &fd, &left));
    close(fd);
    packed.ch_size--;
    g_free(again);
    again = make_elf(".symtab", &section, &packed, sizeof(packed));
    elf = read_file(again, &fd, &left);
    g_assert_nonnull(elf);
    elf_end(elf);
    close(fd);
    g_unlink(again);
}

static void test_map(void)
{
    char text[] = "1000-2000 r--p 00000000 fe:00 7                    /a b\n"
                  "2000-3000 r-xp 00001000 fe:00 7                    /a b\n"
                  "5000-6000 rw-p 00001000 00:00 0 \n"
                  "6000-7000 rw-p 00001000 fe:00 7                    /a b\n"
                  "7000-8000 r--p 00000000 fe:00 8                    /data\n"
                  "8000-9000 r-xp 00000000 fe:01 8                    /c\n"
                  "nothing\n"
                  "9000-a000 r-xp 00000000 fe:01 8                    /d\n"
                  "a000-b000 r-xp 00000000 00:00 0                    [vdso]\n"
                  "b000-c000 r-xp 00000000 00:00 0                    [x]\n"
                  "c000-d000 r--p 00000000 fe:01 9                    /last";
    const AiotopModuleFile expected[] = {
        { (char *)"/a b", 0x1000, 0x7000, 0x2000 },
        { (char *)"/c", 0x8000, 0x9000, 0x9000 },
        { (char *)"/d", 0x9000, 0xa000, 0xa000 },
        { (char *)"[vdso: 5]", 0xa000, 0xb000, 0xb000 },
    };
    g_autoptr(GPtrArray) files = aiotop_module_files_parse(text, 5);

    g_assert_cmpuint(files->len, ==, G_N_ELEMENTS(expected));
    for (unsigned i = 0; i < files->len; i++) {
        const AiotopModuleFile *file = files->pdata[i];

        g_assert_cmpstr(file->name, ==, expected[i].name);
        g_assert_cmphex(file->start, ==, expected[i].start);
        g_assert_cmphex(file->end, ==, expected[i].end);
        g_assert_cmphex(file->first_end, ==, expected[i].first_end);
    }
}

int main(int argc, char **argv)
{
    g_autofree char *here = g_get_current_dir();
    int result;

    g_test_init(&argc, &argv, NULL);
    elf_version(EV_CURRENT);
    folder = g_build_filename(here, "modules-XXXXXX", NULL);
    g_assert_nonnull(g_mkdtemp(folder));
    g_test_add_func("/modules/map", test_map);
    g_test_add_func("/modules/two-names", test_two_names);
    g_test_add_func("/modules/keeps", test_keeps);
    g_test_add_func("/modules/fifo", test_fifo);
    g_test_add_func("/modules/cut-short", test_cut_short);
    g_test_add_func("/modules/names", test_names);
    g_test_add_func("/modules/sizes", test_sizes);
    g_test_add_func("/modules/packed", test_packed);
    result = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    return result;
}
