/*
 * The terminal: frames out, keys and mouse in
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "term.h"

#include <curses.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "key.h"
#include "rescue.h"

G_DEFINE_QUARK(term - error - quark, term_error)

static SCREEN *screen;
/* What the terminal shows */
static Canvas *shown;
/* Pair of colours for each foreground and background, 0 if not made yet */
static short pairs[COLOR_IS_WHITE + 2][COLOR_IS_WHITE + 2];
static short n_pairs;

/* Whether reports of it are switched on; what came of them and of keys */
static bool mouse;
static Input *input;

/* In the form that has room for wide terminals, where they know it */
#define MOUSE_ON "\033[?1000h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1000l"

/* What lets all lines scroll, of however many the terminal has; or NULL */
static const char *region;
static char *plain;

/* More is hardly a terminal's size */
#define MAX_CELLS 1000

/* NULL if the terminal does not have it */
static char *capability(const char *name)
{
    char *value = tigetstr((char *)name);

    return value == (char *)-1 ? NULL : value;
}

/* Without the delays in it, for which there is no time at the end */
static void append_capability(GString *out, const char *value)
{
    static GRegex *delay;

    if (value) {
        g_autofree char *text = NULL;

        if (!delay) {
            delay = g_regex_new("\\$<[0-9.]+[*/]*>", G_REGEX_RAW, 0, NULL);
        }
        text = g_regex_replace_literal(delay, value, -1, 0, "", 0, NULL);
        g_string_append(out, text);
    }
}

/* Letters without attributes, in lines that wrap and scroll, with a cursor */
static char *plain_text(void)
{
    GString *text = g_string_new(NULL);

    append_capability(text, capability("sgr0"));
    append_capability(text, capability("op"));
    append_capability(text, capability("smam"));
    append_capability(text, capability("cnorm"));
    append_capability(text, region);
    return g_string_free(text, FALSE);
}

/* What brings back all but the modes of the line */
static GString *restore_text(void)
{
    GString *text = g_string_new(mouse ? MOUSE_OFF : NULL);

    g_string_append(text, plain);
    append_capability(text, capability("rmkx"));
    if (capability("rmcup")) {
        append_capability(text, capability("rmcup"));
    } else {
        /* The shell goes on below what was drawn */
        append_capability(text, tparm(capability("cup"), MAX_CELLS, 0));
        g_string_append(text, "\n");
    }
    return text;
}

static bool refuse(GError **error, const char *what)
{
    g_set_error(error, TERM_ERROR, TERM_ERROR_UNSUITABLE,
                "%s: use \"qemu-aiotop --batch\" instead of the screen", what);
    return false;
}

/* As far as that can be told before it is touched */
static bool check_terminal(GError **error)
{
    const char *name = g_getenv("TERM");

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        return refuse(error, "the screen needs a terminal");
    }
    if (!name || !*name) {
        return refuse(error, "TERM is not set");
    }
    return true;
}

static void add_own_keys(void)
{
    static const struct {
        const char *name;
        unsigned key;
    } own[] = {
        { "kcuu1", KEYCODE_UP },      { "kcud1", KEYCODE_DOWN },
        { "kcub1", KEYCODE_LEFT },    { "kcuf1", KEYCODE_RIGHT },
        { "kpp", KEYCODE_PAGE_UP },   { "knp", KEYCODE_PAGE_DOWN },
        { "khome", KEYCODE_HOME },    { "kend", KEYCODE_END },
        { "kbs", KEYCODE_BACKSPACE }, { "kdch1", KEYCODE_DELETE },
        { "kcbt", KEYCODE_BACKTAB },  { "kent", KEYCODE_ENTER },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(own) + 12; i++) {
        bool is_function = i >= G_N_ELEMENTS(own);
        unsigned n = i - G_N_ELEMENTS(own) + 1;
        g_autofree char *name =
            is_function ? g_strdup_printf("kf%u", n) : g_strdup(own[i].name);
        const char *sequence = capability(name);

        if (sequence && sequence[0] == KEYCODE_ESC && sequence[1]) {
            input_add_key(input, sequence,
                          is_function ? KEYCODE_F(n) : own[i].key);
        }
    }
}

/* Beside curses, whose own output has a buffer of its own */
static void send(const char *text)
{
    if (text) {
        putp(text);
        fflush(stdout);
    }
}

static void leave(void)
{
    send(mouse ? MOUSE_OFF : NULL);
    /*
     * Which curses takes for done: but the terminal's size may have changed
     * since, and Ctrl-C throws away what was not written yet
     */
    send(plain);
    endwin();
}

/*
 * Keys as they are typed, and a read() that never waits for one, without
 * O_NONBLOCK, which whoever shares the terminal would have too
 */
static void set_modes(void)
{
    struct termios modes;

    cbreak();
    noecho();
    nonl();
    tcgetattr(STDIN_FILENO, &modes);
    modes.c_cc[VMIN] = 0;
    modes.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &modes);
    def_prog_mode();
}

/* false if it says nothing of it */
static bool read_size(struct winsize *size)
{
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, size) == 0 && size->ws_row &&
           size->ws_col;
}

/* Curses fails if there is not enough memory for a size */
static SCREEN *new_screen(void)
{
    struct winsize size;

    if (read_size(&size) && MAX(size.ws_row, size.ws_col) > MAX_CELLS) {
        use_env(FALSE);
    }
    return newterm(NULL, stdout, stdin);
}

static bool fail_open(GError **error, const char *what)
{
    g_autofree char *text =
        g_strdup_printf("terminal type \"%s\" %s", g_getenv("TERM"), what);

    /* Without a word to it, which endwin() has */
    if (screen) {
        reset_shell_mode();
        delscreen(screen);
        screen = NULL;
    }
    term_close();
    return refuse(error, text);
}

bool term_open(bool with_mouse, GError **error)
{
    g_autoptr(GString) text = NULL;
    struct termios before;

    if (!check_terminal(error)) {
        return false;
    }
    tcgetattr(STDIN_FILENO, &before);
    rescue_begin(&before);
    input = input_new();
    screen = new_screen();
    if (!screen) {
        return fail_open(error, "is not known");
    }
    set_term(screen);
    if (!capability("cup") || !capability("clear")) {
        return fail_open(error, "can't show it");
    }
    mouse = with_mouse && (capability("kmous") || capability("XM"));
    region = capability("csr") && g_str_has_prefix(capability("csr"), "\033[")
                 ? "\033[r"
                 : NULL;
    plain = plain_text();
    text = restore_text();
    rescue_set_text(text->str, text->len);
    add_own_keys();
    set_modes();
    keypad(stdscr, TRUE);
    /* What is drawn is drawn to the end, whatever is typed */
    typeahead(-1);
    curs_set(0);
    leaveok(stdscr, FALSE);
    send(mouse ? MOUSE_ON : NULL);
    if (has_colors()) {
        start_color();
        use_default_colors();
    }
    term_resize();
    return true;
}

void term_close(void)
{
    if (!input) {
        return;
    }
    if (screen) {
        leave();
        delscreen(screen);
        screen = NULL;
    }
    rescue_end();
    g_clear_pointer(&input, input_free);
    g_clear_pointer(&plain, g_free);
    g_clear_pointer(&shown, canvas_free);
    memset(pairs, 0, sizeof(pairs));
    n_pairs = 0;
}

bool term_has_colors(void)
{
    return screen && has_colors();
}

void term_size(int *width, int *height)
{
    getmaxyx(stdscr, *height, *width);
}

static short pair_of(StyleLook look)
{
    short *pair = &pairs[look.foreground + 1][look.background + 1];

    if (look.foreground == COLOR_NONE && look.background == COLOR_NONE) {
        return 0;
    }
    if (!*pair && n_pairs + 1 < COLOR_PAIRS) {
        *pair = ++n_pairs;
        init_pair(*pair, look.foreground, look.background);
    }
    return *pair;
}

static attr_t attributes_of(StyleLook look)
{
    attr_t attributes = A_NORMAL;

    attributes |= look.bits & STYLE_BOLD ? A_BOLD : 0;
    attributes |= look.bits & STYLE_FAINT ? A_DIM : 0;
    attributes |= look.bits & STYLE_UNDERLINE ? A_UNDERLINE : 0;
    attributes |= look.bits & STYLE_REVERSE ? A_REVERSE : 0;
    return attributes;
}

static void put_wide(int y, int x, const wchar_t *text, StyleLook look)
{
    cchar_t cell;

    setcchar(&cell, text, attributes_of(look), pair_of(look), NULL);
    mvadd_wch(y, x, &cell);
}

static void put_cell(int y, int x, const CanvasCell *cell)
{
    wchar_t text[CCHARW_MAX + 1] = { 0 };
    const char *p = cell->text;
    bool agreed;

    for (unsigned i = 0; *p && i < CCHARW_MAX; i++) {
        text[i] = g_utf8_get_char(p);
        p = g_utf8_next_char(p);
    }
    /* The C library may know another width than GLib: then nobody knows */
    agreed = wcwidth(text[0]) == cell->width;
    for (unsigned i = 1; text[i] && agreed; i++) {
        agreed = wcwidth(text[i]) == 0;
    }
    if (agreed) {
        put_wide(y, x, text, cell->look);
        return;
    }
    for (int i = 0; i < cell->width; i++) {
        put_wide(y, x + i, L"?", cell->look);
    }
}

/* Whether curses has so many cells from there on as they are */
static bool are_shown(const Canvas *canvas, int y, int x, int n)
{
    return shown && memcmp(canvas_cell(shown, y, x), canvas_cell(canvas, y, x),
                           sizeof(CanvasCell) * n) == 0;
}

/* Notes what is shown now */
static void note_shown(const Canvas *canvas)
{
    if (!shown) {
        shown = canvas_new(canvas->width, canvas->height, canvas->ascii,
                           canvas->color);
    }
    memcpy(shown->cells, canvas->cells,
           sizeof(CanvasCell) * canvas->width * canvas->height);
}

void term_show(const Canvas *canvas)
{
    int width, height;

    term_size(&width, &height);
    if (shown &&
        (shown->width != canvas->width || shown->height != canvas->height)) {
        g_clear_pointer(&shown, canvas_free);
    }
    for (int y = 0; y < MIN(canvas->height, height); y++) {
        if (are_shown(canvas, y, 0, canvas->width)) {
            continue;
        }
        for (int x = 0; x < MIN(canvas->width, width); x++) {
            const CanvasCell *cell = canvas_cell(canvas, y, x);

            if (cell->width && !are_shown(canvas, y, x, 1)) {
                put_cell(y, x, cell);
            }
        }
    }
    if (canvas->cursor_y >= 0) {
        move(canvas->cursor_y, canvas->cursor_x);
    }
    curs_set(canvas->cursor_y >= 0);
    refresh();
    note_shown(canvas);
}

TermInput term_fill(void)
{
    char bytes[256];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

    if (n > 0) {
        input_push(input, bytes, n, g_get_monotonic_time());
        return TERM_CAME;
    }
    return n == 0 || errno == EINTR || errno == EAGAIN ? TERM_NOTHING
                                                       : TERM_GONE;
}

bool term_read(InputEvent *event)
{
    return input_next(input, g_get_monotonic_time(), event);
}

int term_wait_ms(void)
{
    int64_t us = input_wait_us(input, g_get_monotonic_time());

    return us < 0 ? -1 : (us + 999) / 1000;
}

void term_resize(void)
{
    struct winsize size;

    if (read_size(&size)) {
        resizeterm(MIN(size.ws_row, MAX_CELLS), MIN(size.ws_col, MAX_CELLS));
    }
    term_redraw();
}

void term_suspend(void)
{
    leave();
    rescue_arm(false);
}

void term_resume(void)
{
    reset_prog_mode();
    rescue_arm(true);
    send(mouse ? MOUSE_ON : NULL);
    term_resize();
}

void term_redraw(void)
{
    g_clear_pointer(&shown, canvas_free);
    clearok(curscr, TRUE);
}
