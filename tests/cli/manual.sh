#!/bin/sh
# Manual pages and completions: every command and option is in them, and they are well formed.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
# shellcheck source=terminal.sh
. "$tests/terminal.sh"

run 0 --help
commands=$(sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' "$out")
check "there are commands" [ -n "$commands" ]
check "the program has a page" run 0 man
cp "$out" "$folder/main.1"

# Options of a command's help, one a line.
options() {
    "$program" "$1" --help | sed -n 's/^  \(-[a-z], \)\{0,1\}--\([a-z-]*\).*/\2/p'
}

for shell in bash zsh fish; do
    check "there is a completion for $shell" run 0 completion $shell
    cp "$out" "$folder/$shell"
    if command -v $shell >/dev/null; then
        check "which $shell can read" $shell -n "$folder/$shell"
    else
        echo "SKIPPED: no $shell here, its completion not read by it"
    fi
done
all_in() {
    for option in $(options "$1"); do
        grep -q -- "-l $option\( \|$\)" "$folder/fish" &&
            sed -n "s/^ *$1) words='\(.*\)' ;;/ \1 /p" "$folder/bash" | grep -q -- " --$option " &&
            sed 's/\\-/-/g' "$folder/$1.1" | grep -qx -- ".B \(-[a-z], \)\{0,1\}--$option" || return 1
    done
}
for command in $commands; do
    check "$command is in the page of the program" grep -qx "\.B $command" "$folder/main.1"
    check "$command has a page" run 0 man "$command"
    cp "$out" "$folder/$command.1"
    check "$command has all options in page and completions" all_in "$command"
    check "$command is completed" grep -q "[' ]${command}[' ]" "$folder/bash"
done
if command -v mandoc >/dev/null; then
    check "the pages are well formed" mandoc -T lint -W error "$folder"/*.1
elif command -v man >/dev/null && man -l "$folder/main.1" >/dev/null 2>&1; then
    quiet_pages() {
        for page in "$folder"/*.1; do
            MANROFFSEQ='' LC_ALL=C.UTF-8 man --warnings -l "$page" >/dev/null 2>>"$err" || return 1
        done
        silent "$err"
    }
    : >"$err"
    check "the pages are well formed" quiet_pages
else
    echo "SKIPPED: neither mandoc nor man here, the pages not formatted"
fi
misuse "a page of no command" "no command 'trian'" man trian
misuse "a completion for no shell" "bash, zsh or fish" completion csh

if command -v bash >/dev/null; then
    tab() {
        bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _infoplane
            printf "%s\n" "${COMPREPLY[@]}"' bash "$folder/bash" "$@" >"$out" 2>"$err"
    }
    tab infoplane tr
    check "bash completes a command" grep -qx train "$out"
    tab infoplane train --epo
    check "and an option" grep -qx -- --epochs "$out"
    tab infoplane plot --kind da
    check "and a word of a choice" grep -qx dashboard "$out"
fi
if command -v fish >/dev/null; then
    tab() {
        # shellcheck disable=SC2016 # for fish to expand
        HOME=$folder fish -c 'source $argv[1]; complete -C $argv[2]' "$folder/fish" "$1" \
            2>"$err" | cut -f 1 >"$out"
    }
    tab "infoplane tr"
    check "fish completes a command" grep -qx train "$out"
    tab "infoplane train --epo"
    check "and an option" grep -qx -- --epochs "$out"
    tab "infoplane plot --kind da"
    check "and a word of a choice" grep -qx dashboard "$out"
fi
if command -v zsh >/dev/null && command -v tmux >/dev/null; then # it completes on a terminal
    open_terminal 80 24
    mkdir "$folder/functions"
    cp "$folder/zsh" "$folder/functions/_infoplane"
    printf '%s\n' "fpath=('$folder/functions' \$fpath)" 'autoload -U compinit' 'compinit -u' \
        "PS1='ready> '" >"$folder/.zshrc"
    on_screen "ZDOTDIR='$folder' exec zsh"
    check "zsh starts" until_true 60 shows "ready>"
    tab() {
        tm send-keys C-u "$1" Tab
        until_true 60 shows "$2"
    }
    check "zsh completes a command" tab "infoplane tr" "infoplane train"
    check "and an option" tab "infoplane train --epo" "infoplane train --epochs"
    check "and a word of a choice" tab "infoplane plot --kind da" "infoplane plot --kind dashboard"
fi
finish
