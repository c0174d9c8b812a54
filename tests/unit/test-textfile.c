/*
 * A file for node_exporter: who may read it, and what is left of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include <export/textfile.h>

#define TEXT "qemu_aiotop_vms 1\n"

static void fail(const char *message)
{
    g_error("%s", message);
}

static bool is_written(const char *path)
{
    g_autofree char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) &&
           strcmp(text, TEXT) == 0;
}

static void write_text(AiotopTextfile *textfile)
{
    g_autoptr(GBytes) text = g_bytes_new_static(TEXT, strlen(TEXT));

    aiotop_textfile_write(textfile, text);
}

/* A service has umask 077, and who reads the file is another user */
static void test_mode(void)
{
    g_autofree char *dir = g_dir_make_tmp(NULL, NULL);
    g_autofree char *path = g_build_filename(dir, "aiotop.prom", NULL);
    AiotopTextfile *textfile = aiotop_textfile_new(path, fail);
    mode_t before = umask(077);
    struct stat st;

    write_text(textfile);
    while (!is_written(path)) {
        g_main_context_iteration(NULL, FALSE);
    }
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpuint(st.st_mode & 0777, ==, 0644);
    umask(before);
    aiotop_textfile_free(textfile);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

/* What is being written when it ends is not left over, under no name */
static void test_end_while_it_is_written(void)
{
    for (unsigned i = 0; i < 100; i++) {
        g_autofree char *dir = g_dir_make_tmp(NULL, NULL);
        g_autofree char *path = g_build_filename(dir, "aiotop.prom", NULL);
        AiotopTextfile *textfile = aiotop_textfile_new(path, fail);

        write_text(textfile);
        aiotop_textfile_free(textfile);
        g_assert_cmpint(g_rmdir(dir), ==, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/textfile/mode", test_mode);
    g_test_add_func("/textfile/end-while-it-is-written",
                    test_end_while_it_is_written);
    return g_test_run();
}
