#!/usr/bin/env bash
# Installs bubblewrap, and the interpreters of the host that native sandboxes run: python3, ruby, go and mono; and curl.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

install_packages bwrap:bubblewrap setpriv:util-linux script:bsdutils python3:python3 ruby:ruby go:golang-go mcs:mono-mcs mono:mono-runtime curl:curl
bwrap --unshare-user --ro-bind / / true || fail "bubblewrap does not work on this machine; perhaps it does not allow user namespaces"
say "bubblewrap and the interpreters are ready"
