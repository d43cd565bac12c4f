#include "run/when.h"

#include "base/alloc.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNTED_MAX = 1000000 }; /* points that are counted one by one */

static int compare_epochs(const void *a, const void *b)
{
    const size_t x = *(const size_t *)a, y = *(const size_t *)b;

    return (x > y) - (x < y);
}

/* Put the epochs in order, each once. */
static void order(ipl_when *when)
{
    size_t n = 0;

    qsort(when->list, when->n, sizeof *when->list, compare_epochs);
    for (size_t i = 0; i < when->n; i++)
        if (n == 0 || when->list[i] != when->list[n - 1])
            when->list[n++] = when->list[i];
    when->n = n;
}

static ipl_status read_list(ipl_when *when, const char *text, const char *option,
                            ipl_error *err)
{
    const char *word = text;

    when->list = ipl_array(strlen(text) / 2 + 1, 1, sizeof *when->list, err);
    if (!when->list)
        return IPL_E_NOMEM;
    for (;;) {
        const size_t len = strcspn(word, ",");
        char number[24];
        uint64_t epoch;

        if (ipl_text_copy(number, sizeof number, word, len, option, NULL) != IPL_OK ||
            !ipl_count_parse(&epoch, number))
            return ipl_fail(err, IPL_E_FORMAT,
                            "%s: '%.40s' is not every, every:N, log:N, none or a list of "
                            "epochs 0,1,10",
                            option, text);
        if (epoch > when->epochs)
            return ipl_fail(err, IPL_E_FORMAT, "%s: epoch %s is beyond the last, %zu",
                            option, number, when->epochs);
        when->list[when->n++] = (size_t)epoch;
        if (word[len] == '\0')
            break;
        word += len + 1;
    }
    order(when);
    return IPL_OK;
}

/* The number after the colon of "every:N" and "log:N". */
static ipl_status read_count(size_t *n, const char *text, const char *option,
                             ipl_error *err)
{
    uint64_t count;

    if (!ipl_count_parse(&count, strchr(text, ':') + 1) || count == 0 || count > 1u << 30)
        return ipl_fail(err, IPL_E_FORMAT, "%s: '%.40s' wants a whole number from 1 on",
                        option, text);
    *n = (size_t)count;
    return IPL_OK;
}

ipl_status ipl_when_read(ipl_when *when, size_t epochs, const char *text,
                         const char *option, ipl_error *err)
{
    const bool log_spaced = strncmp(text, "log:", 4) == 0;
    size_t n = 1;

    *when = (ipl_when){.epochs = epochs};
    if (strcmp(text, "none") == 0)
        return IPL_OK;
    if (log_spaced || strncmp(text, "every:", 6) == 0) {
        const ipl_status st = read_count(&n, text, option, err);

        if (st != IPL_OK)
            return st;
    } else if (strcmp(text, "every") != 0) {
        return read_list(when, text, option, err);
    }
    if (!log_spaced)
        when->step = n;
    else if ((double)n > 4.0 + 2.0 * (double)epochs * log((double)epochs + 1.0))
        when->step = 1; /* points closer than epochs are */
    else
        when->points = n;
    return IPL_OK;
}

void ipl_when_release(ipl_when *when)
{
    ipl_free(when->list);
    *when = (ipl_when){0};
}

/* The epoch of point i of those that are evenly spaced in log epoch. */
static size_t log_point(const ipl_when *when, size_t i)
{
    const double share = when->points > 1 ? (double)i / (double)(when->points - 1) : 1.0;

    return (size_t)(exp(share * log((double)when->epochs)) + 0.5);
}

/* Whether a point lies at an epoch, 1 ... the last but one. Points ascend: the first that can
 * is found from the logarithm, but for rounding. */
static bool has_log_point(const ipl_when *when, size_t epoch)
{
    const double place =
        log((double)epoch - 0.5) / log((double)when->epochs) * (double)(when->points - 1);
    const size_t near = place > 1.0 ? (size_t)place - 1 : 0;

    for (size_t i = near; i < near + 4 && i < when->points; i++)
        if (log_point(when, i) == epoch)
            return true;
    return false;
}

bool ipl_when_due(const ipl_when *when, size_t epoch)
{
    if (when->list)
        return bsearch(&epoch, when->list, when->n, sizeof epoch, compare_epochs) != NULL;
    if (epoch > when->epochs || (when->step == 0 && when->points == 0))
        return false;
    if (epoch == 0 || epoch == when->epochs)
        return true;
    return when->step > 0 ? epoch % when->step == 0 : has_log_point(when, epoch);
}

size_t ipl_when_count(const ipl_when *when)
{
    size_t n = when->n, last = 0;

    if (when->step > 0)
        return when->epochs / when->step + 1 + (when->epochs % when->step != 0);
    if (when->points == 0)
        return n;
    if (when->points > COUNTED_MAX)
        return (when->points < when->epochs ? when->points : when->epochs) + 1;
    n = 1; /* epoch 0 */
    for (size_t i = 0; i < when->points && when->epochs > 0; i++) {
        n += log_point(when, i) != last;
        last = log_point(when, i);
    }
    return n;
}

ipl_status ipl_when_parse(bool *due, size_t epochs, const char *text, const char *option,
                          ipl_error *err)
{
    ipl_when when;
    const ipl_status st = ipl_when_read(&when, epochs, text, option, err);

    for (size_t e = 0; e <= epochs; e++)
        due[e] = st == IPL_OK && ipl_when_due(&when, e);
    ipl_when_release(&when);
    return st;
}
