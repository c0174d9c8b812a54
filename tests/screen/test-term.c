/*
 * The terminal: what is there after changes is what a whole drawing shows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <curses.h>
#include <fcntl.h>
#include <locale.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <glib.h>

#include "draw/canvas.h"
#include "draw/term.h"

#define WIDTH 24
#define HEIGHT 3
/* Changes in a row, before all is drawn anew */
#define CHANGES 8

/* Narrow, wide, combining, and what needs a "?" in its place */
static const char *const texts[] = {
    "a",         "bc",          "中", "中文字", "e\u0301", "x\u0308\u0301y",
    "中\u0301b", "🐢",           "…",  "\u200b", " ",       "   ",
    "█▚░",       "\U000f0000z",
};

/* What curses has in each cell, with its attributes and colours */
static void read_screen(cchar_t cells[HEIGHT][WIDTH])
{
    memset(cells, 0, sizeof(cchar_t[HEIGHT][WIDTH]));
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            mvin_wch(y, x, &cells[y][x]);
        }
    }
}

static bool are_equal(const cchar_t *a, const cchar_t *b)
{
    wchar_t text[2][CCHARW_MAX + 1] = { { 0 } };
    attr_t attributes[2];
    short pair[2];

    getcchar(a, text[0], &attributes[0], &pair[0], NULL);
    getcchar(b, text[1], &attributes[1], &pair[1], NULL);
    return wcscmp(text[0], text[1]) == 0 && attributes[0] == attributes[1] &&
           pair[0] == pair[1];
}

static bool are_screens_equal(const cchar_t a[HEIGHT][WIDTH],
                              const cchar_t b[HEIGHT][WIDTH])
{
    bool equal = true;

    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            equal = equal && are_equal(&a[y][x], &b[y][x]);
        }
    }
    return equal;
}

static void change(Canvas *canvas, GRand *random)
{
    unsigned n = g_rand_int_range(random, 1, 5);

    for (unsigned i = 0; i < n; i++) {
        int x = g_rand_int_range(random, 0, WIDTH);

        canvas_put(canvas, g_rand_int_range(random, 0, HEIGHT), x, WIDTH - x,
                   g_rand_int_range(random, 0, N_STYLES),
                   texts[g_rand_int_range(random, 0, G_N_ELEMENTS(texts))]);
    }
    if (g_rand_int_range(random, 0, 20) == 0) {
        canvas_clear(canvas);
    }
}

/* Returns the first round in which the screen was wrong, 0 if none was */
static unsigned draw(unsigned rounds)
{
    g_autoptr(Canvas) canvas = canvas_new(WIDTH, HEIGHT, false, true);
    GRand *random = g_rand_new_with_seed(1);
    cchar_t changed[HEIGHT][WIDTH], whole[HEIGHT][WIDTH];
    unsigned wrong = 0;

    for (unsigned i = 1; i <= rounds && !wrong; i++) {
        for (unsigned j = 0; j < CHANGES; j++) {
            change(canvas, random);
            term_show(canvas);
        }
        read_screen(changed);
        erase();
        term_redraw();
        term_show(canvas);
        read_screen(whole);
        if (!are_screens_equal(changed, whole)) {
            wrong = i;
        }
    }
    g_rand_free(random);
    return wrong;
}

/* In a process of its own, whose terminal that is */
static int draw_there(int slave)
{
    g_autoptr(GError) error = NULL;
    unsigned wrong;

    dup2(slave, STDIN_FILENO);
    dup2(slave, STDOUT_FILENO);
    setenv("TERM", "xterm-256color", true);
    if (!setlocale(LC_ALL, "C.UTF-8") || !term_open(false, &error)) {
        fprintf(stderr, "# %s\n", error ? error->message : "no C.UTF-8");
        return 2;
    }
    wrong = draw(1000);
    term_close();
    if (wrong) {
        fprintf(stderr, "# wrong in round %u\n", wrong);
    }
    return wrong != 0;
}

static void test_changes(void)
{
    struct winsize size = { .ws_row = HEIGHT, .ws_col = WIDTH };
    char bytes[4096];
    int master, slave, status;
    pid_t child;

    g_assert_cmpint(openpty(&master, &slave, NULL, NULL, &size), ==, 0);
    child = fork();
    g_assert_cmpint(child, >=, 0);
    if (!child) {
        close(master);
        _exit(draw_there(slave));
    }
    close(slave);
    /* Until nobody has it open any more */
    while (read(master, bytes, sizeof(bytes)) > 0) {
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
    close(master);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/term/changes", test_changes);
    return g_test_run();
}
