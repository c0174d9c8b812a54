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

# Without its housekeeping, which goes on in the background when the tree is
# removed.
git_source() {
    make_tree "$dir/git" &&
        git -C "$dir/git" init -q &&
        git -C "$dir/git" config maintenance.auto false &&
        git -C "$dir/git" add -A -f &&
        git -C "$dir/git" commit -q -m base
}

series_makes_tree() {
    [ -z "$(git -C "$dir/git" status --porcelain)" ] &&
        diff -r -q -x .git -x build -x '*.pyc' -x __pycache__ -x scratch \
            "$dir/git" "$tree"
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
        diff -r -q -x .git -x .pc -x debian -x build -x '*.pyc' \
            -x __pycache__ -x scratch -x aiotop.mak "$dir/debian" "$tree"
}

debian_refuses() {
    local words=$1 before said status=0
    before=$(tree_state debian)
    said=$(debian_export 2>&1) || status=$?
    echo "$said"
    [ "$status" = 1 ] && [ "$(wc -l <<<"$said")" = 1 ] &&
        [[ $said = *"$words"* ]] && [ "$before" = "$(tree_state debian)" ]
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
    patched_files | (cd "$dir/git" && xargs tar -c) | tar -x -C "$dir/plain"
}

# As a full disk would: after this much there is no more.
refuses_when_full() {
    local before status=0
    before=$(tree_state plain)
    (ulimit -f 8; apply_to plain) || status=$?
    [ "$status" != 0 ] && [ "$before" = "$(tree_state plain)" ]
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

run_export() {
    local dir
    export GIT_AUTHOR_NAME=check GIT_AUTHOR_EMAIL=check@localhost \
        GIT_COMMITTER_NAME=check GIT_COMMITTER_EMAIL=check@localhost
    dir=$(mktemp -d "$cache/export.XXXXXX")
    unfinished=("$dir")
    tap_check "export: the same files give the same patches" export_twice
    tap_check "export: Debian's source package" debian_source
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
    tap_check "apply: makes of plain files what is built" plain_is_patched
    tap_check "apply: refuses plain files that are patched" \
        refuses plain "has the profiler already"
    tap_check "apply: git am takes the series" apply_to git
    tap_check "apply: it makes the tree that is built" series_makes_tree
    tap_check "apply: refuses a git tree that is patched" \
        refuses git "has the profiler already"
    rm -rf "$dir"
    unfinished=()
}
