/*
 * Where the server of HTTP listens, and where it may not
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <qemu-aiotop/export/http-server.h>

typedef struct Fixture {
    char *directory;
} Fixture;

static void set_up(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->directory = g_dir_make_tmp("aiotop-XXXXXX", NULL);
}

/* Nothing is left there, nor of the servers that were ended */
static void tear_down(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    while (g_main_context_iteration(NULL, FALSE)) {
        continue;
    }
    g_assert_cmpint(g_rmdir(f->directory), ==, 0);
    g_free(f->directory);
}

/* Nobody asks */
static void respond(const AiotopHttpRequest *request G_GNUC_UNUSED,
                    AiotopHttpAnswer *answer G_GNUC_UNUSED,
                    void *opaque G_GNUC_UNUSED)
{
    g_assert_not_reached();
}

static AiotopHttpServer *listen_at(const char *where, GError **error)
{
    static const AiotopHttpLimits limits = { .peers = 1 };

    return aiotop_http_server_new(where, &limits, respond, NULL, NULL, error);
}

static void expect_refused(const char *where, const char *why)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(listen_at(where, &error));
    g_test_message("%s", error->message);
    g_assert_true(g_str_has_prefix(error->message, "cannot listen at "));
    g_assert_nonnull(strstr(error->message, why));
    g_assert_null(strchr(error->message, '\n'));
}

static void test_socket_file(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *path = g_build_filename(f->directory, "http", NULL);
    g_autofree char *file = g_build_filename(f->directory, "file", NULL);
    g_autofree char *left = g_build_filename(f->directory, "left", NULL);
    g_autofree char *missing =
        g_build_filename(f->directory, "none", "http", NULL);
    g_autofree char *name = g_strnfill(200, 'n');
    g_autofree char *longer = g_build_filename(f->directory, name, NULL);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct stat st;
    AiotopHttpServer *first = listen_at(path, NULL), *server;
    int fd;

    g_assert_nonnull(first);
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0660);
    expect_refused(path, "another process listens there");
    expect_refused(missing, "No such file");
    expect_refused(longer, "too long");
    g_file_set_contents(file, "mine", -1, NULL);
    expect_refused(file, "no socket");
    g_assert_cmpint(g_access(file, F_OK), ==, 0);
    g_unlink(file);

    /* Of one that was killed */
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_strlcpy(address.sun_path, left, sizeof(address.sun_path));
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(address)), ==,
                    0);
    close(fd);
    server = listen_at(left, NULL);
    g_assert_nonnull(server);
    g_assert_cmpstr(aiotop_http_server_where(server), ==, left);
    aiotop_http_server_free(server);
    g_assert_cmpint(g_access(left, F_OK), !=, 0);
    aiotop_http_server_free(first);
    g_assert_cmpint(g_access(path, F_OK), !=, 0);
}

/* Who took the path over keeps it */
static void test_another_socket_file(Fixture *f,
                                     gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *path = g_build_filename(f->directory, "another", NULL);
    AiotopHttpServer *first = listen_at(path, NULL), *second;

    g_assert_nonnull(first);
    g_unlink(path);
    second = listen_at(path, NULL);
    g_assert_nonnull(second);
    aiotop_http_server_free(first);
    g_assert_cmpint(g_access(path, F_OK), ==, 0);
    aiotop_http_server_free(second);
    g_assert_cmpint(g_access(path, F_OK), !=, 0);
}

static void test_addresses(Fixture *f G_GNUC_UNUSED,
                           gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AiotopHttpServer) server = listen_at("127.0.0.1:0", &error);
    const char *where;

    g_assert_no_error(error);
    where = aiotop_http_server_where(server);
    g_assert_true(g_str_has_prefix(where, "127.0.0.1:"));
    g_assert_cmpint(atoi(where + strlen("127.0.0.1:")), >, 0);
    expect_refused(where, "in use");
    expect_refused("localhost", "ADDRESS:PORT");
    expect_refused("localhost:http", "ADDRESS:PORT");
    expect_refused("localhost:65536", "ADDRESS:PORT");
    expect_refused(":80", "ADDRESS:PORT");
    expect_refused("::1", "ADDRESS:PORT");
    expect_refused("::1:29177", "ADDRESS:PORT");
    /* For documents: nobody has it */
    expect_refused("192.0.2.1:0", "assign");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/listener/socket-file", Fixture, NULL, set_up, test_socket_file,
               tear_down);
    g_test_add("/listener/another-socket-file", Fixture, NULL, set_up,
               test_another_socket_file, tear_down);
    g_test_add("/listener/addresses", Fixture, NULL, set_up, test_addresses,
               tear_down);
    return g_test_run();
}
