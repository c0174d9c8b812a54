# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Packages and sources of one Debian suite, whatever this machine itself runs:
# fetched by apt and verified by Debian's signature, with sources, lists and
# package state that live in the cache. The machine's own stay untouched.

# shellcheck source=cache.sh disable=SC2154
: "$cache"
# What apt says is read here, and what is sorted is compared. Whoever has a
# LANGUAGE is answered in that, whatever the locale.
export LC_ALL=C.UTF-8
unset LANGUAGE
apt_keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# Look for new versions when the lists are this many days old.
apt_days=7

# Work on SUITE from now on.
apt_open() {
    apt_suite=$1
    apt_home=$cache/apt/$apt_suite
    [ -r "$apt_keyring" ] ||
        die "no $apt_keyring: install debian-archive-keyring"
    mkdir -p "$apt_home"/{lists/partial,parts,archives/partial,none}
    : >"$apt_home/status"
    apt_options=(
        -o APT::Architecture=amd64
        -o APT::Architectures=amd64
        -o APT::Sandbox::User=root
        -o APT::Update::Error-Mode=any
        -o Acquire::Retries=3
        -o Acquire::Languages=none
        -o Dir::Etc::sourcelist=/dev/null
        -o "Dir::Etc::sourceparts=$apt_home/parts"
        -o Dir::Etc::preferences=/dev/null
        -o "Dir::Etc::preferencesparts=$apt_home/none"
        -o "Dir::State=$apt_home"
        -o "Dir::State::lists=$apt_home/lists"
        -o "Dir::State::status=$apt_home/status"
        -o "Dir::Cache=$apt_home"
        -o "Dir::Cache::archives=$apt_home/archives"
    )
}

apt_do() {
    apt-get -q "${apt_options[@]}" "$@"
}

# The mirrors that this machine's own apt uses, those known to be Debian's
# first. (Any other that is tried fails for want of Debian's signature.)
apt_mirrors() {
    # shellcheck disable=SC2016
    apt-get indextargets --format \
        '$(ORIGIN)/$(LABEL) $(COMPONENT) $(RELEASE) $(REPO_URI)' |
        awk '$2 == "main" && $3 !~ /security|\/updates$/ && $4 !~ /^cdrom:/ {
                print ($1 == "Debian/Debian" ? 0 : 1), $4
             }' | sort -u | cut -d' ' -f2-
}

# Fetch the suite's lists from the first mirror that serves it. Where none does,
# what apt complained of first says why.
apt_update() {
    local mirror said first="" options="[arch=amd64 signed-by=$apt_keyring]"
    rm -f "$apt_home/updated"
    for mirror in $(apt_mirrors); do
        printf '%s\n' "deb $options $mirror $apt_suite main" \
            "deb-src $options $mirror $apt_suite main" \
            >"$apt_home/parts/own.list"
        if said=$(apt_do update 2>&1); then
            printf '%s\n' "$said"
            touch "$apt_home/updated"
            return
        fi
        printf '%s\n' "$said"
        first=${first:-$said}
    done
    said=$(sed -n 's/^E: //p' <<<"$first" | sed -n 1p)
    echo "E: no mirror of this machine's apt serves $apt_suite${said:+: $said}"
    return 1
}

apt_is_recent() {
    [ -n "$(find "$apt_home/updated" -mtime "-$apt_days" 2>/dev/null)" ]
}

# Make the lists recent. Where that fails, older ones do.
apt_refresh() {
    apt_is_recent || apt_update ||
        compgen -G "$apt_home/lists/*_Packages*" >/dev/null
}

# Download the binary PACKAGEs into the present directory.
apt_download() {
    apt_do download "$@" || { apt_update && apt_do download "$@"; }
}

# Unpack binary PACKAGEs under DIR without installing them.
apt_unpack() {
    local dir=$1 debs deb
    shift
    debs=$(mktemp -d "$apt_home/debs.XXXXXX")
    (cd "$debs" && apt_download "$@")
    mkdir -p "$dir"
    for deb in "$debs"/*.deb; do
        dpkg-deb -x "$deb" "$dir"
    done
    rm -rf "$debs"
}

# Download the source PACKAGE into the present directory.
apt_source() {
    apt_do source --download-only "$1" ||
        { apt_update && apt_do source --download-only "$1"; }
}

# What apt last complained of, from the end of its output on stdin.
apt_reason() {
    grep '^E: ' | tail -n 1 | cut -c4-
}
