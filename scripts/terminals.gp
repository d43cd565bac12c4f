# Print the terminals that this gnuplot has, between blanks: some are windows.
set print '-'
print ' '.GPVAL_TERMINALS.' '
