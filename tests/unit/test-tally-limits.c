/*
 * More places than any thread of QEMU's is seen at
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>

#include "sampling/tally.h"

/* As many as are told apart, and some */
#define SOURCES 2000
#define MORE 100

static AiotopFunction *functions_new(unsigned n)
{
    AiotopFunction *functions = g_new0(AiotopFunction, n);

    for (unsigned i = 0; i < n; i++) {
        functions[i].name = g_strdup_printf("f%u", i);
        functions[i].offset = 16 * (i + 1);
    }
    return functions;
}

static void functions_free(AiotopFunction *functions, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        g_free(functions[i].name);
    }
    g_free(functions);
}

/* Seen once in these callbacks, each in the one before */
static void see(AiotopTally *tally, unsigned n,
                const AiotopFunction *const *callbacks)
{
    AiotopPlace place = { .n_calls = n, .in_loop = true };
    AiotopSampledStack *stack = NULL;

    for (unsigned i = 0; i < n; i++) {
        place.calls[i] = (AiotopCall){ AIOTOP_PLACE_BH, callbacks[i], 0 };
    }
    aiotop_tally_add(tally, &place, NULL, &stack, false, 1);
}

static void clear(AiotopLoop *loop)
{
    for (unsigned i = 0; i < loop->n_sources; i++) {
        aiotop_source_unref(loop->sources[i]);
    }
    g_free(loop->sources);
    g_free(loop->stack);
}

/* What has no name of its own has none of another one's */
static void test_many_callbacks(void)
{
    AiotopFunction *functions = functions_new(SOURCES + MORE);
    AiotopTally *tally = aiotop_tally_new(0, NULL);
    AiotopLoop loop = AIOTOP_LOOP_NOTHING_KNOWN;
    unsigned n_others = 0;

    for (unsigned i = 0; i < SOURCES + MORE; i++) {
        const AiotopFunction *callback = &functions[i];

        see(tally, 1, &callback);
    }
    aiotop_tally_fill(tally, &loop, 1);
    for (unsigned i = 0; i < loop.n_sources; i++) {
        const AiotopSource *source = loop.sources[i];

        if (g_strcmp0(source->name, "(other callbacks)") == 0) {
            n_others++;
            g_assert_cmpuint(source->samples, ==, MORE);
            g_assert_cmpuint(source->callback, ==, AIOTOP_UNKNOWN);
        } else {
            g_assert_cmpuint(source->samples, ==, 1);
        }
    }
    g_assert_cmpuint(n_others, ==, 1);
    clear(&loop);
    aiotop_tally_free(tally);
    functions_free(functions, SOURCES + MORE);
}

/* In what it was called is lost, but not what it is */
static void test_many_nested(void)
{
    const unsigned n = 110;
    AiotopFunction *functions = functions_new(2 * n);
    AiotopTally *tally = aiotop_tally_new(0, NULL);
    AiotopLoop loop = AIOTOP_LOOP_NOTHING_KNOWN;

    for (unsigned i = 0; i < n * n; i++) {
        const AiotopFunction *const callbacks[] = { &functions[i / n],
                                                    &functions[n + i % n] };

        see(tally, G_N_ELEMENTS(callbacks), callbacks);
    }
    aiotop_tally_fill(tally, &loop, 1);
    g_assert_cmpuint(loop.n_sources, ==, 2 * n);
    for (unsigned i = 0; i < loop.n_sources; i++) {
        const AiotopSource *source = loop.sources[i];

        g_assert_cmpuint(source->samples, ==,
                         source->callback > 16 * n ? n : 0);
    }
    clear(&loop);
    aiotop_tally_free(tally);
    functions_free(functions, 2 * n);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tally-limits/many-callbacks", test_many_callbacks);
    g_test_add_func("/tally-limits/many-nested", test_many_nested);
    return g_test_run();
}
