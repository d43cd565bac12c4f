/* Texts of estimators, with braces: those that are right measure a small plane. */
#include "fuzz.h"

#include "ipl/estimator.h"
#include "run/estimator_texts.h"

#include <string.h>

enum { N = 8, D = 2, D_T = 3 };

static const char *const pieces[] = {
    "logdet", ":",       ",",     "=",        "beta=",    "scale=", "cov",    "corr",
    "rd",     "own",     "renyi", "alpha=",   "kde",      "var=",   "bound=", "upper",
    "lower",  "binning", "bins=", "edges=",   "{",        "}",      "kl",     "ksg",
    "k=",     "gauss",   " ",     "{1,10}",   "samples=", "label=", "form=",  "kernel=",
    "sigma=", "low=",    "high=", "version=", "metric=",  "max",    NULL};

const fuzz_format fuzz_target = {.name = "estimator", .pieces = pieces, .unlimited = 1};

/* One text alone; when it is taken, the text it is recorded as is the same estimator. */
static void measure(const char *text)
{
    static const double x[N * D] = {1, 2, 3, 5, 8, 13, 21, 34, 1, 0, 4, 1, 5, 9, 2, 6};
    static const double t[N * D_T] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8,
                                      9, 7, 9, 3, 2, 3, 8, 4, 6, 2, 6, 4};
    static const int32_t y[N] = {0, 1, 0, 1, 0, 1, 0, 1};
    const unsigned allowed = FUZZ_OK_OR_FORMAT | 1u << IPL_E_ARG;
    const ipl_cmat view = ipl_cmat_f64(t, N, D_T);
    const ipl_plane_opts opts = {.estimators = &text, .n_estimators = 1};
    ipl_plane *plane = NULL, *again = NULL;
    ipl_measures m;
    ipl_error err = {0};
    ipl_status st = ipl_plane_create(&plane, &opts, ipl_cmat_f64(x, N, D), y, &err);

    fuzz_check(st, &err, allowed);
    if (st == IPL_OK) {
        const char *name = ipl_plane_estimator(plane, 0);
        const ipl_plane_opts opts2 = {.estimators = &name, .n_estimators = 1};

        fuzz_check(ipl_plane_measure(&m, plane, &view, 1, &err), &err, allowed);
        for (const ipl_measure_row *row = ipl_measure_table; row->name; row++)
            fuzz_require(ipl_measures_get(&m, row) - ipl_measures_get(&m, row) != 1.0,
                         "numbers are there");
        st = ipl_plane_create(&again, &opts2, ipl_cmat_f64(x, N, D), y, &err);
        fuzz_require(st == IPL_OK && strcmp(ipl_plane_estimator(again, 0), name) == 0,
                     "the text that is recorded is read as the same estimator");
    }
    ipl_plane_destroy(again);
    ipl_plane_destroy(plane);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = fuzz_text(data, size);
    ipl_error err = {0};
    ipl_estimator_texts texts;
    const ipl_status st = ipl_estimator_texts_create(&texts, text, &err);

    fuzz_check(st, &err, FUZZ_OK_OR_FORMAT);
    for (size_t i = 0; i < texts.n && i < 4; i++)
        measure(texts.texts[i]);
    ipl_estimator_texts_release(&texts);
    return 0;
}
