# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors

# For the tests of the command: a place for scenarios, and what is asked of every refusal.
# Sourced from the root of the tree; IOMMUX is the path of the tool.

set -u
: "${IOMMUX:?is the path of the tool}"
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failures=0

fail() {
	echo "FAIL: $*"
	failures=$((failures + 1))
}

# scenario TEXT: writes it to $dir/s.lua
scenario() {
	printf '%s\n' "$1" >"$dir/s.lua"
}

# run STATUS ARGUMENTS: runs the tool; what it wrote is in $dir/out and $dir/err
run() {
	wanted=$1
	shift
	"$IOMMUX" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	got=$?
	[ "$got" -eq "$wanted" ] || {
		fail "iommux $*: status $got instead of $wanted"
		cat "$dir/out" "$dir/err"
	}
}

# refused SENTENCE ARGUMENTS: status 2, nothing on standard output, and exactly this one sentence
# behind "iommux: ".  In it, @ stands for the path of the scenario $dir/s.lua.
refused() {
	sentence=$(printf '%s' "$1" | sed "s|@|$dir/s.lua|g")
	shift
	run 2 "$@"
	[ ! -s "$dir/out" ] || fail "iommux $*: wrote to standard output"
	[ "$(wc -l <"$dir/err")" -eq 1 ] || fail "iommux $*: not one line of complaint"
	[ "$(cat "$dir/err")" = "iommux: $sentence" ] || {
		fail "iommux $*: said"
		cat "$dir/err"
		echo "instead of"
		echo "iommux: $sentence"
	}
}

# refused_text TEXT SENTENCE: a scenario with this text is refused so
refused_text() {
	scenario "$1"
	refused "$2" run "$dir/s.lua"
}

# says TEXT: standard output has this line
says() {
	grep -qxF -- "$1" "$dir/out" || {
		fail "standard output lacks: $1"
		cat "$dir/out"
	}
}

finish() {
	[ "$failures" -eq 0 ]
	exit
}
