# Draw the movie:  gnuplot -d -c movie.gp movie gif
# Reads movie-settings.gp and movie-*.csv beside it, writes movie.gif. Every frame shows the
# dots up to its epoch; the last ones are large, with the number and the colour of their layer.
KIND = ARG1
FORMAT = ARG2
load KIND.'-settings.gp'
load 'style.gp'
set output KIND.'.'.FORMAT

# gnuplot gives a GIF the colours of its palette and the nearest it has for all others, so the
# colours of the layers are put behind those of the epochs, each a step of its own.
STEPS = 40
N = words(COLOUR_LIST)
viridis = '#440154 #472c7a #3b518b #2c718e #21908d #27ad81 #5cc863 #aadc32 #fde725'
stops = ''
do for [i = 1:9] { stops = stops.sprintf('%g "%s", ', (i - 1)*(STEPS - 1)/8.0, word(viridis, i)) }
do for [i = 1:N] { # even at both ends of its step
    stops = stops.sprintf('%g "%s", %g "%s"', STEPS - 1.45 + i, word(COLOUR_LIST, i), STEPS - 0.55 + i, word(COLOUR_LIST, i)).(i < N ? ', ' : '')
}
if (PALETTE ne 'classic') { eval 'set palette defined ('.stops.') maxcolors '.(STEPS + N) }
eval 'set cbrange '.EPOCH_RANGE
LOW = real(EPOCH_RANGE[2:strstrt(EPOCH_RANGE, ':')-1])
STEP = (real(EPOCH_RANGE[strstrt(EPOCH_RANGE, ':')+1:strlen(EPOCH_RANGE)-1]) - LOW)/STEPS
set cbrange [LOW:LOW + (STEPS + N)*STEP]
colour(l) = LOW + (STEPS + 0.5 + (int(l) - 1) % N)*STEP # of layer l, as a value of the palette
of_epoch(value) = value < LOW + (STEPS - 0.5)*STEP ? value : LOW + (STEPS - 0.5)*STEP

rows(first, n) = sprintf(' every ::%d::%d ', first, first + n - 1)
until(e, value) = column('epoch') <= e * (1 + 1e-9) ? value : NaN
at(e, value) = abs(column('epoch') - e) <= 1e-9 * e ? value : NaN

do for [frame = 1:FRAMES + HOLD] {
    f = frame > FRAMES ? FRAMES : frame # the last one stays for a while
    set multiplot
    set label 1 'epoch '.EPOCH_NAME[f] at screen 0.5, screen 1 - 0.13/HEIGHT center font HUGE
    if (HEADING ne '') { set label 2 HEADING at screen 0.02, screen 1 - 0.13/HEIGHT left noenhanced font BIG }
    do for [p = 1:PANELS] {
        load 'panel_frame.gp'
        set title
        unset label 9
        if (TYPE[p] eq 'plane') {
            k = (f - 1)*PANELS + p
            set label 7 TITLE[p] at graph 0.5, screen TOP[p] + 0.37/HEIGHT center noenhanced font BIG
            set label 8 KEY[p] at graph 0.5, screen TOP[p] + 0.22/HEIGHT center noenhanced
            dots = '"'.KIND.'-points.csv"'.rows(DOTS_FROM[p], DOTS[p]).'using '
            now = dots.'(at(NOW['.k.'], column("u"))):"v"'
            plots = dots.'(until(EPOCH[f], column("u"))):"v":(of_epoch(column("colour"))) with points pointtype 7 pointsize DOT linecolor palette'
            plots = plots.', '.now.' with lines linecolor rgb "black" linewidth 1.2'
            plots = plots.', '.now.' with points pointtype 7 pointsize LARGE + 0.5 linecolor rgb "white"'
            plots = plots.', '.now.':(colour(column("layer"))) with points pointtype 7 pointsize LARGE linecolor palette'
            plots = plots.', '.now.':(sprintf("%d", int(column("layer")))) with labels font BIG offset 0,-0.15 textcolor rgb "white"'
            if (DOTS[p] > 0) { eval 'plot '.plots } else { set label 6 'not defined' at graph 0.5, graph 0.5 center; plot NaN }
        } else {
            set label 3 SAID[(f - 1)*PANELS + p - 1] at graph 1, screen TOP[p] + 0.07/HEIGHT right font BIG textcolor palette cb colour(2)
            if (SERIES[p] > 1) { set label 5 'train' at graph 0, screen TOP[p] + 0.07/HEIGHT left font BIG textcolor palette cb colour(1) }
            if (SERIES[p] > 0) {
                from(s) = int(word(FROM[p], s))
                to(s) = int(word(TO[p], s))
                plot for [s = 1:SERIES[p]] KIND.'-curves.csv' every ::from(s)::to(s) using (until(EPOCH[f], column('u'))):'v' with lines linewidth 3 linecolor palette cb colour(s)
            } else {
                set label 6 'no accuracy' at graph 0.5, graph 0.5 center
                plot NaN
            }
        }
        unset label
        unset arrow
    }
    unset multiplot
}
