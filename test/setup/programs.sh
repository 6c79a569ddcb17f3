#!/usr/bin/env bash
# Installs what checks the programs that are not written in TypeScript (shellcheck for sh, and Python and Ruby for their own),
# faketime, which sets the clock of one process, and systemd-analyze, which checks the unit of deploy/.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

install_packages shellcheck:shellcheck python3:python3 ruby:ruby faketime:faketime systemd-analyze:systemd
say "shellcheck, Python, Ruby, faketime and systemd-analyze are ready"
