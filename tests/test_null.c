/* The null baseline: what estimators give pairs that were shuffled. */
#include "estimate.h"
#include "info/rows.h"
#include "info/shuffle.h"
#include "math/linalg.h"

static ipl_measures with_null(const char *text, const sample_set *s, size_t repeats,
                              uint64_t seed)
{
    const ipl_plane_opts opts = {.null_repeats = repeats, .null_seed = seed};

    return measure_opts(text, s, &opts);
}

static void
logdet_of_independent_normals_is_138_nats_and_the_baseline_shows_it(void **state)
{
    sample_set s = correlated(64, 50, 50, 0.0, 4, 1);
    const ipl_measures m = with_null("logdet:beta=sum", &s, 20, 0);

    (void)state;
    assert_close(m.I_XT, 138.8, 3.0); /* beta = 100 (50 + 50) */
    assert_close(m.I_XT_null, 138.8, 1.0);
    assert_close(m.I_TY_null, m.I_TY, 1.0);
    assert_close(m.I_TY_cond_null, m.I_TY_cond, 5.0);
    sample_set_release(&s);
}

static void dependence_stands_out_of_the_baseline(void **state)
{
    static const char *const texts[] = {"logdet", "renyi:width=1", "ksg", "gauss"};
    sample_set s = correlated(300, 2, 2, 0.95, 3, 2);

    (void)state;
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
        const ipl_measures m = with_null(texts[k], &s, 5, 0);

        assert_true(m.I_XT > 2.0 * fabs(m.I_XT_null) + 0.1);
        assert_close(m.I_TY, m.I_TY_null, 0.2); /* the labels are independent */
    }
    sample_set_release(&s);
}

static void labels_that_are_known_stand_out_of_the_baseline(void **state)
{
    static const char *const texts[] = {
        "logdet", "renyi:width=1", "kde", "kl", "ksg", "binning:rule=range,bins=4",
        "gauss"};
    sample_set s = correlated(200, 2, 2, 0.5, 2, 3);

    (void)state;
    for (size_t i = 0; i < s.n; i++)
        s.t[2 * i] += s.y[i] ? 4.0 : -4.0;
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
        const ipl_measures m = with_null(texts[k], &s, 4, 0);

        assert_true(m.I_TY > m.I_TY_null + 0.2);
        assert_true(isnan(m.I_TY_cond) || m.I_TY_cond > m.I_TY_cond_null + 0.2);
    }
    sample_set_release(&s);
}

static void
estimators_that_take_the_net_for_deterministic_do_not_see_the_pairs(void **state)
{
    static const char *const texts[] = {"kde", "binning"};
    sample_set s = correlated(80, 2, 2, 0.9, 2, 4);

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        const ipl_measures m = with_null(texts[k], &s, 3, 0);

        assert_close(m.I_XT_null, m.I_XT, 1e-12);
    }
    sample_set_release(&s);
}

static void without_repeats_there_is_no_baseline(void **state)
{
    sample_set s = correlated(40, 2, 2, 0.9, 2, 5);
    const ipl_measures m = measure_set("logdet", &s);

    (void)state;
    assert_true(isnan(m.I_XT_null) && isnan(m.I_TY_null) && isnan(m.I_TY_cond_null));
    sample_set_release(&s);
}

static void what_is_not_defined_has_no_baseline(void **state)
{
    sample_set s = correlated(40, 2, 2, 0.9, 2, 6);
    ipl_measures m = with_null("renyi", &s, 2, 0);

    (void)state;
    assert_true(isfinite(m.I_XT_null) && isnan(m.I_TY_cond_null));
    m = with_null("kl", &s, 2, 0);
    assert_true(isnan(m.I_XT_null) && isfinite(m.I_TY_null));
    ipl_free(s.y);
    s.y = NULL;
    m = with_null("logdet", &s, 2, 0);
    assert_true(isfinite(m.I_XT_null) && isnan(m.I_TY_null) && isnan(m.I_TY_cond_null));
    assert_string_equal(last_fault, "");
    sample_set_release(&s);
}

static void the_seed_chooses_the_shuffles(void **state)
{
    sample_set s = correlated(40, 3, 3, 0.9, 2, 7);
    const ipl_measures one = with_null("logdet", &s, 2, 1);
    const ipl_measures again = with_null("logdet", &s, 2, 1);
    const ipl_measures other = with_null("logdet", &s, 2, 2);

    (void)state;
    assert_memory_equal(&one, &again, sizeof one);
    assert_true(one.I_XT_null != other.I_XT_null && one.I_XT == other.I_XT);
    sample_set_release(&s);
}

static void labels_do_not_change_the_shuffles(void **state)
{
    sample_set s = correlated(60, 3, 3, 0.9, 3, 8), bare = s;
    const ipl_measures with = with_null("logdet", &s, 3, 1);

    (void)state;
    bare.y = NULL;
    assert_close(with_null("logdet", &bare, 3, 1).I_XT_null, with.I_XT_null, 1e-9);
    sample_set_release(&s);
}

/* Shuffle the samples of T as repetition 0 does, in the caller's order. */
static sample_set shuffled(const sample_set *s, uint64_t seed)
{
    ipl_shuffle shuffle = {0};
    sample_set out = {.x = s->x, .y = s->y, .n = s->n, .p = s->p, .q = s->q};

    assert_int_equal(ipl_shuffle_set(&shuffle, 1, seed, s->n, NULL, NULL), IPL_OK);
    ipl_shuffle_deal(&shuffle, 0);
    out.t = ipl_array(s->n, s->q, sizeof *out.t, NULL);
    assert_non_null(out.t);
    for (size_t i = 0; i < s->n; i++)
        memcpy(out.t + i * s->q, s->t + shuffle.row[i] * s->q, s->q * sizeof *out.t);
    ipl_shuffle_release(&shuffle);
    return out;
}

/* Every form a pair can take, and every estimator. */
static void a_baseline_is_the_measuring_of_shuffled_samples(void **state)
{
    static const struct shape {
        size_t n, p, q;
    } shapes[] = {{50, 4, 3},     {40, 60, 50},   {40, 60, 5},    {40, 5, 60},
                  {300, 150, 20}, {150, 170, 20}, {200, 20, 150}, {150, 170, 160}};
    static const char *const texts[] = {"logdet",
                                        "logdet:scale=corr,beta=own",
                                        "logdet:scale=corr-ref,beta=1",
                                        "logdet:beta=sum",
                                        "gauss:shrink=0.1",
                                        "renyi:alpha=1.5",
                                        "renyi:alpha=2,kernel=authors",
                                        "kde",
                                        "kl:k=2",
                                        "ksg",
                                        "binning:rule=range,bins=3"};

    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        sample_set s = correlated(shapes[i].n, shapes[i].p, shapes[i].q, 0.8, 3, 9 + i);
        sample_set r = shuffled(&s, 5);

        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
            const ipl_measures m = with_null(texts[k], &s, 1, 5);
            const ipl_measures want = measure_set(texts[k], &r);

            const double tol = 1e-8 * (1.0 + fabs(m.H_T) + fabs(m.H_X));

            assert_true(isnan(want.I_XT) == isnan(m.I_XT_null));
            if (!isnan(want.I_XT))
                assert_close(m.I_XT_null, want.I_XT, isnan(tol) ? 1e-8 : tol);
            assert_close(m.I_TY_null, want.I_TY, isnan(tol) ? 1e-8 : tol);
            if (!isnan(want.I_TY_cond))
                assert_close(m.I_TY_cond_null, want.I_TY_cond, isnan(tol) ? 1e-8 : tol);
        }
        ipl_free(r.t);
        sample_set_release(&s);
    }
}

static void the_baseline_leaves_the_estimates_alone(void **state)
{
    static const char *const texts[] = {"logdet",  "renyi",           "kde", "kl", "ksg",
                                        "binning", "gauss:shrink=0.2"};
    enum { N = 60, LAYERS = 4, TEXTS = sizeof texts / sizeof texts[0] };
    const size_t widths[LAYERS] = {70, 5, 80, 3};
    double *data[LAYERS];
    ipl_cmat t[LAYERS];
    ipl_measures m[2][LAYERS * TEXTS];
    sample_set s = correlated(N, 8, 2, 0.5, 3, 30);

    (void)state;
    for (size_t l = 0; l < LAYERS; l++) {
        data[l] = normal_numbers(N, widths[l], 40 + l);
        t[l] = ipl_cmat_f64(data[l], N, widths[l]);
    }
    for (size_t repeats = 0; repeats < 2; repeats++) {
        const ipl_plane_opts opts = {
            .estimators = texts, .n_estimators = TEXTS, .null_repeats = repeats};
        ipl_plane *plane;

        assert_int_equal(
            ipl_plane_create(&plane, &opts, ipl_cmat_f64(s.x, N, 8), s.y, NULL), IPL_OK);
        assert_int_equal(ipl_plane_measure(m[repeats], plane, t, LAYERS, NULL), IPL_OK);
        ipl_plane_destroy(plane);
    }
    for (size_t i = 0; i < sizeof m[0] / sizeof m[0][0]; i++) {
        assert_true(isfinite(m[1][i].I_XT_null) || isfinite(m[1][i].I_TY_null));
        m[1][i].I_XT_null = m[0][i].I_XT_null;
        m[1][i].I_TY_null = m[0][i].I_TY_null;
        m[1][i].I_TY_cond_null = m[0][i].I_TY_cond_null;
    }
    assert_memory_equal(m[0], m[1], sizeof m[0]);
    for (size_t l = 0; l < LAYERS; l++)
        ipl_free(data[l]);
    sample_set_release(&s);
}

static void a_shuffle_deals_every_sample_once(void **state)
{
    enum { N = 100 };
    ipl_work work = {0};
    ipl_groups groups = {0};
    ipl_shuffle shuffle = {0}, plain = {0};
    int32_t y[N];

    (void)state;
    for (size_t i = 0; i < N; i++)
        y[i] = (int32_t)(i * 7 % 3);
    assert_int_equal(ipl_groups_set(&groups, y, N, &work, NULL), IPL_OK);
    assert_int_equal(ipl_shuffle_set(&shuffle, 2, 1, N, &groups, NULL), IPL_OK);
    assert_int_equal(ipl_shuffle_set(&plain, 2, 1, N, NULL, NULL), IPL_OK);
    for (size_t r = 0; r < 2; r++) {
        bool seen[N] = {false};
        size_t moved = 0;

        ipl_shuffle_deal(&shuffle, r);
        ipl_shuffle_deal(&plain, r);
        for (size_t i = 0; i < N; i++) {
            /* the same sample goes to the same sample, whatever the order of the rows */
            assert_int_equal(groups.order[shuffle.row[i]], plain.row[groups.order[i]]);
            assert_false(seen[shuffle.row[i]]);
            seen[shuffle.row[i]] = true;
            moved += shuffle.row[i] != i;
        }
        assert_true(moved > N / 2);
    }
    ipl_shuffle_release(&plain);
    ipl_shuffle_release(&shuffle);
    ipl_groups_release(&groups);
    ipl_work_release(&work);
}

static void entropies_of_all_samples_follow_a_shuffle_and_others_do_not(void **state)
{
    enum { N = 20, D = 3 };
    const double key[IPL_KEYS] = {2.0, 10.0};
    double *x = normal_numbers(N, D, 1), h;
    uint32_t row[N];
    ipl_work work = {0};
    ipl_var v = {.name = "T", .keep_given = true}, out = {.name = "T"};

    (void)state;
    for (uint32_t i = 0; i < N; i++)
        row[i] = (i * 7 + 3) % N;
    assert_int_equal(ipl_var_set(&v, ipl_cmat_f64(x, N, D), NULL, &work, NULL), IPL_OK);
    ipl_var_note(&v, IPL_OF_GAUSS, key, 5.0);
    ipl_var_note(&v, IPL_OF_KL, key, 6.0);
    assert_int_equal(ipl_var_shuffle(&out, &v, row, NULL), IPL_OK);
    assert_true(ipl_var_recall(&h, &out, IPL_OF_GAUSS, key) && h == 5.0);
    assert_false(ipl_var_recall(&h, &out, IPL_OF_KL, key));
    for (size_t i = 0; i < N; i++) {
        const size_t from = (size_t)row[i] * v.d;

        assert_memory_equal(out.given.p + i * v.d, x + from, v.d * sizeof *x);
        for (size_t j = 0; j < v.d; j++)
            assert_true(ipl_rows_at(&out, i, j) == ipl_rows_at(&v, row[i], j));
    }
    ipl_var_release(&out);
    ipl_var_release(&v);
    ipl_work_release(&work);
    ipl_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            logdet_of_independent_normals_is_138_nats_and_the_baseline_shows_it),
        cmocka_unit_test(dependence_stands_out_of_the_baseline),
        cmocka_unit_test(labels_that_are_known_stand_out_of_the_baseline),
        cmocka_unit_test(
            estimators_that_take_the_net_for_deterministic_do_not_see_the_pairs),
        cmocka_unit_test(without_repeats_there_is_no_baseline),
        cmocka_unit_test(what_is_not_defined_has_no_baseline),
        cmocka_unit_test(the_seed_chooses_the_shuffles),
        cmocka_unit_test(labels_do_not_change_the_shuffles),
        cmocka_unit_test(a_baseline_is_the_measuring_of_shuffled_samples),
        cmocka_unit_test(the_baseline_leaves_the_estimates_alone),
        cmocka_unit_test(a_shuffle_deals_every_sample_once),
        cmocka_unit_test(entropies_of_all_samples_follow_a_shuffle_and_others_do_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
