/*
 * The terminal: frames out, keys and mouse in
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "term.h"

#include <curses.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "keys.h"

G_DEFINE_QUARK(term - error - quark, term_error)

/* Milliseconds until Esc is a key of its own */
#define ESC_DELAY_MS 50

static SCREEN *screen;
/* What the terminal shows */
static Frame *shown;
/* Pair of colours for each foreground and background, 0 if not made yet */
static short pairs[COLOR_IS_WHITE + 2][COLOR_IS_WHITE + 2];
static short n_pairs;

/* For a crash: what brings the terminal back, made while all is well */
static struct termios modes_before;
static char restore_text[128];
static size_t restore_len;
static const int crash_signals[] = {
    SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS,
};
static struct sigaction crash_actions[G_N_ELEMENTS(crash_signals)];

/* Only what is safe in a signal handler */
static void on_crash(int signal_number, siginfo_t *info,
                     void *context G_GNUC_UNUSED)
{
    ssize_t written = write(STDOUT_FILENO, restore_text, restore_len);

    (void)written;
    tcsetattr(STDIN_FILENO, TCSANOW, &modes_before);
    for (unsigned i = 0; i < G_N_ELEMENTS(crash_signals); i++) {
        if (crash_signals[i] == signal_number) {
            sigaction(signal_number, &crash_actions[i], NULL);
        }
    }
    /* A fault happens again on return; what was sent has to be sent again */
    if (info->si_code <= 0 || signal_number == SIGABRT) {
        raise(signal_number);
    }
}

static void append_capability(GString *out, const char *name)
{
    char *value = tigetstr((char *)name);

    /* Delays are of no use in a crash */
    if (value && value != (char *)-1 && !strstr(value, "$<")) {
        g_string_append(out, value);
    }
}

static void prepare_crash(void)
{
    struct sigaction action = {
        .sa_sigaction = on_crash,
        .sa_flags = SA_SIGINFO,
    };
    g_autoptr(GString) text = g_string_new("\033[?1006;1000l");

    append_capability(text, "sgr0");
    append_capability(text, "rmkx");
    append_capability(text, "cnorm");
    append_capability(text, "rmcup");
    restore_len = MIN(text->len, sizeof(restore_text));
    memcpy(restore_text, text->str, restore_len);
    for (unsigned i = 0; i < G_N_ELEMENTS(crash_signals); i++) {
        sigaction(crash_signals[i], &action, &crash_actions[i]);
    }
}

static void forget_crash(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(crash_signals); i++) {
        sigaction(crash_signals[i], &crash_actions[i], NULL);
    }
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

bool term_open(GError **error)
{
    g_autofree char *what = NULL;

    if (!check_terminal(error)) {
        return false;
    }
    tcgetattr(STDIN_FILENO, &modes_before);
    screen = newterm(NULL, stdout, stdin);
    if (!screen) {
        what = g_strdup_printf("terminal type \"%s\" is not known",
                               g_getenv("TERM"));
        return refuse(error, what);
    }
    set_term(screen);
    if (!tigetstr("cup") || !tigetstr("clear")) {
        term_close();
        what = g_strdup_printf("a terminal of type \"%s\" can't show it",
                               g_getenv("TERM"));
        return refuse(error, what);
    }
    prepare_crash();
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(ESC_DELAY_MS);
    curs_set(0);
    leaveok(stdscr, FALSE);
    mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
    mouseinterval(0);
    if (has_colors()) {
        start_color();
        use_default_colors();
    }
    return true;
}

void term_close(void)
{
    if (!screen) {
        return;
    }
    endwin();
    if (restore_len) {
        forget_crash();
    }
    delscreen(screen);
    screen = NULL;
    g_clear_pointer(&shown, frame_free);
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

static void put_cell(int y, int x, const FrameCell *cell)
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

static bool same_row(const Frame *frame, int y)
{
    return shown && shown->width == frame->width &&
           shown->height == frame->height &&
           memcmp(frame_cell(shown, y, 0), frame_cell(frame, y, 0),
                  sizeof(FrameCell) * frame->width) == 0;
}

void term_show(const Frame *frame)
{
    int width, height;

    term_size(&width, &height);
    for (int y = 0; y < MIN(frame->height, height); y++) {
        if (same_row(frame, y)) {
            continue;
        }
        for (int x = 0; x < MIN(frame->width, width); x++) {
            const FrameCell *cell = frame_cell(frame, y, x);

            if (cell->width) {
                put_cell(y, x, cell);
            }
        }
    }
    if (frame->cursor_y >= 0) {
        move(frame->cursor_y, frame->cursor_x);
    }
    curs_set(frame->cursor_y >= 0);
    refresh();

    frame_free(shown);
    shown = frame_new(frame->width, frame->height, frame->ascii, frame->color);
    memcpy(shown->cells, frame->cells,
           sizeof(FrameCell) * frame->width * frame->height);
}

static const struct {
    int curses;
    unsigned key;
} key_map[] = {
    { KEY_UP, UI_KEY_UP },
    { KEY_DOWN, UI_KEY_DOWN },
    { KEY_LEFT, UI_KEY_LEFT },
    { KEY_RIGHT, UI_KEY_RIGHT },
    { KEY_PPAGE, UI_KEY_PAGE_UP },
    { KEY_NPAGE, UI_KEY_PAGE_DOWN },
    { KEY_HOME, UI_KEY_HOME },
    { KEY_END, UI_KEY_END },
    { KEY_BACKSPACE, UI_KEY_BACKSPACE },
    { KEY_DC, UI_KEY_DELETE },
    { KEY_BTAB, UI_KEY_BACKTAB },
    { KEY_ENTER, UI_KEY_ENTER },
};

/* 0 for a key that nothing is done with */
static unsigned map_key(int curses)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(key_map); i++) {
        if (key_map[i].curses == curses) {
            return key_map[i].key;
        }
    }
    if (curses >= KEY_F(1) && curses <= KEY_F(12)) {
        return UI_KEY_F(curses - KEY_F(0));
    }
    return 0;
}

static bool read_mouse(TermEvent *event)
{
    MEVENT mouse;

    if (getmouse(&mouse) != OK) {
        return false;
    }
    event->type = mouse.bstate & BUTTON4_PRESSED   ? TERM_WHEEL_UP
                  : mouse.bstate & BUTTON5_PRESSED ? TERM_WHEEL_DOWN
                                                   : TERM_CLICK;
    event->y = mouse.y;
    event->x = mouse.x;
    return true;
}

bool term_read(TermEvent *event)
{
    wint_t c;

    for (;;) {
        int type = get_wch(&c);

        *event = (TermEvent){ .type = TERM_KEY };
        if (type == ERR) {
            return false;
        }
        if (type == OK) {
            event->key = c == 0x7f || c == '\b' ? UI_KEY_BACKSPACE : c;
            return true;
        }
        if (c == KEY_MOUSE) {
            if (read_mouse(event)) {
                return true;
            }
            continue;
        }
        event->key = map_key(c);
        if (event->key) {
            return true;
        }
    }
}

void term_resize(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row &&
        size.ws_col) {
        resizeterm(size.ws_row, size.ws_col);
    }
    term_redraw();
}

void term_suspend(void)
{
    curs_set(1);
    endwin();
}

void term_resume(void)
{
    reset_prog_mode();
    term_resize();
}

void term_redraw(void)
{
    g_clear_pointer(&shown, frame_free);
    clearok(curscr, TRUE);
}
