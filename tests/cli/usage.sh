#!/bin/sh
# Help, version, and what misuse gets.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"

check "--help is printed on stdout" run 0 --help
check "--help has nothing on stderr" silent "$err"
check "--help tells the exit statuses" says "$out" "Exit status: 0 done, 2 usage, 3 diverged"
commands=$(sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' "$out")
check "-h is the same" run 0 -h
check "--version names the program" run 0 --version
check "--version is one line" [ "$(grep -cE '^infoplane [0-9]+\.[0-9]+\.[0-9]+$' "$out")" = 1 ]

misuse "no command is misuse" "no command"
misuse "an unknown command is named" "no command 'trian'" trian
misuse "an option is no command" "no command '--threads'" --threads 2

check "there are commands" [ -n "$commands" ]
for command in $commands; do
    check "$command --help is printed on stdout" run 0 "$command" --help
    check "$command --help starts with its usage" says "$out" "usage: infoplane $command"
    check "$command --help has nothing on stderr" silent "$err"
    misuse "$command refuses an unknown option" "unknown option '--no-such-option'" \
        "$command" --no-such-option
    # An option that takes a value stands in the help with its default.
    run 0 "$command" --help
    option=$(sed -n 's/^  --\([a-z-]*\) .*\[.*\]$/\1/p' "$out" | head -n 1)
    if [ -n "$option" ]; then
        misuse "$command names the option that lacks a value" "option --$option wants a value" \
            "$command" "--$option"
    fi
done

full_disk() {
    "$program" --help >/dev/full 2>"$err"
    [ $? -eq 74 ]
}
if [ -c /dev/full ]; then
    : >"$out"
    check "a full disk is noticed" full_disk
    check "and reported" says "$err" "standard output"
else
    echo "SKIPPED: no /dev/full here"
fi
finish
