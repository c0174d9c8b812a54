# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A job: a command in a process group of its own, with its log, its progress on
# stderr and its end. However the script that sources this file ends (kill -9
# apart), its jobs end before it does.

me=scripts/${0##*/}
# The process groups that run, and the last of them.
job_groups=()
job_group=
# The file that the output of jobs is added to.
log=/dev/null
# Where there is what is needed for a moment; see job_temp.
job_dir=

say() {
    printf '%s\n' "$*" >&2
}

die() {
    printf '%s: %s\n' "$me" "$*" >&2
    exit 1
}

# Replaced by a script that has something of its own to clear away.
cleanup() {
    :
}

job_on_exit() {
    local status=$?
    trap '' INT TERM HUP
    job_stop
    cleanup
    rm -rf ${job_dir:+"$job_dir"}
    exit $status
}

trap job_on_exit EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Have the path of a new file, or of what else mktemp's OPTIONs say, in the
# variable NAME. However this ends, it ends with the script: jobs share a
# directory with the one that started them.
job_temp() {
    local name=$1 made
    shift
    [ -n "$job_dir" ] || job_dir=$(mktemp -d)
    made=$(mktemp "$@" "$job_dir/XXXXXX")
    printf -v "$name" %s "$made"
}

# Start COMMAND; its process group's id is left in job_group. It is a group of
# its own so that whatever it starts can be ended with it.
job_start() {
    # Without room for it there may still be a job that needs none
    [ -n "$job_dir" ] || job_dir=$(mktemp -d 2>/dev/null) || true
    set -m
    (
        set +m
        exec 9>&-
        "$@"
    ) </dev/null &
    set +m
    job_group=$!
    job_groups+=("$job_group")
}

# End a process group and wait for that; a stubborn one is killed.
job_end() {
    local tries
    kill -TERM -- "-$1" 2>/dev/null || return 0
    # It may be stopped
    kill -CONT -- "-$1" 2>/dev/null || true
    for ((tries = 0; tries < 100; tries++)); do
        kill -0 -- "-$1" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL -- "-$1" 2>/dev/null || true
}

# End all jobs, the last first.
job_stop() {
    local at
    for ((at = ${#job_groups[@]} - 1; at >= 0; at--)); do
        job_end "${job_groups[at]}"
    done
    job_groups=()
}

# Wait for the last job, end what it left running, and return its exit status.
job_wait() {
    local status=0
    wait "$job_group" || status=$?
    job_end "$job_group"
    unset 'job_groups[-1]'
    return $status
}

job_clock() {
    printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

# How far ninja has come, by the last "[n/m]" in the log from byte $1 on.
job_percent() {
    local step total
    read -r step total < <(
        tail -c "+$(($1 + 1))" "$log" | tail -c 4000 |
            sed -n 's/^\[\([0-9]*\)\/\([0-9]*\)\].*/\1 \2/p' | tail -n 1
    ) || return 0
    if ((total > 0)); then
        printf ' %3d%%, step %d of %d' $((100 * step / total)) \
            "$step" "$total"
    fi
}

# Run COMMAND under TITLE with its output added to the file $log, and leave its
# exit status in job_status. (It is not returned, as whoever asks for it by
# "if" would switch off errexit in COMMAND, too.) On a terminal the progress is
# one line, redrawn each second, elsewhere a line every 20 s.
job_try() {
    local title=$1 start=$SECONDS next=20 from columns line
    shift
    printf '\n== %s\n' "$title" >>"$log"
    if [ ! -t 2 ]; then
        say "$title"
    fi
    from=$(stat -c %s "$log")
    job_start "$@" >>"$log" 2>&1
    while kill -0 "$job_group" 2>/dev/null; do
        line="$title $(job_clock $((SECONDS - start)))$(job_percent "$from")"
        if [ -t 2 ]; then
            columns=$(tput cols 2>/dev/null || echo 80)
            printf '\r\033[K%s' "${line:0:columns - 1}" >&2
        elif ((SECONDS - start >= next)); then
            say "  $line"
            next=$((next + 20))
        fi
        sleep 0.5
    done
    job_status=0
    job_wait || job_status=$?
    line="$title $(job_clock $((SECONDS - start)))"
    if [ -t 2 ]; then
        printf '\r\033[K%s%s\n' "$line" \
            "$( ((job_status == 0)) || echo ' FAILED')" >&2
    fi
}

# The same, for what has to succeed: else show the log's end, and exit.
job_run() {
    local from
    from=$(stat -c %s "$log" 2>/dev/null || echo 0)
    job_try "$@"
    if ((job_status != 0)); then
        tail -c "+$((from + 1))" "$log" | tail -n 25 >&2
        die "$1: failed; the whole log is $log"
    fi
}

# Run COMMAND, which tells its progress itself, and leave the last line that it
# prints in the variable NAME. Returns its exit status.
job_ask() {
    local name=$1 output status=0
    shift
    job_temp output
    job_start "$@" >"$output"
    job_wait || status=$?
    printf -v "$name" %s "$(tail -n 1 "$output")"
    rm -f "$output"
    return $status
}
