#include "run/seeds.h"

#include "base/alloc.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 48 };

/* "7" or "1-50": first and last seed of one word. */
static ipl_status read_word(uint64_t *first, uint64_t *last, const char *word, size_t len,
                            ipl_error *err)
{
    char text[WORD_MAX];
    char *dash;

    if (len >= sizeof text)
        return ipl_fail(err, IPL_E_ARG, "seeds: '%.20s...' is no number", word);
    memcpy(text, word, len);
    text[len] = '\0';
    dash = strchr(text, '-');
    if (dash)
        *dash = '\0';
    if (!ipl_count_parse(first, text) || !ipl_count_parse(last, dash ? dash + 1 : text))
        return ipl_fail(err, IPL_E_ARG,
                        "seeds: '%.*s' is neither a number nor a range; want 1-50 or "
                        "1,2,5-9",
                        (int)len, word);
    if (*last < *first)
        return ipl_fail(err, IPL_E_ARG, "seeds: the range %.*s goes back; want %s-%s",
                        (int)len, word, dash + 1, text);
    return IPL_OK;
}

static int ascending(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Refuse a list that has a seed twice. */
static ipl_status check_distinct(const uint64_t *seeds, size_t n, ipl_error *err)
{
    uint64_t *sorted = ipl_array(n, 1, sizeof *sorted, err);
    ipl_status st = IPL_OK;

    if (!sorted)
        return IPL_E_NOMEM;
    memcpy(sorted, seeds, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, ascending);
    for (size_t i = 1; i < n && st == IPL_OK; i++)
        if (sorted[i] == sorted[i - 1])
            st = ipl_fail(err, IPL_E_ARG, "seeds: %llu is given twice",
                          (unsigned long long)sorted[i]);
    ipl_free(sorted);
    return st;
}

ipl_status ipl_seeds_parse(uint64_t **out, size_t *n, const char *text, ipl_error *err)
{
    uint64_t *seeds = ipl_array(IPL_SEEDS_MAX, 1, sizeof *seeds, err);
    const char *word = text;
    ipl_status st = seeds ? IPL_OK : IPL_E_NOMEM;

    *out = NULL;
    *n = 0;
    while (st == IPL_OK) {
        const size_t len = strcspn(word, ",");
        uint64_t first = 0, last = 0;

        st = read_word(&first, &last, word, len, err);
        if (st == IPL_OK && last - first >= IPL_SEEDS_MAX - *n)
            st = ipl_fail(err, IPL_E_ARG, "seeds: more than %d of them", IPL_SEEDS_MAX);
        for (uint64_t k = 0; st == IPL_OK && k <= last - first; k++)
            seeds[(*n)++] = first + k;
        if (word[len] == '\0')
            break;
        word += len + 1;
    }
    if (st == IPL_OK)
        st = check_distinct(seeds, *n, err);
    if (st == IPL_OK) {
        *out = seeds;
        seeds = NULL; /* now the caller's */
    }
    ipl_free(seeds);
    return st;
}
