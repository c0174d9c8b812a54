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

open_prefix() {
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
    cache_lock prefix
    prefix_new=$parent/.${prefix##*/}.new
    prefix_old=$parent/.${prefix##*/}.old
    prefix_gone=$parent/.${prefix##*/}.gone
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
    local left
    if [ -z "$prefix_new" ]; then
        return
    fi
    for left in "$prefix_new" "$prefix_gone"; do
        if [ -e "$left" ]; then
            in_parent rm -rf "$left"
        fi
    done
    if [ -e "$prefix_old" ]; then
        if [ -e "$prefix" ]; then
            in_parent rm -rf "$prefix_old"
        else
            in_parent mv -T "$prefix_old" "$prefix"
        fi
    fi
}

# Fail unless all that is under the prefix was installed there.
own_prefix() {
    local other
    [ -r "$prefix/$manifest" ] ||
        die "'$prefix' was not made by scripts/qemu install"
    other=$(cd "$prefix" && find . ! -type d | sort |
            comm -23 - "$prefix/$manifest" | head -n 1)
    [ -z "$other" ] || die "'$prefix' has a file that was not installed," \
        "${other#./}: move it elsewhere"
}

install_prefix() {
    local dir staged reason
    if [ -e "$prefix" ] && [ -n "$(ls -A "$prefix")" ]; then
        own_prefix
    fi
    fetch_firmware
    dir=$(mktemp -d "$cache/install.XXXXXX")
    unfinished=("$dir")
    staged=$dir/qemu
    job_run "Putting QEMU together" stage "$staged"
    reason=$(in_parent cp -R --preserve=mode,timestamps,links \
        "$staged" "$prefix_new" 2>&1) ||
        die "cannot install in '$parent': ${reason##*: }"
    if [ -e "$prefix" ]; then
        in_parent mv -T "$prefix" "$prefix_old"
    fi
    in_parent mv -T "$prefix_new" "$prefix"
    prefix_settle
}

uninstall_prefix() {
    own_prefix
    in_parent mv -T "$prefix" "$prefix_gone"
    prefix_settle
}
