#!/bin/sh
echo "Hello from $(uname -s), in a sandbox! I am uid $(id -u) in $(pwd)."
