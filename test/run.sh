#!/usr/bin/env bash
# Runs everything that a change has to pass: build, the package of the extension, lint, types, and all tests.
# The last line says how many have passed, failed and been skipped.
# With CI=true, the machine is set up first, and a skipped test is a failure. Otherwise nothing is installed.
# The tests run in two lanes at the same time, so that one has the processors while the other waits. What the second lane says follows what the first one has said.
# The arguments are given to mocha.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

if [ "${CI:-}" = true ]; then
  for script in engine images registry native managers gvisor chromium vscode neovim programs agent clients cpython nodes debuggers; do
    bash "test/setup/$script.sh" || { echo '0 passed, 1 failed, 0 skipped'; exit 1; }
  done
fi

check() {
  for name in "$@"; do
    if npm run --silent "$name"; then passed=$((passed + 1)); echo "  $name: ok"
    else failed=$((failed + 1)); echo "  $name: FAILED"; fi
  done
}

tests() {
  CODEBEAKER_CHECKS_PASSED=$passed CODEBEAKER_CHECKS_FAILED=$failed node node_modules/mocha/bin/mocha.js "$@"
}

passed=0 failed=0
check build package

logs=$(mktemp -d) || exit
# Each lane is a process group, which ends with this script.
set -m
lanes=()
end() {
  for lane in "${lanes[@]}"; do kill -- "-$lane"; done 2>/dev/null
  rm -rf "$logs"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

tests 'test/{client-*,e2e}/**/*.test.ts' "$@" >"$logs/first" 2>&1 </dev/null &
lanes+=($!)
(passed=0 failed=0; check lint typecheck; tests 'test/**/*.test.ts' --ignore 'test/{client-*,e2e}/**' "$@") >"$logs/second" 2>&1 </dev/null &
lanes+=($!)
set +m
# What a test has left running may hold a log open: the end of the lane counts.
tail -n +1 -f --pid="${lanes[0]}" "$logs/first"
tail -n +1 -f --pid="${lanes[1]}" "$logs/second"

# What has failed in the first lane stands far above by now, so it is said again.
if ! tail -n 1 "$logs/first" | grep -q ' 0 failed, '; then
  printf '\nThe first lane has failed:\n'
  sed -n '/[0-9] failing/,$p' "$logs/first" | grep . || tail -n 40 "$logs/first"
fi

# A lane without its last line has failed, whatever has ended it.
for lane in first second; do tail -n 1 "$logs/$lane" | grep -xE '[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped' || echo '0 passed, 1 failed, 0 skipped'; done |
  awk '{ passed += $1; failed += $3; skipped += $5 }
    END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit failed > 0 || (ENVIRON["CI"] == "true" && skipped > 0) }'
