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
    timeout 900 "$dir/qemu/bin/qemu-system-x86_64" -machine q35,accel=tcg \
        -cpu max -m 256 -nodefaults -no-user-config -display none -no-reboot \
        -netdev socket,id=net0,udp=127.0.0.1:9,localaddr=127.0.0.1:0 \
        -device virtio-net-pci,netdev=net0 \
        -kernel "$guest/kernel" -initrd "$guest/initramfs" \
        -append "console=ttyS0 quiet no_timer_check job=idle" \
        -serial "file:$dir/console" &
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

# "scripts/qemu VERB ARGUMENT" says WORDS in one line, but for a wait for another
# run, and leaves DIR as it was.
refuses_prefix() {
    local words=$1 said status=0 before
    shift
    before=$(whole "$dir")
    said=$("$top/scripts/qemu" "$@" 2>&1) || status=$?
    echo "$said"
    said=$(grep -v '^waiting for another run ' <<<"$said")
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

# Another's directory, with what else is theirs beside it.
refuses_not_own() {
    local status=0 end
    mkdir "$dir/config"
    touch "$dir/config/mine"
    for end in new old gone; do
        cp -r "$dir/config" "$dir/.config.$end"
        cp -r "$dir/config" "$dir/.config.qemu-aiotop.$end"
    done
    refuses_prefix "config' was not made by" "$@" || status=1
    rm -r "$dir/config" "$dir"/.config.*
    return $status
}

# So many that their names do not go through a pipe at once.
refuses_many_files() {
    local status=0
    mkdir "$dir/qemu/other"
    (cd "$dir/qemu/other" && seq -f "file-with-a-long-name-%g" 9999 | xargs touch)
    refuses_prefix "other/file-with-a-long-name-1: move it" "$@" || status=$?
    rm -r "$dir/qemu/other"
    return $status
}

# What is beside the prefix by the names of what is unfinished, and is not ours:
# a link, a directory with a file more, or one that is somebody's (which root
# alone can make).
refuses_beside() {
    local beside=$dir/.qemu.qemu-aiotop status=0
    ln -s "$dir/qemu" "$beside.new"
    refuses_prefix ".new' was not made by" "$@" || status=1
    rm "$beside.new"
    mkdir "$beside.old"
    touch "$beside.old/mine"
    refuses_prefix ".old' was not made by" "$@" || status=1
    rm -r "$beside.old"
    mkdir "$beside.gone"
    chown nobody "$beside.gone" || touch "$beside.gone/mine"
    refuses_prefix ".gone' was not made by" "$@" || status=1
    rm -r "$beside.gone"
    return $status
}

# Those of other programs, whose names end like that.
leaves_others() {
    local before
    mkdir "$dir/.qemu.new" "$dir/.qemu.old" "$dir/.qemu.gone"
    touch "$dir/.qemu.old/mine"
    before=$(ls -A "$dir")
    install_to "$dir/qemu" && [ "$before" = "$(ls -A "$dir")" ] &&
        [ -e "$dir/.qemu.old/mine" ] &&
        rm -r "$dir/.qemu.new" "$dir/.qemu.old" "$dir/.qemu.gone"
}

# The list is in the order of whoever's language it was.
knows_list() {
    local list=$dir/qemu/share/qemu-aiotop/files
    sort -r "$list" -o "$list"
    install_to "$dir/qemu"
}

# Where the firmware has to be fetched, and all that changes the parent
# directory looks whether the lock is still there.
holds_lock() {
    local cache=$dir/cache
    mkdir "$dir/locked"
    make_firmware() {
        mkdir -p "$firmware"
        touch "$firmware/none.bin"
    }
    in_parent() {
        ! flock -n "$cache/lock/prefix" true && "$@"
    }
    install_prefix "$dir/locked/qemu" && rm -r "$dir/cache" "$dir/locked"
}

alone() {
    [ "$(ls -A "$dir")" = qemu ]
}

# What a kill -9 leaves, at whatever point, the next one puts right.
heals() {
    local before beside=$dir/.qemu.qemu-aiotop
    before=$(whole "$dir/qemu")
    cp -r "$dir/qemu" "$beside.gone"
    rm -r "$beside.gone/bin"
    cp -r "$dir/qemu" "$beside.new"
    rm -r "$beside.new/share/qemu"
    mv "$dir/qemu" "$beside.old"
    install_to "$dir/qemu" && alone &&
        [ "$before" = "$(whole "$dir/qemu")" ] || return
    mkdir -p "$beside.new/bin" "$beside.gone/bin"
    cp -r "$dir/qemu" "$beside.old"
    install_to "$dir/qemu" && alone
}

# SIGTERM, when it has been copied, into a DIR that has one or has none: a cp
# that waits is in cp's place. (SIGINT may be ignored by whoever runs this.)
interrupted() {
    local before pid said waits
    before=$(ls -A "$dir"; whole "$dir")
    waits=$(mktemp -u)
    mkfifo "$waits"
    set -m
    (
        cp() {
            command cp "$@"
            case $* in
            *.qemu.qemu-aiotop.new)
                # shellcheck disable=SC2016
                exec sh -c 'echo copied >"$waits"; exec sleep infinity'
                ;;
            esac
        }
        export -f cp
        export waits
        # It is to end first
        trap : TERM
        install_to "$dir/qemu"
        [ ! -p "$waits" ] || echo ended >"$waits"
    ) &
    pid=$!
    set +m
    read -r said <"$waits"
    rm "$waits"
    [ -e "$dir/.qemu.qemu-aiotop.new/bin" ] || said=
    kill -TERM -- "-$pid"
    wait "$pid" || true
    [ "$said" = copied ] &&
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

# libvirt's profiles get the lines once, after what is there; where there are no
# profiles, nothing is done.
apparmor_allows() {
    local etc=$dir/apparmor.d before own
    mkdir -p "$etc/local"
    "$top/scripts/apparmor" "$dir/qemu" "$etc" &&
        [ -z "$(find "$etc" -type f)" ] || return
    mkdir -p "$etc/abstractions" "$etc/local/abstractions"
    own=$etc/local/abstractions/libvirt-qemu
    touch "$etc/abstractions/libvirt-qemu" "$etc/usr.sbin.libvirtd"
    printf '/mine r,' >"$own"
    "$top/scripts/apparmor" "$dir/qemu/" "$etc" || return
    before=$(whole "$etc")
    cat "$own" "$etc/local/usr.sbin.libvirtd"
    [ "$(sed -n 1p "$own")" = "/mine r," ] &&
        grep -qxF "$dir/qemu/bin/* rmix," "$own" &&
        grep -qxF "$dir/qemu/share/qemu/** r," "$own" &&
        grep -qxF "/run/qemu-aiotop/*.sock rw," "$own" &&
        grep -qxF "/proc/sys/vm/max_map_count r," "$own" &&
        grep -qxF "$dir/qemu/bin/* PUx," "$etc/local/usr.sbin.libvirtd" &&
        "$top/scripts/apparmor" "$dir/qemu" "$etc" &&
        [ "$before" = "$(whole "$etc")" ] &&
        ! "$top/scripts/apparmor" "$dir/{qemu}" "$etc" &&
        [ "$before" = "$(whole "$etc")" ] && rm -r "$etc"
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
    tap_check "install: a signal leaves nothing" interrupted
    tap_check "install: a full disk leaves nothing" no_room
    tap_check "install: prints an emulator that runs" has_emulator
    tap_check "install: nothing is left beside it" alone
    tap_check "install: a guest boots with its firmware" boots
    tap_check "install: a signal leaves the one before" interrupted
    tap_check "install: puts right what a kill left" heals
    tap_check "install: leaves what has other names" leaves_others
    tap_check "install: knows its list in any order" knows_list
    tap_check "install: holds its lock to the end" holds_lock
    tap_check "install: refuses what is not its own beside it" \
        refuses_beside install "$version" "$dir/qemu" "${which[@]}"
    tap_check "uninstall: refuses what is not its own beside it" \
        refuses_beside uninstall "$dir/qemu"
    tap_check "uninstall: refuses any number of files" \
        refuses_many_files uninstall "$dir/qemu"
    tap_check "apparmor: libvirt's profiles get the lines" apparmor_allows
    tap_check "install: does not take another's file away" \
        refuses_other_file install "$version" "$dir/qemu" "${which[@]}"
    tap_check "uninstall: does not take another's file away" \
        refuses_other_file uninstall "$dir/qemu"
    tap_check "install: refuses a directory that is not its own" \
        refuses_not_own install "$version" "$dir/config" "${which[@]}"
    tap_check "uninstall: refuses a directory that is not its own" \
        refuses_not_own uninstall "$dir/config"
    tap_check "install: refuses a path that is not absolute" \
        refuses_prefix "is no absolute path" install "$version" qemu \
        "${which[@]}"
    tap_check "uninstall: leaves nothing" gone
    rm -rf "$dir"
    unfinished=()
}
