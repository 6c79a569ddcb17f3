# shellcheck shell=bash
# What the set-up scripts share. It is sourced and not run.
say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# install_packages COMMAND:PACKAGE...: installs with apt-get each package whose command is missing.
install_packages() {
  local missing=() pair
  for pair in "$@"; do command -v "${pair%%:*}" >/dev/null 2>&1 || missing+=("${pair#*:}"); done
  [ ${#missing[@]} = 0 ] && return 0
  [ "$(id -u)" = 0 ] || fail "these packages are missing: ${missing[*]}. Install them, or run this script as root"
  say "installing ${missing[*]}"
  if [ -z "${APT_UPDATED:-}" ]; then apt-get -qq update; export APT_UPDATED=1; fi
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
}
