#!/usr/bin/env bash
# Installs Chromium, the browser in which the tests of the VS Code extension run VS Code.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

install_packages chromium:chromium
say "Chromium is ready"
