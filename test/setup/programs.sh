#!/usr/bin/env bash
# Provides what reads programs that are not TypeScript: shellcheck for sh, Python and Ruby for their own.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

install_packages shellcheck:shellcheck python3:python3 ruby:ruby
say "programs: ready"
