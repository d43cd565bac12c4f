/* The float products of linalg.h against three loops, and what BLAS says of itself. */
#include "test.h"

#include "math/linalg.h"

#include <string.h>

static void products_are_those_of_three_loops(void **state)
{
    enum { M = 5, K = 4, C = 3, MK = 20, KC = 12, MC = 15 };
    static const ipl_trans forms[] = {IPL_NN, IPL_NT, IPL_TN};
    float a[MK], b[KC], c[MC];

    (void)state;
    for (size_t i = 0; i < MK; i++)
        a[i] = (float)((i * 7) % 11) - 5.0f;
    for (size_t i = 0; i < KC; i++)
        b[i] = (float)((i * 5) % 13) - 6.0f;
    for (size_t f = 0; f < 3; f++) {
        for (size_t i = 0; i < MC; i++)
            c[i] = 1.0f;
        ipl_gemm(forms[f], M, C, K, 2.0f, a, b, 3.0f, c);
        for (size_t i = 0; i < M; i++)
            for (size_t j = 0; j < C; j++) {
                float sum = 0.0f;

                for (size_t k = 0; k < K; k++)
                    sum += (forms[f] == IPL_TN ? a[k * M + i] : a[i * K + k]) *
                           (forms[f] == IPL_NT ? b[j * K + k] : b[k * C + j]);
                assert_true(c[i * C + j] == 2.0f * sum + 3.0f);
            }
    }
}

static void rows_of_a_product_are_those_of_the_whole(void **state)
{
    enum { M = 5, K = 4, C = 3, MK = 20, KC = 12, MC = 15 };
    float a[MK], b[KC], whole[MC], part[MC];

    (void)state;
    for (size_t i = 0; i < MK; i++)
        a[i] = (float)((i * 7) % 11) - 5.0f;
    for (size_t i = 0; i < KC; i++)
        b[i] = (float)((i * 5) % 13) - 6.0f;
    for (size_t i = 0; i < MC; i++)
        part[i] = NAN;
    ipl_gemm(IPL_TN, M, C, K, 1.0f, a, b, 0.0f, whole);
    ipl_gemm_tn_rows(0, 2, M, C, K, 1.0f, a, b, 0.0f, part);
    ipl_gemm_tn_rows(2, 3, M, C, K, 1.0f, a, b, 0.0f, part);
    assert_memory_equal(whole, part, sizeof whole);
}

static void the_blas_describes_itself(void **state)
{
    char text[256] = "";

    (void)state;
    ipl_blas_start();
    ipl_blas_describe(text, sizeof text);
    assert_non_null(strstr(text, "OpenBLAS"));
    assert_non_null(strstr(text, "kernels"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_those_of_three_loops),
        cmocka_unit_test(rows_of_a_product_are_those_of_the_whole),
        cmocka_unit_test(the_blas_describes_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
