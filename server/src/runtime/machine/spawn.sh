#!/bin/sh
# Records its process group with the keeper, carries out the line $1, and becomes the program that follows.
# The keeper's pipe never blocks: while it is full, this waits.
n=
until echo "+$$" 2>/dev/null >&3; do
  n=x$n
  [ ${#n} -lt 100 ] || exit 126
  sleep 0.05
done
exec 3>&-
eval "$1"
shift
exec "$@"
