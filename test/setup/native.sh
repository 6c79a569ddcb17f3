#!/usr/bin/env bash
# Provides bubblewrap, and interpreters on the host for native sandboxes to run: python3, ruby, go, mono.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

install_packages bwrap:bubblewrap setpriv:util-linux script:bsdutils python3:python3 ruby:ruby go:golang-go mcs:mono-mcs mono:mono-runtime
bwrap --unshare-user --ro-bind / / true || fail "bubblewrap does not work here: are user namespaces allowed?"
say "native: ready"
