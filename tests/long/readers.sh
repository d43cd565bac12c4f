#!/bin/sh
# tests/cli/resume.sh with a live run that is read 1000 times.
READS=${READS:-1000} exec "$(dirname "$0")/../cli/resume.sh"
