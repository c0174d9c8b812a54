/*
 * The file of the settings: whether it is believed, and replaced whole
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <glib/gstdio.h>

#include "made-settings.h"
#include "screen/settings-file.h"

static void test_not_writable(Fixture *fixture,
                              gconstpointer opaque G_GNUC_UNUSED)
{
    g_autoptr(Session) session = session_new();
    g_autofree char *below = g_build_filename(fixture->path, "x", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_set_contents(fixture->path, "", -1, NULL));
    g_assert_false(settings_save(session->ui, below, &error));
    g_assert_nonnull(error);
}

static void expect_refused(const Fixture *fixture, const char *why)
{
    const SettingsGiven given = { .delay = false };
    g_autoptr(Session) session = session_new();
    g_autoptr(GError) error = NULL;

    g_assert_false(settings_load(session->ui, fixture->path, &given, &error));
    g_assert_nonnull(strstr(error->message, why));
}

/* What is no file is neither waited for nor replaced */
static void test_no_ordinary_file(Fixture *fixture,
                                  gconstpointer opaque G_GNUC_UNUSED)
{
    const char *kinds[] = { "fifo", "directory", "/dev/null", "/dev/zero" };

    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(Session) session = session_new();
        g_autoptr(GError) error = NULL;
        struct stat before, after;

        if (kinds[i][0] == 'f') {
            g_assert_cmpint(mkfifo(fixture->path, 0600), ==, 0);
        } else if (kinds[i][0] == 'd') {
            g_assert_cmpint(g_mkdir(fixture->path, 0700), ==, 0);
        } else {
            g_assert_cmpint(symlink(kinds[i], fixture->path), ==, 0);
        }
        expect_refused(fixture, "no ordinary file");
        g_assert_cmpint(stat(fixture->path, &before), ==, 0);
        g_assert_false(settings_save(session->ui, fixture->path, &error));
        g_assert_nonnull(strstr(error->message, "no ordinary file"));
        g_assert_cmpint(stat(fixture->path, &after), ==, 0);
        g_assert_cmpint(before.st_ino, ==, after.st_ino);
        g_assert_cmpint(remove(fixture->path), ==, 0);
    }
}

static void test_objections(Fixture *fixture G_GNUC_UNUSED,
                            gconstpointer opaque G_GNUC_UNUSED)
{
    const struct {
        struct stat status;
        const char *why;
    } cases[] = {
        { { .st_mode = S_IFREG | 0644, .st_uid = 1000 }, NULL },
        { { .st_mode = S_IFREG | 0664, .st_uid = 0 }, NULL },
        { { .st_mode = S_IFREG | 0600, .st_uid = 1001 }, "another user" },
        { { .st_mode = S_IFREG | 0602, .st_uid = 1000 }, "by anybody" },
        { { .st_mode = S_IFCHR | 0600, .st_uid = 1000 }, "ordinary" },
        { { .st_mode = S_IFREG | 0600, .st_uid = 1000, .st_size = 65536 },
          NULL },
        { { .st_mode = S_IFREG | 0600, .st_uid = 1000, .st_size = 65537 },
          "large" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *why = settings_file_objection(&cases[i].status, 1000);

        g_assert_cmpint(!why, ==, !cases[i].why);
        g_assert_true(!why || strstr(why, cases[i].why));
    }
}

static void test_not_to_be_believed(Fixture *fixture,
                                    gconstpointer opaque G_GNUC_UNUSED)
{
    g_autoptr(Session) session = session_new();
    struct stat status;
    g_autofree char *large = g_strnfill(SETTINGS_FILE_MAX + 1, '#');

    write_file(fixture, large);
    expect_refused(fixture, "too large");
    write_file(fixture, "[screen]\n");
    g_assert_cmpint(chmod(fixture->path, 0666), ==, 0);
    expect_refused(fixture, "by anybody");
    g_assert_true(settings_broken(fixture->path));
    /* Once replaced it is believed, and its mode is the rest of it */
    g_assert_true(settings_save(session->ui, fixture->path, NULL));
    g_assert_cmpint(stat(fixture->path, &status), ==, 0);
    g_assert_cmpint(status.st_mode, ==, S_IFREG | 0664);
    g_assert_false(settings_broken(fixture->path));
    /* One whose size nobody knows before */
    g_unlink(fixture->path);
    g_assert_cmpint(symlink("/proc/kallsyms", fixture->path), ==, 0);
    expect_refused(fixture, "too large");
}

static void test_link(Fixture *fixture, gconstpointer opaque G_GNUC_UNUSED)
{
    g_autofree char *real = g_build_filename(fixture->directory, "real", NULL);
    g_autofree char *link = g_build_filename(fixture->directory, "link", NULL);
    mode_t mask = umask(077);

    /* By way of another, one of them relative, to what is not there yet */
    g_assert_cmpint(symlink(link, fixture->path), ==, 0);
    g_assert_cmpint(symlink("real", link), ==, 0);
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(Session) session = session_new();
        g_autoptr(Session) other = session_new();
        struct stat status;

        session->ui->grouped = true;
        g_assert_true(settings_save(session->ui, fixture->path, NULL));
        g_assert_true(g_file_test(fixture->path, G_FILE_TEST_IS_SYMLINK));
        g_assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
        g_assert_cmpint(lstat(real, &status), ==, 0);
        g_assert_cmpint(status.st_mode, ==, S_IFREG | (i ? 0664 : 0600));
        load(other, fixture);
        g_assert_true(other->ui->grouped);
        g_assert_cmpint(chmod(real, 0664), ==, 0);
    }
    g_unlink(link);
    g_assert_cmpint(symlink(fixture->path, link), ==, 0);
    {
        g_autoptr(Session) session = session_new();
        g_autoptr(GError) error = NULL;

        g_assert_false(settings_save(session->ui, fixture->path, &error));
        g_assert_nonnull(strstr(error->message, "too many links"));
    }
    g_unlink(link);
    g_unlink(real);
    umask(mask);
}

/* A disk that is full leaves what was there, and nothing else */
static void test_full(Fixture *fixture, gconstpointer opaque G_GNUC_UNUSED)
{
    g_autoptr(Session) session = session_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *after = NULL;
    g_autoptr(GDir) directory = NULL;
    struct rlimit before, limit;

    write_file(fixture, "[screen]\n");
    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
    limit = before;
    limit.rlim_cur = 16;
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    g_assert_false(settings_save(session->ui, fixture->path, &error));
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &before), ==, 0);
    g_assert_nonnull(error);
    g_assert_true(g_file_get_contents(fixture->path, &after, NULL, NULL));
    g_assert_cmpstr(after, ==, "[screen]\n");
    directory = g_dir_open(fixture->directory, 0, NULL);
    g_assert_cmpstr(g_dir_read_name(directory), ==, "settings.ini");
    g_assert_null(g_dir_read_name(directory));
}

/* As with sudo, where the home directory is that of who ran it */
static void test_home_of_another(Fixture *fixture,
                                 gconstpointer opaque G_GNUC_UNUSED)
{
    g_autofree char *below =
        g_build_filename(fixture->directory, "new", "settings.ini", NULL);
    g_autoptr(GError) error = NULL;
    uid_t user = geteuid();
    g_autofree char *text = NULL;
    gsize len;

    write_file(fixture, "[screen]\n");
    if (user == 0) {
        g_assert_cmpint(chown(fixture->directory, 65534, -1), ==, 0);
        g_assert_cmpint(chown(fixture->path, 65534, -1), ==, 0);
    } else {
        user++;
    }
    g_assert_null(settings_file_read(fixture->path, user, &len, &error));
    g_assert_nonnull(strstr(error->message, "another user"));
    g_clear_error(&error);
    g_assert_false(settings_file_write(fixture->path, user, "", 0, &error));
    g_assert_nonnull(strstr(error->message, "another user"));
    g_clear_error(&error);
    g_assert_false(settings_file_write(below, user, "", 0, &error));
    g_assert_nonnull(strstr(error->message, fixture->directory));
    g_assert_nonnull(strstr(error->message, "XDG_CONFIG_HOME"));
    g_assert_true(g_file_get_contents(fixture->path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "[screen]\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/settings-file/not-writable", test_not_writable);
    add("/settings-file/no-ordinary-file", test_no_ordinary_file);
    add("/settings-file/objections", test_objections);
    add("/settings-file/not-to-be-believed", test_not_to_be_believed);
    add("/settings-file/link", test_link);
    add("/settings-file/full-disk", test_full);
    add("/settings-file/home-of-another", test_home_of_another);
    return g_test_run();
}
