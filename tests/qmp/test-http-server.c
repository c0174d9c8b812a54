/*
 * The server of HTTP, and clients that do as they should not
 *
 * Server and clients are in one thread: a client turns the main loop until it
 * has what it waits for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <qemu-aiotop/export/http-server.h>

#define BODY_LEN (16 << 20)
#define REQUEST "GET /page HTTP/1.0\r\n\r\n"

/* Nobody is hurried, and nobody has to go */
static const AiotopHttpLimits patient = {
    .peers = 2, .head_ms = 600000, .answer_ms = 600000, .slow_ms = 600000
};

typedef struct World {
    char *directory;
    char *path;
    AiotopHttpServer *server;
    unsigned asked;
} World;

static void respond(const AiotopHttpRequest *request, AiotopHttpAnswer *answer,
                    void *opaque)
{
    World *world = opaque;

    world->asked++;
    answer->status = AIOTOP_HTTP_OK;
    answer->type = "text/plain";
    if (strcmp(request->path, "/page") == 0) {
        answer->body = g_bytes_new_static("a page\n", 7);
    } else if (strcmp(request->path, "/large") == 0) {
        answer->body = g_bytes_new_take(g_strnfill(BODY_LEN, 'x'), BODY_LEN);
    } else {
        answer->status = AIOTOP_HTTP_NOT_FOUND;
    }
}

static unsigned n_reports;

static void note_report(const char *message)
{
    g_assert_nonnull(strstr(message, "cannot take connections at "));
    n_reports++;
}

static World *world_new(const AiotopHttpLimits *limits)
{
    World *world = g_new0(World, 1);
    g_autoptr(GError) error = NULL;

    world->directory = g_dir_make_tmp("aiotop-XXXXXX", NULL);
    world->path = g_build_filename(world->directory, "http", NULL);
    world->server = aiotop_http_server_new(world->path, limits, respond,
                                           note_report, world, &error);
    g_assert_no_error(error);
    return world;
}

static void world_free(World *world)
{
    aiotop_http_server_free(world->server);
    while (g_main_context_iteration(NULL, FALSE)) {
        continue;
    }
    g_assert_cmpint(g_access(world->path, F_OK), !=, 0);
    g_rmdir(world->directory);
    g_free(world->directory);
    g_free(world->path);
    g_free(world);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

static void turn(void)
{
    if (!g_main_context_iteration(NULL, FALSE)) {
        g_usleep(1000);
    }
}

/* A client that does not block */
static int dial(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof(address)),
                    ==, 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void say(int fd, const char *text)
{
    g_assert_cmpint(send(fd, text, strlen(text), MSG_NOSIGNAL), ==,
                    strlen(text));
}

/* What is there, appended; false at the end */
static bool hear(int fd, GString *heard)
{
    static char buffer[1 << 16];
    ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

    if (n > 0) {
        g_string_append_len(heard, buffer, n);
    }
    return n > 0 || (n < 0 && errno == EAGAIN);
}

/* All that comes until the end, which it waits for; closes @fd */
static char *hear_all(int fd)
{
    GString *heard = g_string_new(NULL);

    while (hear(fd, heard)) {
        turn();
    }
    close(fd);
    return g_string_free(heard, FALSE);
}

static void expect_status(int fd, const char *status)
{
    g_autofree char *answer = hear_all(fd);
    g_autofree char *line = g_strdup_printf("HTTP/1.1 %s\r\n", status);

    g_test_message("%.200s", answer);
    g_assert_true(g_str_has_prefix(answer, line));
    g_assert_nonnull(strstr(answer, "\r\nConnection: close\r\n"));
}

static void ask(World *world, const char *request, const char *status)
{
    int fd = dial(world->path);

    say(fd, request);
    expect_status(fd, status);
}

static void test_pages(void)
{
    g_autoptr(World) world = world_new(&patient);
    g_autofree char *answer = NULL;
    int fd = dial(world->path);

    say(fd, REQUEST);
    answer = hear_all(fd);
    g_assert_nonnull(strstr(answer, "\r\nContent-Type: text/plain\r\n"));
    g_assert_nonnull(strstr(answer, "\r\nContent-Length: 7\r\n"));
    g_assert_true(g_str_has_suffix(answer, "\r\n\r\na page\n"));
    ask(world, "GET /other HTTP/1.0\r\n\r\n", "404 Not Found");
    ask(world, "nonsense\r\n\r\n", "400 Bad Request");
    g_assert_cmpuint(world->asked, ==, 2);
}

static void test_other_methods(void)
{
    g_autoptr(World) world = world_new(&patient);
    g_autofree char *answer = NULL;
    int fd = dial(world->path);

    say(fd, "POST /page HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello");
    answer = hear_all(fd);
    g_assert_true(
        g_str_has_prefix(answer, "HTTP/1.1 405 Method Not Allowed\r\n"));
    g_assert_nonnull(strstr(answer, "\r\nAllow: GET\r\n"));
    g_assert_cmpuint(world->asked, ==, 0);
}

static void test_large_answer(void)
{
    g_autoptr(World) world = world_new(&patient);
    g_autofree char *answer = NULL;
    int fd = dial(world->path);

    say(fd, "GET /large HTTP/1.0\r\n\r\n");
    answer = hear_all(fd);
    g_assert_cmpuint(strlen(strstr(answer, "\r\n\r\n")), ==, BODY_LEN + 4);
}

/* Sent before the answer, and never read by us */
static void test_more_than_is_read(void)
{
    g_autoptr(World) world = world_new(&patient);
    g_autoptr(GString) head = g_string_new("GET / HTTP/1.0\r\n");

    while (head->len <= 3 * AIOTOP_HTTP_MAX_BYTES) {
        g_string_append(head, "name: value\r\n");
    }
    ask(world, head->str, "431 Request Header Fields Too Large");
    g_string_append(head, "\r\n");
    ask(world, head->str, "431 Request Header Fields Too Large");
}

static void test_pieces(void)
{
    g_autoptr(World) world = world_new(&patient);
    int fd = dial(world->path);

    for (unsigned i = 0; i < strlen(REQUEST); i++) {
        char piece[] = { REQUEST[i], '\0' };

        say(fd, piece);
        for (unsigned j = 0; j < 3; j++) {
            g_main_context_iteration(NULL, FALSE);
        }
    }
    expect_status(fd, "200 OK");
}

/* Who goes on sending has no more time than who does not */
static void test_slow_request(void)
{
    AiotopHttpLimits limits = patient;
    g_autoptr(World) world = NULL;
    g_autoptr(GString) heard = g_string_new(NULL);
    bool open = true;
    int fd;

    limits.head_ms = 100;
    world = world_new(&limits);
    fd = dial(world->path);
    say(fd, "GET /page HTTP/1.0\r\na: ");
    while (open && !heard->len) {
        open = hear(fd, heard);
        send(fd, "x", 1, MSG_NOSIGNAL);
        g_usleep(10000);
        g_main_context_iteration(NULL, FALSE);
    }
    close(fd);
    g_assert_true(
        g_str_has_prefix(heard->str, "HTTP/1.1 408 Request Timeout\r\n"));
    /* One that says nothing at all */
    expect_status(dial(world->path), "408 Request Timeout");
    g_assert_cmpuint(world->asked, ==, 0);
}

/* Who takes a byte now and then is not waited for */
static void test_slow_reader(void)
{
    AiotopHttpLimits limits = patient;
    g_autoptr(World) world = NULL;
    char byte;
    int fd;

    limits.answer_ms = 100;
    world = world_new(&limits);
    fd = dial(world->path);
    say(fd, "GET /large HTTP/1.0\r\n\r\n");
    /* Until the server has closed it: that can be seen without reading */
    while (send(fd, "x", 1, MSG_NOSIGNAL) == 1 || errno == EAGAIN) {
        recv(fd, &byte, 1, 0);
        turn();
    }
    close(fd);
    ask(world, REQUEST, "200 OK");
}

static void test_too_many(void)
{
    g_autoptr(World) world = world_new(&patient);
    int one = dial(world->path), two = dial(world->path);
    int three = dial(world->path);

    expect_status(three, "503 Service Unavailable");
    say(one, REQUEST);
    expect_status(one, "200 OK");
    /* Its place is free, though the other one says nothing still */
    ask(world, REQUEST, "200 OK");
    say(two, REQUEST);
    expect_status(two, "200 OK");
}

/* Those that hold all places lose one to each that comes */
static void test_slow_ones_give_way(void)
{
    AiotopHttpLimits limits = patient;
    g_autoptr(World) world = NULL;
    int first, second;

    limits.slow_ms = 0;
    world = world_new(&limits);
    first = dial(world->path);
    second = dial(world->path);
    for (unsigned i = 0; i < 20; i++) {
        turn();
    }
    ask(world, REQUEST, "200 OK");
    {
        g_autofree char *nothing = hear_all(first);

        g_assert_cmpstr(nothing, ==, "");
    }
    say(second, REQUEST);
    expect_status(second, "200 OK");
}

/* Many more than there are places, all at once: each is told something */
static void test_a_flood(void)
{
    g_autoptr(World) world = world_new(&patient);
    int fds[100];

    for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
        fds[i] = dial(world->path);
        turn();
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
        send(fds[i], REQUEST, strlen(REQUEST), MSG_NOSIGNAL);
        g_free(hear_all(fds[i]));
    }
    ask(world, REQUEST, "200 OK");
}

static void test_ends_with_peers(void)
{
    g_autoptr(World) world = world_new(&patient);
    int idle = dial(world->path), asking = dial(world->path);

    say(asking, "GET /large HTTP/1.0\r\n\r\n");
    for (unsigned i = 0; i < 20; i++) {
        turn();
    }
    g_clear_pointer(&world->server, aiotop_http_server_free);
    g_free(hear_all(idle));
    g_free(hear_all(asking));
}

/* No more than there are now, until it is given back */
static struct rlimit take_descriptors(void)
{
    int next = dup(STDIN_FILENO);
    struct rlimit limit, few;

    close(next);
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
    few = (struct rlimit){ next, limit.rlim_max };
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &few), ==, 0);
    return limit;
}

/* It waits, instead of trying at once again; and goes on when it can */
static void test_no_descriptors(void)
{
    g_autoptr(World) world = world_new(&patient);
    g_autofree char *text = NULL;
    struct rlimit limit;
    int fd;

    for (unsigned times = 1; times <= 2; times++) {
        fd = dial(world->path);
        say(fd, "GET /page HTTP/1.0\r\n\r\n");
        limit = take_descriptors();
        while (n_reports < times) {
            turn();
        }
        while (g_main_context_iteration(NULL, FALSE)) {
            continue;
        }
        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
        g_free(text);
        text = hear_all(fd);
        g_assert_true(g_str_has_suffix(text, "a page\n"));
        g_assert_cmpuint(n_reports, ==, times);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http-server/pages", test_pages);
    g_test_add_func("/http-server/other-methods", test_other_methods);
    g_test_add_func("/http-server/large-answer", test_large_answer);
    g_test_add_func("/http-server/more-than-is-read", test_more_than_is_read);
    g_test_add_func("/http-server/pieces", test_pieces);
    g_test_add_func("/http-server/slow-request", test_slow_request);
    g_test_add_func("/http-server/slow-reader", test_slow_reader);
    g_test_add_func("/http-server/too-many", test_too_many);
    g_test_add_func("/http-server/slow-ones-give-way", test_slow_ones_give_way);
    g_test_add_func("/http-server/a-flood", test_a_flood);
    g_test_add_func("/http-server/ends-with-peers", test_ends_with_peers);
    g_test_add_func("/http-server/no-descriptors", test_no_descriptors);
    return g_test_run();
}
