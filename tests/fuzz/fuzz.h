/*
 * What the fuzz targets share: inputs in parts, and what must hold of outputs
 *
 * An input is cut into parts at the byte 0x1e, which no JSON has, and which
 * the kernel's files don't have either.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <glib.h>
#include <qemu-aiotop/model/sample.h>

#include "screen/session.h"

#define FUZZ_SEPARATOR 0x1e

/* Of libFuzzer: to be defined by a target, which returns 0 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Optional */
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned seed);
/* Provided by libFuzzer */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

typedef struct FuzzPart {
    const char *text;
    gsize len;
} FuzzPart;

/* Cuts the next part off; false if there is none */
bool fuzz_next_part(const uint8_t **data, size_t *size, FuzzPart *part);

/* Makes GLib's warnings fatal, and tests/data known to a Session */
void fuzz_init(void);

/*
 * What a terminal or a file may get: UTF-8 without control characters but
 * line ends; with @ascii only that
 */
void fuzz_check_text(const GString *text, bool ascii);

/* Writes a sample in all formats, and diagnoses it, as both surfaces do */
void fuzz_write(const AiotopSample *sample);

/* A directory in memory if there is one, which stays until the process ends */
char *fuzz_directory(void);

/* Replaces a file; NULL for none */
void fuzz_write_file(const char *path, const FuzzPart *part);

/* The key that a byte of the input stands for */
unsigned fuzz_key(uint8_t byte);

/* Draws, and checks what is drawn */
void fuzz_draw(Session *session, int width, int height);

/* Draws each view that there is a way to, small and large */
void fuzz_look_at_all(Session *session, bool ascii);

#endif /* TESTS_FUZZ_FUZZ_H */
