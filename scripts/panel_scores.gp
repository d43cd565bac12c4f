# Panel p as scores: a circle for each run in the colour of its point, the means of points with
# their deviations as dots; or, without runs, the legend of the colours.
load 'panel_frame.gp'
rows(first, n) = sprintf(' every ::%d::%d ', first, first + n - 1) # the rows of this panel

what = ''
if (LEGEND[p] > 0) {
    unset border
    unset tics
    unset grid
    legend = KIND.'-legend.csv"'.rows(LEGEND_FROM[p], LEGEND[p])
    what = what.', "'.legend.'using "u":"v":"colour" with points pointtype 7 pointsize 2.4*DOT linecolor rgb variable'
    what = what.', "'.legend.'using "u":"v":(TEXT[int(column("text"))]) with labels left noenhanced offset 0.8,0 font SMALL textcolor rgb INK'
}
if (RUNS[p] > 0) {
    what = what.', KIND."-scores.csv"'.rows(RUNS_FROM[p], RUNS[p]).'using "u":"v":"colour" with points pointtype 6 pointsize 1.5*DOT linewidth 0.5 linecolor rgb variable'
}
if (MEANS[p] > 0) {
    means = KIND.'-scores.csv"'.rows(MEANS_FROM[p], MEANS[p])
    what = what.', "'.means.'using "u":"v":"u_low":"u_high":"v_low":"v_high":"colour" with xyerrorbars pointtype 7 pointsize 0 linewidth 0.8 linecolor rgb variable'
    what = what.', "'.means.'using "u":"v":"colour" with points pointtype 7 pointsize 2.4*DOT linecolor rgb variable'
}
if (what eq '') {
    set label 6 'not defined' at graph 0.5, graph 0.5 center textcolor rgb '#909090'
    what = ', NaN'
}
eval 'plot '.what[3:]
