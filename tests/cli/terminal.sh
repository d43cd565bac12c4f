# A terminal (tmux) for the scripts of tests/cli that look at what people see on one:
#
#   # shellcheck source=terminal.sh
#   . "$tests/terminal.sh"
#
# after expect.sh. open_terminal, then on_screen for each command.
# shellcheck shell=sh

: "${folder:?source expect.sh first}"

tm() {
    tmux -L "ipl$$" "$@"
}

# open_terminal COLUMNS ROWS: it is closed when the script ends.
open_terminal() {
    unset TMUX
    printf '%s\n' 'set -g default-terminal screen-256color' \
        'set-environment -g LC_ALL C.UTF-8' >"$folder/tmux.conf"
    trap 'tm kill-server 2>/dev/null; rm -rf "$folder"' EXIT
    tm -f "$folder/tmux.conf" -u new-session -d -x "$1" -y "$2" "exec sleep 1000"
}

# on_screen COMMAND: run it on a screen of its own, empty before: no check reads what another
# command left, and keys reach this one.
on_screen() {
    tm respawn-pane -k -c "$folder" "trap : INT; $1; exec sleep 1000"
}

# shows TEXT: the screen has it.
shows() {
    tm capture-pane -p | grep -q -- "$1"
}

# coloured: something on the screen has a colour.
coloured() {
    tm capture-pane -p -e | grep -q '38;5;'
}
