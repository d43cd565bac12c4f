/* The plane: what is shared, what is refused, what stays the same. */
#include "base/alloc.h"
#include "base/rng.h"
#include "ipl/estimator.h"
#include "math/linalg.h"
#include "naive.h"
#include "one_thread.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

enum { LAYERS = 4, MANY = 8 };

static const char *const many[MANY] = {
    "logdet:beta=rd",        "logdet:beta=own",           "logdet:scale=corr,beta=rd",
    "logdet:beta=sum",       "logdet:beta=2.5",           "logdet:scale=corr,beta=own",
    "logdet:scale=corr-ref", "logdet:scale=corr,beta=sum"};

/* An input, layers of given widths that depend on it, labels. */
typedef struct stack {
    size_t n, d, widths[LAYERS];
    float *x, *data[LAYERS];
    ipl_cmat t[LAYERS];
    int32_t *y;
} stack;

static float *dense(const float *x, size_t n, size_t p, size_t q, ipl_rng *rng)
{
    float *w = ipl_array(p, q, sizeof *w, NULL), *t = ipl_array(n, q, sizeof *t, NULL);

    assert_non_null(w);
    assert_non_null(t);
    for (size_t i = 0; i < p * q; i++)
        w[i] = (float)(ipl_rng_normal(rng) / sqrt((double)p));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < p; k++)
            for (size_t j = 0; j < q; j++)
                t[i * q + j] += x[i * p + k] * w[k * q + j];
    for (size_t i = 0; i < n * q; i++)
        t[i] = tanhf(t[i]);
    ipl_free(w);
    return t;
}

static stack stack_of(size_t n, size_t d, const size_t *widths, size_t k)
{
    ipl_rng rng = ipl_rng_at(3, IPL_RNG_DATA, 0, 0);
    stack s = {.n = n, .d = d};

    s.x = ipl_array(n, d, sizeof *s.x, NULL);
    s.y = ipl_array(n, 1, sizeof *s.y, NULL);
    assert_non_null(s.x);
    assert_non_null(s.y);
    for (size_t i = 0; i < n * d; i++)
        s.x[i] = ipl_rng_unit(&rng);
    for (size_t i = 0; i < n; i++)
        s.y[i] = (int32_t)ipl_rng_below(&rng, k);
    for (size_t l = 0; l < LAYERS; l++) {
        s.widths[l] = widths[l];
        s.data[l] =
            dense(l ? s.data[l - 1] : s.x, n, l ? widths[l - 1] : d, widths[l], &rng);
        s.t[l] = ipl_cmat_f32(s.data[l], n, widths[l]);
    }
    return s;
}

static void stack_release(stack *s)
{
    for (size_t l = 0; l < LAYERS; l++)
        ipl_free(s->data[l]);
    ipl_free(s->y);
    ipl_free(s->x);
}

/* Shapes that take every form: see ipl_pair_form(). */
static const struct shape {
    size_t n, d, widths[LAYERS], k;
} shapes[] = {
    {120, 9, {8, 7, 5, 3}, 3},         /* all small */
    {60, 80, {70, 20, 90, 4}, 3},      /* n small */
    {320, 140, {150, 20, 18, 5}, 4},   /* input and layers narrower than n */
    {140, 170, {150, 160, 40, 145}, 3} /* wider than n, next to each other */
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static stack stack_at(size_t i)
{
    return stack_of(shapes[i].n, shapes[i].d, shapes[i].widths, shapes[i].k);
}

static ipl_plane *plane_of(const stack *s, const char *const *texts, size_t n_texts,
                           ipl_pool *pool)
{
    const ipl_plane_opts opts = {.estimators = texts,
                                 .n_estimators = n_texts,
                                 .n_layers = LAYERS,
                                 .widths = s->widths,
                                 .pool = pool};
    ipl_plane *plane;
    ipl_error err = {0};

    if (ipl_plane_create(&plane, &opts, ipl_cmat_f32(s->x, s->n, s->d), s->y, &err) !=
        IPL_OK)
        fail_msg("%s", err.msg);
    return plane;
}

static void measure_all(ipl_measures *m, ipl_plane *plane, const stack *s)
{
    ipl_error err = {0};

    if (ipl_plane_measure(m, plane, s->t, LAYERS, &err) != IPL_OK)
        fail_msg("%s", err.msg);
}

/* Sharing. */

static void estimators_together_say_what_each_says_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        stack s = stack_at(i);
        ipl_measures all[LAYERS * MANY], one[LAYERS];
        ipl_plane *plane = plane_of(&s, many, MANY, NULL);

        measure_all(all, plane, &s);
        ipl_plane_destroy(plane);
        for (size_t k = 0; k < MANY; k++) {
            plane = plane_of(&s, &many[k], 1, NULL);
            measure_all(one, plane, &s);
            for (size_t l = 0; l < LAYERS; l++)
                assert_memory_equal(&one[l], &all[l * MANY + k], sizeof *one);
            ipl_plane_destroy(plane);
        }
        stack_release(&s);
    }
}

static void the_order_of_estimators_does_not_matter(void **state)
{
    stack s = stack_at(3);
    const char *turned[MANY];
    ipl_measures forward[LAYERS * MANY], backward[LAYERS * MANY];
    ipl_plane *plane = plane_of(&s, many, MANY, NULL);

    (void)state;
    measure_all(forward, plane, &s);
    ipl_plane_destroy(plane);
    for (size_t k = 0; k < MANY; k++)
        turned[k] = many[MANY - 1 - k];
    plane = plane_of(&s, turned, MANY, NULL);
    measure_all(backward, plane, &s);
    ipl_plane_destroy(plane);
    for (size_t l = 0; l < LAYERS; l++)
        for (size_t k = 0; k < MANY; k++)
            assert_memory_equal(&backward[l * MANY + MANY - 1 - k], &forward[l * MANY + k],
                                sizeof *forward);
    stack_release(&s);
}

static void later_epochs_are_measured_like_the_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        stack s = stack_at(i);
        ipl_measures first[LAYERS * MANY], later[LAYERS * MANY];
        ipl_plane *plane = plane_of(&s, many, MANY, NULL);

        measure_all(first, plane, &s);
        for (int epoch = 0; epoch < 3; epoch++) { /* other data in between */
            for (size_t k = 0; k < s.n * s.widths[1]; k++)
                s.data[1][k] = -2.0f * s.data[1][k];
            measure_all(later, plane, &s);
        }
        for (size_t k = 0; k < s.n * s.widths[1]; k++)
            s.data[1][k] = s.data[1][k] / -8.0f;
        measure_all(later, plane, &s);
        assert_memory_equal(later, first, sizeof first);
        ipl_plane_destroy(plane);
        stack_release(&s);
    }
}

static void later_epochs_allocate_no_buffers(void **state)
{
    stack s = stack_at(2);
    const char *texts[] = {"logdet", "logdet:beta=own", "logdet:scale=corr"};
    ipl_measures m[LAYERS * 3];
    ipl_plane *plane = plane_of(&s, texts, 3, NULL);

    (void)state;
    measure_all(m, plane, &s);
    ipl_alloc_fail_after(0);
    measure_all(m, plane, &s);
    ipl_alloc_fail_after(-1);
    ipl_plane_destroy(plane);
    stack_release(&s);
}

static void bytes_do_not_depend_on_the_number_of_threads(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        stack s = stack_at(i);
        ipl_measures alone[LAYERS * MANY], shared[LAYERS * MANY];
        ipl_plane *plane = plane_of(&s, many, MANY, NULL);

        measure_all(alone, plane, &s);
        ipl_plane_destroy(plane);
        for (size_t threads = 1; threads <= 4; threads++) {
            ipl_pool *pool;

            assert_int_equal(ipl_pool_create(&pool, threads, ipl_blas_start, NULL), IPL_OK);
            plane = plane_of(&s, many, MANY, pool);
            measure_all(shared, plane, &s);
            assert_memory_equal(shared, alone, sizeof alone);
            ipl_plane_destroy(plane);
            ipl_pool_destroy(pool);
        }
        stack_release(&s);
    }
}

/* Layers. */

static void the_first_layer_transmits_what_it_knows_of_the_input(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        stack s = stack_at(i);
        ipl_measures m[LAYERS * MANY];
        ipl_plane *plane = plane_of(&s, many, MANY, NULL);

        measure_all(m, plane, &s);
        for (size_t k = 0; k < MANY; k++)
            assert_true(m[k].I_prev == m[k].I_XT);
        ipl_plane_destroy(plane);
        stack_release(&s);
    }
}

static double *doubles(const float *x, size_t n)
{
    double *out = ipl_array(n, 1, sizeof *out, NULL);

    assert_non_null(out);
    for (size_t i = 0; i < n; i++)
        out[i] = (double)x[i];
    return out;
}

/* I_prev of every layer after the first against the definition, for the rules in texts. */
static void check_transmission(const stack *s, const char *const *texts, size_t n_texts,
                               const ipl_measures *m)
{
    for (size_t l = 1; l < LAYERS; l++) {
        const size_t p = s->widths[l - 1], q = s->widths[l];
        double *a = doubles(s->data[l - 1], s->n * p), *b = doubles(s->data[l], s->n * q);

        for (size_t k = 0; k < n_texts; k++) {
            const bool corr = strstr(texts[k], "corr") != NULL;
            double wa = 100.0 * (double)s->d, wb = wa, want;

            if (strstr(texts[k], "own")) {
                wa = 100.0 * (double)p;
                wb = 100.0 * (double)q;
            } else if (strstr(texts[k], "sum")) {
                wa = wb = 100.0 * (double)(p + q);
            }
            want =
                naive_entropy(a, s->n, p, corr, wa) + naive_entropy(b, s->n, q, corr, wb);
            want -= naive_joint(a, p, wa, b, q, wb, s->n, corr);
            assert_close(m[l * n_texts + k].I_prev, want, 1e-8 * (1.0 + want));
        }
        ipl_free(b);
        ipl_free(a);
    }
}

static void transmission_from_layer_to_layer_agrees_with_the_definition(void **state)
{
    const char *texts[] = {"logdet", "logdet:beta=own", "logdet:scale=corr,beta=sum"};

    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        stack s = stack_at(i);
        ipl_measures m[LAYERS * 3];
        ipl_plane *plane = plane_of(&s, texts, 3, NULL);

        measure_all(m, plane, &s);
        check_transmission(&s, texts, 3, m);
        ipl_plane_destroy(plane);
        stack_release(&s);
    }
}

static void floats_and_doubles_of_the_same_value_measure_the_same(void **state)
{
    stack s = stack_at(0);
    const char *texts[] = {"logdet"};
    const ipl_plane_opts opts = {.estimators = texts, .n_estimators = 1};
    double *x = doubles(s.x, s.n * s.d), *t = doubles(s.data[0], s.n * s.widths[0]);
    const ipl_cmat layer = ipl_cmat_f64(t, s.n, s.widths[0]);
    ipl_measures narrow, wide;
    ipl_plane *plane = plane_of(&s, texts, 1, NULL);

    (void)state;
    assert_int_equal(ipl_plane_measure(&narrow, plane, s.t, 1, NULL), IPL_OK);
    ipl_plane_destroy(plane);
    assert_int_equal(ipl_plane_create(&plane, &opts, ipl_cmat_f64(x, s.n, s.d), s.y, NULL),
                     0);
    assert_int_equal(ipl_plane_measure(&wide, plane, &layer, 1, NULL), IPL_OK);
    ipl_plane_destroy(plane);
    assert_memory_equal(&narrow, &wide, sizeof wide);
    ipl_free(t);
    ipl_free(x);
    stack_release(&s);
}

static void without_labels_their_measures_are_nan_and_no_fault(void **state)
{
    stack s = stack_at(0);
    const char *texts[] = {"logdet"};
    const ipl_plane_opts opts = {.estimators = texts, .n_estimators = 1};
    ipl_measures m;
    ipl_plane *plane;

    (void)state;
    assert_int_equal(
        ipl_plane_create(&plane, &opts, ipl_cmat_f32(s.x, s.n, s.d), NULL, NULL), 0);
    assert_int_equal(ipl_plane_measure(&m, plane, s.t, 1, NULL), IPL_OK);
    assert_true(isnan(m.H_Y) && isnan(m.H_TY) && isnan(m.I_TY) && isnan(m.H_T_given_Y) &&
                isnan(m.I_TY_cond) && isnan(m.I_TY_pooled));
    assert_true(isfinite(m.I_XT));
    assert_string_equal(ipl_plane_fault(plane), "");
    ipl_plane_destroy(plane);
    stack_release(&s);
}

/* Units, names, what else a plane tells. */

static void bits_are_nats_over_the_logarithm_of_two(void **state)
{
    stack s = stack_at(0);
    const char *texts[] = {"logdet"};
    ipl_plane_opts opts = {.estimators = texts, .n_estimators = 1};
    const ipl_unit units[] = {IPL_UNIT_NATURAL, IPL_UNIT_NATS, IPL_UNIT_BITS};
    const char *names[] = {"nats", "nats", "bits"};
    ipl_measures m[3];

    (void)state;
    for (size_t u = 0; u < 3; u++) {
        ipl_plane *plane;

        opts.unit = units[u];
        assert_int_equal(
            ipl_plane_create(&plane, &opts, ipl_cmat_f32(s.x, s.n, s.d), s.y, NULL), 0);
        assert_int_equal(ipl_plane_measure(&m[u], plane, s.t, 1, NULL), IPL_OK);
        assert_string_equal(ipl_plane_unit(plane, 0), names[u]);
        ipl_plane_destroy(plane);
    }
    assert_memory_equal(&m[0], &m[1], sizeof m[0]);
    for (const ipl_measure_row *row = ipl_measure_table; row->name; row++) {
        const double nats = ipl_measures_get(&m[0], row),
                     got = ipl_measures_get(&m[2], row);

        if (isnan(nats) && isnan(got)) /* no baseline was asked for */
            continue;
        assert_close(got, row->information ? nats / log(2.0) : nats, 1e-12 * (1.0 + nats));
    }
    stack_release(&s);
}

static void an_estimator_is_named_with_every_option(void **state)
{
    stack s = stack_at(0);
    const char *texts[] = {"logdet", "logdet:beta=1e2", "logdet:beta=own,scale=corr",
                           "logdet:beta=-0"};
    const char *full[] = {"logdet:scale=cov,beta=rd", "logdet:scale=cov,beta=100",
                          "logdet:scale=corr,beta=own", "logdet:scale=cov,beta=0"};
    ipl_plane *plane = plane_of(&s, texts, 4, NULL);

    (void)state;
    for (size_t k = 0; k < 4; k++)
        assert_string_equal(ipl_plane_estimator(plane, k), full[k]);
    ipl_plane_destroy(plane);
    stack_release(&s);
}

static void every_measure_has_a_row_of_its_own(void **state)
{
    ipl_measures m;
    size_t n = 0;

    (void)state;
    memset(&m, 0, sizeof m);
    for (const ipl_measure_row *row = ipl_measure_table; row->name; row++) {
        assert_true(row->offset == n++ * sizeof(double) || row->offset < sizeof m);
        for (const ipl_measure_row *other = ipl_measure_table; other != row; other++)
            assert_true(other->offset != row->offset);
    }
    assert_int_equal(n, sizeof m / sizeof(double));
    m.I_prev = 3.0;
    for (const ipl_measure_row *row = ipl_measure_table; row->name; row++)
        assert_close(ipl_measures_get(&m, row), strcmp(row->name, "I_prev") ? 0.0 : 3.0,
                     0.0);
}

static void effective_rank_counts_directions(void **state)
{
    enum { N = 16 };
    const char *texts[] = {"logdet"};
    const ipl_plane_opts opts = {.estimators = texts, .n_estimators = 1};
    float x[N * 3] = {0}, t[N * 2] = {0}, wide[N * 20] = {0};
    const ipl_cmat layers[] = {ipl_cmat_f32(x, N, 3), ipl_cmat_f32(t, N, 2),
                               ipl_cmat_f32(wide, N, 20)};
    ipl_measures m[3];
    ipl_plane *plane;

    (void)state;
    for (unsigned i = 0; i < N; i++) {
        for (unsigned j = 0; j < 3; j++)
            x[i * 3 + j] = i >> j & 1 ? 1.0f : -1.0f; /* three equal eigenvalues */
        t[i * 2] = x[i * 3];
        t[i * 2 + 1] = 2.0f * x[i * 3 + 1]; /* eigenvalues 1 and 4 */
        for (unsigned j = 0; j < 20; j++)
            wide[i * 20 + j] = x[i * 3 + j % 2]; /* two equal ones, n < d */
    }
    assert_int_equal(ipl_plane_create(&plane, &opts, layers[0], NULL, NULL), IPL_OK);
    assert_true(isnan(ipl_plane_effective_rank(plane, 0)));
    assert_int_equal(ipl_plane_measure(m, plane, layers, 3, NULL), IPL_OK);
    assert_close(ipl_plane_effective_rank(plane, 0), 3.0, 1e-12);
    assert_close(ipl_plane_effective_rank(plane, 1), 25.0 / 17.0, 1e-12);
    assert_close(ipl_plane_effective_rank(plane, 2), 2.0, 1e-12);
    assert_true(isnan(ipl_plane_effective_rank(plane, 3)));
    ipl_plane_destroy(plane);
}

static void too_few_samples_earn_a_caution(void **state)
{
    stack s = stack_at(2); /* 320 samples, d_X = 140, 4 classes */
    const char *texts[] = {"logdet"};
    ipl_plane *plane = plane_of(&s, texts, 1, NULL);

    (void)state;
    assert_string_equal(ipl_plane_caution(plane, 20), "");
    assert_non_null(strstr(ipl_plane_caution(plane, 181), "d_X + d_T = 140 + 181"));
    assert_non_null(strstr(ipl_plane_caution(plane, 180), "a class has"));
    ipl_plane_destroy(plane);
    stack_release(&s);
}

static void predicted_memory_is_what_is_held(void **state)
{
    (void)state;
    const size_t widths[4][LAYERS] = {
        {512, 20, 20, 10}, {700, 200, 30, 10}, {560, 200, 140, 150}, {512, 20, 20, 10}};
    const size_t n[] = {1500, 500, 500, 1500}, d[] = {400, 600, 450, 400};

    for (size_t i = 0; i < 4; i++) { /* the last of two weights */
        const char *texts[] = {"logdet", "logdet:beta=own"};
        stack s = stack_of(n[i], d[i], widths[i], 10);
        ipl_measures m[2 * LAYERS];
        const size_t before = ipl_alloc_held();
        ipl_plane *plane = plane_of(&s, texts, i < 3 ? 1 : 2, NULL);
        const ipl_plane_opts opts = {.estimators = texts,
                                     .n_estimators = i < 3 ? 1 : 2,
                                     .n_layers = LAYERS,
                                     .widths = widths[i]};
        double held, want = (double)ipl_plane_memory(&opts, n[i], d[i]);

        measure_all(m, plane, &s);
        held = (double)(ipl_alloc_held() - before);
        assert_close(held, want, 0.02 * want);
        ipl_plane_destroy(plane);
        stack_release(&s);
    }
}

static void a_wide_net_holds_less_than_four_matrices_of_order_n(void **state)
{
    /* cal:channels=32x64x128 on 5000 CIFAR pictures, the centred samples apart. */
    const size_t widths[] = {6272, 1600, 128, 10}, n = 5000, d = 3072;
    const double square = 8.0 * (double)n * (double)n;
    const double samples = 8.0 * (double)n * (double)(d + 2 * 6272 + 1600);

    const char *texts[] = {"logdet"};
    const ipl_plane_opts opts = {
        .estimators = texts, .n_estimators = 1, .n_layers = LAYERS, .widths = widths};

    (void)state;
    assert_true((double)ipl_plane_memory(&opts, n, d) - samples < 4.0 * square);
}

/* Faults. */

static void a_wrong_text_is_a_format_error_that_names_the_word(void **state)
{
    static const struct bad {
        const char *text, *word;
    } bad[] = {
        {"logdat", "'logdet'"},           {"logdet:beta=red", "'red'"},
        {"logdet:beta=-1", "'-1'"},       {"logdet:beta=nan", "'nan'"},
        {"logdet:beta=inf", "'inf'"},     {"logdet:beta=", "''"},
        {"logdet:beta=1e999", "'1e999'"}, {"logdet:scale=pearson", "pearson"},
        {"logdet:bets=1", "'beta'"},      {"logdet:beta=1,beta=2", "twice"},
    };
    const float x[] = {1.0f, 2.0f};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *texts[] = {"logdet", bad[i].text};
        const ipl_plane_opts opts = {.estimators = texts, .n_estimators = 2};
        ipl_plane *plane;
        ipl_error err = {0};

        assert_int_equal(ipl_plane_create(&plane, &opts, ipl_cmat_f32(x, 2, 1), NULL, &err),
                         IPL_E_FORMAT);
        assert_null(plane);
        if (!strstr(err.msg, bad[i].word))
            fail_msg("'%s' does not name %s", err.msg, bad[i].word);
    }
}

static void no_sample_or_no_column_is_a_shape_error(void **state)
{
    const char *texts[] = {"logdet"};
    const ipl_plane_opts opts = {.estimators = texts, .n_estimators = 1};
    const float x[] = {1.0f, 2.0f};
    ipl_plane *plane;
    ipl_error err = {0};

    (void)state;
    assert_int_equal(ipl_plane_create(&plane, &opts, ipl_cmat_f32(x, 0, 2), NULL, &err),
                     IPL_E_SHAPE);
    assert_non_null(strstr(err.msg, "0 x 2"));
    assert_int_equal(ipl_plane_create(&plane, &opts, ipl_cmat_f32(x, 2, 0), NULL, &err),
                     IPL_E_SHAPE);
    assert_null(plane);
}

static void one_sample_has_no_information(void **state)
{
    const char *texts[] = {"logdet",
                           "logdet:scale=corr,beta=own",
                           "logdet:scale=corr-ref,beta=1",
                           "renyi",
                           "renyi:alpha=1,kernel=rbf,width=alignment/2",
                           "renyi:alpha=2,kernel=authors",
                           "kde",
                           "kde:bound=lower",
                           "binning",
                           "binning:rule=quantile,correction=miller-madow",
                           "binning:rule=softmax"};
    enum { N_TEXTS = sizeof texts / sizeof texts[0] };
    const ipl_plane_opts opts = {
        .estimators = texts, .n_estimators = N_TEXTS, .null_repeats = 2};
    const float x[] = {1.0f, 2.0f, 3.0f}, t[] = {-0.5f, 0.25f};
    const int32_t y[] = {7};
    const ipl_cmat layer = ipl_cmat_f32(t, 1, 2);
    ipl_measures m[N_TEXTS];
    ipl_plane *plane;

    (void)state;
    assert_int_equal(ipl_plane_create(&plane, &opts, ipl_cmat_f32(x, 1, 3), y, NULL),
                     IPL_OK);
    assert_int_equal(ipl_plane_measure(m, plane, &layer, 1, NULL), IPL_OK);
    for (size_t k = 0; k < N_TEXTS; k++) {
        assert_close(m[k].I_XT, 0.0, 1e-12);
        assert_close(m[k].I_TY, 0.0, 1e-12);
        assert_close(m[k].I_XT_null, 0.0, 1e-12);
        if (strncmp(texts[k], "kde", 3) != 0) /* its H(T) is that of the noise */
            assert_close(m[k].H_T, 0.0, 1e-12);
    }
    ipl_plane_destroy(plane);
}

static void a_layer_with_other_samples_is_a_shape_error(void **state)
{
    stack s = stack_at(0);
    const char *texts[] = {"logdet"};
    ipl_measures m[LAYERS];
    ipl_plane *plane = plane_of(&s, texts, 1, NULL);
    ipl_error err = {0};

    (void)state;
    s.t[2].rows--;
    assert_int_equal(ipl_plane_measure(m, plane, s.t, LAYERS, &err), IPL_E_SHAPE);
    assert_non_null(strstr(err.msg, "layer 3: 119 x 5, but the input has 120 samples"));
    s.t[2].rows++;
    s.t[1].cols = 0;
    assert_int_equal(ipl_plane_measure(m, plane, s.t, LAYERS, &err), IPL_E_SHAPE);
    ipl_plane_destroy(plane);
    stack_release(&s);
}

static void a_nan_or_an_infinity_is_named_by_layer_row_and_column(void **state)
{
    stack s = stack_at(0);
    const char *texts[] = {"logdet"};
    const ipl_plane_opts opts = {.estimators = texts, .n_estimators = 1};
    ipl_measures m[LAYERS], clean[LAYERS];
    ipl_plane *plane = plane_of(&s, texts, 1, NULL), *none;
    ipl_error err = {0};
    float kept;

    (void)state;
    measure_all(clean, plane, &s);
    kept = s.data[1][17 * 7 + 4];
    s.data[1][17 * 7 + 4] = NAN;
    assert_int_equal(ipl_plane_measure(m, plane, s.t, LAYERS, &err), IPL_E_NUMERIC);
    assert_string_equal(err.msg, "layer 2: row 17, column 4 is NaN");
    s.data[1][17 * 7 + 4] = -INFINITY;
    assert_int_equal(ipl_plane_measure(m, plane, s.t, LAYERS, &err), IPL_E_NUMERIC);
    assert_string_equal(err.msg, "layer 2: row 17, column 4 is infinite");
    s.data[1][17 * 7 + 4] = kept; /* the plane is none the worse */
    measure_all(m, plane, &s);
    assert_memory_equal(m, clean, sizeof m);
    ipl_plane_destroy(plane);

    s.x[119 * 9] = NAN;
    assert_int_equal(ipl_plane_create(&none, &opts, ipl_cmat_f32(s.x, s.n, s.d), s.y, &err),
                     IPL_E_NUMERIC);
    assert_string_equal(err.msg, "X: row 119, column 0 is NaN");
    stack_release(&s);
}

/* Create and measure; IPL_OK or IPL_E_NOMEM. */
static ipl_status whole_life(const stack *s)
{
    const ipl_plane_opts opts = {
        .estimators = many, .n_estimators = MANY, .n_layers = LAYERS, .widths = s->widths};
    ipl_measures m[LAYERS * MANY];
    ipl_plane *plane;
    ipl_error err = {0};
    ipl_status st =
        ipl_plane_create(&plane, &opts, ipl_cmat_f32(s->x, s->n, s->d), s->y, &err);

    if (st == IPL_OK)
        st = ipl_plane_measure(m, plane, s->t, LAYERS, &err);
    ipl_plane_destroy(plane);
    assert_int_equal(st, err.status);
    return st;
}

static void running_out_of_memory_anywhere_is_reported(void **state)
{
    const size_t widths[3][LAYERS] = {{4, 3, 2, 2}, {20, 14, 3, 15}, {150, 135, 20, 140}};
    const size_t n[] = {30, 12, 131}, d[] = {5, 16, 140};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        stack s = stack_of(n[i], d[i], widths[i], 2);
        ipl_status st = IPL_E_NOMEM;

        /* The wide case is slow: look at every seventh allocation there. */
        for (long k = 0; st != IPL_OK; k += i == 2 ? 7 : 1) {
            ipl_alloc_fail_after(k);
            st = whole_life(&s);
            ipl_alloc_fail_after(-1);
            assert_true(st == IPL_OK || st == IPL_E_NOMEM);
            assert_true(k < 2000);
        }
        stack_release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(estimators_together_say_what_each_says_alone),
        cmocka_unit_test(the_order_of_estimators_does_not_matter),
        cmocka_unit_test(later_epochs_are_measured_like_the_first),
        cmocka_unit_test(later_epochs_allocate_no_buffers),
        cmocka_unit_test(bytes_do_not_depend_on_the_number_of_threads),
        cmocka_unit_test(the_first_layer_transmits_what_it_knows_of_the_input),
        cmocka_unit_test(transmission_from_layer_to_layer_agrees_with_the_definition),
        cmocka_unit_test(floats_and_doubles_of_the_same_value_measure_the_same),
        cmocka_unit_test(without_labels_their_measures_are_nan_and_no_fault),
        cmocka_unit_test(bits_are_nats_over_the_logarithm_of_two),
        cmocka_unit_test(an_estimator_is_named_with_every_option),
        cmocka_unit_test(every_measure_has_a_row_of_its_own),
        cmocka_unit_test(effective_rank_counts_directions),
        cmocka_unit_test(too_few_samples_earn_a_caution),
        cmocka_unit_test(predicted_memory_is_what_is_held),
        cmocka_unit_test(a_wide_net_holds_less_than_four_matrices_of_order_n),
        cmocka_unit_test(a_wrong_text_is_a_format_error_that_names_the_word),
        cmocka_unit_test(no_sample_or_no_column_is_a_shape_error),
        cmocka_unit_test(one_sample_has_no_information),
        cmocka_unit_test(a_layer_with_other_samples_is_a_shape_error),
        cmocka_unit_test(a_nan_or_an_infinity_is_named_by_layer_row_and_column),
        cmocka_unit_test(running_out_of_memory_anywhere_is_reported),
    };

    return cmocka_run_group_tests(tests, one_thread, NULL);
}
