/** Running gnuplot, without a shell in between. */
#ifndef IPL_GNUPLOT_H
#define IPL_GNUPLOT_H

#include "base/text.h"
#include "ipl/status.h"

#include <stdbool.h>

/**
 * Run `gnuplot -d -c script arguments...` in a folder and wait for it.
 *
 * missing   whether there is no gnuplot on the PATH; nothing else is then an error
 * said      what it printed, warnings for instance, is appended
 * argv      script and its arguments, NULL-terminated
 * errors    IPL_E_IO     gnuplot failed; the message has its exit status and its first words
 *           IPL_E_NOMEM
 */
ipl_status ipl_gnuplot(bool *missing, ipl_text *said, const char *folder,
                       const char *const *argv, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_GNUPLOT_H */
