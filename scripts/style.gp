# The look that all figures share. Needs gnuplot 5.4 or newer.
# Sizes are those of a paper: a column is 3.5 inches wide, the type has 7 points.
set encoding utf8
set datafile separator comma
set datafile columnheaders
set datafile missing NaN # a filter that gives NaN skips the row and does not break the line

FACE = 'DejaVu Sans'
POINTS = 7.0
if (FORMAT eq 'pdf') {
    set terminal pdfcairo size WIDTH,HEIGHT font FACE.','.sprintf('%g', POINTS) fontscale 0.75
    SCALE = 1.0
    DOT = 0.22
}
if (FORMAT eq 'png') {
    DPI = WIDTH > 4 ? 300 : 400
    SCALE = DPI / 96.0
    # A gnuplot without cairo may have the terminal of libgd.
    PNG = strstrt(' '.GPVAL_TERMINALS.' ', ' pngcairo ') > 0 ? 'pngcairo' : 'png truecolor'
    eval sprintf('set terminal %s size %d,%d font "%s,%g" linewidth %g', PNG, int(WIDTH*DPI), int(HEIGHT*DPI), FACE, POINTS*SCALE, SCALE)
    DOT = 0.22 * SCALE
}
if (FORMAT eq 'svg') {
    SCALE = 1.4
    set terminal svg size int(WIDTH*96*SCALE),int(HEIGHT*96*SCALE) dynamic background rgb 'white' font FACE.','.sprintf('%g', POINTS*SCALE*96/72) linewidth SCALE
    DOT = 0.22 * SCALE
}
if (FORMAT eq 'gif') {
    # Neither 'optimize' nor 'truecolor': with them gnuplot 5.4 loses the colours.
    DPI = WIDTH > 4.6 ? 1100/WIDTH : 240 # at most as wide as a projector shows well
    SCALE = DPI / 96.0
    set terminal gif animate delay 9 loop 0 size int(WIDTH*DPI),int(HEIGHT*DPI) font FACE.','.sprintf('%g', POINTS*SCALE) linewidth SCALE background rgb 'white'
    DOT = 0.5 * SCALE
    LARGE = 1.3 * SCALE
    HUGE = sprintf(',%g', POINTS * 1.5 * SCALE)
    HOLD = 6
}
SCREEN = FORMAT ne 'pdf' && FORMAT ne 'png' && FORMAT ne 'svg' && FORMAT ne 'gif'
if (SCREEN) {
    DPI = real(SCREEN_WIDTH) / WIDTH
    SCALE = DPI / 96.0 * (FORMAT eq 'x11' ? 1.0 : 1.15)
    DOT = 0.22 * SCALE
    HOW = FORMAT eq 'sixelgd' ? ' truecolor background "white"' : ' noraise title "infoplane"'
    if (!exists('SCREEN_OPEN')) {
        SCREEN_OPEN = 1
        eval sprintf('set terminal %s size %d,%d font "%s,%g"%s', FORMAT, int(WIDTH*DPI), int(HEIGHT*DPI), FACE, POINTS*SCALE, HOW)
    }
}
BIG = sprintf(',%g', POINTS * 1.15 * SCALE)
SMALL = sprintf(',%g', POINTS * 0.9 * SCALE)

INK = '#303030'
set border 3 linewidth 0.6 linecolor rgb '#606060'
set tics nomirror out scale 0.5,0.25 textcolor rgb INK font SMALL
set grid x y back linecolor rgb '#e8e8e8' linewidth 0.5 linetype 1
unset key
set title offset 0,-0.6
set style textbox opaque fillcolor rgb '#60ffffff' noborder margins 0.4,0.2

# viridis: even to the eye, readable in grey; classic: gnuplot's own, as in the papers of the field
if (PALETTE eq 'classic') {
    set palette rgbformulae 7,5,15
} else {
    set palette defined (0 '#440154', 1 '#472c7a', 2 '#3b518b', 3 '#2c718e', 4 '#21908d', 5 '#27ad81', 6 '#5cc863', 7 '#aadc32', 8 '#fde725')
}
eval 'set cbrange '.EPOCH_RANGE
eval 'set cbtics '.EPOCH_TICS
set cbtics scale 0.4 offset -0.6,0
unset colorbox
