#!/usr/bin/env bash
# Provides Chromium, the browser that the tests of the VS Code extension use.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

install_packages chromium:chromium
say "Chromium: ready"
