# Panel p as an information plane: dots coloured by epoch, lines between the layers of one
# epoch (or between the epochs, in a panel of one layer), the last epoch in black, names.
load 'panel_frame.gp'
if (BAR[p] > 0 && DOTS[p] > 0) {
    set colorbox user origin BAR_LEFT[p],BAR_BOTTOM[p] size 0.07/WIDTH,BAR[p] noborder
    set label 5 'epoch' at screen BAR_LEFT[p]+0.1/WIDTH,screen BAR_BOTTOM[p]+BAR[p]+0.08/HEIGHT center font SMALL
}
rows(first, n) = sprintf(' every ::%d::%d ', first, first + n - 1) # the rows of this panel
last_of(value) = column('last') == 1 ? value : NaN

what = ''
if (IB[p] > 0) {
    what = what.', KIND."-ib.csv"'.rows(IB_FROM[p], IB[p]).'using "u":"v" with lines linewidth 1.2 dashtype (4,2) linecolor rgb "#D55E00"'
    set label 7 'information bottleneck' at graph 0.97, graph 0.04 right font SMALL textcolor rgb '#D55E00'
}
if (FAINT[p] > 0) {
    what = what.', KIND."-points.csv"'.rows(FAINT_FROM[p], FAINT[p]).'using "u":"v" with points pointtype 7 pointsize 0.45*DOT linecolor rgb "#d4d4d4"'
}
if (JOINS[p] > 0) {
    what = what.', KIND."-joins.csv"'.rows(JOINS_FROM[p], JOINS[p]).'using "u":"v":"du":"dv":"colour" with vectors nohead linewidth 0.3 linecolor palette'
}
if (DOTS[p] > 0) {
    dots = KIND.'-points.csv"'.rows(DOTS_FROM[p], DOTS[p])
    what = what.', "'.dots.'using "u":"v":"colour" with points pointtype 7 pointsize DOT linecolor palette'
    what = what.', "'.dots.'using (last_of(column("u"))):"v" with linespoints linetype 1 linecolor rgb "black" linewidth 0.7 pointtype 6 pointsize 1.5*DOT'
} else {
    set label 6 'not defined' at graph 0.5, graph 0.5 center textcolor rgb '#909090'
    what = what.', NaN'
}
if (NAMES[p] > 0) {
    what = what.', KIND."-names.csv"'.rows(NAMES_FROM[p], NAMES[p]).'using "u":"v":(TEXT[int(column("text"))]) with labels boxed noenhanced font SMALL textcolor rgb "black"'
}
eval 'plot '.what[3:]
