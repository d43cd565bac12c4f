# Place, axes and title of panel p; the marks where an axis is cut.
set lmargin at screen LEFT[p]
set rmargin at screen RIGHT[p]
set bmargin at screen BOTTOM[p]
set tmargin at screen TOP[p]
eval 'set xrange '.X_RANGE[p]
eval 'set yrange '.Y_RANGE[p]
eval 'set xtics '.X_TICS[p].' offset 0,0.4'
eval 'set ytics '.Y_TICS[p].' offset 0.4,0'
set xlabel X_LABEL[p] offset 0,0.9
set ylabel Y_LABEL[p] offset 0.8,0
# A plain title as a label: 'set title' looks for markup in it even when told not to.
if (MARKUP[p] eq 'enhanced') {
    set title TITLE[p] enhanced
} else {
    set title
    set label 9 TITLE[p] at graph 0.5, screen TOP[p] + 0.1/HEIGHT center noenhanced
}
if (SIDE[p] ne '') {
    set label 4 SIDE[p] at screen (ALL_Y eq '' ? 0.1 : 0.29)/WIDTH, graph 0.5 center rotate by 90 noenhanced font BIG
}
do for [i = 1:words(X_BREAKS[p])] {
    cut = real(word(X_BREAKS[p], i))
    eval sprintf('set arrow from first %.9g, graph -0.001 rto graph 0.016, graph 0 nohead front linecolor rgb "white" linewidth 1.6', cut - 0.008)
    do for [side = -1:1:2] {
        eval sprintf('set arrow from first %.9g, graph -0.018 rto graph 0.012, graph 0.036 nohead front linecolor rgb "#606060" linewidth 0.6', cut - 0.006 + side*0.008)
    }
    eval sprintf('set arrow from first %.9g, graph 0 to first %.9g, graph 1 nohead back linecolor rgb "#c0c0c0" linewidth 0.5 dashtype 3', cut, cut)
}
do for [i = 1:words(Y_BREAKS[p])] {
    cut = real(word(Y_BREAKS[p], i))
    eval sprintf('set arrow from graph -0.001, first %.9g rto graph 0, graph 0.016 nohead front linecolor rgb "white" linewidth 1.6', cut - 0.008)
    do for [side = -1:1:2] {
        eval sprintf('set arrow from graph -0.014, first %.9g rto graph 0.028, graph 0.014 nohead front linecolor rgb "#606060" linewidth 0.6', cut - 0.007 + side*0.009)
    }
    eval sprintf('set arrow from graph 0, first %.9g to graph 1, first %.9g nohead back linecolor rgb "#c0c0c0" linewidth 0.5 dashtype 3', cut, cut)
}
