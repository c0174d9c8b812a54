# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# The client's build directories.

# Build TARGET ("all", or one of ninja's) in DIR, which is made with meson's
# OPTIONs where it is not there. Two that build in one directory would spoil each
# other's work, so they do it one after the other.
client_build() {
    local dir=$1 target=$2
    shift 2
    cache_lock "client-$(cache_hash <<<"$dir")" "$dir"
    if [ ! -e "$dir/build.ninja" ]; then
        meson setup "$dir" "$top" "$@"
    fi
    ninja -C "$dir" "$target"
    cache_unlock
}
