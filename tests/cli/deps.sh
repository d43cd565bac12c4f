#!/bin/sh
# First lines on a machine with nothing: what make and deps.sh say, ask and install. The package
# manager, sudo and id are stand-ins in a PATH that has little else.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"

bare=$folder/bin
mkdir "$bare"
for tool in sh make sed git tr sort dirname env grep ls uname; do
    ln -s "$(command -v $tool)" "$bare/$tool"
done

# stand_in NAME LINE...: a script in the PATH.
stand_in() {
    stand_in=$bare/$1
    shift
    printf '#!/bin/sh\n' >"$stand_in"
    printf '%s\n' "$@" >>"$stand_in"
    chmod +x "$stand_in"
}
stand_in id 'echo 1000'
stand_in apt-get "echo \"apt-get \$*\" >>$folder/calls"

# bare COMMAND...: run it with that PATH; what it printed, and its status in $status.
bare() {
    : >"$folder/calls"
    env -i PATH="$bare" INFOPLANE_DATASETS="$folder" "$@" >"$out" 2>"$err" </dev/null
    status=$?
}

bare make all
one_line() {
    [ "$status" -eq 2 ] && [ "$(wc -l <"$err")" -eq 1 ] && says "$err" "missing: cc pkg-config;" &&
        says "$err" "'make deps'"
}
check "make without a compiler: one line that says what to do" one_line

for goal in demo test check; do
    bare make -n $goal
    check "make $goal without a compiler: installs first, says nothing else" \
        eval "silent '$err' && head -n 1 '$out' | grep -qF scripts/deps.sh"
done

bare scripts/deps.sh
by_hand() {
    [ "$status" -eq 1 ] && says "$err" "apt-get update && apt-get install -y " && silent "$folder/calls"
}
check "no root, no sudo: the line that an administrator types, with apt-get update" by_hand
check "what fetch_datasets.sh needs is part of it" says "$err" " curl "
check "certificates too" says "$err" "ca-certificates"

bare env CC=clang-19 scripts/deps.sh build
check "the compiler that CC names" says "$err" " clang-19 "

# sudo that wants a password: -n fails, else it runs the command.
stand_in sudo "[ \"\$1\" != -n ] || exit 1" "echo \"sudo \$*\" >>$folder/calls" \
    "[ \"\$1\" = -v ] || exec \"\$@\""
bare scripts/deps.sh build
check "sudo that asks, no terminal: it is not asked" by_hand
if command -v script >/dev/null; then
    : >"$folder/calls"
    # shellcheck disable=SC2016 # for the shell that script starts
    SHELL=/bin/sh script -qec "env -i PATH='$bare' scripts/deps.sh build" /dev/null \
        >"$out" 2>"$err" </dev/null
    check "sudo that asks, on a terminal: it may" says "$folder/calls" "sudo -v"
    check "then it installs" says "$folder/calls" "libcmocka-dev"
else
    echo "SKIPPED: no script(1), so no terminal to ask at"
fi

# A clone where git writes CRLF unless told otherwise (Git for Windows), to be built in WSL.
if git rev-parse HEAD >/dev/null 2>&1; then
    lf_only() {
        git clone -q -c core.autocrlf=true . "$folder/clone" >"$out" 2>"$err" &&
            ! grep -rlI "$(printf '\r')" "$folder/clone" --include=Makefile --include='*.sh' \
                --include='*.ini' --include='*.[ch]' --include='*.gp' >"$out"
    }
    check "a clone with core.autocrlf=true has no CRLF" lf_only
else
    echo "SKIPPED: no git repository to clone"
fi
finish
