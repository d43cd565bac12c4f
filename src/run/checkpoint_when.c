#include "run/checkpoint_when.h"

#include "base/text.h"

#include <string.h>

#define COUNT_MAX 1e9 /* of epochs, steps or seconds */

static ipl_status bad(const char *text, ipl_error *err)
{
    return ipl_fail(err, IPL_E_FORMAT,
                    "checkpoint: '%.60s'; want none, every:5 (epochs), every:200steps or "
                    "every:10min, and ,keep=10 or ,keep=measured",
                    text);
}

/* "10min": a number >= 1 and its unit. */
static bool parse_period(ipl_checkpoint_when *out, const char *text, size_t len)
{
    const size_t digits = strspn(text, "0123456789.");
    char number[32];
    const char *unit = text + digits;
    const size_t unit_len = len - digits; /* no digit is a comma */
    static const struct {
        const char *name;
        double seconds;
    } times[] = {{"s", 1.0}, {"min", 60.0}, {"h", 3600.0}};
    double n;

    if (ipl_text_copy(number, sizeof number, text, digits, "number", NULL) != IPL_OK ||
        !ipl_number_parse(&n, number) || n <= 0.0 || n > COUNT_MAX)
        return false;
    for (size_t i = 0; i < 3; i++)
        if (strlen(times[i].name) == unit_len &&
            memcmp(times[i].name, unit, unit_len) == 0) {
            out->seconds = n * times[i].seconds;
            return true;
        }
    if (n != (double)(size_t)n)
        return false;
    if (unit_len == 0 || (unit_len == 6 && memcmp(unit, "epochs", 6) == 0))
        out->epochs = (size_t)n;
    else if (unit_len == 5 && memcmp(unit, "steps", 5) == 0)
        out->steps = (size_t)n;
    else
        return false;
    return true;
}

/* "10" or "measured" */
static bool parse_keep(ipl_checkpoint_when *out, const char *text)
{
    uint64_t n;

    out->keep_measured = strcmp(text, "measured") == 0;
    if (out->keep_measured)
        return true;
    if (!ipl_count_parse(&n, text) || n < 1 || (double)n > COUNT_MAX)
        return false;
    out->keep = (size_t)n;
    return true;
}

ipl_status ipl_checkpoint_when_parse(ipl_checkpoint_when *out, const char *text,
                                     ipl_error *err)
{
    static const char every[] = "every:", keep[] = ",keep=";
    const size_t start = sizeof every - 1;
    const char *rest;

    *out = (ipl_checkpoint_when){0};
    if (strcmp(text, "none") == 0)
        return IPL_OK;
    if (strncmp(text, every, start) != 0)
        return bad(text, err);
    rest = text + strcspn(text, ",");
    if (!parse_period(out, text + start, (size_t)(rest - text) - start))
        return bad(text, err);
    if (*rest == '\0')
        return IPL_OK;
    if (strncmp(rest, keep, sizeof keep - 1) != 0 ||
        !parse_keep(out, rest + sizeof keep - 1))
        return bad(text, err);
    return IPL_OK;
}
