#include "base/clock.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

double ipl_clock(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Whether the environment fixes the time, and to what. */
static bool fixed_time(uint64_t *seconds)
{
    const char *text = getenv("SOURCE_DATE_EPOCH");

    return text && ipl_count_parse(seconds, text);
}

double ipl_clock_spent(double from)
{
    uint64_t fixed;

    return fixed_time(&fixed) ? 0.0 : ipl_clock() - from;
}

void ipl_clock_stamp(char *out, size_t size)
{
    uint64_t fixed;
    const time_t now = fixed_time(&fixed) ? (time_t)fixed : time(NULL);
    struct tm utc;

    if (!gmtime_r(&now, &utc) || strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        (void)snprintf(out, size, "unknown");
}

void ipl_clock_print(char *out, size_t size, double seconds)
{
    if (!(seconds >= 0.0 && seconds < 1e9)) {
        (void)snprintf(out, size, "?");
    } else if (seconds < 99.95) {
        (void)snprintf(out, size, "%.1fs", seconds);
    } else {
        const long s = (long)(seconds + 0.5);

        if (s < 3600)
            (void)snprintf(out, size, "%ldm%02lds", s / 60, s % 60);
        else if (s < 86400)
            (void)snprintf(out, size, "%ldh%02ldm", s / 3600, s / 60 % 60);
        else
            (void)snprintf(out, size, "%ldd%02ldh", s / 86400, s / 3600 % 24);
    }
}
