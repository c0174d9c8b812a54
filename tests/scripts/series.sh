# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
#
# Tests of the series that others take, and of what becomes of their trees. Read
# by scripts/qemu.

export_twice() {
    export_series "$dir/1" "$dir/repo1" &&
        export_series "$dir/2" "$dir/repo2" &&
        diff -r "$dir/1" "$dir/2"
}

# A user with much of a configuration of git's: .gitconfig, which git am
# is run with, and one that is worse.
hostile_home() {
    mkdir -p "$dir/home/.config/git" "$dir/home/hooks" \
        "$dir/home/template/info"
    cat >"$dir/home/.gitconfig" <<EOF
[user]
    name = somebody
    email = somebody@localhost
[apply]
    whitespace = fix
[mailinfo]
    scissors = true
[diff]
    noprefix = true
    context = 1
EOF
    cat >"$dir/home/worse" <<EOF
[include]
    path = .gitconfig
[core]
    excludesFile = $dir/home/ignore
    hooksPath = $dir/home/hooks
[commit]
    gpgsign = true
[gpg]
    program = false
[format]
    signature = me
    attach
    suffix = .txt
    numbered = true
[init]
    templateDir = $dir/home/template
EOF
    printf '%s\n' '*.json' '*.c' | tee "$dir/home/ignore" \
        "$dir/home/template/info/exclude" >"$dir/home/.config/git/ignore"
    echo '*.h binary' >"$dir/home/.config/git/attributes"
    printf '#!/bin/sh\nexit 1\n' >"$dir/home/hooks/pre-commit"
    chmod +x "$dir/home/hooks/pre-commit"
    git init -q "$dir/home/other"
}

# Run COMMAND as a hook of that user's would, in another repository.
in_home() {
    env HOME="$dir/home" XDG_CACHE_HOME="${cache%/*}" \
        GIT_DIR="$dir/home/other/.git" GIT_INDEX_FILE="$dir/home/index" \
        GIT_WORK_TREE="$dir/home/other" "$@"
}

exports_the_same() {
    in_home GIT_CONFIG_GLOBAL="$dir/home/worse" \
        GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=diff.noprefix \
        GIT_CONFIG_VALUE_0=true GIT_AUTHOR_DATE=2001-01-01T00:00:00Z \
        GIT_DIFF_OPTS=--unified=0 \
        "$top/scripts/qemu" export "$version" "$dir/3" &&
        diff -r "$dir/1" "$dir/3" && has_all_files "$dir/3"
}

# The series in DIR brings all new files, by the names that git am takes.
has_all_files() {
    find "$top/qemu-patches/common" -type f -printf '+++ b/%P\n' | sort |
        comm -23 - <(sort -u "$1"/*.patch) >"$dir/missing"
    cat "$dir/missing"
    [ ! -s "$dir/missing" ]
}

apply_in_home() {
    in_home "$top/scripts/qemu" apply "$dir/git" &&
        [ -z "$(git -C "$dir/home/other" rev-list --all)" ]
}

# Without its housekeeping, which goes on in the background when the tree is
# removed.
git_source() {
    make_tree "$dir/git" &&
        git -C "$dir/git" init -q &&
        git -C "$dir/git" config maintenance.auto false &&
        git -C "$dir/git" add -A -f &&
        git -C "$dir/git" commit -q -m base
}

# As the tree that is built, but for what building leaves in it.
is_built() {
    diff -r -q -x .git -x build -x '*.pyc' -x __pycache__ -x scratch \
        -x .wraplock "$@" "$tree"
}

series_makes_tree() {
    [ -z "$(git -C "$dir/git" status --porcelain)" ] && is_built "$dir/git"
}

# Each patch brings the new files that it includes or builds, and no other ones.
files_come_in_time() {
    find "$top/qemu-patches/common" -type f |
        sed 's,.*/,,; s,\.[^.]*$,,' | sort -u |
        awk '
            FILENAME == "-" { new[$0]; next }
            FNR == 1 { check(); patch = FILENAME }
            /^ create mode / { sub(/.*[\/ ]/, ""); sub(/\..*/, ""); has[$0] }
            /^\+\+\+ / { at = $2 ~ /(meson\.build|qapi.*\.json)$/ }
            /^\+/ && (at || /^\+#include "/) {
                n = split($0, words, /[^a-z0-9-]+/)
                for (i = 1; i <= n; i++) {
                    if (words[i] in new) {
                        named[words[i]]
                    }
                }
            }
            function check(    name) {
                for (name in new) {
                    if ((name in has) != (name in named)) {
                        print patch ": " (name in has ? "has " : "lacks ") name
                        bad = 1
                    }
                }
            }
            END { check(); exit bad }' - "$dir"/1/*.patch
}

apply_to() {
    "$top/scripts/qemu" apply "$dir/$1"
}

# The tree NAME as it is now: its files, and what git says.
tree_state() {
    (cd "$dir/$1" && find . -name .git -prune -o -type f -exec sha256sum {} + |
        sort -k 2)
    if [ -e "$dir/$1/.git" ]; then
        git -C "$dir/$1" rev-parse HEAD
        git -C "$dir/$1" status --porcelain
    fi
}

debian_export() {
    "$top/scripts/qemu" export "$version" "$dir/debian" --debian
}

# Debian's source package, whose present version is noted.
debian_source() {
    dpkg-source --no-copy -x "$dsc" "$dir/debian" &&
        dpkg-parsechangelog -l "$dir/debian/debian/changelog" -S Version \
            >"$dir/version"
}

debian_version_is_newer() {
    dpkg --compare-versions "$(dpkg-parsechangelog \
        -l "$dir/debian/debian/changelog" -S Version)" gt "$(cat "$dir/version")"
}

# What dpkg-buildpackage does before it builds.
debian_makes_tree() {
    dpkg-source --before-build "$dir/debian" &&
        is_built -x .pc -x debian -x aiotop.mak "$dir/debian"
}

debian_refuses() {
    local words=$1 before said status=0
    before=$(tree_state debian)
    said=$(debian_export 2>&1) || status=$?
    echo "$said"
    said=$(grep -v '^Patching ' <<<"$said")
    [ "$status" = 1 ] && [ "$(wc -l <<<"$said")" = 1 ] &&
        [[ $said = *"$words"* ]] && [ "$before" = "$(tree_state debian)" ]
}

# Before dpkg-source does, in the middle of its work.
debian_refuses_changed() {
    local file=$dir/debian/util/async.c status=0
    cp -p "$file" "$dir/kept"
    echo changed >"$file"
    debian_refuses "util/async.c is another" || status=$?
    mv "$dir/kept" "$file"
    return $status
}

# "apply" complains with WORDS of the tree NAME, in one line, and changes nothing
# there.
refuses() {
    local name=$1 words=$2 said status=0 before
    before=$(tree_state "$name")
    said=$(apply_to "$name" 2>&1) || status=$?
    echo "$said"
    said=$(grep -v '^Patching ' <<<"$said")
    [ "$status" = 1 ] && [ "$(wc -l <<<"$said")" = 1 ] &&
        [[ $said = *"$words"* ]] && [ "$before" = "$(tree_state "$name")" ]
}

# The tree NAME has another CONTENT in FILE meanwhile.
refuses_with() {
    local name=$1 file=$dir/$1/$2 content=$3 status=0
    cp -p "$file" "$dir/kept"
    echo "$content" >"$file"
    refuses "$name" "$4" || status=$?
    cp -p "$dir/kept" "$file"
    return $status
}

small_tree() {
    mkdir "$dir/plain"
    git -C "$dir/git" archive HEAD VERSION qapi block.c |
        tar -x -C "$dir/plain"
    # what the patches add is not there
    patched_files | xargs git -C "$dir/git" ls-files -- |
        (cd "$dir/git" && xargs tar -c) | tar -x -C "$dir/plain"
}

# As a full disk would: after this much there is no more.
exports_nothing_when_full() {
    ! (ulimit -f 8; "$top/scripts/qemu" export "$version" "$dir/none") &&
        [ -z "$(ls -A "$dir/none")" ]
}

refuses_when_full() {
    local before status=0
    before=$(tree_state plain)
    (ulimit -f 8; apply_to plain) || status=$?
    [ "$status" != 0 ] && [ "$before" = "$(tree_state plain)" ]
}

# One of its directories is on a file system that cannot be written to.
refuses_read_only() {
    export -f refuses apply_to tree_state
    # shellcheck disable=SC2016
    top=$top dir=$dir unshare --map-root-user --mount bash -c '
        mount --bind "$dir/plain/util" "$dir/plain/util" &&
        mount -o remount,bind,ro "$dir/plain/util" &&
        refuses plain "/util"
        '
}

# A directory is where a file is to be, so that mv fails after all.
counts_mv() {
    local file said status=0
    file=$(find "$top/qemu-patches/common/util" -type f -printf 'util/%P\n' |
        sed -n 1p)
    cp -r "$dir/plain" "$dir/odd"
    mkdir "$dir/odd/$file"
    said=$(apply_to odd 2>&1) || status=$?
    echo "$said"
    [ "$status" = 1 ] && [[ $said = *"is patched in part"* ]]
}

plain_is_patched() {
    local file
    apply_to plain &&
        [ ! -e "$dir/plain/.qemu-aiotop.new" ] &&
        find "$top/qemu-patches/common" -type f -printf '%P\n' |
            cat - <(patched_files) | while read -r file; do
                cmp "$dir/plain/$file" "$tree/$file" || exit 1
            done
}

# A version whose source has to be fetched, where nobody has a newer list of
# sources than the one that is here. $1: its directory.
fetch() {
    (
        apt_update() {
            :
        }
        package=1:0.0.0-none
        source_dir=$1
        fetch_source
    )
}

tells_of_lost_source() {
    local said status=0
    said=$(fetch "$dir/source" 2>&1) || status=$?
    echo "$said"
    [ "$status" = "$status_gone" ] && [ ! -e "$dir/source.new" ] &&
        [[ $said = *"does not have QEMU's source 1:0.0.0-none any more"* ]]
}

run_export() {
    local dir
    export GIT_AUTHOR_NAME=check GIT_AUTHOR_EMAIL=check@localhost \
        GIT_COMMITTER_NAME=check GIT_COMMITTER_EMAIL=check@localhost
    dir=$(cache_scratch export)
    unfinished=("$dir")
    tap_check "source: says that no mirror has it any more" \
        tells_of_lost_source
    tap_check "source: is not looked for where it is" \
        fetch "$(dirname "$dsc")"
    tap_check "export: the same files give the same patches" export_twice
    tap_check "export: each patch has the new files that it needs" \
        files_come_in_time
    tap_check "export: a user's configuration of git" hostile_home
    tap_check "export: gives the same patches with it" exports_the_same
    tap_check "export: writes nothing when there is no room for all" \
        exports_nothing_when_full
    tap_check "export: Debian's source package" debian_source
    tap_check "export: it is refused if the patches do not fit" \
        debian_refuses_changed
    tap_check "export: it gets the patches" debian_export
    tap_check "export: it has a newer version" debian_version_is_newer
    tap_check "export: it does not get them twice" \
        debian_refuses "has the patches already"
    tap_check "export: what is built from it has them" debian_makes_tree
    rm -rf "$dir/debian"
    tap_check "export: the source as a git tree" git_source
    tap_check "apply: refuses another series" \
        refuses_with git VERSION 9.2.4 "is QEMU 9.2.4; there are patches for"
    tap_check "apply: refuses what leads to the next series" \
        refuses_with git VERSION 10.0.91 "is QEMU 10.0.91; there are"
    tap_check "apply: refuses a tree with changes" \
        refuses_with git block.c changed "changes that are not committed"
    tap_check "apply: plain files of the same source" small_tree
    tap_check "apply: refuses plain files that the patches do not fit" \
        refuses_with plain util/async.c changed "util/async.c is another"
    tap_check "apply: leaves plain files as they were when there is no room" \
        refuses_when_full
    tap_check "apply: leaves plain files where a directory is read-only" \
        refuses_read_only
    tap_check "apply: does not end well if a file cannot be put there" counts_mv
    tap_check "apply: makes of plain files what is built" plain_is_patched
    tap_check "apply: refuses plain files that are patched" \
        refuses plain "has the profiler already"
    tap_check "apply: git am takes the series, whatever is configured" \
        apply_in_home
    tap_check "apply: it makes the tree that is built" series_makes_tree
    tap_check "apply: refuses a git tree that is patched" \
        refuses git "has the profiler already"
    rm -rf "$dir"
    unfinished=()
}
