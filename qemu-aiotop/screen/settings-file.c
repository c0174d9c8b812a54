/*
 * The file of the settings: whether it is to be believed, and replaced whole
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "settings-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MAX_LINKS 40

static bool fail(GError **error, const char *path, const char *why)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s %s", path, why);
    return false;
}

static bool refuse(GError **error, const char *why)
{
    g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, why);
    return false;
}

static bool refuse_errno(GError **error)
{
    int number = errno;

    g_set_error_literal(error, G_FILE_ERROR, g_file_error_from_errno(number),
                        g_strerror(number));
    return false;
}

static bool fail_errno(GError **error, const char *what, const char *path)
{
    int number = errno;

    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(number),
                "can't %s %s: %s", what, path, g_strerror(number));
    return false;
}

static bool is_trusted(const struct stat *status, uid_t user)
{
    return status->st_uid == user || status->st_uid == 0;
}

const char *settings_file_objection(const struct stat *status, uid_t user)
{
    return !S_ISREG(status->st_mode)   ? "it is no ordinary file"
           : !is_trusted(status, user) ? "it belongs to another user"
           : status->st_mode & S_IWOTH ? "it can be changed by anybody"
           : status->st_size > SETTINGS_FILE_MAX ? "it is too large"
                                                 : NULL;
}

/* As nobody knows the size of some, and others grow */
static bool read_all(int fd, GString *text, GError **error)
{
    char bytes[4096];
    ssize_t n;

    while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
        g_string_append_len(text, bytes, n);
        if (text->len > SETTINGS_FILE_MAX) {
            return refuse(error, "it is too large");
        }
    }
    return n == 0 || refuse_errno(error);
}

/* Before it is opened, as that alone can do something with a device */
static bool check_path(const char *path, uid_t user, GError **error)
{
    struct stat status;
    const char *objection;

    if (stat(path, &status) < 0) {
        return refuse_errno(error);
    }
    objection = settings_file_objection(&status, user);
    return !objection || refuse(error, objection);
}

/* And then, as it may be another one by now */
static bool check_open(int fd, uid_t user, GError **error)
{
    struct stat status;
    const char *objection;

    if (fstat(fd, &status) < 0) {
        return refuse_errno(error);
    }
    objection = settings_file_objection(&status, user);
    return !objection || refuse(error, objection);
}

char *settings_file_read(const char *path, uid_t user, size_t *len,
                         GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    bool ok;
    int fd;

    if (!check_path(path, user, error)) {
        return NULL;
    }
    fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        refuse_errno(error);
        return NULL;
    }
    ok = check_open(fd, user, error) && read_all(fd, text, error);
    close(fd);
    if (!ok) {
        return NULL;
    }
    *len = text->len;
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Where the link leads to, also if there is nothing yet */
static char *follow(const char *path, GError **error)
{
    g_autofree char *at = g_strdup(path);

    for (unsigned i = 0; i < MAX_LINKS; i++) {
        g_autofree char *link = g_file_read_link(at, NULL);
        g_autofree char *directory = g_path_get_dirname(at);

        if (!link) {
            return g_steal_pointer(&at);
        }
        g_free(at);
        at = g_path_is_absolute(link) ? g_steal_pointer(&link)
                                      : g_build_filename(directory, link, NULL);
    }
    fail(error, path, "has too many links");
    return NULL;
}

/* Of those above what is to be made, the first that is there */
static bool check_directory(const char *directory, uid_t user, GError **error)
{
    g_autofree char *at = g_strdup(directory);
    struct stat status;

    while (stat(at, &status) < 0) {
        char *above = g_path_get_dirname(at);

        g_free(at);
        at = above;
    }
    return is_trusted(&status, user) ||
           fail(error, at,
                "belongs to another user (XDG_CONFIG_HOME can name a"
                " directory of your own)");
}

/* The mode of what is there, but for others to change it */
static bool choose_mode(const char *path, uid_t user, mode_t *mode,
                        GError **error)
{
    struct stat status;

    *mode = 0600;
    if (lstat(path, &status) < 0) {
        return errno == ENOENT || fail_errno(error, "replace", path);
    }
    if (!S_ISREG(status.st_mode)) {
        return fail(error, path, "is no ordinary file");
    }
    if (!is_trusted(&status, user)) {
        return fail(error, path, "belongs to another user");
    }
    *mode = status.st_mode & 0777 & ~S_IWOTH;
    return true;
}

bool settings_file_write(const char *path, uid_t user, const char *text,
                         size_t len, GError **error)
{
    g_autofree char *target = follow(path, error);
    g_autofree char *directory = NULL;
    mode_t mode;

    if (!target) {
        return false;
    }
    directory = g_path_get_dirname(target);
    if (!check_directory(directory, user, error)) {
        return false;
    }
    if (g_mkdir_with_parents(directory, 0700) < 0) {
        return fail_errno(error, "make", directory);
    }
    if (!choose_mode(target, user, &mode, error) ||
        !g_file_set_contents_full(target, text, len,
                                  G_FILE_SET_CONTENTS_CONSISTENT |
                                      G_FILE_SET_CONTENTS_DURABLE,
                                  mode, error)) {
        return false;
    }
    /* Whatever the mask for new files is */
    return chmod(target, mode) == 0 ||
           fail_errno(error, "set the mode of", target);
}
