#!/usr/bin/env bash
# Installs what checks the programs that are not written in TypeScript: shellcheck for sh, and Python and Ruby for their own.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

install_packages shellcheck:shellcheck python3:python3 ruby:ruby
say "shellcheck, Python and Ruby are ready"
