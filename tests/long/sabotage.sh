#!/bin/bash
# Faults that the self test or `verify --quick` must notice: each is put into a copy of the
# sources by one sed command, the copy is built, and one of the two has to end with status 3.
# A command that changes nothing any more is a failure of this test.
set -u
unset MAKEFLAGS MFLAGS MAKELEVEL # those of check-long
here=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
copy=$(mktemp -d) || exit 1
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/tree"
cp -R "$here/Makefile" "$here/src" "$here/include" "$here/scripts" "$copy/tree" || exit 1
cd "$copy/tree" || exit 1
failed=0

build() {
    make -j"$(getconf _NPROCESSORS_ONLN)" MODE=release NATIVE=0 build/release/infoplane >"$copy/log" 2>&1
}

# The status of the self test, or of the quick verification when that one sees nothing.
status() {
    build/release/infoplane selftest >"$copy/out" 2>&1 || { echo "$? selftest"; return; }
    rm -rf "$copy/verify"
    build/release/infoplane verify --quick --out "$copy/verify" >"$copy/out" 2>&1
    echo "$? verify --quick"
}

# sabotage WHAT FILE SED-COMMAND
sabotage() {
    cp "$2" "$copy/sound" || exit 1
    sed "$3" "$copy/sound" >"$2"
    if cmp -s "$copy/sound" "$2"; then
        echo "FAILED: $1: '$3' changes nothing in $2"
        failed=$((failed + 1))
        return
    fi
    if ! build; then
        echo "FAILED: $1: does not compile"
        tail -5 "$copy/log"
        failed=$((failed + 1))
    else
        read -r got by <<<"$(status)"
        if [ "$got" = 3 ]; then
            echo "ok: $1: noticed by $by"
        else
            echo "FAILED: $1: not noticed, status $got of $by"
            failed=$((failed + 1))
        fi
    fi
    cp "$copy/sound" "$2"
}

build || { tail -20 "$copy/log"; exit 1; }
SECONDS=0
read -r got by <<<"$(status)"
[ "$got" = 0 ] || { echo "FAILED: the sound program: status $got of $by"; exit 1; }
echo "self test and verify --quick of the sound program: $SECONDS s"

logdet=src/info/est_logdet.c pair=src/info/pair.c
sabotage "rules of beta with 10 for 100" $logdet 's/^\(#define BETA_PER_COLUMN\) 100.0/\1 10.0/'
sabotage "I_prev 1.2 times beyond layer 1" $logdet \
    '/if (scene->before != scene->x)/,/^    }/s/I_prev = pair.mi/I_prev = 1.2 * pair.mi/'
sabotage "n - 1 for n in a pair, whole, by columns" $pair \
    '/^static ipl_status joint_by_cols/,/^}/s/n = (double)a->n,/n = (double)a->n - 1.0,/'
sabotage "n - 1 for n in a pair, whole, by rows" $pair \
    '/^static ipl_status joint_by_rows/,/^}/s/beta_b \/ (double)b->n/beta_b \/ ((double)b->n - 1.0)/'
sabotage "n - 1 for n in a pair, residual" $pair \
    '/^static ipl_status entropy_left/,/^}/s/(double)left->n;/((double)left->n - 1.0);/'
sabotage "n - 1 for n in what one variable says of the other" $pair \
    's/-key->beta \/ (double)gone->n/-key->beta \/ ((double)gone->n - 1.0)/'
sabotage "n - 1 for n in the samples of a QR factor" src/info/var.c \
    's/sqrt(beta \/ (double)v->n)/sqrt(beta \/ ((double)v->n - 1.0))/'
sabotage "n - 1 for n within a class" src/info/groups.c \
    's/weight = job->beta \/ n;/weight = job->beta \/ (n - 1.0);/'
sabotage "n - 1 for n in every variable" src/info/var_gram.c \
    's/beta \/ (double)v->n, work->pool/beta \/ ((double)v->n - 1.0), work->pool/'
sabotage "a sigmoid for tanh" src/nn/layer_tanh.c 's/ipl_vec_tanh(/ipl_vec_sigmoid(/'
sabotage "tanh with the slope of a sigmoid" src/nn/layer_tanh.c \
    's/g\[i\] \*= 1.0f - y\[i\] \* y\[i\]/g[i] *= y[i] * (1.0f - y[i])/'
sabotage "KSG with psi(k + 1)" src/info/est_ksg.c \
    's/ipl_digamma(o->k)/ipl_digamma(o->k + 1)/'
sabotage "KDE with 1.1 times the variance" src/info/est_kde.c \
    's/bound_factor\[o->bound\] \* o->var/bound_factor[o->bound] * 1.1 * o->var/'

[ $failed -eq 0 ] && echo "every fault is noticed"
exit $((failed > 0))
