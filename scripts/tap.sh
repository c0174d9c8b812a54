# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# TAP, the Test Anything Protocol: many tests' TAP made one stream, and counted.

tap_passed=0
tap_failed=0
tap_skipped=0

tap_number() {
    echo $((tap_passed + tap_failed + tap_skipped + 1))
}

# Run COMMAND, which prints TAP, and print its points with NAME before them. To
# end badly, or not to keep to its plan, is a failed point more.
tap_run() {
    local name=$1 output status=0 passed failed skipped
    shift
    job_temp output
    "$@" >"$output" 2>&1 </dev/null 9>&- || status=$?
    awk -v name="$name" -v number="$(tap_number)" -v status="$status" \
        -v counts="$output.counts" '
        function point(word, text) {
            print word " " number++ " - " name ": " text
        }
        /^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; planned = 1; next }
        /^Bail out!/ { bailed = 1 }
        /^(not )?ok( |$)/ {
            word = /^not/ ? "not ok" : "ok"
            text = $0
            sub(/^(not )?ok *[0-9]* *-? */, "", text)
            if (toupper(text) ~ /# *(SKIP|TO[D]O)/) {
                skipped++
            } else if (word == "ok") {
                passed++
            } else {
                failed++
            }
            point(word, text)
            next
        }
        { print "# " $0 }
        END {
            seen = passed + failed + skipped
            if (bailed || !planned || plan != seen ||
                (status != 0 && failed == 0)) {
                failed++
                point("not ok", "ends well (status " status ", " seen \
                      " points of " (planned ? plan : "?") ")")
            }
            print passed + 0, failed + 0, skipped + 0 >counts
        }' "$output"
    read -r passed failed skipped <"$output.counts"
    rm -f "$output" "$output.counts"
    tap_passed=$((tap_passed + passed))
    tap_failed=$((tap_failed + failed))
    tap_skipped=$((tap_skipped + skipped))
}

# Run COMMAND; that it ends well is one point.
tap_check() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1 </dev/null 9>&-); then
        echo "ok $(tap_number) - $name"
        tap_passed=$((tap_passed + 1))
    else
        printf '%s\n' "$output" | sed 's/^/# /'
        echo "not ok $(tap_number) - $name"
        tap_failed=$((tap_failed + 1))
    fi
}

# Print the plan. Fails unless all passed and there was something.
tap_end() {
    echo "1..$(($(tap_number) - 1))"
    [ "$tap_passed" -gt 0 ] && [ $((tap_failed + tap_skipped)) = 0 ]
}
