/*
 * A directory like /proc, made up
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_PROC_TREE_H
#define TESTS_PROC_TREE_H

#include <stdint.h>
#include <glib.h>

/* An empty one; proc_tree_free() removes it */
char *proc_tree_new(void);
void proc_tree_free(char *root);

/* Files and links, in directories that are made as needed */
void proc_tree_write(const char *root, const char *name, const char *text);
void proc_tree_link(const char *root, const char *name, const char *target);
void proc_tree_remove(const char *root, const char *name);

typedef struct ProcThread {
    int64_t tid;
    const char *comm;
    char state;
    uint64_t cpu_ns;
    uint64_t run_queue_ns;
    unsigned voluntary;
    unsigned involuntary;
    int cpu;
    /* As in the files; no file if NULL */
    const char *wchan;
    const char *syscall;
} ProcThread;

/* When each process began */
#define PROC_TREE_START 555

/* A thread of @pid; if it is the first one, what is the process's too */
void proc_tree_thread(const char *root, int64_t pid, const ProcThread *thread);

#endif /* TESTS_PROC_TREE_H */
