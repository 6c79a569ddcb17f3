#!/usr/bin/env bash
# Installs what checks the programs that are not written in TypeScript (shellcheck for sh, and Python and Ruby for their own),
# faketime, which sets the clock of one process, systemd-analyze, which checks the unit of deploy/, and Prometheus, which
# evaluates the queries of the dashboard and the alerts, and the ssh and sshd by which a daemon elsewhere is reached.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

install_packages shellcheck:shellcheck python3:python3 ruby:ruby faketime:faketime systemd-analyze:systemd prometheus:prometheus sshd:openssh-server ssh:openssh-client
say "shellcheck, Python, Ruby, faketime, systemd-analyze, Prometheus, ssh and sshd are ready"
