#!/usr/bin/env bash
# Starts an image registry on this machine, at 127.0.0.1:5055, with one image to pull, so that pulls can be tested
# without a public registry. The engine accepts a registry on the loopback interface without TLS.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

address=127.0.0.1:5055
image=$address/codebeaker/pulled:1
answers() { curl -sf --max-time 5 "http://$address/v2/" >/dev/null; }
holds() { curl -sf --max-time 5 "http://$address/v2/codebeaker/pulled/tags/list" | grep -q '"1"'; }

if holds; then say "the registry is running"; exit 0; fi
install_packages docker-registry:docker-registry curl:curl

folder=/var/lib/codebeaker-test-registry
mkdir -p "$folder"
printf '%s\n' 'version: 0.1' 'storage: {filesystem: {rootdirectory: '"$folder"'}}' "http: {addr: '$address'}" >"$folder/config.yml"
if ! answers; then setsid docker-registry serve "$folder/config.yml" >"$folder/log" 2>&1 </dev/null & fi
for _ in $(seq 1 60); do answers && break; sleep 0.5; done
answers || { tail -n 20 "$folder/log" >&2; fail "the registry has not started; above are the last lines of its log"; }

# On top of busybox come two layers of random bytes: a pull of them takes long enough to report progress.
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
for layer in one two; do head -c 12000000 /dev/urandom >"$work/$layer"; done
printf 'FROM codebeaker-busybox\nCOPY one /one\nCOPY two /two\n' >"$work/Dockerfile"
DOCKER_BUILDKIT=0 docker build -q -t "$image" "$work" >/dev/null
docker push -q "$image" >/dev/null
docker rmi "$image" >/dev/null
say "the registry is ready"
