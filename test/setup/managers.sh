#!/usr/bin/env bash
# Installs the package managers that the tests run: pip with venv, npm, gem with Bundler, and go, and what compiles a module.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

install_packages python3:python3 gem:ruby bundle:ruby-bundler go:golang-go cc:gcc openssl:openssl npm:npm
# These two are no commands of their own.
/usr/bin/python3 -c 'import pip, ensurepip' 2>/dev/null || install_packages codebeaker-no-such-command:python3-pip codebeaker-no-such-command:python3-venv
say "the package managers are ready"
