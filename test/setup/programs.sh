#!/usr/bin/env bash
# Installs what checks the programs that are not written in TypeScript (shellcheck for sh, and Python and Ruby for their own),
# and faketime, which sets the clock of one process.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

install_packages shellcheck:shellcheck python3:python3 ruby:ruby faketime:faketime
say "shellcheck, Python, Ruby and faketime are ready"
