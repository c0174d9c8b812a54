/*
 * Files that may not answer
 *
 * A read of /proc/PID/cmdline waits for the process's memory map, which a
 * thread of it may hold while it sleeps in the kernel without end; a file may
 * be on a server that is gone.  So they are read by threads of their own, for
 * which one waits as long as one likes.  What is still being read is not read
 * once more.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_HOST_PATIENCE_H
#define AIOTOP_HOST_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

typedef struct AiotopPatientReading AiotopPatientReading;

/* In the thread: what @path has, with a NUL behind its @len; or NULL */
typedef char *AiotopPatientRead(const char *path, gsize *len);

/* All of the file, up to some megabytes */
AiotopPatientRead aiotop_patient_whole_file;

/* Of a process's: the arguments that are within the first 256 KiB, whole */
AiotopPatientRead aiotop_patient_command_line;

/**
 * aiotop_patience_begin:
 * @owner: whose the process is that may not answer: one user's can't take all
 *     threads
 *
 * Begins to read; to be followed by aiotop_patience_end().  May wait a moment
 * for others of @owner to be done.  NULL if so many do not answer, or the
 * system has so few threads, that it can't be read: that is as if it were late.
 */
AiotopPatientReading *aiotop_patience_begin(uint32_t owner, const char *path,
                                            AiotopPatientRead *read);

/**
 * aiotop_patience_begin_of:
 * @whose: of what all paths share that may not answer, such as a process
 *
 * The same; but returns NULL, and does not read, as long as any other path of
 * @whose is overdue: who is asked may name another path each time.
 */
AiotopPatientReading *aiotop_patience_begin_of(uint32_t owner,
                                               const char *whose,
                                               const char *path,
                                               AiotopPatientRead *read);

/* Whether aiotop_patience_end() would not wait */
bool aiotop_patience_is_done(const AiotopPatientReading *reading);

/**
 * aiotop_patience_wait:
 * @reading: NULL is one that is late
 * @quiet_us: how long at most a reader may use no CPU: one that is only slow
 *     does, for each piece that it reads, and one that gets no answer does not
 * @deadline_us: g_get_monotonic_time() up to which it is waited at most
 *
 * Waits before aiotop_patience_end() as long as the reader gets on.  Returns
 * false if it did not, now or when it was given up.
 */
bool aiotop_patience_wait(AiotopPatientReading *reading, int64_t quiet_us,
                          int64_t deadline_us);

/**
 * aiotop_patience_end:
 * @reading: NULL is one that is late
 * @deadline_us: g_get_monotonic_time() up to which it is waited; a minute longer
 *     for a reader that has no CPU, unless it has used half a second of one
 * @late: set to whether there is no answer; not touched if there is
 *
 * Returns what was read, to be freed, or NULL.  Frees @reading.  One that an
 * earlier call did not wait for to the end is not waited for.
 */
char *aiotop_patience_end(AiotopPatientReading *reading, int64_t deadline_us,
                          gsize *len, bool *late);

#endif /* AIOTOP_HOST_PATIENCE_H */
