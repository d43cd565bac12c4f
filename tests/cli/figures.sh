#!/bin/sh
# Figures: any title and name is drawn as it is, nothing of the user's takes part, and a gnuplot
# without a terminal for PNG draws SVG.
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
INFOPLANE_SHARE=$PWD/scripts
export INFOPLANE_SHARE
if ! command -v gnuplot >/dev/null; then
    echo "SKIPPED: no gnuplot here, no figure drawn"
    exit 0
fi
gnuplot=$(command -v gnuplot)
cd "$folder" || exit 1
run 0 train --data szt --net 12-4-2 --epochs 2 --train-samples 256 --test-samples 64 --out r -q
plane() {
    run 0 plot --kind plane --format svg --out f "$@"
}

# shows TEXT: true when a text of the figure is this one, as XML has it.
shows() {
    grep -qF -- "<text>$1</text>" f/plane.svg || grep -qF -- ">$1</tspan></text>" f/plane.svg
}

# The last character of some is a backslash; single quotes keep all as they are.
# shellcheck disable=SC1003,SC2016
while IFS='	' read -r title xml; do
    check "a title: $title" plane r --title "$title"
    check "is drawn as it is" shows "$xml"
    check "without a word of gnuplot's" silent "$err"
    cp -r r "./$title"
    check "so is the name of a run" plane -- "./$title"
    check "as it is too" shows "$xml"
    rm -rf "./$title"
done <<'END'
'90s nets	'90s nets
a ''b''	a ''b''
'	'
say "x"	say "x"
end\	end\
100%s {x}_y^2 @z ~w }	100%s {x}_y^2 @z ~w }
`id` $HOME	`id` $HOME
-dash	-dash
END
check "a title of two lines" plane r --title "one
two"
check "has both" shows two
sed 's/fc1/#a, "b"\\/' r/information.csv >table # no row of strict CSV yet
sed 's/,#a, "b"\\,/,"#a, ""b""\\",/' table >r/information.csv
check "a layer's name with all that CSV and gnuplot treat in a special way" plane r
# shellcheck disable=SC1003 # a backslash at its end
check "is drawn as it is" shows '#a, "b"\'
check "in the curves as well" run 0 plot r --kind curves --format svg --out f
check "as it is" grep -qF '>#a, "b"\<' f/curves.svg

# Nothing of the user's.
mkdir home
echo "set terminal dumb; set output 'stray'" >home/.gnuplot
check "a figure" run 0 plot r --kind curves --out plain
spoilt() {
    HOME=$folder/home GNUTERM=nosuchterminal GNUPLOT_LIB=$folder/home GDFONTPATH=/nowhere \
        GNUPLOT_DEFAULT_GDFONT=nothing FIT_LOG=$folder/stray "$@"
}
check "a gnuplot full of the user's settings" spoilt run 0 plot r --kind curves --out spoilt
check "draws the same" cmp -s plain/curves.png spoilt/curves.png
rm spoilt/curves.png
again() {
    spoilt sh spoilt/plot.sh >"$out" 2>"$err"
}
check "plot.sh draws in spite of them" again
check "the same" cmp -s plain/curves.png spoilt/curves.png
check "and leaves nothing else" no [ -e stray ]

# A gnuplot that was built without cairo and libgd.
mkdir bin
cat >bin/gnuplot <<END
#!/bin/sh
case " \$* " in
*" png "*)
    echo 'unknown or ambiguous terminal name; type just "set terminal" for a list' >&2
    exit 1
    ;;
esac
exec "$gnuplot" "\$@"
END
chmod +x bin/gnuplot
poor() {
    PATH=$folder/bin:$PATH "$@"
}
check "without a terminal for PNG" poor run 0 plot r --kind plane --out poor
check "there is a figure" says "$out" poor/plane.svg
check "as SVG" says poor/plane.svg "<svg"
check "and a line says why" says "$err" "plane is drawn as SVG, for as png it cannot be"
check "the bottleneck is drawn so too" poor run 0 ib --out poor
check "and says so" says "$out" poor/ib.svg
finish
