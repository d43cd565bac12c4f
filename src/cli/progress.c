#include "cli/progress.h"

#include "base/clock.h"
#include "cli/print.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BAR = 30, LINE = 78 };

bool ipl_stderr_is_live(void)
{
    const char *term = getenv("TERM");

    return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

void ipl_progress_start(ipl_progress *bar, const char *label, bool quiet)
{
    *bar = (ipl_progress){
        .label = label, .live = !quiet && ipl_stderr_is_live(), .start = ipl_clock()};
}

void ipl_progress_draw(ipl_progress *bar, size_t done, size_t all)
{
    static const char hashes[] = "##############################";
    const double now = ipl_clock();
    const size_t filled = BAR * done / all;
    char left[16];

    if (!bar->live || done == 0 || (now - bar->last_drawn < 0.1 && done < all))
        return;
    bar->last_drawn = now;
    bar->drawn = true;
    ipl_clock_print(left, sizeof left,
                    (now - bar->start) / (double)done * (double)(all - done));
    ipl_print_in_place("  %s [%-*.*s] %zu/%zu, %s left ", bar->label, BAR, (int)filled,
                       hashes, done, all, left);
}

void ipl_progress_clear(ipl_progress *bar)
{
    if (bar->drawn)
        ipl_print_nothing_in_place(LINE);
    bar->drawn = false;
}
