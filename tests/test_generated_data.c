/* Data that are drawn, of known information: Gaussian pairs and a noisy teacher. */
#include "open_data.h"

/* ---- gaussian ---- */

static void gaussian_pairs_have_the_correlation_and_labels_they_say(void **state)
{
    enum { N = 20000, D = 3, BOTH = 2 * D };
    ipl_dataset *ds = open_or_fail(&(ipl_data_opts){
        .text = "gaussian:n=20000,d=3,rho=-0.6", .train_share = 1.0, .seed = 4});
    double mean[BOTH] = {0}, product[BOTH][BOTH] = {{0}};

    (void)state;
    for (size_t i = 0; i < N; i++) {
        float u[BOTH];
        int32_t y;

        ipl_dataset_gather(u, &y, ds, IPL_TRAIN, NULL, i, 1);
        assert_int_equal(y, (double)u[0] + (double)u[1] + (double)u[2] > 0.0);
        for (size_t a = 0; a < BOTH; a++) {
            mean[a] += (double)u[a] / N;
            for (size_t b = 0; b < BOTH; b++)
                product[a][b] += (double)u[a] * (double)u[b] / N;
        }
    }
    for (size_t a = 0; a < BOTH; a++) {
        assert_close(mean[a], 0.0, 0.03);
        for (size_t b = 0; b < BOTH; b++)
            assert_close(product[a][b], a == b ? 1.0 : a % D == b % D ? -0.6 : 0.0, 0.04);
    }
    ipl_dataset_destroy(ds);
}

/* The number behind "<name> = " in a note; NaN when it is not there. */
static double noted(const char *note, const char *name)
{
    char key[32];
    const char *at;

    (void)snprintf(key, sizeof key, "%s = ", name);
    at = strstr(note, key);
    return at ? strtod(at + strlen(key), NULL) : (double)NAN;
}

/* I(t;y) lies between that of the sign of t's sum, known by an angle, and I(x;t). */
static void the_gaussian_note_has_the_known_information(void **state)
{
    ipl_dataset *ds =
        open_or_fail(&(ipl_data_opts){.text = "gaussian:n=10,d=2,rho=0.5", .seed = 4});
    const char *note = ipl_dataset_info(ds)->note;
    const double pi = acos(-1.0), agree = 0.5 + asin(0.5) / pi;
    const double signs = log(2.0) + agree * log(agree) + (1 - agree) * log(1 - agree);
    const double H = log(2.0 * pi * exp(1.0)), I = -log(0.75);

    (void)state;
    assert_close(noted(note, "H(x) = H(t)"), H, 1e-5);
    assert_close(noted(note, "I(x;t)"), I, 1e-5);
    assert_close(noted(note, "H(x,t)"), 2.0 * H - I, 2e-5);
    assert_close(noted(note, "I(x;y)"), log(2.0), 1e-5);
    assert_true(noted(note, "I(t;y)") > signs && noted(note, "I(t;y)") < I);
    ipl_dataset_destroy(ds);
}

static void more_gaussian_samples_leave_the_first_ones_alone(void **state)
{
    ipl_dataset *few = open_or_fail(
        &(ipl_data_opts){.text = "gaussian:n=10", .train_share = 1.0, .seed = 9});
    ipl_dataset *many = open_or_fail(
        &(ipl_data_opts){.text = "gaussian:n=30", .train_share = 1.0, .seed = 9});

    (void)state;
    for (size_t i = 0; i < 10; i++) {
        float a[10], b[10];

        ipl_dataset_gather(a, NULL, few, IPL_TRAIN, NULL, i, 1);
        ipl_dataset_gather(b, NULL, many, IPL_TRAIN, NULL, i, 1);
        assert_memory_equal(a, b, sizeof a);
    }
    ipl_dataset_destroy(many);
    ipl_dataset_destroy(few);
}

/* ---- teacher ---- */

/* With noise of the signal's variance, Phi(g) is uniform and the integral is 1/2. */
static void the_teachers_note_has_the_known_information(void **state)
{
    ipl_dataset *ds = open_or_fail(
        &(ipl_data_opts){.text = "teacher:n=10,d=8,relevant=3,snr=1", .seed = 4});
    const char *note = ipl_dataset_info(ds)->note;

    (void)state;
    assert_close(noted(note, "H(y)"), log(2.0), 1e-5);
    assert_close(noted(note, "I(x;y)"), log(2.0) - 0.5, 1e-5);
    assert_non_null(strstr(note, "the first 3 of 8"));
    ipl_dataset_destroy(ds);
}

/*
 * E[x_k s] for s = +-1 is w_k sqrt(2/pi) / sqrt(1 + 1/snr): the teacher can be read off, it has
 * length 1, and inputs it does not see are uncorrelated.
 */
static void a_teacher_looks_at_its_relevant_inputs_alone(void **state)
{
    enum { N = 40000, D = 6, RELEVANT = 4 };
    ipl_dataset *ds = open_or_fail(&(ipl_data_opts){
        .text = "teacher:n=40000,d=6,relevant=4,snr=4", .train_share = 1.0, .seed = 4});
    const double scale = sqrt(2.0 / acos(-1.0)) / sqrt(1.25);
    double w[D] = {0}, length = 0.0, squares = 0.0;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        float x[D];
        int32_t y;

        ipl_dataset_gather(x, &y, ds, IPL_TRAIN, NULL, i, 1);
        for (size_t k = 0; k < D; k++) {
            w[k] += (y > 0 ? 1.0 : -1.0) * (double)x[k] / N / scale;
            squares += (double)(x[k] * x[k]) / (N * D);
        }
    }
    for (size_t k = 0; k < RELEVANT; k++)
        length += w[k] * w[k];
    assert_close(length, 1.0, 0.03);
    assert_close(squares, 1.0, 0.02);
    for (size_t k = RELEVANT; k < D; k++)
        assert_close(w[k], 0.0, 0.02);
    ipl_dataset_destroy(ds);
}

static void more_lessons_leave_the_first_ones_alone(void **state)
{
    ipl_dataset *few = open_or_fail(
        &(ipl_data_opts){.text = "teacher:n=10,d=5", .train_share = 1.0, .seed = 9});
    ipl_dataset *many = open_or_fail(
        &(ipl_data_opts){.text = "teacher:n=30,d=5", .train_share = 1.0, .seed = 9});

    (void)state;
    for (size_t i = 0; i < 10; i++) {
        float a[5], b[5];
        int32_t y, z;

        ipl_dataset_gather(a, &y, few, IPL_TRAIN, NULL, i, 1);
        ipl_dataset_gather(b, &z, many, IPL_TRAIN, NULL, i, 1);
        assert_memory_equal(a, b, sizeof a);
        assert_int_equal(y, z);
    }
    ipl_dataset_destroy(many);
    ipl_dataset_destroy(few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaussian_pairs_have_the_correlation_and_labels_they_say),
        cmocka_unit_test(the_gaussian_note_has_the_known_information),
        cmocka_unit_test(more_gaussian_samples_leave_the_first_ones_alone),
        cmocka_unit_test(the_teachers_note_has_the_known_information),
        cmocka_unit_test(a_teacher_looks_at_its_relevant_inputs_alone),
        cmocka_unit_test(more_lessons_leave_the_first_ones_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
