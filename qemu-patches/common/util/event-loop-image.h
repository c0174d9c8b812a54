/*
 * Event loop profiler: the executable file that callbacks are in
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

/*
 * Where @code is in the executable file, as a hexadecimal number that a
 * debugger knows; NULL if it is somewhere else.  The caller frees it.
 */
char *event_loop_image_address(const void *code);

#endif /* EVENT_LOOP_IMAGE_H */
