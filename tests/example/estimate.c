/*
 * The information that a noisy copy has of its original, by a program of one's own:
 *
 *     cc estimate.c $(pkg-config --cflags --libs infoplane) -o estimate
 *
 * The columns of x are rows of a Hadamard matrix, all orthogonal, and t = 0.6 x + 0.8 w with
 * such a w: each of the 3 pairs of columns has the correlation 0.6, exactly. With beta = 1
 * the LogDet estimate is -3/2 log(1 - 0.3^2).
 */
#include <infoplane.h>

#include <math.h>
#include <stdio.h>

enum { N = 8, D = 3 };

/* Entry of the Hadamard matrix of order 8: -1 to the number of common bits. */
static double hadamard(unsigned i, unsigned j)
{
    const unsigned common = i & j;

    return (common ^ common >> 1 ^ common >> 2) & 1 ? -1.0 : 1.0;
}

int main(void)
{
    static const char *const texts[] = {"logdet:scale=cov,beta=1"};
    const ipl_plane_opts opts = {.estimators = texts, .n_estimators = 1};
    double x[N * D], t[N * D];
    ipl_cmat layer;
    ipl_plane *plane = NULL;
    ipl_measures m;
    ipl_error err = {0};

    for (unsigned i = 0; i < N; i++)
        for (unsigned k = 0; k < D; k++) {
            x[i * D + k] = hadamard(i, 1 + k);
            t[i * D + k] = 0.6 * x[i * D + k] + 0.8 * hadamard(i, 1 + D + k);
        }
    layer = ipl_cmat_f64(t, N, D);
    if (ipl_plane_create(&plane, &opts, ipl_cmat_f64(x, N, D), NULL, &err) != IPL_OK ||
        ipl_plane_measure(&m, plane, &layer, 1, &err) != IPL_OK) {
        fprintf(stderr, "%s\n", err.msg);
        return ipl_status_exit(err.status);
    }
    printf("%s: I(X;T) = %.12f %s, expected %.12f\n", ipl_plane_estimator(plane, 0), m.I_XT,
           ipl_plane_unit(plane, 0), -1.5 * log(1.0 - 0.3 * 0.3));
    ipl_plane_destroy(plane);
    return 0;
}
