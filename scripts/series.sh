# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
#
# The patches as a series for others, and a tree of theirs that takes them: it
# has all of them afterwards, or is as it was.

# git without anybody's configuration: neither the user's, nor the machine's, nor
# that of a git that this runs in.
plain_git() {
    env -i PATH="$PATH" HOME=/nonexistent GIT_CONFIG_GLOBAL=/dev/null \
        GIT_CONFIG_SYSTEM=/dev/null GIT_ATTR_NOSYSTEM=1 git "$@"
}

# git in the user's tree TREE, whatever repository this runs in.
tree_git() {
    local tree=$1
    shift
    (
        # shellcheck disable=SC2046
        unset $(git rev-parse --local-env-vars)
        git -C "$tree" "$@"
    )
}

# What PATCH says in its line KEY.
patch_header() {
    sed -n "/^$1: /{s///p;q}" "$2"
}

# Which patch brings which of the new files: the first that names it, in what it
# adds to meson.build or to the schema, or includes it, or brings another new file
# that does. Prints the patch's name and the file's, for each.
share_files() {
    find "$top/qemu-patches/common" -type f -printf '%P\n' | sort |
        awk -v common="$top/qemu-patches/common" '
            FILENAME == "-" { wanted[$0]; next }

            # A patch begins, or a file in it: what it adds is of interest.
            FNR == 1 { patch = FILENAME; sub(/.*\//, "", patch) }
            /^\+\+\+ b\// { from = substr($0, 7); next }
            /^\+/ { look(from, substr($0, 2)) }

            # LINE of the file FROM may name others.
            function look(from, line,    dir, mark, words, i) {
                dir = from
                sub(/[^\/]*$/, "", dir)
                if (from ~ /(^|\/)meson\.build$/ ||
                    from ~ /\.json$/ && line ~ /^{ .include. *:/) {
                    mark = "\047"
                } else if (from ~ /\.[ch]$/ && line ~ /^#include "/) {
                    mark = "\""
                } else {
                    return
                }
                split(line, words, mark)
                for (i = 2; i in words; i += 2) {
                    found(dir, words[i])
                }
            }

            # It is looked for as the compiler and meson do.
            function found(dir, name) {
                sub(/^(\.\.\/)+/, "", name)
                take(dir name)
                take(dir name ".c")
                take(dir name ".json")
                take("include/" name)
                take(name)
            }

            function take(file,    line) {
                if (!(file in wanted)) {
                    return
                }
                delete wanted[file]
                print patch, file
                while ((getline line <(common "/" file)) > 0) {
                    look(file, line)
                }
                close(common "/" file)
            }

            END {
                for (file in wanted) {
                    print "- " file
                }
            }' - "$patches"/*.patch
}

# The patch FILE, with the new files that are named on stdin. It is made by git
# out of what the files say alone, so that the same files give the same patches.
export_patch() {
    local file=$1 repo=$2 diff=$2/.git/diff added
    mapfile -t added
    sed -n '/^diff --git /,$p' "$file" >"$diff" || return
    if [ ${#added[@]} != 0 ]; then
        plain_git -C "$repo" show --format= HEAD -- "${added[@]}" \
            >>"$diff" || return
    fi
    sed '/^---$/q' "$file" &&
        plain_git -C "$repo" apply --stat --summary "$diff" | sed 's/ *$//' &&
        echo && cat "$diff"
}

# Write the series into DIR, the new files in those of the patches that use them
# first.
export_series() {
    local dir=$1 repo=$2 shares=$2/.git/shares file name
    mkdir -p "$dir" &&
        plain_git init -q --template= "$repo" &&
        cp -r "$top/qemu-patches/common/." "$repo" &&
        plain_git -C "$repo" add -Af &&
        plain_git -C "$repo" -c user.name=none -c user.email=none \
            commit -q -m new &&
        share_files >"$shares" || return
    ! grep '^- ' "$shares" || die "there are new files that no patch uses"
    for file in "$patches"/*.patch; do
        name=${file##*/}
        sed -n "s/^$name //p" "$shares" | sort |
            export_patch "$file" "$repo" >"$dir/$name" || return
    done
}

make_empty() {
    mkdir -p "$1"
    rm -rf "$1/.qemu-aiotop.new"
    [ -z "$(ls -A "$1")" ] || die "'$1' is not empty"
}

# Write the series into the empty directory DIR: all of it, or nothing.
export_whole() {
    local dir=$1 new=$1/.qemu-aiotop.new
    unfinished+=("$new")
    mkdir "$new"
    job_run "Writing the patches into $dir" export_series "$new/series" \
        "$new/repo"
    trap '' INT TERM HUP
    mv "$new"/series/* "$dir"
}

# Find out what version the tree TARGET is, and whether it can take the series.
open_target() {
    local target=$1 found micro
    if [ ! -r "$target/VERSION" ] || [ ! -d "$target/qapi" ]; then
        die "'$target' is no QEMU source tree"
    fi
    found=$(cat "$target/VERSION")
    micro=${found##*.}
    # Those from 50 on lead to the series that comes next.
    if [ ! -e "$top/qemu-patches/v${found%.*}/BASE" ] ||
       [ "${micro//[!0-9]/0}" -ge 50 ]; then
        die "'$target' is QEMU $found; there are patches for:" \
            "$(versions | tr -d v | paste -sd' ')"
    fi
    [ ! -e "$target/qapi/event-loop.json" ] ||
        die "'$target' has the profiler already"
    open_version "v${found%.*}"
}

# Try the patches on the files of the tree TARGET, which leaves these in DIR.
try_changes() {
    local target=$1 dir=$2 from reason
    from=$(stat -c %s "$log")
    job_try "Patching $target" prepare_changes "$target" "$dir"
    if ((job_status != 0)); then
        reason=$(tail -c "+$((from + 1))" "$log" | sed -n \
            's/.*rejects to file \(.*\)\.rej$/\1 is another than it knows/p
             s/.*: \(No space left on device\)$/\1/p' | sed -n 1p)
        die "cannot patch '$target', which is as it was:" \
            "${reason:-see $log}"
    fi
}

# Bring the series into the tree TARGET, by way of files in DIR.
apply_series() {
    local target=$1 dir=$2 prefix status=0
    open_target "$target"
    prefix=$(tree_git "$target" rev-parse --show-prefix 2>&1) || status=$?
    if ((status != 0)) && [ -e "$target/.git" ]; then
        die "git does not look at '$target': $(sed -n 1p <<<"$prefix")"
    elif [ -z "$prefix" ]; then
        apply_commits "$target" "$dir"
    else
        apply_changes "$target"
    fi
}

# A git tree that is in the middle of git am.
applying=

apply_commits() {
    local target=$1 dir=$2 reason
    [ -z "$(tree_git "$target" status --porcelain --untracked-files=no)" ] ||
        die "'$target' has changes that are not committed"
    [ ! -e "$(tree_git "$target" rev-parse --path-format=absolute \
        --git-path rebase-apply)" ] ||
        die "'$target' is in the middle of git am or git rebase"
    export_series "$dir/series" "$dir/repo"
    applying=$target
    if ! tree_git "$target" am --whitespace=nowarn --no-scissors \
        --no-keep-cr "$dir"/series/*.patch >"$dir/am" 2>&1; then
        reason=$(grep -E '^(error|fatal): ' "$dir/am" | sed -n 1p)
        cat "$dir/am" >>"$log"
        apply_undo
        die "git am failed on '$target', which is as it was:" \
            "${reason#*: }; see $log"
    fi
    applying=
}

# As it was before git am.
apply_undo() {
    if [ -n "$applying" ] &&
       [ -e "$(tree_git "$applying" rev-parse --path-format=absolute \
           --git-path rebase-apply)" ]; then
        tree_git "$applying" am --abort
    fi
    applying=
}

# The files of QEMU's that the patches change.
patched_files() {
    sed -n 's,^+++ b/\([^\t]*\).*,\1,p' "$patches"/*.patch | sort -u
}

# Have the files as they are to be in DIR, which is in the tree TARGET.
prepare_changes() {
    local target=$1 dir=$2 file
    patched_files | while read -r file; do
        if [ -e "$target/$file" ]; then
            mkdir -p "$dir/$(dirname "$file")"
            cp -p "$target/$file" "$dir/$file"
        fi
    done
    patch_tree "$dir"
}

# The first of the directories named on stdin that cannot be written to in the
# tree TARGET, or could not where it is not there yet.
unwritable_dir() {
    local target=$1 dir at
    while read -r dir; do
        at=$target/$dir
        while [ ! -e "$at" ]; do
            at=$(dirname "$at")
        done
        if [ ! -d "$at" ] || [ ! -w "$at" ] || [ ! -x "$at" ]; then
            realpath -s "$at"
            return
        fi
    done
}

# They are made aside and renamed at the end, when nothing can fail.
apply_changes() {
    local target=$1 new=$1/.qemu-aiotop.new reason dirs file
    rm -rf "$new"
    unfinished+=("$new")
    try_changes "$target" "$new"
    dirs=$(cd "$new" && find . -mindepth 1 -type d -printf '%P\n')
    reason=$(unwritable_dir "$target" <<<"$dirs")
    [ -z "$reason" ] || die "cannot patch '$target', which is as it was:" \
        "'$reason' cannot be written to"
    (cd "$target" && xargs mkdir -p <<<"$dirs")
    trap '' INT TERM HUP
    (cd "$new" && find . -type f -printf '%P\n') | while read -r file; do
        mv -T "$new/$file" "$target/$file" ||
            die "'$target' is patched in part, not in $file"
    done
}
