# Panel p as curves over epochs, each with its name at its end; bands are one deviation wide.
load 'panel_frame.gp'
here(value) = column('panel') == p ? value : NaN
curve(k, value) = column('panel') == p && column('series') == k ? value : NaN

what = ''
if (SERIES[p] > 0) {
    if (BAND[p]) { what = what.', for [k = 1:SERIES[p]] KIND."-curves.csv" using (curve(k, column("u"))):"low":"high" with filledcurves fillstyle transparent solid 0.2 noborder linecolor rgb word(COLOURS[p], k)' }
    style = MARKS[p] ? 'linespoints pointtype 7 pointsize 0.8*DOT' : 'lines'
    what = what.', for [k = 1:SERIES[p]] KIND."-curves.csv" using (curve(k, column("u"))):"v" with '.style.' linecolor rgb word(COLOURS[p], k) dashtype int(word(DASHES[p], k)) linewidth 1'
    what = what.', KIND."-ends.csv" using (here(column("u"))):"v":(strcol("name")):"colour" with labels left noenhanced offset 0.4,0 font SMALL textcolor rgb variable'
} else {
    set label 6 'not defined' at graph 0.5, graph 0.5 center textcolor rgb '#909090'
    what = ', NaN'
}
eval 'plot '.what[3:]
