#include "run/estimator_texts.h"

#include "base/alloc.h"
#include "base/text.h"

#include <string.h>

static ipl_status bad(ipl_error *err, const char *word, size_t len, const char *what)
{
    return ipl_fail(err, IPL_E_FORMAT, "estimator '%.*s': %s", (int)(len < 80 ? len : 80),
                    word, what);
}

/* Alternatives of the brace that opens at `at`; *end is where it closes. */
static ipl_status count_alternatives(size_t *n, size_t *end, const char *word, size_t len,
                                     size_t at, ipl_error *err)
{
    size_t start = at + 1, found = 0;

    *n = 1;
    for (size_t i = start; i < len; i++) {
        if (word[i] == '{')
            return bad(err, word, len, "a brace stands in another one");
        if (word[i] != ',' && word[i] != '}')
            continue;
        if (i == start)
            return bad(err, word, len, "nothing between braces or commas");
        found++;
        start = i + 1;
        *end = i;
        if (word[i] == '}') {
            *n = found;
            return IPL_OK;
        }
    }
    return bad(err, word, len, "a brace is not closed");
}

/* Number of texts that a word stands for. */
static ipl_status count_texts(size_t *n, const char *word, size_t len, ipl_error *err)
{
    *n = 1;
    for (size_t i = 0; i < len; i++) {
        size_t more, end = 0;
        ipl_status st;

        if (word[i] == '}')
            return bad(err, word, len, "a brace is closed and never opened");
        if (word[i] != '{')
            continue;
        st = count_alternatives(&more, &end, word, len, i, err);
        if (st != IPL_OK)
            return st;
        if (more > IPL_ESTIMATOR_TEXTS_MAX / *n)
            return ipl_fail(err, IPL_E_FORMAT,
                            "estimator '%.*s' stands for more than %d texts",
                            (int)(len < 80 ? len : 80), word, IPL_ESTIMATOR_TEXTS_MAX);
        *n *= more;
        i = end;
    }
    return IPL_OK;
}

/* Alternatives of the brace that opens at `at`, of a word that count_texts() has passed. */
static size_t alternatives(const char *word, size_t at)
{
    size_t n = 1;

    for (; word[at] != '}'; at++)
        n += word[at] == ',';
    return n;
}

/* Append alternative k of the brace that opens at `at`; returns where it closes. */
static size_t add_alternative(ipl_text *out, const char *word, size_t at, size_t k)
{
    size_t start = at + 1, len = strcspn(word + start, ",}");

    while (k-- > 0) {
        start += len + 1;
        len = strcspn(word + start, ",}");
    }
    ipl_text_add(out, "%.*s", (int)len, word + start);
    return start + strcspn(word + start, "}");
}

/* Text number k of the n that a word stands for. */
static ipl_status expand(char *out, const char *word, size_t len, size_t k, size_t n,
                         ipl_error *err)
{
    ipl_text text = {0};
    ipl_status st;

    for (size_t i = 0; i < len; i++) {
        if (word[i] != '{') {
            ipl_text_add(&text, "%c", word[i]);
            continue;
        }
        n /= alternatives(word, i);
        i = add_alternative(&text, word, i, k / n);
        k %= n;
    }
    st = ipl_text_status(&text, err);
    if (st == IPL_OK)
        st = ipl_text_copy(out, IPL_ESTIMATOR_TEXT_MAX, text.s, text.len, "estimator", err);
    ipl_text_release(&text);
    return st;
}

static ipl_status add_word(ipl_estimator_texts *list, const char *word, size_t len,
                           ipl_error *err)
{
    size_t n;
    ipl_status st = count_texts(&n, word, len, err);

    if (st == IPL_OK && n > IPL_ESTIMATOR_TEXTS_MAX - list->n)
        st = ipl_fail(err, IPL_E_FORMAT, "estimator: more than %d texts",
                      IPL_ESTIMATOR_TEXTS_MAX);
    for (size_t k = 0; k < n && st == IPL_OK; k++) {
        char *text = list->store + list->n * IPL_ESTIMATOR_TEXT_MAX;

        st = expand(text, word, len, k, n, err);
        list->texts[list->n++] = text;
    }
    return st;
}

ipl_status ipl_estimator_texts_create(ipl_estimator_texts *out, const char *texts,
                                      ipl_error *err)
{
    ipl_estimator_texts list = {
        .store = ipl_array(IPL_ESTIMATOR_TEXTS_MAX, IPL_ESTIMATOR_TEXT_MAX, 1, err)};
    ipl_status st = list.store ? IPL_OK : IPL_E_NOMEM;

    *out = (ipl_estimator_texts){0};
    while (st == IPL_OK && *(texts += strspn(texts, " ")) != '\0') {
        const size_t len = strcspn(texts, " ");

        st = add_word(&list, texts, len, err);
        texts += len;
    }
    if (st == IPL_OK && list.n == 0)
        st = ipl_fail(err, IPL_E_FORMAT, "estimator: no text given; try logdet");
    if (st != IPL_OK)
        goto done;
    *out = list;
    list = (ipl_estimator_texts){0}; /* now the caller's */
done:
    ipl_estimator_texts_release(&list);
    return st;
}

void ipl_estimator_texts_release(ipl_estimator_texts *list)
{
    ipl_free(list->store);
    *list = (ipl_estimator_texts){0};
}
