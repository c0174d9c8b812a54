/*
 * Words of a command line as getopt knows them, for GOption, which does not
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef AIOTOP_ARGV_H
#define AIOTOP_ARGV_H

#include <glib.h>

/**
 * argv_normalize:
 * @entries: all options there are; which take values is seen from them
 * @argv: the program's name and the words after it
 *
 * Returns the same words with each option as one, "--name" or "--name=value":
 * "-bn1", "-n 1" and "--iterations 1" become "--iterations=1".  A word that is
 * wrong is left out, and @error says what is wrong with the first of them.
 * The caller frees the vector.
 */
char **argv_normalize(const GOptionEntry *entries, char **argv, GError **error);

#endif /* AIOTOP_ARGV_H */
