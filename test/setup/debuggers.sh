#!/usr/bin/env bash
# Installs the debuggers that native sandboxes find on this machine, and of which others get a copy. That of Ruby comes with Ruby.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

# A package of Python has no command.
[ -e /usr/lib/python3/dist-packages/debugpy/__init__.py ] || install_packages python3-debugpy:python3-debugpy
install_packages dlv:delve
say "debugpy and Delve are ready"
