# Achieved GFLOP/s of every workload against its ceiling:  gnuplot -d -c figure.gp ROWS OUT.png
# ROWS, without a head: program, workload, GFLOP/s on 1 and 2 threads, ceilings on 1 and 2.
FORMAT = 'png'
PALETTE = 'viridis'
EPOCH_RANGE = '[0:1]'
EPOCH_TICS = 'auto'
set datafile separator comma
set datafile missing NaN
stats ARG1 using 3 nooutput
N = STATS_records
WIDTH = 5.0
HEIGHT = 0.9 + 0.17*N
load 'scripts/style.gp'
unset datafile columnheaders
set output ARG2
ONE = '#3b518b'
TWO = '#e0812b'
set logscale x
set xrange [1:*]
set yrange [N - 0.4:-0.6]
set xlabel 'GFLOP/s: dot achieved, bar ceiling (train: sgemm, measure: dgemm)' font SMALL textcolor rgb INK offset 0,0.6
set lmargin at screen 1.55/WIDTH
set rmargin at screen 1 - 0.25/WIDTH
set tmargin at screen 1 - 0.32/HEIGHT
set bmargin at screen 0.42/HEIGHT
unset grid
set grid x back linecolor rgb '#e8e8e8' linewidth 0.5 linetype 1
set key at screen 0.62, screen 1 - 0.14/HEIGHT center center horizontal maxrows 1 width -6 samplen 0.6 font SMALL textcolor rgb INK
name(program, workload) = program.' '.workload
plot ARG1 using 3:0:(column(5) - column(3)):(0):ytic(name(stringcolumn(1), stringcolumn(2))) \
         with vectors nohead linecolor rgb '#c8cede' linewidth 1.2 notitle, \
     '' using 4:(column(0) + 0.28):(column(6) - column(4)):(0) with vectors nohead linecolor rgb '#f3d9c0' linewidth 1.2 notitle, \
     '' using 5:0 with points pointtype '|' linecolor rgb ONE notitle, \
     '' using 6:(column(0) + 0.28) with points pointtype '|' linecolor rgb TWO notitle, \
     '' using 3:0 with points pointtype 7 pointsize 1.6*DOT linecolor rgb ONE title '1 thread (processor time)', \
     '' using 4:(column(0) + 0.28) with points pointtype 7 pointsize 1.6*DOT linecolor rgb TWO title '2 threads (wall clock)'
