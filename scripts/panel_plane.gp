# Panel p as an information plane: dots coloured by epoch, lines between the layers of one
# epoch (or between the epochs, in a panel of one layer), the last epoch in black, names.
load 'panel_frame.gp'
if (BAR[p] > 0) {
    set colorbox user origin BAR_LEFT[p],BAR_BOTTOM[p] size 0.07/WIDTH,BAR[p] noborder
    set label 5 'epoch' at screen BAR_LEFT[p]+0.1/WIDTH,screen BAR_BOTTOM[p]+BAR[p]+0.08/HEIGHT center font SMALL
}
here(value) = column('panel') == p ? value : NaN
run_of(mean, value) = column('panel') == p && column('mean') == mean ? value : NaN
last_of(value) = column('panel') == p && column('mean') == 1 && column('last') == 1 ? value : NaN

what = ''
if (FAINT[p] > 0) { what = what.', KIND."-points.csv" using (run_of(0, column("u"))):"v" with points pointtype 7 pointsize 0.45*DOT linecolor rgb "#d4d4d4"' }
if (JOINS[p] > 0) { what = what.', KIND."-joins.csv" using (here(column("u"))):"v":"du":"dv":"colour" with vectors nohead linewidth 0.3 linecolor palette' }
if (DOTS[p] > 0) {
    what = what.', KIND."-points.csv" using (run_of(1, column("u"))):"v":"colour" with points pointtype 7 pointsize DOT linecolor palette'
    what = what.', KIND."-points.csv" using (last_of(column("u"))):"v" with linespoints linetype 1 linecolor rgb "black" linewidth 0.7 pointtype 6 pointsize 1.5*DOT'
}
if (NAMES[p] > 0) { what = what.', KIND."-names.csv" using (here(column("u"))):"v":(strcol("name")) with labels noenhanced font SMALL textcolor rgb "black" boxed' }
if (what eq '') {
    set label 6 'not defined' at graph 0.5, graph 0.5 center textcolor rgb '#909090'
    what = ', NaN'
}
eval 'plot '.what[3:]
