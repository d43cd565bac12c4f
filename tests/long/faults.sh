#!/bin/sh
# tests/cli/faults.sh with every call.
EVERY=1 exec "$(dirname "$0")/../cli/faults.sh"
