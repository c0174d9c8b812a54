# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
#
# A QEMU under a prefix of its own, firmware and all. It is put together aside
# and renamed at the end, so that it is there whole or not at all; what is left
# by a kill -9 is put right by the next to come.

# Debian's source of QEMU is without firmware; its own packages have it, for the
# same version of QEMU. (UEFI is not among it: libvirt takes that from the
# machine's own package ovmf, whatever the emulator.)
firmware_packages="qemu-system-data seabios ipxe-qemu"
firmware_globs="usr/share/seabios/*.bin usr/share/qemu/kvmvapic.bin
    usr/share/qemu/linuxboot*.bin usr/share/qemu/multiboot*.bin
    usr/share/qemu/pvh.bin usr/share/qemu/qboot.rom
    usr/share/qemu/pxe-*.rom usr/share/qemu/efi-*.rom"
# The files that were installed, from PREFIX on.
manifest=share/qemu-aiotop/files

make_firmware() {
    local root=$firmware.root
    rm -rf "$root" "$firmware"
    # shellcheck disable=SC2086
    apt_unpack "$root" $firmware_packages
    mkdir -p "$firmware"
    # shellcheck disable=SC2086
    (cd "$root" && install -m 644 -t "$firmware" $firmware_globs)
    rm -rf "$root"
}

fetch_firmware() {
    firmware=$cache/firmware/$suite-$(
        echo "$firmware_packages $firmware_globs" | cache_hash)
    if cache_complete "$firmware"; then
        return
    fi
    apt_open "$suite"
    cache_lock "apt-$suite"
    if ! cache_complete "$firmware"; then
        unfinished=("$firmware" "$firmware.root")
        job_run "Fetching firmware" make_firmware
        touch "$firmware/.complete"
        unfinished=()
    fi
    cache_unlock
}

# Put what is to be installed together in DIR. Programs find what belongs to them
# by where they are themselves.
stage() {
    local dir=$1 name where
    umask 022
    mkdir -p "$dir/share/qemu" "$dir/${manifest%/*}"
    targets | while read -r name; do
        where=bin
        case $name in
        qemu-bridge-helper) where=libexec ;;
        esac
        install -D -t "$dir/$where" "$tree/build/$name"
    done
    cp -r "$tree/pc-bios/keymaps" "$dir/share/qemu"
    chmod -R u=rwX,go=rX "$dir/share/qemu"
    install -m 644 -t "$dir/share/qemu" "$firmware"/*
    (cd "$dir" && : >"$manifest" && find . ! -type d | sort) >"$dir.files"
    mv "$dir.files" "$dir/$manifest"
}

# Set while it is ours to change what is in the parent directory.
prefix_new=

find_prefix() {
    case $1 in
    /*) prefix=$(realpath -m -- "$1") ;;
    *) die "'$1' is no absolute path; see scripts/qemu --help" ;;
    esac
    parent=$(dirname "$prefix")
    if [ "$prefix" = / ] || [ ! -d "$parent" ]; then
        die "'$prefix' cannot be made: '$parent' is no directory"
    fi
    if [ ! -w "$parent" ] && ! command -v sudo >/dev/null; then
        die "'$parent' is not yours to write to, and there is no sudo"
    fi
}

# Be the only one to change the prefix. Nothing is changed before all that has
# its name, or one of those beside it, is known to be ours.
open_prefix() {
    local beside=$parent/.${prefix##*/}.qemu-aiotop
    cache_lock prefix
    if [ -e "$prefix" ] && [ -n "$(ls -A "$prefix")" ]; then
        own_prefix
    fi
    own_leftover "$beside.new"
    own_leftover "$beside.old"
    own_leftover "$beside.gone"
    prefix_new=$beside.new
    prefix_old=$beside.old
    prefix_gone=$beside.gone
    prefix_settle
}

# Run COMMAND on what is in the parent directory.
in_parent() {
    if [ -w "$parent" ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Take away what is unfinished beside the prefix, and take back what was to be
# replaced.
prefix_settle() {
    if [ -z "$prefix_new" ]; then
        return
    fi
    prefix_remove "$prefix_new"
    prefix_remove "$prefix_gone"
    if [ -e "$prefix" ]; then
        prefix_remove "$prefix_old"
    elif [ -e "$prefix_old" ]; then
        in_parent mv -T "$prefix_old" "$prefix"
    fi
}

# Remove DIR, the list of its files last: what a kill -9 leaves is known by it.
prefix_remove() {
    if [ -e "$1" ]; then
        in_parent find "$1" ! -type d ! -path "*/$manifest" -delete
        in_parent rm -rf "$1"
    fi
}

# The first of the files under DIR that were not installed there. An unfinished
# DIR has no list while it has no files.
other_file() {
    (cd "$1" && find . ! -type d ! -path "./$manifest" | sort |
        comm -23 - <(sort "$manifest" 2>/dev/null) | sed -n 1p)
}

# Fail unless all that is under the prefix was installed there.
own_prefix() {
    local other
    [ -r "$prefix/$manifest" ] ||
        die "'$prefix' was not made by scripts/qemu install"
    other=$(other_file "$prefix")
    [ -z "$other" ] || die "'$prefix' has a file that was not installed," \
        "${other#./}: move it elsewhere"
}

# Fail if DIR is there, and is not what another run left: a directory, made by
# root or by us, with nothing in it that was not to be installed.
own_leftover() {
    local other
    if [ ! -e "$1" ] && [ ! -L "$1" ]; then
        return
    fi
    if [ -d "$1" ] && [ ! -L "$1" ] && { [ -O "$1" ] ||
       [ "$(stat -c %u "$1")" = 0 ]; } && other=$(other_file "$1" 2>&1) &&
       [ -z "$other" ]; then
        return
    fi
    die "'$1' was not made by scripts/qemu install: move it elsewhere"
}

# Firmware comes first: there is one lock at a time.
install_prefix() {
    local dir staged reason
    find_prefix "$1"
    fetch_firmware
    open_prefix
    dir=$(cache_scratch install)
    unfinished=("$dir")
    staged=$dir/qemu
    job_run "Putting QEMU together" stage "$staged"
    reason=$(
        umask 022
        { in_parent install -D -m 644 "$staged/$manifest" \
            "$prefix_new/$manifest" &&
          in_parent cp -R -T --preserve=mode,timestamps,links \
            "$staged" "$prefix_new"; } 2>&1
    ) || die "cannot install in '$parent': ${reason##*: }"
    if [ -e "$prefix" ]; then
        in_parent mv -T "$prefix" "$prefix_old"
    fi
    in_parent mv -T "$prefix_new" "$prefix"
    prefix_settle
}

uninstall_prefix() {
    find_prefix "$1"
    open_prefix
    own_prefix
    in_parent mv -T "$prefix" "$prefix_gone"
    prefix_settle
}
