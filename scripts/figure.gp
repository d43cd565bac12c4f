# Draw one figure:  gnuplot -d -c figure.gp KIND FORMAT     (plane png, grid pdf, curves svg ...)
# Reads KIND-settings.gp and the CSV files KIND-*.csv beside it, writes KIND.FORMAT. FORMAT may
# be a screen too, with its width in pixels as a third argument: qt, wxt, x11, sixelgd.
# Change sizes, ranges, titles and tics in the settings, colours and fonts in style.gp.
KIND = ARG1
FORMAT = ARG2
SCREEN_WIDTH = ARGC >= 3 ? int(ARG3) : 1000
load KIND.'-settings.gp'
load 'style.gp'
if (!SCREEN) { set output KIND.'.'.FORMAT }

set multiplot
if (HEADING ne '') {
    set label 1 HEADING at screen 0.5, screen 1 - 0.11/HEIGHT center noenhanced font BIG
}
if (ALL_X ne '') { set label 2 ALL_X at screen MIDDLE_X, screen 0.12/HEIGHT center }
if (ALL_Y ne '') {
    set label 3 ALL_Y at screen 0.1/WIDTH, screen MIDDLE_Y center rotate by 90
}
do for [p = 1:PANELS] {
    if (TYPE[p] eq 'plane') { load 'panel_plane.gp' }
    if (TYPE[p] eq 'curves') { load 'panel_curves.gp' }
    if (TYPE[p] eq 'scores') { load 'panel_scores.gp' }
    unset label
    unset arrow
    unset colorbox
}
unset multiplot
