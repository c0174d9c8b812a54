/*
 * Input: bytes from a terminal in, keys and the mouse out
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "input.h"

#include <string.h>
#include <wchar.h>

#include "key.h"

#define ESC 0x1b

/* No sequence is longer */
#define MAX_SEQUENCE 64

/* Numbers of a sequence beyond which none has a meaning */
#define MAX_PARAMS 3
#define MAX_NUMBER 100000

/* Of a mouse report's first number */
#define MOUSE_BUTTON 0xc3
#define MOUSE_MOTION 0x20
#define MOUSE_LEFT 0
#define MOUSE_WHEEL_UP 0x40
#define MOUSE_WHEEL_DOWN 0x41

typedef struct Sequence {
    char *bytes;
    size_t len;
    unsigned key;
} Sequence;

struct Input {
    /* Of the terminal's own */
    GArray *sequences;
    GByteArray *bytes;
    /* When the last of them came */
    int64_t at_us;
};

static void clear_sequence(gpointer opaque)
{
    Sequence *sequence = opaque;

    g_free(sequence->bytes);
}

Input *input_new(void)
{
    Input *input = g_new0(Input, 1);

    input->sequences = g_array_new(FALSE, FALSE, sizeof(Sequence));
    g_array_set_clear_func(input->sequences, clear_sequence);
    input->bytes = g_byte_array_new();
    return input;
}

void input_free(Input *input)
{
    if (input) {
        g_array_unref(input->sequences);
        g_byte_array_unref(input->bytes);
        g_free(input);
    }
}

void input_add_key(Input *input, const char *bytes, unsigned key)
{
    Sequence sequence = { g_strdup(bytes), strlen(bytes), key };

    g_assert(sequence.len > 1 && bytes[0] == ESC);
    g_array_append_val(input->sequences, sequence);
}

void input_push(Input *input, const void *bytes, size_t len, int64_t now_us)
{
    g_byte_array_append(input->bytes, bytes, len);
    input->at_us = now_us;
}

static unsigned key_of_letter(unsigned char letter)
{
    static const struct {
        char letter;
        unsigned key;
    } letters[] = {
        { 'A', KEYCODE_UP },    { 'B', KEYCODE_DOWN }, { 'C', KEYCODE_RIGHT },
        { 'D', KEYCODE_LEFT },  { 'F', KEYCODE_END },  { 'H', KEYCODE_HOME },
        { 'M', KEYCODE_ENTER }, { 'P', KEYCODE_F(1) }, { 'Q', KEYCODE_F(2) },
        { 'R', KEYCODE_F(3) },  { 'S', KEYCODE_F(4) }, { 'Z', KEYCODE_BACKTAB },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(letters); i++) {
        if (letters[i].letter == letter) {
            return letters[i].key;
        }
    }
    return 0;
}

/* Of "ESC [ number ~"; 0 if it is none that there is something to do for */
static unsigned key_of_number(int number)
{
    static const unsigned keys[] = {
        [1] = KEYCODE_HOME,    [3] = KEYCODE_DELETE,    [4] = KEYCODE_END,
        [5] = KEYCODE_PAGE_UP, [6] = KEYCODE_PAGE_DOWN, [7] = KEYCODE_HOME,
        [8] = KEYCODE_END,     [11] = KEYCODE_F(1),     [12] = KEYCODE_F(2),
        [13] = KEYCODE_F(3),   [14] = KEYCODE_F(4),     [15] = KEYCODE_F(5),
        [17] = KEYCODE_F(6),   [18] = KEYCODE_F(7),     [19] = KEYCODE_F(8),
        [20] = KEYCODE_F(9),   [21] = KEYCODE_F(10),    [23] = KEYCODE_F(11),
        [24] = KEYCODE_F(12),
    };

    return number < (int)G_N_ELEMENTS(keys) ? keys[number] : 0;
}

static bool set_key(InputEvent *event, unsigned key)
{
    *event = (InputEvent){ .type = INPUT_KEY, .key = key };
    return key != 0;
}

/* A button pressed or the wheel turned at @x, @y, which count from 1 */
static bool set_mouse(InputEvent *event, int code, int x, int y)
{
    *event = (InputEvent){ .y = y - 1, .x = x - 1 };
    if (code & MOUSE_MOTION || x < 1 || y < 1) {
        return false;
    }
    switch (code & MOUSE_BUTTON) {
    case MOUSE_LEFT:
        event->type = INPUT_CLICK;
        return true;
    case MOUSE_WHEEL_UP:
        event->type = INPUT_WHEEL_UP;
        return true;
    case MOUSE_WHEEL_DOWN:
        event->type = INPUT_WHEEL_DOWN;
        return true;
    default:
        return false;
    }
}

/*
 * What takes a sequence from its beginning returns how many bytes it has, or
 * 0 if there are not enough yet; @found tells whether it is an event.
 */

/* "ESC [ M", the button, the column, the line, each in a byte */
static size_t take_old_mouse(const uint8_t *bytes, size_t len, bool *found,
                             InputEvent *event)
{
    for (size_t i = 3; i < MIN(len, 6); i++) {
        /* Not of a report, but 0 for what is too far right or down for one */
        if (bytes[i] && bytes[i] < ' ') {
            return i;
        }
    }
    if (len < 6) {
        return 0;
    }
    *found = set_mouse(event, bytes[3] - ' ', bytes[4] - ' ', bytes[5] - ' ');
    return 6;
}

/* "3;4": returns how many numbers there are */
static unsigned read_numbers(const uint8_t *bytes, size_t len,
                             int numbers[MAX_PARAMS])
{
    unsigned n = 0;

    memset(numbers, 0, sizeof(*numbers) * MAX_PARAMS);
    for (size_t i = 0; i < len && n < MAX_PARAMS; i++) {
        if (bytes[i] == ';') {
            n++;
        } else if (g_ascii_isdigit(bytes[i])) {
            numbers[n] = MIN(numbers[n] * 10 + g_ascii_digit_value(bytes[i]),
                             MAX_NUMBER);
        }
    }
    return n + (len > 0);
}

/* What is between "ESC [" and the last byte, and that one */
static bool read_control(const uint8_t *bytes, size_t len, InputEvent *event)
{
    uint8_t last = bytes[len - 1];
    bool sgr = bytes[0] == '<';
    int numbers[MAX_PARAMS];
    unsigned n = read_numbers(bytes + sgr, len - 1 - sgr, numbers);

    if (sgr) {
        /* 'm' is its release */
        return last == 'M' && n == MAX_PARAMS &&
               set_mouse(event, numbers[0], numbers[1], numbers[2]);
    }
    /* With Shift, Ctrl and the like it is another key, which does nothing */
    if (numbers[1] > 1) {
        return false;
    }
    return set_key(event, last == '~' ? key_of_number(numbers[0])
                                      : key_of_letter(last));
}

static size_t take_control(const uint8_t *bytes, size_t len, bool *found,
                           InputEvent *event)
{
    if (len > 2 && bytes[2] == 'M') {
        return take_old_mouse(bytes, len, found, event);
    }
    /* Linux: F1 to F5 */
    if (len > 2 && bytes[2] == '[') {
        if (len > 3 && bytes[3] < ' ') {
            return 3;
        }
        if (len > 3 && bytes[3] >= 'A' && bytes[3] <= 'E') {
            *found = set_key(event, KEYCODE_F(bytes[3] - 'A' + 1));
        }
        return len > 3 ? 4 : 0;
    }
    for (size_t i = 2; i < len; i++) {
        if (bytes[i] >= 0x40 && bytes[i] <= 0x7e) {
            *found = read_control(bytes + 2, i - 1, event);
            return i + 1;
        }
        /* It was cut, and something else begins */
        if (bytes[i] < ' ' || bytes[i] > 0x7e || i == MAX_SEQUENCE) {
            return i;
        }
    }
    return 0;
}

/* "ESC O" and a letter */
static size_t take_shifted(const uint8_t *bytes, size_t len, bool *found,
                           InputEvent *event)
{
    if (len < 3) {
        return 0;
    }
    if (bytes[2] < ' ') {
        return 2;
    }
    *found = set_key(event, key_of_letter(bytes[2]));
    return 3;
}

/* One that the terminal has for a key; 0 with @begun if it may become one */
static size_t take_own(const Input *input, bool *begun, bool *found,
                       InputEvent *event)
{
    const GByteArray *bytes = input->bytes;

    for (unsigned i = 0; i < input->sequences->len; i++) {
        const Sequence *own = &g_array_index(input->sequences, Sequence, i);

        if (memcmp(own->bytes, bytes->data, MIN(own->len, bytes->len)) != 0) {
            continue;
        }
        if (own->len <= bytes->len) {
            *found = set_key(event, own->key);
            return own->len;
        }
        *begun = true;
    }
    return 0;
}

static size_t take_escape(const Input *input, bool *found, InputEvent *event)
{
    const uint8_t *bytes = input->bytes->data;
    size_t len = input->bytes->len;
    bool begun = false;
    size_t taken = take_own(input, &begun, found, event);

    if (taken || len == 1) {
        return taken;
    }
    if (bytes[1] == '[') {
        return take_control(bytes, len, found, event);
    }
    if (bytes[1] == 'O') {
        return take_shifted(bytes, len, found, event);
    }
    if (begun) {
        return 0;
    }
    *found = set_key(event, KEYCODE_ESC);
    return 1;
}

static size_t take_character(const uint8_t *bytes, size_t len, bool *found,
                             InputEvent *event)
{
    mbstate_t state = { 0 };
    wchar_t c;
    size_t taken;

    if (bytes[0] == '\b' || bytes[0] == 0x7f) {
        *found = set_key(event, KEYCODE_BACKSPACE);
        return 1;
    }
    taken = mbrtowc(&c, (const char *)bytes, len, &state);
    if (taken == (size_t)-2) {
        return 0;
    }
    if (taken == 0 || taken == (size_t)-1) {
        return 1;
    }
    *found = g_unichar_validate(c) && set_key(event, c);
    return taken;
}

static size_t take(const Input *input, bool *found, InputEvent *event)
{
    return input->bytes->data[0] == ESC
               ? take_escape(input, found, event)
               : take_character(input->bytes->data, input->bytes->len, found,
                                event);
}

static int64_t patience_us(const Input *input)
{
    return input->bytes->len == 1 && input->bytes->data[0] == ESC
               ? INPUT_ESC_US
               : INPUT_CUT_US;
}

bool input_next(Input *input, int64_t now_us, InputEvent *event)
{
    bool found = false;

    while (input->bytes->len && !found) {
        size_t taken = take(input, &found, event);

        if (!taken) {
            if (input_wait_us(input, now_us) > 0) {
                return false;
            }
            /* All of it is one beginning, and nothing but an Esc has a sense */
            taken = input->bytes->len;
            found = taken == 1 && input->bytes->data[0] == ESC &&
                    set_key(event, KEYCODE_ESC);
        }
        g_byte_array_remove_range(input->bytes, 0, taken);
    }
    return found;
}

int64_t input_wait_us(const Input *input, int64_t now_us)
{
    return input->bytes->len
               ? MAX(input->at_us + patience_us(input) - now_us, 0)
               : -1;
}
