# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of qemu-aiotop for bash

_qemu_aiotop_columns()
{
    "${1:-qemu-aiotop}" -s help 2>/dev/null |
        awk '/^ [ *] [a-z]/ { print $1 == "*" ? $2 : $1 }'
}

_qemu_aiotop()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
    local options="-l --list --host -u --user -b --batch -n --iterations -d --delay
        -o --output -s --sort -r --reverse -t --top -f --filter -L --loop
        -c --columns --cumulative -p --pid -D --diagnose --stacks --check
        --since --timeout --warn --crit --quiet --stalls --requests --threads
        --stall-ms --request-ms --sample --no-sample --enable --color --ascii --no-mouse
        -V --version -h --help"
    local before words=

    COMPREPLY=()
    if [[ ${COMP_WORDS[1]-} == export ]] && ((COMP_CWORD > 1)); then
        options="--listen --textfile -u --user -d --delay --timeout --stall-ms
            --request-ms -V --version -h --help"
    elif ((COMP_CWORD == 1)); then
        words=export
    fi
    case $prev in
    -o | --output)
        mapfile -t COMPREPLY < <(compgen -W "text json csv folded" -- "$cur")
        return ;;
    --color)
        mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$cur")
        return ;;
    -s | --sort)
        mapfile -t COMPREPLY < <(compgen -W \
            "help $(_qemu_aiotop_columns "$1")" -- "$cur")
        return ;;
    -c | --columns)
        before=
        [[ $cur == *,* ]] && before=${cur%,*},
        mapfile -t COMPREPLY < <(compgen -P "$before" -W \
            "help $(_qemu_aiotop_columns "$1")" -- "${cur##*,}")
        return ;;
    -u | --user)
        mapfile -t COMPREPLY < <(compgen -u -- "$cur")
        return ;;
    --warn | --crit)
        compopt -o nospace
        mapfile -t COMPREPLY < <(compgen -S = -W \
            "longest-dispatch delay-p99 dispatch bql run-queue" -- "$cur")
        return ;;
    -n | --iterations | -d | --delay | -t | --top | --stall-ms | --request-ms | --sample | --since | --timeout | \
    -f | --filter | -L | --loop | -p | --pid)
        return ;;
    esac
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    else
        mapfile -t COMPREPLY < <(compgen -f -W "$words" -- "$cur")
    fi
}

complete -o filenames -F _qemu_aiotop qemu-aiotop
