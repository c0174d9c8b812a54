# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
#
# Tests of what is installed under a prefix, and of what is left when that does
# not come to its end. Read by scripts/qemu.

# $which is of run_install.
install_to() {
    "$top/scripts/qemu" install "$version" "$1" "${which[@]}"
}

uninstall_from() {
    "$top/scripts/qemu" uninstall "$1"
}

# Everything in DIR, to the last byte.
whole() {
    (cd "$1" && find . -type f -exec sha256sum {} + -o -print | sort)
}

has_emulator() {
    [ "$(install_to "$dir/qemu" | tail -n 1)" = \
        "$dir/qemu/bin/qemu-system-x86_64" ] &&
        "$dir/qemu/bin/qemu-system-x86_64" --version &&
        "$dir/qemu/bin/qemu-img" --version
}

# With the firmware that it finds by itself: to start a kernel takes some.
boots() {
    local guest pid status=0
    guest=$("$top/scripts/guest" build) || return
    : >"$dir/console"
    timeout 300 "$dir/qemu/bin/qemu-system-x86_64" -machine q35,accel=tcg \
        -cpu max -m 256 -nodefaults -no-user-config -display none -no-reboot \
        -netdev socket,id=net0,udp=127.0.0.1:9,localaddr=127.0.0.1:0 \
        -device virtio-net-pci,netdev=net0 \
        -kernel "$guest/kernel" -initrd "$guest/initramfs" \
        -append "console=ttyS0 quiet job=idle" -serial "file:$dir/console" &
    pid=$!
    until grep -q '^guest: ready' "$dir/console"; do
        if ! kill -0 "$pid"; then
            status=1
            break
        fi
        sleep 0.1
    done
    kill "$pid" || true
    wait "$pid" || true
    rm "$dir/console"
    return $status
}

# "scripts/qemu VERB ARGUMENT" says WORDS in one line and leaves DIR as it was.
refuses_prefix() {
    local words=$1 said status=0 before
    shift
    before=$(whole "$dir")
    said=$("$top/scripts/qemu" "$@" 2>&1) || status=$?
    echo "$said"
    [ "$status" = 1 ] && [ "$(wc -l <<<"$said")" = 1 ] &&
        [[ $said = *"$words"* ]] && [ "$before" = "$(whole "$dir")" ]
}

refuses_other_file() {
    local status=0
    touch "$dir/qemu/bin/other"
    refuses_prefix "bin/other: move it" "$@" || status=$?
    rm "$dir/qemu/bin/other"
    return $status
}

alone() {
    [ "$(ls -A "$dir")" = qemu ]
}

# What a kill -9 leaves, at whatever point, the next one puts right.
heals() {
    local before
    before=$(whole "$dir/qemu")
    mv "$dir/qemu" "$dir/.qemu.old"
    mkdir -p "$dir/.qemu.new/bin" "$dir/.qemu.gone/bin"
    install_to "$dir/qemu" && alone &&
        [ "$before" = "$(whole "$dir/qemu")" ] || return
    cp -r "$dir/qemu" "$dir/.qemu.old"
    install_to "$dir/qemu" && alone
}

# Ctrl-C, while it is being copied, into a DIR that has one or has none.
interrupted() {
    local before pid
    before=$(ls -A "$dir"; whole "$dir")
    set -m
    install_to "$dir/qemu" &
    pid=$!
    set +m
    until [ -e "$dir/.qemu.new" ]; do
        kill -0 "$pid" || return
        sleep 0.01
    done
    kill -INT -- "-$pid"
    wait "$pid" || true
    [ "$before" = "$(ls -A "$dir"; whole "$dir")" ]
}

# On a file system of 8 MiB.
no_room() {
    # shellcheck disable=SC2016
    unshare --map-root-user --mount bash -c '
        mount -t tmpfs -o size=8M none "$1"
        said=$("$2" install "$3" "$1/qemu" $4 2>&1) && exit 1
        echo "$said"
        [[ $said = *"No space left on device"* ]] && [ -z "$(ls -A "$1")" ]
        ' bash "$dir" "$top/scripts/qemu" "$version" "${which[@]}"
}

gone() {
    uninstall_from "$dir/qemu" && [ -z "$(ls -A "$dir")" ]
}

run_install() {
    local dir which=()
    if [ "$kind" = full ]; then
        which=(--full)
    fi
    dir=$(mktemp -d)
    unfinished=("$dir")
    tap_check "install: Ctrl-C leaves nothing" interrupted
    tap_check "install: a full disk leaves nothing" no_room
    tap_check "install: prints an emulator that runs" has_emulator
    tap_check "install: nothing is left beside it" alone
    tap_check "install: a guest boots with its firmware" boots
    tap_check "install: Ctrl-C leaves the one before" interrupted
    tap_check "install: puts right what a kill left" heals
    tap_check "install: does not take another's file away" \
        refuses_other_file install "$version" "$dir/qemu" "${which[@]}"
    tap_check "uninstall: does not take another's file away" \
        refuses_other_file uninstall "$dir/qemu"
    tap_check "install: refuses a directory that is not its own" \
        refuses_prefix "was not made by" install "$version" "$dir" \
        "${which[@]}"
    tap_check "uninstall: refuses a directory that is not its own" \
        refuses_prefix "was not made by" uninstall "$dir"
    tap_check "install: refuses a path that is not absolute" \
        refuses_prefix "is no absolute path" install "$version" qemu \
        "${which[@]}"
    tap_check "uninstall: leaves nothing" gone
    rm -rf "$dir"
    unfinished=()
}
