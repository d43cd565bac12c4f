# Cost over one size at a time:  gnuplot -d -c scale.gp ROWS OUT.png
# ROWS, without a head: what is varied, size, value on 1 and on 2 threads.
FORMAT = 'png'
PALETTE = 'viridis'
EPOCH_RANGE = '[0:1]'
EPOCH_TICS = 'auto'
WIDTH = 5.0
HEIGHT = 3.6
load 'scripts/style.gp'
unset datafile columnheaders
set output ARG2
ONE = '#3b518b'
TWO = '#e0812b'
set logscale xy
set ytics 10
set format y '10^{%L}'
set lmargin 8.5
set rmargin 2.5
set tmargin 2.2
set bmargin 3.2
set xlabel offset 0,0.5 font SMALL textcolor rgb INK
set ylabel offset 0.6,0 font SMALL textcolor rgb INK
of(what, i) = strcol(1) eq what ? column(i) : NaN
set multiplot layout 2,2
set title 'training 784-1024-20-20-20-10' font BIG textcolor rgb INK
set xlabel 'batch'
set xrange [6:2700]
set xtics (8, 32, 128, 512, 2048)
set ylabel 'images/s'
set key bottom right reverse Left samplen 1.2 font SMALL textcolor rgb INK
plot ARG1 using (of('scale-batch', 2)):3 with linespoints pointtype 7 pointsize 1.6*DOT linecolor rgb ONE title '1 thread', \
     '' using (of('scale-batch', 2)):4 with linespoints pointtype 7 pointsize 1.6*DOT linecolor rgb TWO title '2 threads'
unset key
set title 'training 784-W-10, batch 128'
set xlabel 'width W'
set xrange [45:5800]
set xtics (64, 256, 1024, 4096)
plot ARG1 using (of('scale-width', 2)):3 with linespoints pointtype 7 pointsize 1.6*DOT linecolor rgb ONE, \
     '' using (of('scale-width', 2)):4 with linespoints pointtype 7 pointsize 1.6*DOT linecolor rgb TWO
set title 'measuring 784 columns, 256 units'
set xlabel 'samples n'
set xrange [380:42000]
set xtics (500, 2000, 8000, 32000)
set ylabel 'seconds'
plot ARG1 using (of('scale-samples', 2)):3 with linespoints pointtype 7 pointsize 1.6*DOT linecolor rgb ONE, \
     '' using (of('scale-samples', 2)):4 with linespoints pointtype 7 pointsize 1.6*DOT linecolor rgb TWO
set title 'measuring 784 columns, n = 2000'
set xlabel 'units d'
set xrange [7:5700]
set xtics (10, 32, 100, 320, 1000, 4000)
plot ARG1 using (of('scale-columns', 2)):3 with linespoints pointtype 7 pointsize 1.6*DOT linecolor rgb ONE, \
     '' using (of('scale-columns', 2)):4 with linespoints pointtype 7 pointsize 1.6*DOT linecolor rgb TWO
unset multiplot
