/*
 * The freezer of control groups
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "freezer.h"

#include <inttypes.h>
#include <mntent.h>
#include <string.h>

#include "qemu-aiotop/text/escape.h"

/* A line of a list of mounts; what of it is longer is skipped */
#define MAX_LINE (64u << 10)

/* One of the two hierarchies that can freeze */
typedef struct Freezer {
    /* As the kernel calls it in a list of mounts, and an option there or NULL */
    const char *type;
    const char *option;
    /* Files of a group, and what is in them if it is frozen */
    const char *state_file;
    const char *frozen;
    /* The same, if it was this group, and none above it */
    const char *self_file;
    const char *self_frozen;
    /* What to write to which file to let it go on */
    const char *thaw;
    const char *thaw_file;
} Freezer;

static const Freezer freezers[] = {
    { "cgroup2", NULL, "cgroup.events", "frozen 1\n", "cgroup.freeze", "1\n",
      "0", "cgroup.freeze" },
    { "cgroup", "freezer", "freezer.state", "FROZEN\n", "freezer.self_freezing",
      "1\n", "THAWED", "freezer.state" },
};

/* Where it is mounted; NULL if it is not */
static char *find_mount(const char *root, const Freezer *freezer)
{
    g_autofree char *list = g_build_filename(root, "self", "mounts", NULL);
    g_autofree char *line = g_malloc(MAX_LINE);
    FILE *file = setmntent(list, "re");
    char *dir = NULL;
    struct mntent entry;

    while (file && !dir && getmntent_r(file, &entry, line, MAX_LINE)) {
        if (strcmp(entry.mnt_type, freezer->type) == 0 &&
            (!freezer->option || hasmntopt(&entry, freezer->option))) {
            dir = g_strdup(entry.mnt_dir);
        }
    }
    if (file) {
        endmntent(file);
    }
    return dir;
}

/* Whether a line of /proc/PID/cgroup, "N:CONTROLLERS:PATH", is of it */
static bool is_of(const Freezer *freezer, char **fields)
{
    g_auto(GStrv) controllers = g_strsplit(fields[1], ",", -1);

    return freezer->option ? g_strv_contains((const char *const *)controllers,
                                             freezer->option)
                           : strcmp(fields[0], "0") == 0;
}

/* The process's group there, "/a/b"; NULL if that is not known */
static char *find_group(const char *root, int64_t pid, const Freezer *freezer)
{
    g_autofree char *path = g_strdup_printf("%s/%" PRId64 "/cgroup", root, pid);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return NULL;
    }
    lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        g_auto(GStrv) fields = g_strsplit(lines[i], ":", 3);

        if (g_strv_length(fields) == 3 && is_of(freezer, fields)) {
            return g_strdup(fields[2]);
        }
    }
    return NULL;
}

static bool says(const char *dir, const char *name, const char *wanted)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autofree char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) && strstr(text, wanted);
}

/* Who made the group chose its name */
static char *thaw_command(const char *dir, const Freezer *freezer)
{
    g_autofree char *path = g_build_filename(dir, freezer->thaw_file, NULL);
    g_autofree char *quoted = aiotop_text_quote(path);

    return quoted ? g_strdup_printf("echo %s > %s", freezer->thaw, quoted)
                  : NULL;
}

/* The group, or the one above it, that was frozen itself; NULL if none says so */
static char *find_thaw(const char *mount, const char *group_dir,
                       const Freezer *freezer)
{
    g_autofree char *dir = g_strdup(group_dir);

    while (!says(dir, freezer->self_file, freezer->self_frozen)) {
        char *above;

        if (strlen(dir) <= strlen(mount)) {
            return NULL;
        }
        above = g_path_get_dirname(dir);
        g_free(dir);
        dir = above;
    }
    return thaw_command(dir, freezer);
}

static bool is_frozen(const char *root, int64_t pid, const Freezer *freezer,
                      char **thaw)
{
    g_autofree char *mount = find_mount(root, freezer);
    g_autofree char *group = mount ? find_group(root, pid, freezer) : NULL;
    g_autofree char *dir = group ? g_build_filename(mount, group, NULL) : NULL;

    if (!dir || !says(dir, freezer->state_file, freezer->frozen)) {
        return false;
    }
    *thaw = find_thaw(mount, dir, freezer);
    return true;
}

bool aiotop_freezer_find(const char *root, int64_t pid, char **thaw)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(freezers); i++) {
        if (is_frozen(root, pid, &freezers[i], thaw)) {
            return true;
        }
    }
    return false;
}

bool aiotop_freezer_is_place(const char *wchan)
{
    /* The compiler may have made the first one part of what calls it */
    return strcmp(wchan, "do_freezer_trap") == 0 ||
           strcmp(wchan, "get_signal") == 0 ||
           strcmp(wchan, "__refrigerator") == 0;
}
