# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# The patches in a source package of Debian's, as dpkg-source unpacks it: what
# dpkg-buildpackage makes of it is the distribution's QEMU with the profiler.

# The entry of the changelog, for the source package in TREE.
debian_entry() {
    local source version author
    source=$(dpkg-parsechangelog -l "$1/debian/changelog" -S Source)
    version=$(dpkg-parsechangelog -l "$1/debian/changelog" -S Version)
    author=$(patch_header From "$patches"/0001-*.patch)
    cat <<EOF
$source ($version+aiotop1) UNRELEASED; urgency=medium

  * Add the event loop profiler of qemu-aiotop.

 -- $author  $(date -R)

EOF
}

# Have what is to be in TREE/debian in DIR.
prepare_debian() {
    local tree=$1 dir=$2
    export_series "$dir/qemu-aiotop" "$dir/repo"
    cp "$tree/debian/patches/series" "$dir/series"
    (cd "$dir" && printf '%s\n' qemu-aiotop/*.patch) >>"$dir/series"
    debian_entry "$tree" >"$dir/changelog"
    cat "$tree/debian/changelog" >>"$dir/changelog"
}

# Bring the series into the source package in TREE. As in apply_changes(), all
# is made aside and renamed at the end.
export_debian() {
    local tree=$1 debian=$1/debian new=$1/debian/.qemu-aiotop.new
    if [ ! -r "$debian/changelog" ] || [ ! -r "$debian/patches/series" ]; then
        die "'$tree' is no source package of Debian's, unpacked by dpkg-source"
    fi
    [ ! -e "$debian/patches/qemu-aiotop" ] ||
        die "'$tree' has the patches already, in debian/patches/qemu-aiotop"
    open_target "$tree"
    [ "$version" = "$2" ] ||
        die "'$tree' is QEMU ${version#v}, which is not ${2#v}"
    rm -rf "$new"
    unfinished+=("$new")
    mkdir "$new"
    # what dpkg-source would complain of later
    try_changes "$tree" "$new/tree"
    rm -rf "$new/tree"
    job_run "Writing the patches into $tree" prepare_debian "$tree" "$new"
    trap '' INT TERM HUP
    mv "$new/qemu-aiotop" "$debian/patches/"
    mv "$new/series" "$debian/patches/series"
    mv "$new/changelog" "$debian/changelog"
}
