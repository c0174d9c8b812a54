/*
 * Whose turn it is to look at a process: one is not begun while a former one is
 * stuck there
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "turn.h"

#include <glib.h>

/* Those that have a thread, be it one that does not end as it is stuck */
static GMutex turns_lock;
static GCond turns_changed;
static GPtrArray *turns;

static bool has_user(AiotopTurn *turn)
{
    return g_atomic_int_get(&turn->n_users) > 0;
}

static bool is_stuck(const AiotopTurn *turn)
{
    for (unsigned i = 0; i < turns->len; i++) {
        AiotopTurn *other = turns->pdata[i];

        if (other != turn && !has_user(other) &&
            aiotop_identity_equal(&other->process, &turn->process)) {
            return true;
        }
    }
    return false;
}

bool aiotop_turn_take(AiotopTurn *turn)
{
    bool wanted;

    g_mutex_lock(&turns_lock);
    if (!turns) {
        turns = g_ptr_array_new();
    }
    g_ptr_array_add(turns, turn);
    while ((wanted = has_user(turn)) && is_stuck(turn)) {
        g_cond_wait(&turns_changed, &turns_lock);
    }
    g_mutex_unlock(&turns_lock);
    return wanted;
}

void aiotop_turn_end(AiotopTurn *turn)
{
    g_mutex_lock(&turns_lock);
    g_ptr_array_remove(turns, turn);
    g_cond_broadcast(&turns_changed);
    g_mutex_unlock(&turns_lock);
}

void aiotop_turn_wake(void)
{
    g_mutex_lock(&turns_lock);
    g_cond_broadcast(&turns_changed);
    g_mutex_unlock(&turns_lock);
}
