#!/bin/sh
# Records its process group with the keeper, takes the usual umask, runs the line $1, and becomes the program that follows.
# Descriptor 3 is the pipe to the keeper. It is non-blocking: while it is full, writing fails, and is tried again.
n=
until echo "+$$" 2>/dev/null >&3; do
  n=x$n
  [ ${#n} -lt 100 ] || exit 126
  sleep 0.05
done
exec 3>&-
umask 022
eval "$1"
shift
exec "$@"
