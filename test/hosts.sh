#!/usr/bin/env bash
# Runs the README's second command, `npm ci && npm test`, in a fresh clone on each of several kinds of hosts, one after
# another, and prints how each run ended. It has to be run as root on Debian 12. Whatever the runs write is gone with the
# hosts; their output is kept in .cache/hosts. It takes an hour or two on two cores, so it is no part of `npm test`.
#   npm run test:hosts -- HOST...                         only these of the hosts at the end of this file
#   COMMAND='npm ci && npm run unit' npm run test:hosts   another command
set -euo pipefail
cd "$(dirname "$0")/.."
. test/setup/common.sh

COMMAND=${COMMAND:-npm ci && npm test}
KEPT=$PWD/.cache/hosts
# All hosts use the registry, the proxy and the certificates that this machine uses.
PASSED=(LANG=C.UTF-8 "npm_config_registry=$(npm config get registry)" npm_config_update_notifier=false)
for name in NODE_EXTRA_CA_CERTS http_proxy https_proxy no_proxy; do [ -z "${!name:-}" ] || PASSED+=("$name=${!name}"); done

# Makes the files of a Debian, once: `debian` is bare, `equipped` has what native sandboxes use.
files_of() {
  local packages=ca-certificates,git name
  [ "$1" = debian ] || packages+=,bubblewrap,python3,ruby,procps
  [ -e "$KEPT/$1/complete" ] && return 0
  say "making a Debian: $packages"
  rm -rf "${KEPT:?}/$1"; mkdir -p "$KEPT/$1"
  mmdebstrap --quiet --variant=minbase "--include=$packages" --aptopt='Apt::Install-Recommends "false"' \
    bookworm "$KEPT/$1/root" /etc/apt/sources.list.d/debian.sources
  mkdir -p "$KEPT/$1/root/usr/local/lib/node_modules/npm"
  (cd "$KEPT" && tar xzf "$(npm pack --silent npm@10.9.9)" -C "$1/root/usr/local/lib/node_modules/npm" --strip-components=1)
  chmod 755 "$KEPT/$1/root/usr/local/lib/node_modules/npm/bin/"*.js
  for name in npm npx; do ln -s "../lib/node_modules/npm/bin/$name-cli.js" "$KEPT/$1/root/usr/local/bin/$name"; done
  touch "$KEPT/$1/complete"
}

# in_debian FILES NODE FOLDER: runs the command as root of a Debian whose files are a copy. Its mounts and processes end with it.
in_debian() {
  cp -a "$KEPT/$1/root" "$work/root"
  cp ".cache/nodes/v$2/bin/node" "$work/root/usr/local/bin/node"
  cp -L /etc/resolv.conf /etc/hosts "$work/root/etc/"
  cp -L /etc/ssl/certs/ca-certificates.crt "$work/root/etc/ssl/certs/"
  git clone --quiet --no-hardlinks . "$work/root$3"
  unshare --mount --pid --fork --kill-child --propagation private bash -eus - "$work/root" "$3" "${PASSED[@]}" bash -c "$COMMAND" <<'END'
    root=$1 folder=$2; shift 2
    mount --bind "$root" "$root"; cd "$root"
    for name in dev sys; do mount --rbind "/$name" "$name"; done
    mount -t proc proc proc
    mkdir .machine; pivot_root . .machine; umount -l /.machine; rmdir /.machine
    cd "$folder"
    exec env -i HOME=~root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" </dev/null
END
}

# on_machine USER NODE FOLDER: runs the command on this machine. A user who is not root exists only for this run.
on_machine() {
  local folder=$work/home/$3 node=$PWD/.cache/nodes/v$2/bin id=4711 who=() name
  mkdir -p "$folder"; chmod 755 "$work" "$work/home"
  git clone --quiet --no-hardlinks . "$folder"
  cp -r "$node" "$work/bin"
  for name in passwd group; do cp "/etc/$name" "$work/$name"; done
  if [ "$1" != root ]; then
    echo "$1:x:$id:$id::$work/home:/bin/bash" >> "$work/passwd"; echo "$1:x:$id:" >> "$work/group"
    chown -R "$id:$id" "$work/home"
    who=(setpriv "--reuid=$id" "--regid=$id" --clear-groups)
  fi
  unshare --mount --propagation private bash -eus - "$work" "$folder" "${PASSED[@]}" "${who[@]}" bash -c "$COMMAND" <<'END'
    work=$1 folder=$2; shift 2
    for name in passwd group; do mount --bind "$work/$name" "/etc/$name"; done
    cd "$folder"
    exec env -i HOME="$work/home" PATH="$work/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "$@" </dev/null
END
}

# host NAME SYSTEM USER NODE FOLDER WHAT: runs the command on this host, if it was chosen.
host() {
  local name=$1 system=$2 user=$3 node=$4 folder=$5 what=$6 run
  [ ${#chosen[@]} = 0 ] || [[ " ${chosen[*]} " = *" $name "* ]] || return 0
  say "$name: $what"
  bash test/setup/nodes.sh "$node"
  work=$(mktemp -d /tmp/host-XXXXXX)
  if [ "$system" = machine ]; then run=(on_machine "$user"); else files_of "$system"; run=(in_debian "$system"); fi
  "${run[@]}" "$node" "$folder" 2>&1 | tee "$KEPT/$name.log" || true
  rm -rf "$work"
  ended+=("$(printf '%-7s %s; Node %s: %s' "$name" "$what" "$node" "$(tail -n 1 "$KEPT/$name.log")")")
}

[ "$(id -u)" = 0 ] || fail "these hosts can be made by root only"
install_packages git:git mmdebstrap:mmdebstrap unshare:util-linux
mkdir -p "$KEPT"
chosen=("$@") ended=()
host fresh  debian   root   20.19.6 /srv/codebeaker 'a bare Debian, without Docker, bubblewrap, Ruby, Python and compilers'
host node22 equipped root   22.23.3 /srv/codebeaker 'a Debian with bubblewrap, Python and Ruby, without Docker'
host node24 equipped root   24.22.3 /srv/codebeaker 'the same'
host user   machine  person 20.19.6 codebeaker 'an ordinary user, who can use neither Docker nor control groups'
host docker machine  root   20.19.6 codebeaker 'this machine, with Docker if it has it'
host path   machine  root   20.19.6 'Grüße an alle/codebeaker' 'the same, in a path with blanks and umlauts'
printf '\n'; printf '%s\n' "${ended[@]}"
! printf '%s\n' "${ended[@]}" | grep -qv ' passed, 0 failed, '
