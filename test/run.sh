#!/usr/bin/env bash
# Runs everything that a change has to pass: build, lint, types, the package of the extension, and all tests.
# The last line says how many have passed, failed and been skipped.
# With CI=true, the machine is set up first, and a skipped test is a failure. Otherwise nothing is installed.
# The arguments are given to mocha.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

if [ "${CI:-}" = true ]; then
  for script in engine images registry native managers gvisor chromium vscode neovim programs agent clients cpython nodes debuggers; do
    bash "test/setup/$script.sh" || { echo '0 passed, 1 failed, 0 skipped'; exit 1; }
  done
fi

passed=0 failed=0
for check in build lint typecheck package; do
  if npm run --silent "$check"; then passed=$((passed + 1)); echo "  $check: ok"
  else failed=$((failed + 1)); echo "  $check: FAILED"; fi
done

export CODEBEAKER_CHECKS_PASSED=$passed CODEBEAKER_CHECKS_FAILED=$failed
exec node node_modules/mocha/bin/mocha.js 'test/**/*.test.ts' "$@"
