#!/usr/bin/env bash
# Unpacks CPython's own test suite to .cache/cpython: Debian's packages of Python 3.11, from the mirror that apt uses on this
# machine. Nothing is installed, and root is not needed if apt's lists are there. A suite that is there is left as it is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

folder=$(cd "$here/../.." && pwd)/.cache/cpython
if [ -e "$folder/complete" ]; then say "CPython's test suite is up to date"; exit 0; fi
for tool in apt-get dpkg-deb; do command -v $tool >/dev/null || fail "CPython's test suite cannot be unpacked without Debian's $tool"; done
python=/usr/bin/python3
[[ $($python --version 2>&1) == 'Python 3.11.'* ]] || fail "$python is not Python 3.11, which the suite is for"

say "unpacking CPython's test suite"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
# The tests are in the first package; what they share is in the second one.
packages=(libpython3.11-testsuite libpython3.11-stdlib)
fetch() { apt-get -qq -o APT::Sandbox::User=root download "${packages[@]}"; }
fetch 2>/dev/null || { apt-get -qq update; fetch; }
for package in *.deb; do dpkg-deb -x "$package" tree; done
rm -rf "$folder"; mkdir -p "$folder"
cp -R --preserve=timestamps tree/usr/lib/python3.11/test "$folder/test"
# In a sandbox the folder is read-only, so that modules could not be kept compiled there.
$python -m compileall -q -j 2 "$folder/test" >/dev/null 2>&1 || true
chmod -R a+rX "$folder"
touch "$folder/complete"
say "CPython's test suite is ready"
