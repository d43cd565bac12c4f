# Draw one verification experiment:  gnuplot -d -c verify.gp NAME FORMAT
# Reads NAME-settings.gp and NAME.csv beside it, writes NAME.FORMAT.
FORMAT = ARG2
load ARG1.'-settings.gp'
PALETTE = 'viridis'
EPOCH_RANGE = '[0:1]'
EPOCH_TICS = 'auto'
ROWS = (PANELS + COLUMNS - 1) / COLUMNS
KEY_COLUMNS = 3
KEY_ROWS = (SERIES + KEY_COLUMNS - 1) / KEY_COLUMNS
# Inches: a panel with its labels, the key below all of them.
WIDTH = 7.0
PANEL_HEIGHT = COLUMNS > 2 ? 1.65 : 2.2
KEY_HEIGHT = 0.1 + 0.14*KEY_ROWS
HEIGHT = ROWS*PANEL_HEIGHT + KEY_HEIGHT
load 'style.gp'
set output NAME.'.'.FORMAT

left(p) = ((p - 1) % COLUMNS + 0.0)/COLUMNS + 0.56/WIDTH
right(p) = ((p - 1) % COLUMNS + 1.0)/COLUMNS - 0.1/WIDTH
top(p) = 1 - (((p - 1)/COLUMNS)*PANEL_HEIGHT + 0.24)/HEIGHT
bottom(p) = 1 - (((p - 1)/COLUMNS + 1)*PANEL_HEIGHT - 0.4)/HEIGHT

do for [s = 1:SERIES] {
    if (DASH[s] == 1) { set style line s linecolor rgb COLOUR[s] linewidth 1 }
    if (DASH[s] == 2) { set style line s linecolor rgb COLOUR[s] linewidth 1.2 dashtype (6,3) }
    if (DASH[s] == 3) { set style line s linecolor rgb COLOUR[s] linewidth 1.4 dashtype (1,3) }
}
set multiplot
do for [p = 1:PANELS] {
    set lmargin at screen left(p)
    set rmargin at screen right(p)
    set tmargin at screen top(p)
    set bmargin at screen bottom(p)
    set title TITLE[p]
    set xlabel X_LABEL[p] offset 0,0.7
    set label 1 Y_LABEL[p] at screen left(p) - 0.46/WIDTH, graph 0.5 center rotate by 90 # tic labels of any width
    set autoscale
    set offsets 0, 0, graph 0.04, graph 0.04
    eval 'set yrange '.Y_RANGE[p]
    if (X_STEP[p] > 0) { set xtics X_STEP[p] } else { set xtics autofreq }
    if (LOG_X[p]) { set logscale x; set format x '10^{%L}' } else { unset logscale x; set format x '%g' }
    plot for [word in CURVES[p]] NAME.'.csv' using (column('panel') == p && column('series') == int(word) ? column('x') : NaN):'shown' with lines linestyle int(word)
}
# The key, in a panel of its own without axes.
unset title
unset xlabel
unset label
unset tics
unset border
unset logscale
unset grid
set offsets 0, 0, 0, 0
set lmargin at screen 0.05
set rmargin at screen 0.97
set bmargin at screen 0
set tmargin at screen KEY_HEIGHT/HEIGHT
set key at graph 0.5,0.5 center center horizontal maxcols KEY_COLUMNS Left reverse samplen 2 font SMALL textcolor rgb INK
set xrange [0:1]
set yrange [0:1]
plot for [s = 1:SERIES] NaN with lines linestyle s title KEY[s]
unset multiplot
