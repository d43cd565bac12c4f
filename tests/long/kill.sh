#!/bin/sh
# tests/cli/kill.sh with 500 kills.
KILLS=${KILLS:-500} exec "$(dirname "$0")/../cli/kill.sh"
