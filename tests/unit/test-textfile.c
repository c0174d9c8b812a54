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
#include <unistd.h>

#include <export/textfile.h>

#define TEXT "# TYPE qemu_aiotop_vms gauge\nqemu_aiotop_vms 1\n"

/* The library's calls of it come here: a disk that hangs, as long as it does */
static GMutex lock;
static GCond changed;
static bool hangs;
static bool is_in_fsync;

int fsync(int fd G_GNUC_UNUSED)
{
    g_mutex_lock(&lock);
    is_in_fsync = true;
    g_cond_broadcast(&changed);
    while (hangs) {
        g_cond_wait(&changed, &lock);
    }
    is_in_fsync = false;
    g_mutex_unlock(&lock);
    return 0;
}

static void set_hangs(bool value)
{
    g_mutex_lock(&lock);
    hangs = value;
    g_cond_broadcast(&changed);
    g_mutex_unlock(&lock);
}

static void wait_until_it_hangs(void)
{
    g_mutex_lock(&lock);
    while (!is_in_fsync) {
        g_cond_wait(&changed, &lock);
    }
    g_mutex_unlock(&lock);
}

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

static char *reported;

static void note(const char *message)
{
    g_free(reported);
    reported = g_strdup(message);
}

static void check_kept(const char *path, const char *text)
{
    g_autofree char *found = NULL;

    g_assert_true(g_file_get_contents(path, &found, NULL, NULL));
    g_assert_cmpstr(found, ==, text);
}

/* Who has written nothing removes nothing, whatever was there */
static void test_what_another_one_wrote(void)
{
    static const char *const others[] = { TEXT, "# TYPE qemu_aiotop_v", "",
                                          "# TYPE node_boot_time gauge\n" };
    g_autofree char *dir = g_dir_make_tmp(NULL, NULL);
    g_autofree char *path = g_build_filename(dir, "aiotop.prom", NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
        g_assert_true(g_file_set_contents(path, others[i], -1, NULL));
        aiotop_textfile_free(aiotop_textfile_new(path, fail));
        check_kept(path, others[i]);
    }
    g_unlink(path);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

/* Nor what another one has put there since */
static void test_another_one_took_over(void)
{
    g_autofree char *dir = g_dir_make_tmp(NULL, NULL);
    g_autofree char *path = g_build_filename(dir, "aiotop.prom", NULL);
    AiotopTextfile *textfile = aiotop_textfile_new(path, fail);
    AiotopTextfile *other = aiotop_textfile_new(path, fail);

    write_text(textfile);
    while (!is_written(path)) {
        g_main_context_iteration(NULL, FALSE);
    }
    /* A whole file with another inode, as the first one is there until then */
    g_assert_true(g_file_set_contents(path, TEXT "# other\n", -1, NULL));
    aiotop_textfile_free(textfile);
    check_kept(path, TEXT "# other\n");
    write_text(other);
    while (!is_written(path)) {
        g_main_context_iteration(NULL, FALSE);
    }
    aiotop_textfile_free(other);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

/* A name that was mistyped, or a link that leads who knows where */
static void test_what_is_not_ours(void)
{
    g_autofree char *dir = g_dir_make_tmp(NULL, NULL);
    g_autofree char *path = g_build_filename(dir, "other.prom", NULL);
    AiotopTextfile *textfile = aiotop_textfile_new(path, note);

    g_assert_true(g_file_set_contents(path, "node_time 1\n", -1, NULL));
    write_text(textfile);
    while (!reported) {
        g_main_context_iteration(NULL, FALSE);
    }
    g_assert_nonnull(strstr(reported, "other.prom, and leave it as it is: it is"
                                      " no file of qemu-aiotop's"));
    aiotop_textfile_free(textfile);
    check_kept(path, "node_time 1\n");
    g_clear_pointer(&reported, g_free);
    g_unlink(path);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

/* Who ends does not wait for a disk for ever, and says what is left there */
static void test_end_while_the_disk_hangs(void)
{
    g_autofree char *dir = g_dir_make_tmp(NULL, NULL);
    g_autofree char *path = g_build_filename(dir, "aiotop.prom", NULL);
    g_autofree char *expected =
        g_strdup_printf("cannot remove %s: its disk hangs", path);
    AiotopTextfile *textfile = aiotop_textfile_new(path, note);

    set_hangs(true);
    write_text(textfile);
    wait_until_it_hangs();
    /* Which is left out, and waits for nothing */
    write_text(textfile);
    aiotop_textfile_free(textfile);
    g_assert_cmpstr(reported, ==, expected);
    g_clear_pointer(&reported, g_free);
    /* What comes of it is of no use to anybody, and does no harm */
    set_hangs(false);
    while (!is_written(path)) {
        g_usleep(1000);
    }
    g_main_context_iteration(NULL, TRUE);
    g_unlink(path);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/textfile/mode", test_mode);
    g_test_add_func("/textfile/end-while-it-is-written",
                    test_end_while_it_is_written);
    g_test_add_func("/textfile/what-another-one-wrote",
                    test_what_another_one_wrote);
    g_test_add_func("/textfile/another-one-took-over",
                    test_another_one_took_over);
    g_test_add_func("/textfile/what-is-not-ours", test_what_is_not_ours);
    g_test_add_func("/textfile/end-while-the-disk-hangs",
                    test_end_while_the_disk_hangs);
    return g_test_run();
}
