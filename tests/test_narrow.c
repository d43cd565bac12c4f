/*
 * Products of short rows against their naive twins. The numbers are small integers, whose sums
 * are exact in any order: the results are the same to the bit.
 */
#include "base/alloc.h"
#include "base/rng.h"
#include "math/narrow.h"
#include "test.h"

#include <string.h>

static const size_t rows[] = {1, 2, 3, 7, 8, 9, 16, 17, 127, 128, 129, 150, 300};
enum { ROWS = sizeof rows / sizeof *rows, WIDEST = IPL_NARROW_MAX, BEHIND = 40 };

enum { X, DY, W, B, READ, Y = READ, DX, DW, DB, ARRAYS };

/* The arrays of a layer; those that are written, twice, with something behind them. */
typedef struct layer {
    size_t N, D, U, n[ARRAYS];
    float *a[ARRAYS], *ref[ARRAYS];
} layer;

static void set_up(layer *l, size_t N, size_t D, size_t U)
{
    const size_t n[ARRAYS] = {N * D, N * U, U * D, U, N * U, N * D, U * D, U};
    ipl_rng rng = ipl_rng_at(1, IPL_RNG_DATA, (uint32_t)(N * 1024 + D * 32 + U), 0);

    *l = (layer){.N = N, .D = D, .U = U};
    memcpy(l->n, n, sizeof n);
    for (int k = 0; k < ARRAYS; k++) {
        const size_t behind = k < READ ? 0 : BEHIND;

        l->a[k] = ipl_array(n[k] + behind, 1, sizeof(float), NULL);
        l->ref[k] = ipl_array(n[k] + behind, 1, sizeof(float), NULL);
        assert_non_null(l->a[k]);
        assert_non_null(l->ref[k]);
        for (size_t i = 0; i < n[k] + behind; i++)
            l->a[k][i] = l->ref[k][i] =
                k < READ ? floorf(4.0f * (float)ipl_rng_normal(&rng)) : 77.0f;
    }
}

static void tear_down(layer *l)
{
    for (int k = 0; k < ARRAYS; k++) {
        ipl_free(l->a[k]);
        ipl_free(l->ref[k]);
    }
}

static void run(const layer *l)
{
    ipl_narrow_forward(l->a[Y], l->a[X], l->a[W], l->a[B], l->N, l->D, l->U);
    ipl_narrow_backward(l->a[DX], l->a[DY], l->a[W], l->N, l->D, l->U);
    ipl_narrow_gradient(l->a[DW], l->a[DB], l->a[DY], l->a[X], l->N, l->D, l->U);
}

static void run_ref(const layer *l)
{
    ipl_narrow_forward_ref(l->ref[Y], l->a[X], l->a[W], l->a[B], l->N, l->D, l->U);
    ipl_narrow_backward_ref(l->ref[DX], l->a[DY], l->a[W], l->N, l->D, l->U);
    ipl_narrow_gradient_ref(l->ref[DW], l->ref[DB], l->a[DY], l->a[X], l->N, l->D, l->U);
}

static void every_width_agrees_with_the_naive_twins_and_writes_no_more(void **state)
{
    (void)state;
    for (size_t r = 0; r < ROWS; r++)
        for (size_t D = 1; D <= WIDEST; D++)
            for (size_t U = 1; U <= WIDEST; U++) {
                layer l;

                if (!ipl_narrow_fits(D, U))
                    continue;
                set_up(&l, rows[r], D, U);
                run(&l);
                run_ref(&l);
                for (int k = READ; k < ARRAYS; k++)
                    for (size_t i = 0; i < l.n[k] + BEHIND; i++)
                        assert_true(l.a[k][i] == l.ref[k][i]);
                tear_down(&l);
            }
}

static void a_layer_wider_than_the_registers_does_not_fit(void **state)
{
    (void)state;
    assert_true(ipl_narrow_fits(1, 1));
    assert_true(ipl_narrow_fits(IPL_NARROW_MAX - 1, IPL_NARROW_MAX));
    assert_false(ipl_narrow_fits(IPL_NARROW_MAX, 1)); /* no lane for the bias */
    assert_false(ipl_narrow_fits(1, IPL_NARROW_MAX + 1));
}

/* Lanes behind a row hold the next one: a NaN there must not come in. */
static void a_row_that_is_not_a_number_spoils_itself_alone(void **state)
{
    (void)state;
    for (size_t D = 1; D <= 20; D += 3) {
        layer l;

        set_up(&l, 20, D, 5);
        l.a[X][7 * D] = NAN;
        run(&l);
        for (size_t n = 0; n < l.N; n++)
            for (size_t u = 0; u < l.U; u++)
                assert_true((l.a[Y][n * l.U + u] != l.a[Y][n * l.U + u]) == (n == 7));
        for (size_t u = 0; u < l.U; u++) {
            assert_true(l.a[DB][u] == l.a[DB][u]);
            for (size_t d = 0; d < D; d++)
                assert_true((l.a[DW][u * D + d] != l.a[DW][u * D + d]) == (d == 0));
        }
        tear_down(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_width_agrees_with_the_naive_twins_and_writes_no_more),
        cmocka_unit_test(a_layer_wider_than_the_registers_does_not_fit),
        cmocka_unit_test(a_row_that_is_not_a_number_spoils_itself_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
