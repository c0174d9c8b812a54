# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The cache directory: where it is, and the rules that keep what is in it whole.
#
# A thing is named after the hash of what goes into it, and counts as there
# only once it holds the file .complete, which is written last. An unfinished
# one is removed by whoever made it, or, after a kill -9, by the next to come.

case ${XDG_CACHE_HOME:-},${HOME:-} in
/*) cache=$XDG_CACHE_HOME/qemu-aiotop ;;
*,/*) cache=$HOME/.cache/qemu-aiotop ;;
*) die "neither HOME nor XDG_CACHE_HOME is set to an absolute path" ;;
esac

# Have a log of this run's own, in the variable log: others may run at the same
# time. NAME-last.log is a link to the last one's; those of a week ago are
# removed.
cache_log() {
    { mkdir -p "$cache/log" &&
        log=$(mktemp "$cache/log/$1-$(date +%m%d-%H%M%S)-XXXXXX.log"); } \
        2>/dev/null ||
        die "cannot write to '$cache/log': have room there, or set" \
            "XDG_CACHE_HOME to another directory"
    ln -sfn "${log##*/}" "$cache/log/$1-last.log"
    # Another run may remove them, too.
    find "$cache/log" -ignore_readdir_race -type f -mtime +7 -delete || true
}

# Print a new directory for NAME's work. Whoever made it removes it, or, after a
# kill -9, the next to come, from a day later on.
cache_scratch() {
    mkdir -p "$cache/scratch"
    find "$cache/scratch" -ignore_readdir_race -mindepth 1 -maxdepth 1 -mtime +0 \
        -exec rm -rf {} +
    mktemp -d "$cache/scratch/$1.XXXXXX"
}

# Be the only one to write what NAME stands for, or in other words WHAT, until
# this process ends.
cache_lock() {
    mkdir -p "$cache/lock"
    exec 9>"$cache/lock/$1"
    if ! flock -n 9; then
        say "waiting for another run that makes ${2:-$1}"
        flock 9
    fi
}

cache_unlock() {
    exec 9>&-
}

cache_complete() {
    [ -e "$1/.complete" ]
}

# Note that DIR is in use, so that it is pruned after the others.
cache_touch() {
    touch "$1/.complete"
}

# Remove all but the COUNT last used of the directories PREFIX*, unfinished
# ones first.
cache_prune() {
    local prefix=$1 count=$2 dir
    mkdir -p "$(dirname "$prefix")"
    for dir in "$prefix"*; do
        if [ -d "$dir" ] && ! cache_complete "$dir"; then
            rm -rf "$dir"
        fi
    done
    find "$(dirname "$prefix")" -mindepth 2 -maxdepth 2 -name .complete \
        -path "$prefix*" -printf '%T@ %h\n' | sort -rn | cut -d' ' -f2- |
        tail -n "+$((count + 1))" |
        while read -r dir; do
            rm -rf "$dir"
        done
}

# The first 16 digits of the hash of what is read.
cache_hash() {
    sha256sum | cut -c1-16
}
