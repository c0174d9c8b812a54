# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
#
# What a QEMU to live with has, which is what --full builds: all devices of the
# x86_64 target, and the features that people use. Each is asked for by name, so
# that a package that is missing is an error and not a QEMU that lacks something.
# The packages are scripts/deps's.

full_features="
    system tools kvm tcg multiprocess replication colo-proxy hv-balloon
    attr keyring libkeyutils malloc-trim numa plugins
    linux-aio linux-io-uring libpmem libdaxctl
    rbd libnfs libiscsi libssh curl fuse fuse-lseek
    bochs cloop dmg parallels qcow1 qed vdi vhdx vmdk vpc vvfat
    bzip2 lzo snappy zstd
    slirp l2tpv3 bpf rdma
    vhost-kernel vhost-net vhost-user vhost-crypto vhost-vdpa
    vhost-user-blk-server libvduse vduse-blk-export virtfs
    gnutls auth-pam seccomp cap-ng selinux
    tpm smartcard libcbor
    vnc vnc-jpeg vnc-sasl png pixman xkbcommon iconv curses
    spice spice-protocol usb-redir libusb libudev
    opengl virglrenderer gio dbus-display
    capstone stack-protector"

# The programs: to be run, and to be run by QEMU and libvirt.
full_programs="qemu-system-x86_64 qemu-img qemu-io qemu-nbd
    storage-daemon/qemu-storage-daemon qemu-edid qemu-keymap
    qemu-pr-helper qemu-bridge-helper"

full_options() {
    local feature
    echo --python=/usr/bin/python3
    echo --sysconfdir=/etc
    echo --localstatedir=/var
    echo --without-default-features
    echo --disable-docs
    echo --disable-download
    echo --disable-install-blobs
    echo --target-list=x86_64-softmmu
    echo --enable-fdt=system
    echo --enable-coroutine-pool
    for feature in $full_features $(base_value features); do
        echo "--enable-$feature"
    done
}

full_targets() {
    local program
    for program in $full_programs; do
        echo "$program"
    done
}

need_packages() {
    local missing
    missing=$("$top/scripts/deps" --full --missing)
    if [ -n "$missing" ]; then
        die "--full needs more packages; run: scripts/deps --full --install"
    fi
}
