/*
 * Event loop profiler: the files that callbacks are in
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef EVENT_LOOP_IMAGE_H
#define EVENT_LOOP_IMAGE_H

/*
 * Finds the executable in memory; the first call does. Not to be called
 * where a stuck thread may be loading a library.
 */
void event_loop_image_init(void);

/* The executable's build-id as a hexadecimal number; NULL if it has none */
const char *event_loop_image_build_id(void);

/* Where code is */
typedef struct EventLoopCode {
    /* as a debugger knows it: in the file */
    uint64_t address;
    /* of a module or shared library; NULL: the executable */
    const char *file;
    /* of that module, as a hexadecimal number; NULL if it has none */
    char *build_id;
} EventLoopCode;

/*
 * Returns whether it is known where @code is.  Waits for nothing.  The caller
 * frees @build_id; the file's name is valid as long as @code.
 */
bool event_loop_image_find(const void *code, EventLoopCode *found);

#endif /* EVENT_LOOP_IMAGE_H */
