/* Naive twins of the products in panels. */
#include "math/panels.h"

static double at(const ipl_panels *z, size_t i, size_t j)
{
    return z->p[j / IPL_PANEL * z->stride + i * IPL_PANEL + j % IPL_PANEL];
}

static double dot(const ipl_panels *a, const ipl_panels *b, size_t i, size_t j)
{
    double sum = 0.0;

    for (size_t k = 0; k < a->rows; k++)
        sum += at(a, k, i) * at(b, k, j);
    return sum;
}

void ipl_panels_product_ref(double *c, const ipl_panels *a, const ipl_panels *b, bool add)
{
    for (size_t i = 0; i < a->d; i++)
        for (size_t j = 0; j < b->d; j++)
            c[i * b->d + j] = (add ? c[i * b->d + j] : 0.0) + dot(a, b, i, j);
}

void ipl_panels_gram_ref(double *g, const ipl_panels *z, double alpha, bool add)
{
    for (size_t i = 0; i < z->d; i++)
        for (size_t j = 0; j <= i; j++)
            g[i * z->d + j] = (add ? g[i * z->d + j] : 0.0) + alpha * dot(z, z, i, j);
}

void ipl_panels_solve_ref(double *b, const double *l, size_t n, size_t d)
{
    for (size_t j = 0; j < d; j++) {
        double *x = b + j / IPL_PANEL * ipl_panels_pitch(n) * IPL_PANEL + j % IPL_PANEL;

        for (size_t i = 0; i < n; i++) {
            for (size_t k = 0; k < i; k++)
                x[i * IPL_PANEL] -= l[i * n + k] * x[k * IPL_PANEL];
            x[i * IPL_PANEL] /= l[i * n + i];
        }
    }
}
