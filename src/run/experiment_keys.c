#include "run/experiment_keys.h"

#include "data/source.h"
#include "info/est.h"
#include "nn/initialiser.h"
#include "nn/layer.h"
#include "nn/loss.h"
#include "nn/optimiser.h"
#include "nn/schedule.h"

#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 128 };

/* Texts of an experiment that have options, in the order in which they are looked through. */
static const struct {
    const char *key, *kind;
    ipl_row_at at;
    bool one; /* it is one text of that kind and nothing else: checked when it is set */
} texts[] = {
    {"optimiser", "optimiser", ipl_optimiser_row, true},
    {"schedule", "schedule", ipl_schedule_row, true},
    {"init", "initialiser", ipl_initialiser_row, false},
    {"loss", "loss", ipl_loss_row, true},
    {"activation", "activation", ipl_layer_row, true},
    {"data", "data set", ipl_source_row, false},
    {"estimator", "estimator", ipl_estimator_row, false},
};
enum { N_TEXTS = sizeof texts / sizeof texts[0] };

static const char *text_of(const ipl_experiment *exp, size_t k)
{
    return (const char *)exp + ipl_opt_find(ipl_experiment_opts, texts[k].key)->offset;
}

/* The row that a text chooses; NULL: none of that name, or several texts. */
static const ipl_row *row_of(const ipl_experiment *exp, size_t k)
{
    const char *text = text_of(exp, k);
    const size_t len = strcspn(text, ":");
    const ipl_row *row;

    if (strchr(text, ' '))
        return NULL;
    for (size_t i = 0; (row = texts[k].at(i)) != NULL; i++)
        if (strlen(row->name) == len && strncmp(row->name, text, len) == 0)
            return row;
    return NULL;
}

/* Names of keys and options for a hint; the nearest to a word. */
static void suggest(char *hint, size_t size, const ipl_experiment *exp, const char *word)
{
    size_t distance = IPL_TEXT_FAR;

    *hint = '\0';
    for (const ipl_opt *row = ipl_experiment_opts; row->name; row++)
        if (ipl_text_nearer(&distance, row->name, word))
            (void)snprintf(hint, size, "; did you mean '%s'?", row->name);
    for (size_t k = 0; k < N_TEXTS; k++) {
        const ipl_row *row = row_of(exp, k);

        for (const ipl_opt *opt = row ? row->opts : NULL; opt && opt->name; opt++) {
            char dotted[KEY_MAX];

            (void)snprintf(dotted, sizeof dotted, "%s.%s", texts[k].key, opt->name);
            if (ipl_text_nearer(&distance, opt->name, word) ||
                ipl_text_nearer(&distance, dotted, word))
                (void)snprintf(hint, size, "; did you mean '%s'?", dotted);
        }
    }
}

/* Index of the text before the dot of a key, N_TEXTS when it is none. */
static size_t find_text(const char *key, const char *dot)
{
    size_t k = 0;

    while (k < N_TEXTS && (strlen(texts[k].key) != (size_t)(dot - key) ||
                           strncmp(texts[k].key, key, (size_t)(dot - key)) != 0))
        k++;
    return k;
}

ipl_status ipl_experiment_key(char *out, size_t size, const ipl_experiment *exp,
                              const char *key, ipl_error *err)
{
    const char *dot = strchr(key, '.');
    char hint[KEY_MAX + 24], all[KEY_MAX * 2] = "";
    size_t found = 0;

    if (ipl_opt_find(ipl_experiment_opts, key) ||
        (dot && find_text(key, dot) < N_TEXTS && dot[1] != '\0'))
        return ipl_text_copy(out, size, key, strlen(key), "key", err);
    for (size_t k = 0; k < N_TEXTS; k++) {
        const ipl_row *row = row_of(exp, k);
        const size_t len = strlen(all);

        if (!row || !ipl_opt_find(row->opts, key))
            continue;
        found++;
        (void)snprintf(all + len, sizeof all - len, "%s%s.%.60s", len ? " or " : "",
                       texts[k].key, key);
    }
    if (found > 1)
        return ipl_fail(err, IPL_E_ARG, "key '%.60s' may mean %s", key, all);
    if (found == 1)
        return ipl_text_copy(out, size, all, strlen(all), "key", err);
    suggest(hint, sizeof hint, exp, key);
    return ipl_fail(err, IPL_E_ARG, "unknown key '%.60s'%s", key,
                    *hint ? hint : "; 'infoplane train --help' lists them");
}

/* Length of the option at s up to a comma outside of brackets. */
static size_t option_length(const char *s)
{
    int depth = 0;
    size_t i = 0;

    for (; s[i] != '\0' && !(s[i] == ',' && depth <= 0); i++)
        depth += (strchr("{[(", s[i]) != NULL) - (strchr("}])", s[i]) != NULL);
    return i;
}

/* The text with one option set to another value, behind the others when it was not there. */
static void replace_option(ipl_text *out, const char *text, const char *option,
                           const char *value)
{
    const size_t name = strcspn(text, ":");
    const char *s = text[name] == ':' ? text + name + 1 : text + name;
    char mark = ':';
    bool set = false;

    ipl_text_add(out, "%.*s", (int)name, text);
    while (*s != '\0') {
        const size_t len = option_length(s), n = strlen(option);
        const bool this = strncmp(s, option, n) == 0 && s[n] == '=';

        if (this)
            ipl_text_add(out, "%c%s=%s", mark, option, value);
        else
            ipl_text_add(out, "%c%.*s", mark, (int)len, s);
        set = set || this;
        mark = ',';
        s += len + (s[len] == ',');
    }
    if (!set)
        ipl_text_add(out, "%c%s=%s", mark, option, value);
}

static ipl_status set_option(ipl_experiment *exp, const char *key, const char *dot,
                             const char *value, ipl_error *err)
{
    const size_t k = find_text(key, dot);
    ipl_error why = {0};
    ipl_text text = {0};
    ipl_spec spec = {0};
    ipl_status st;

    if (k == N_TEXTS)
        return ipl_fail(err, IPL_E_ARG, "unknown key '%.60s'", key);
    if (strchr(text_of(exp, k), ' '))
        return ipl_fail(err, IPL_E_ARG, "%s: there are several texts '%.60s'", key,
                        text_of(exp, k));
    replace_option(&text, text_of(exp, k), dot + 1, value);
    st = ipl_text_status(&text, &why);
    if (st == IPL_OK)
        st = ipl_spec_create(&spec, texts[k].kind, texts[k].at, text.s, &why);
    if (st == IPL_OK)
        st =
            ipl_opt_set(exp, ipl_opt_find(ipl_experiment_opts, texts[k].key), text.s, &why);
    if (st != IPL_OK)
        st = ipl_fail(err, st == IPL_E_NOMEM ? st : IPL_E_ARG, "%s=%.60s: %s", key, value,
                      why.msg);
    ipl_spec_release(&spec);
    ipl_text_release(&text);
    return st;
}

/* Whether a text chooses something that there is. */
static ipl_status check_text(const char *key, const char *value, ipl_error *err)
{
    const size_t k = find_text(key, key + strlen(key));
    ipl_error why = {0};
    ipl_spec spec;
    ipl_status st;

    if (k == N_TEXTS || !texts[k].one)
        return IPL_OK;
    st = ipl_spec_create(&spec, texts[k].kind, texts[k].at, value, &why);
    ipl_spec_release(&spec);
    return st == IPL_OK || st == IPL_E_NOMEM
               ? st
               : ipl_fail(err, IPL_E_ARG, "%s=%.60s: %s", key, value, why.msg);
}

ipl_status ipl_experiment_set(ipl_experiment *exp, const char *key, const char *value,
                              ipl_error *err)
{
    const char *dot = strchr(key, '.');
    const ipl_opt *row = ipl_opt_find(ipl_experiment_opts, key);

    if (row) {
        const ipl_status st = check_text(key, value, err);

        return st == IPL_OK ? ipl_opt_set(exp, row, value, err) : st;
    }
    if (dot)
        return set_option(exp, key, dot, value, err);
    return ipl_fail(err, IPL_E_ARG, "unknown key '%.60s'", key);
}

/* Visit the name of a text and its options; *visited is false when it has none of its own. */
static ipl_status visit_text(bool *visited, const ipl_experiment *exp, size_t k,
                             ipl_experiment_visit visit, void *self, ipl_error *err)
{
    const ipl_row *row = row_of(exp, k);
    ipl_spec spec = {0};
    ipl_text value = {0};
    ipl_status st = IPL_E_FORMAT; /* a text that is no spec is visited as it is */

    *visited = false;
    if (row)
        st = ipl_spec_create(&spec, texts[k].kind, texts[k].at, text_of(exp, k), err);
    if (st != IPL_OK)
        return st == IPL_E_NOMEM ? st : IPL_OK;
    *visited = true;
    visit(self, texts[k].key, row->name);
    for (const ipl_opt *opt = row->opts; opt && opt->name && st == IPL_OK; opt++) {
        char key[KEY_MAX];

        (void)snprintf(key, sizeof key, "%s.%s", texts[k].key, opt->name);
        ipl_text_clear(&value);
        ipl_opt_print(&value, spec.self, opt);
        st = ipl_text_status(&value, err);
        if (st == IPL_OK)
            visit(self, key, value.s ? value.s : "");
    }
    ipl_text_release(&value);
    ipl_spec_release(&spec);
    return st;
}

ipl_status ipl_experiment_each(const ipl_experiment *exp, ipl_experiment_visit visit,
                               void *self, ipl_error *err)
{
    ipl_text value = {0};
    ipl_status st = IPL_OK;

    for (const ipl_opt *row = ipl_experiment_opts; row->name && st == IPL_OK; row++) {
        const size_t k = find_text(row->name, row->name + strlen(row->name));
        bool visited = false;

        if (k < N_TEXTS)
            st = visit_text(&visited, exp, k, visit, self, err);
        if (st != IPL_OK || visited)
            continue;
        ipl_text_clear(&value);
        ipl_opt_print(&value, exp, row);
        st = ipl_text_status(&value, err);
        if (st == IPL_OK)
            visit(self, row->name, value.s ? value.s : "");
    }
    ipl_text_release(&value);
    return st;
}
