# shellcheck shell=bash
# What tools/test and tools/test-full share: they source it in the root of the project. Counts what
# passed and failed, and keeps what failed by name.

passed=0
failed=0
failures=$(mktemp)
trap 'rm -f "$failures"' EXIT
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}

count() { # passed failed
    passed=$((passed + $1))
    failed=$((failed + $2))
}

configure() { # directory compiler options...
    local dir=$1 compiler=$2
    shift 2
    if [ ! -f "$dir/build.ninja" ]; then
        CC=$compiler meson setup "$dir" "$@"
    fi
}

fail() { # what
    count 0 1
    echo "failed: $*" >>"$failures"
}

# Something that passes or fails as a whole.
check() { # command...
    if "$@"; then
        count 1 0
    else
        fail "$@"
    fi
}

build() { # directory
    check ninja -C "$1"
}

# Meson's log has one line of JSON for each test.
unit_tests() { # directory
    local log=$1/meson-logs/testlog.json
    rm -f "$log"
    meson test -C "$1" --no-rebuild --print-errorlogs || true
    if [ ! -s "$log" ]; then
        fail "meson test -C $1"
        return
    fi
    count "$(grep -c -E '"result": "(OK|EXPECTEDFAIL)"' "$log" || true)" \
        "$(grep -c -v -E '"result": "(OK|EXPECTEDFAIL|SKIP)"' "$log" || true)"
    grep -v -E '"result": "(OK|EXPECTEDFAIL|SKIP)"' "$log" |
        sed -E "s|.*\"name\": \"([^\"]*)\".*|failed: $1: unit test \1|" >>"$failures" || true
}

# What ends with the line "N passed, N failed".
counted() { # name command...
    local output name=$1
    shift
    output=$(mktemp)
    "$@" | tee "$output" || true
    if [[ $(tail -n 1 "$output") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        count "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
        grep -a '^failed: ' "$output" | sed "s|^failed: |failed: $name: |" >>"$failures" || true
    else
        fail "$*"
    fi
    rm -f "$output"
}

protocol_tests() { # directory suites...
    counted "$1" tests/run --build "$@"
}

# The last lines of a run: what failed, by name, and "N passed, N failed".
summary() {
    cut -c1-300 "$failures" | head -n 40
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}
