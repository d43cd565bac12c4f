/* The naive twins of the products of short rows. */
#include "math/narrow.h"

void ipl_narrow_forward_ref(float *y, const float *x, const float *w, const float *b,
                            size_t N, size_t D, size_t U)
{
    for (size_t n = 0; n < N; n++)
        for (size_t u = 0; u < U; u++) {
            double sum = (double)b[u];

            for (size_t d = 0; d < D; d++)
                sum += (double)x[n * D + d] * (double)w[u * D + d];
            y[n * U + u] = (float)sum;
        }
}

void ipl_narrow_backward_ref(float *dx, const float *dy, const float *w, size_t N, size_t D,
                             size_t U)
{
    for (size_t n = 0; n < N; n++)
        for (size_t d = 0; d < D; d++) {
            double sum = 0.0;

            for (size_t u = 0; u < U; u++)
                sum += (double)dy[n * U + u] * (double)w[u * D + d];
            dx[n * D + d] = (float)sum;
        }
}

void ipl_narrow_gradient_ref(float *dw, float *db, const float *dy, const float *x,
                             size_t N, size_t D, size_t U)
{
    for (size_t u = 0; u < U; u++) {
        double bias = 0.0;

        for (size_t n = 0; n < N; n++)
            bias += (double)dy[n * U + u];
        db[u] = (float)bias;
        for (size_t d = 0; d < D; d++) {
            double sum = 0.0;

            for (size_t n = 0; n < N; n++)
                sum += (double)dy[n * U + u] * (double)x[n * D + d];
            dw[u * D + d] = (float)sum;
        }
    }
}
