/*
 * Event loop labels: what a handler, bottom half or timer works for
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * g_intern_string() never frees; g_ref_string_new_intern() may return a
 * string that another thread is about to free.  Besides, the profiler gives
 * references up in its server's thread, which must take no lock: so the last
 * one leaves it to RCU to look for the label in the table.
 */

#include "qemu/osdep.h"
#include "qemu/atomic.h"
#include "qemu/event-loop-label.h"
#include "qemu/lockable.h"
#include "qemu/rcu.h"
#include "qemu/thread.h"

typedef struct Label {
    struct rcu_head rcu;
    /* owners and holders; once it is 0, it remains so */
    unsigned refs;
    unsigned owners;
    char text[];
} Label;

/* Protects the table; held for a look-up */
static QemuMutex labels_lock;
/* Labels by their text */
static GHashTable *labels;

static void __attribute__((__constructor__)) event_loop_label_init(void)
{
    qemu_mutex_init(&labels_lock);
    labels = g_hash_table_new(g_str_hash, g_str_equal);
}

static Label *label_of(const char *text)
{
    return container_of((char (*)[])text, Label, text);
}

static bool ref_unless_last(Label *label)
{
    unsigned refs = qatomic_read(&label->refs), seen;

    while (refs) {
        seen = qatomic_cmpxchg(&label->refs, refs, refs + 1);
        if (seen == refs) {
            return true;
        }
        refs = seen;
    }
    return false;
}

const char *event_loop_label_new(const char *text)
{
    Label *label;
    size_t size;

    if (!text) {
        return NULL;
    }
    QEMU_LOCK_GUARD(&labels_lock);
    label = g_hash_table_lookup(labels, text);
    if (label && ref_unless_last(label)) {
        qatomic_inc(&label->owners);
        return label->text;
    }
    size = strlen(text) + 1;
    label = g_malloc(sizeof(Label) + size);
    label->refs = 1;
    label->owners = 1;
    memcpy(label->text, text, size);
    /* in the place of one that ends */
    g_hash_table_replace(labels, label->text, label);
    return label->text;
}

const char *event_loop_label_hold(const char *label)
{
    if (label) {
        qatomic_inc(&label_of(label)->refs);
    }
    return label;
}

static void free_label(Label *label)
{
    WITH_QEMU_LOCK_GUARD(&labels_lock) {
        if (g_hash_table_lookup(labels, label->text) == label) {
            g_hash_table_remove(labels, label->text);
        }
    }
    g_free(label);
}

void event_loop_label_drop(const char *text)
{
    Label *label;

    if (!text) {
        return;
    }
    label = label_of(text);
    if (qatomic_fetch_dec(&label->refs) == 1) {
        call_rcu(label, free_label, rcu);
    }
}

void event_loop_label_unref(const char *label)
{
    if (label) {
        qatomic_dec(&label_of(label)->owners);
        event_loop_label_drop(label);
    }
}

bool event_loop_label_has_owner(const char *label)
{
    return qatomic_read(&label_of(label)->owners);
}

unsigned event_loop_label_count(void)
{
    QEMU_LOCK_GUARD(&labels_lock);
    return g_hash_table_size(labels);
}
