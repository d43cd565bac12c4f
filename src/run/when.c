#include "run/when.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

static ipl_status mark_list(bool *due, size_t epochs, const char *text, const char *option,
                            ipl_error *err)
{
    const char *word = text;

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
        if (epoch > epochs)
            return ipl_fail(err, IPL_E_FORMAT, "%s: epoch %s is beyond the last, %zu",
                            option, number, epochs);
        due[epoch] = true;
        if (word[len] == '\0')
            return IPL_OK;
        word += len + 1;
    }
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

ipl_status ipl_when_parse(bool *due, size_t epochs, const char *text, const char *option,
                          ipl_error *err)
{
    const bool log_spaced = strncmp(text, "log:", 4) == 0;
    size_t n = 1;
    ipl_status st;

    memset(due, 0, (epochs + 1) * sizeof *due);
    if (strcmp(text, "none") == 0)
        return IPL_OK;
    if (log_spaced || strncmp(text, "every:", 6) == 0) {
        st = read_count(&n, text, option, err);
        if (st != IPL_OK)
            return st;
    } else if (strcmp(text, "every") != 0) {
        return mark_list(due, epochs, text, option, err);
    }
    due[0] = due[epochs] = true;
    if (log_spaced && (double)n > 4.0 + 2.0 * (double)epochs * log((double)epochs + 1.0))
        memset(due, 1, (epochs + 1) * sizeof *due); /* points closer than epochs are */
    else if (!log_spaced)
        for (size_t e = 0; e <= epochs; e += n)
            due[e] = true;
    else
        for (size_t i = 0; i < n && epochs > 0; i++) {
            const double share = n > 1 ? (double)i / (double)(n - 1) : 1.0;

            due[(size_t)(exp(share * log((double)epochs)) + 0.5)] = true;
        }
    return IPL_OK;
}
