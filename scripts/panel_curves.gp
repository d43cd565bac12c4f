# Panel p as curves over epochs, each with its name at its end; bands are one deviation wide,
# on a logarithmic axis from quantile 0.05 to 0.95.
load 'panel_frame.gp'
from(k) = int(word(FROM[p], k)) # rows of curve k
to(k) = int(word(TO[p], k))
alpha(k) = word(DASHES[p], k) eq '3' ? 0.07 : 0.2 # a baseline is fainter than a deviation
style = MARKS[p] ? 'linespoints pointtype 7 pointsize 1.4*DOT' : 'lines'

what = ''
if (SERIES[p] > 0) {
    if (BAND[p]) {
        what = what.', for [k = 1:SERIES[p]] KIND."-curves.csv" every ::from(k)::to(k) using "u":"low":"high" with filledcurves fillstyle transparent solid alpha(k) noborder linecolor rgb word(COLOURS[p], k)'
    }
    what = what.', for [k = 1:SERIES[p]] KIND."-curves.csv" every ::from(k)::to(k) using "u":"v" with '.style.' linecolor rgb word(COLOURS[p], k) dashtype int(word(DASHES[p], k)) linewidth 1'
    if (ENDS[p] > 0) { what = what.', KIND."-ends.csv" every ::ENDS_FROM[p]::(ENDS_FROM[p]+ENDS[p]-1) using "u":"v":(TEXT[int(column("text"))]):"colour" with labels left noenhanced offset 0.4,0 font SMALL textcolor rgb variable' }
} else {
    set label 6 'not defined' at graph 0.5, graph 0.5 center textcolor rgb '#909090'
    what = ', NaN'
}
eval 'plot '.what[3:]
