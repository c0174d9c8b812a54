/*
 * Requests of HTTP: what is understood, and what is refused
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include <string.h>

#include <qemu-aiotop/export/http-request.h>

#define GET(target) "GET " target " HTTP/1.1\r\nHost: h:1\r\n"

static AiotopHttpStatus parse(AiotopHttpRequest *request, const char *text)
{
    return aiotop_http_request_parse(request, text, strlen(text));
}

/* What comes of it; nothing is left to be cleared unless it is understood */
static void expect(const char *text, AiotopHttpStatus status)
{
    g_auto(AiotopHttpRequest) request = { 0 };

    g_test_message("%s", text);
    g_assert_cmpint(parse(&request, text), ==, status);
    g_assert_cmpint(request.path != NULL, ==, status == AIOTOP_HTTP_OK);
}

static void expect_request(const char *text, const char *path, const char *vm,
                           const char *host)
{
    g_auto(AiotopHttpRequest) request = { 0 };

    g_test_message("%s", text);
    g_assert_cmpint(parse(&request, text), ==, AIOTOP_HTTP_OK);
    g_assert_cmpstr(request.path, ==, path);
    g_assert_cmpstr(request.vm, ==, vm);
    g_assert_cmpstr(request.host, ==, host);
}

static void test_requests(void)
{
    expect_request(GET("/metrics") "\r\n", "/metrics", NULL, "h:1");
    expect_request("GET / HTTP/1.0\n\n", "/", NULL, NULL);
    expect_request("GET /metrics?vm=a HTTP/1.0\r\n\r\nmore", "/metrics", "a",
                   NULL);
    expect_request(GET("/m%65trics?x=1&vm=a%20b+%c3%a4%22&vm=c") "\r\n",
                   "/metrics", "a b \303\244\"", "h:1");
    expect_request(GET("/metrics?vm=") "\r\n", "/metrics", "", "h:1");
    expect_request("GET /sd HTTP/1.1\r\nhOST: \t[::1]:9 \r\n\r\n", "/sd", NULL,
                   "[::1]:9");
    /* What could not stand in an answer is as good as none */
    expect_request("GET /sd HTTP/1.1\r\nHost: a\"b\r\n\r\n", "/sd", NULL, NULL);
    expect_request("GET /sd HTTP/1.1\r\nHost:\r\n\r\n", "/sd", NULL, NULL);
}

/* However it is cut, it is incomplete until its end, and then it is not */
static void test_pieces(void)
{
    static const char text[] = GET("/metrics") "Accept: */*\r\n\r\n";

    for (gsize len = 0; len < strlen(text); len++) {
        g_auto(AiotopHttpRequest) request = { 0 };

        g_assert_cmpint(aiotop_http_request_parse(&request, text, len), ==,
                        AIOTOP_HTTP_MORE);
    }
    expect(text, AIOTOP_HTTP_OK);
}

static void test_refused(void)
{
    static const char *const bad[] = {
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n",
        "GET  / HTTP/1.0\r\n\r\n",
        "GET / x HTTP/1.0\r\n\r\n",
        "GET metrics HTTP/1.0\r\n\r\n",
        "GET http://h/metrics HTTP/1.0\r\n\r\n",
        "G(T / HTTP/1.0\r\n\r\n",
        " GET / HTTP/1.0\r\n\r\n",
        "GET /%00 HTTP/1.0\r\n\r\n",
        "GET /%zz HTTP/1.0\r\n\r\n",
        "GET /%ff HTTP/1.0\r\n\r\n",
        "GET /metrics?vm=%ff HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.0\r\nno colon\r\n\r\n",
        "GET / HTTP/1.0\r\n folded: x\r\n\r\n",
        "GET / HTTP/1.0\r\n: x\r\n\r\n",
        "GET / HTTP/1.0\r\na b: x\r\n\r\n",
        "GET / HTTP/1.0\r\na: \x01\r\n\r\n",
        "\x16\x03\x01\x02",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        expect(bad[i], AIOTOP_HTTP_BAD_REQUEST);
    }
    {
        g_auto(AiotopHttpRequest) request = { 0 };

        g_assert_cmpint(
            aiotop_http_request_parse(&request, "GET /\0 HTTP/1.0\r\n\r\n", 19),
            ==, AIOTOP_HTTP_BAD_REQUEST);
    }
    expect("POST / HTTP/1.0\r\n\r\n", AIOTOP_HTTP_NOT_ALLOWED);
    expect("HEAD / HTTP/1.0\r\n\r\n", AIOTOP_HTTP_NOT_ALLOWED);
    expect("get / HTTP/1.0\r\n\r\n", AIOTOP_HTTP_NOT_ALLOWED);
}

static void test_too_large(void)
{
    g_autoptr(GString) text = g_string_new("GET / HTTP/1.0\r\na: ");

    while (text->len < AIOTOP_HTTP_MAX_BYTES - 4) {
        g_string_append_c(text, 'x');
    }
    expect(text->str, AIOTOP_HTTP_MORE);
    g_string_append(text, "\r\n\r\n");
    expect(text->str, AIOTOP_HTTP_OK);
    g_string_insert_c(text, AIOTOP_HTTP_MAX_BYTES - 4, 'x');
    expect(text->str, AIOTOP_HTTP_TOO_LARGE);

    g_string_assign(text, "GET / HTTP/1.0\r\n");
    for (unsigned i = 0; i < AIOTOP_HTTP_MAX_FIELDS; i++) {
        g_string_append(text, "a: b\r\n");
    }
    g_string_append(text, "\r\n");
    expect(text->str, AIOTOP_HTTP_OK);
    g_string_insert(text, text->len - 2, "a: b\r\n");
    expect(text->str, AIOTOP_HTTP_TOO_LARGE);
}

static void test_negotiation(void)
{
    static const struct {
        const char *accept;
        bool openmetrics;
    } cases[] = {
        /* Prometheus' own, before and after its version 3 */
        { "application/openmetrics-text;version=1.0.0,"
          "application/openmetrics-text;version=0.0.1;q=0.75,"
          "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
          true },
        { "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;"
          "q=0.6,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
          "*/*;q=0.2",
          true },
        { "application/openmetrics-text", true },
        { "Application/OpenMetrics-Text ; Q=0.5", true },
        { "application/openmetrics-text; version=0.0.1", false },
        { "application/openmetrics-text;q=0", false },
        { "application/openmetrics-text;q=0.1,text/plain", false },
        { "application/openmetrics-text;q=nan", false },
        { "text/html,*/*", false },
        { "*/*", false },
        { "", false },
        { ",;,=,", false },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf(
            GET("/metrics") "Accept: %s\r\n\r\n", cases[i].accept);
        g_auto(AiotopHttpRequest) request = { 0 };

        g_test_message("%s", cases[i].accept);
        g_assert_cmpint(parse(&request, text), ==, AIOTOP_HTTP_OK);
        g_assert_cmpint(request.openmetrics, ==, cases[i].openmetrics);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http-request/requests", test_requests);
    g_test_add_func("/http-request/pieces", test_pieces);
    g_test_add_func("/http-request/refused", test_refused);
    g_test_add_func("/http-request/too-large", test_too_large);
    g_test_add_func("/http-request/negotiation", test_negotiation);
    return g_test_run();
}
