/*
 * Input: what terminals send, whole, in pieces, and cut
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <locale.h>
#include <string.h>

#include "draw/input.h"
#include "draw/key.h"

#define NOW_US INT64_C(1000000000)

typedef struct Sent {
    const char *bytes;
    InputEvent event;
} Sent;

#define KEY(k)                                                                 \
    {                                                                          \
        .type = INPUT_KEY, .key = (k)                                          \
    }
#define CLICK(y_, x_)                                                          \
    {                                                                          \
        .type = INPUT_CLICK, .y = (y_), .x = (x_)                              \
    }

static const Sent sent[] = {
    { "a", KEY('a') },
    { "\r", KEY(KEYCODE_ENTER) },
    { "\t", KEY(KEYCODE_TAB) },
    { "\x0c", KEY(KEYCODE_CTRL('L')) },
    { "\x7f", KEY(KEYCODE_BACKSPACE) },
    { "\b", KEY(KEYCODE_BACKSPACE) },
    { "\xc3\xa4", KEY(0xe4) },
    { "\xe6\x95\xb0", KEY(0x6570) },
    { "\xf0\x9f\x90\x84", KEY(0x1f404) },
    { "\033[A", KEY(KEYCODE_UP) },
    { "\033OA", KEY(KEYCODE_UP) },
    { "\033[B", KEY(KEYCODE_DOWN) },
    { "\033OB", KEY(KEYCODE_DOWN) },
    { "\033[C", KEY(KEYCODE_RIGHT) },
    { "\033[D", KEY(KEYCODE_LEFT) },
    { "\033[H", KEY(KEYCODE_HOME) },
    { "\033OH", KEY(KEYCODE_HOME) },
    { "\033[1~", KEY(KEYCODE_HOME) },
    { "\033[7~", KEY(KEYCODE_HOME) },
    { "\033[F", KEY(KEYCODE_END) },
    { "\033[4~", KEY(KEYCODE_END) },
    { "\033[8~", KEY(KEYCODE_END) },
    { "\033[3~", KEY(KEYCODE_DELETE) },
    { "\033[5~", KEY(KEYCODE_PAGE_UP) },
    { "\033[6~", KEY(KEYCODE_PAGE_DOWN) },
    { "\033[Z", KEY(KEYCODE_BACKTAB) },
    { "\033OM", KEY(KEYCODE_ENTER) },
    { "\033OP", KEY(KEYCODE_F(1)) },
    { "\033OQ", KEY(KEYCODE_F(2)) },
    { "\033OR", KEY(KEYCODE_F(3)) },
    { "\033OS", KEY(KEYCODE_F(4)) },
    { "\033[[A", KEY(KEYCODE_F(1)) },
    { "\033[[E", KEY(KEYCODE_F(5)) },
    { "\033[11~", KEY(KEYCODE_F(1)) },
    { "\033[12~", KEY(KEYCODE_F(2)) },
    { "\033[13~", KEY(KEYCODE_F(3)) },
    { "\033[14~", KEY(KEYCODE_F(4)) },
    { "\033[15~", KEY(KEYCODE_F(5)) },
    { "\033[17~", KEY(KEYCODE_F(6)) },
    { "\033[18~", KEY(KEYCODE_F(7)) },
    { "\033[19~", KEY(KEYCODE_F(8)) },
    { "\033[20~", KEY(KEYCODE_F(9)) },
    { "\033[21~", KEY(KEYCODE_F(10)) },
    { "\033[23~", KEY(KEYCODE_F(11)) },
    { "\033[24~", KEY(KEYCODE_F(12)) },
    /* Without a modifier, said at length */
    { "\033[1;1A", KEY(KEYCODE_UP) },
    { "\033[<0;1;1M", CLICK(0, 0) },
    { "\033[<0;30;5M", CLICK(4, 29) },
    { "\033[<0;2000;1000M", CLICK(999, 1999) },
    /* With Shift and Ctrl */
    { "\033[<20;30;5M", CLICK(4, 29) },
    { "\033[<64;3;4M", { .type = INPUT_WHEEL_UP, .y = 3, .x = 2 } },
    { "\033[<65;3;4M", { .type = INPUT_WHEEL_DOWN, .y = 3, .x = 2 } },
    { "\033[M !!", CLICK(0, 0) },
    { "\033[M >%", CLICK(4, 29) },
    /* Column 224, the last that there is room for */
    { "\033[M \xff%", CLICK(4, 222) },
    { "\033[M \xc3\xa4", CLICK(131, 162) },
    { "\033[M`#$", { .type = INPUT_WHEEL_UP, .y = 3, .x = 2 } },
    { "\033[Ma#$", { .type = INPUT_WHEEL_DOWN, .y = 3, .x = 2 } },
};

/* No events */
static const char *const nothing[] = {
    "\033[I",         "\033[200~",    "\033[1;5A",      "\033[15;2~",
    "\033[99999999~", "\033[2~",      "\033[16~",       "\033[0~",
    "\033[9~",        "\033[22~",     "\033[25~",       "\033OX",
    "\033[?1;2c",     "\033[<0;3;4m", "\033[<0;0;4M",   "\033[<0;4;0M",
    "\033[<32;3;4M",  "\033[<1;3;4M", "\033[<2;3;4M",   "\033[<128;3;4M",
    "\033[<66;3;4M",  "\033[<0;3M",   "\033[<0;3;4;5M", "\033[<M",
    "\033[M#!!",      "\033[M!!!",    "\033[M ! ",      "\033[M  !",
    "\033[M \0!",     "\xff",         "\xc3(",          "\033[[x",
};

static Input *input_for_test(void)
{
    Input *input = input_new();

    /* Of a terminal that nobody has any more */
    input_add_key(input, "\033]up", KEYCODE_UP);
    return input;
}

static void push(Input *input, const char *bytes, size_t len, int64_t now_us)
{
    input_push(input, bytes, len, now_us);
}

static void expect(Input *input, int64_t now_us, const InputEvent *wanted)
{
    InputEvent event;

    g_assert_true(input_next(input, now_us, &event));
    g_assert_cmpint(event.type, ==, wanted->type);
    g_assert_cmphex(event.key, ==, wanted->key);
    g_assert_cmpint(event.y, ==, wanted->y);
    g_assert_cmpint(event.x, ==, wanted->x);
}

static void expect_none(Input *input, int64_t now_us)
{
    InputEvent event;

    g_assert_false(input_next(input, now_us, &event));
}

static void expect_key(Input *input, int64_t now_us, unsigned key)
{
    const InputEvent wanted = KEY(key);

    expect(input, now_us, &wanted);
}

static void test_whole(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(sent); i++) {
        g_autoptr(Input) input = input_for_test();

        g_test_message("%s", sent[i].bytes);
        push(input, sent[i].bytes, strlen(sent[i].bytes), NOW_US);
        expect(input, NOW_US, &sent[i].event);
        expect_none(input, NOW_US);
        g_assert_cmpint(input_wait_us(input, NOW_US), <, 0);
    }
}

/* A byte at a time, each as late as it may be, and all of them in one */
static void test_pieces(void)
{
    g_autoptr(Input) all = input_for_test();

    for (unsigned i = 0; i < G_N_ELEMENTS(sent); i++) {
        g_autoptr(Input) input = input_for_test();
        const char *bytes = sent[i].bytes;
        int64_t now_us = NOW_US;

        for (size_t j = 0; bytes[j]; j++) {
            push(input, bytes + j, 1, now_us);
            if (bytes[j + 1]) {
                expect_none(input, now_us);
                now_us += input_wait_us(input, now_us) - 1;
                expect_none(input, now_us);
            }
        }
        expect(input, now_us, &sent[i].event);
        push(all, bytes, strlen(bytes), NOW_US);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(sent); i++) {
        expect(all, NOW_US, &sent[i].event);
    }
    expect_none(all, NOW_US);
}

/* Cut anywhere: once its time is over, what follows is what it is */
static void test_cut(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(sent); i++) {
        const char *bytes = sent[i].bytes;

        for (size_t len = 1; len < strlen(bytes); len++) {
            g_autoptr(Input) input = input_for_test();
            int64_t wait_us;

            push(input, bytes, len, NOW_US);
            expect_none(input, NOW_US);
            wait_us = input_wait_us(input, NOW_US);
            g_assert_cmpint(wait_us, ==,
                            len == 1 && bytes[0] == KEYCODE_ESC ? INPUT_ESC_US
                                                                : INPUT_CUT_US);
            expect_none(input, NOW_US + wait_us - 1);
            if (wait_us == INPUT_ESC_US) {
                expect_key(input, NOW_US + wait_us, KEYCODE_ESC);
            }
            expect_none(input, NOW_US + wait_us);
            g_assert_cmpint(input_wait_us(input, NOW_US + wait_us), <, 0);
            push(input, "q", 1, NOW_US + wait_us);
            expect_key(input, NOW_US + wait_us, 'q');
        }
    }
}

/* ... and another sequence at once: that one is whole */
static void test_cut_by_another(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(sent); i++) {
        const char *bytes = sent[i].bytes;

        for (size_t len = 2; bytes[0] == KEYCODE_ESC && len < strlen(bytes);
             len++) {
            g_autoptr(Input) input = input_for_test();

            push(input, bytes, len, NOW_US);
            push(input, "\033[B", 3, NOW_US);
            expect_key(input, NOW_US, KEYCODE_DOWN);
            expect_none(input, NOW_US);
        }
    }
}

static void test_nothing(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(nothing); i++) {
        g_autoptr(Input) input = input_for_test();
        size_t len = strlen(nothing[i]);

        /* The one with a 0 in it */
        len += len == 4 && nothing[i][3] == ' ' ? 2 : 0;
        g_test_message("%s", nothing[i]);
        push(input, nothing[i], len, NOW_US);
        if (nothing[i][0] == '\xc3') {
            expect_key(input, NOW_US, '(');
        }
        expect_none(input, NOW_US);
        g_assert_cmpint(input_wait_us(input, NOW_US), <, 0);
    }
}

/* Bytes without end are no sequence */
static void test_endless(void)
{
    g_autoptr(Input) input = input_for_test();
    InputEvent event;

    push(input, "\033[", 2, NOW_US);
    for (unsigned i = 0; i < 100000; i++) {
        push(input, "1", 1, NOW_US);
        while (input_next(input, NOW_US, &event)) {
            g_assert_cmphex(event.key, ==, '1');
        }
    }
    push(input, "q", 1, NOW_US);
    expect_key(input, NOW_US, 'q');
}

/* Alt and a key: both */
static void test_alt(void)
{
    g_autoptr(Input) input = input_for_test();

    push(input, "\033q\033\033[A", 6, NOW_US);
    expect_key(input, NOW_US, KEYCODE_ESC);
    expect_key(input, NOW_US, 'q');
    expect_key(input, NOW_US, KEYCODE_ESC);
    expect_key(input, NOW_US, KEYCODE_UP);
}

static void test_own_keys(void)
{
    g_autoptr(Input) input = input_for_test();

    push(input, "\033]u", 3, NOW_US);
    expect_none(input, NOW_US);
    push(input, "p", 1, NOW_US);
    expect_key(input, NOW_US, KEYCODE_UP);
    expect_none(input, NOW_US);
    /* They come first */
    input_add_key(input, "\033[B", KEYCODE_F(7));
    push(input, "\033[B", 3, NOW_US);
    expect_key(input, NOW_US, KEYCODE_F(7));
    /* And where they don't go on it is Esc and the rest */
    push(input, "\033]x", 3, NOW_US);
    expect_key(input, NOW_US, KEYCODE_ESC);
    expect_key(input, NOW_US, ']');
    expect_key(input, NOW_US, 'x');
}

/* Nothing that comes is waited for, and nothing is read beyond its end */
static void test_anything(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    g_autoptr(Input) input = input_for_test();
    int64_t now_us = NOW_US;
    InputEvent event;

    for (unsigned i = 0; i < 200000; i++) {
        static const char likely[] = "\033\033[[<O;;0123456789MmA~ \xc3\xff";
        char byte = g_rand_boolean(random)
                        ? likely[g_rand_int_range(random, 0, strlen(likely))]
                        : g_rand_int_range(random, 0, 256);

        push(input, &byte, 1, now_us);
        while (input_next(input, now_us, &event)) {
            g_assert_cmpint(event.x, >=, 0);
            g_assert_cmpint(event.y, >=, 0);
        }
        now_us += g_rand_int_range(random, 0, 3) * 40000;
    }
    now_us += INPUT_CUT_US;
    while (input_next(input, now_us, &event)) {
    }
    g_assert_cmpint(input_wait_us(input, now_us), <, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
    g_test_add_func("/input/whole", test_whole);
    g_test_add_func("/input/in-pieces", test_pieces);
    g_test_add_func("/input/cut", test_cut);
    g_test_add_func("/input/cut-by-another", test_cut_by_another);
    g_test_add_func("/input/nothing", test_nothing);
    g_test_add_func("/input/endless", test_endless);
    g_test_add_func("/input/alt", test_alt);
    g_test_add_func("/input/own-keys", test_own_keys);
    g_test_add_func("/input/anything", test_anything);
    return g_test_run();
}
