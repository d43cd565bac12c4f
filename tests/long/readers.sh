#!/bin/sh
# tests/cli/readers.sh with 1000 reads.
READS=${READS:-1000} exec "$(dirname "$0")/../cli/readers.sh"
