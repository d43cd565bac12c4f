#include "math/stats.h"

#include "base/alloc.h"

#include <math.h>
#include <stdlib.h>

/* Sizes up to which every order is tried: 8! = 40320. */
enum { EXACT_MAX = 8 };

double ipl_mean(const double *x, size_t n)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return n > 0 ? sum / (double)n : (double)NAN;
}

double ipl_deviation(const double *x, size_t n)
{
    const double mean = ipl_mean(x, n);
    double squares = 0.0;

    for (size_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    if (n == 0)
        return (double)NAN;
    return n > 1 ? sqrt(squares / (double)(n - 1)) : 0.0;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void ipl_sort(double *x, size_t n)
{
    qsort(x, n, sizeof *x, ascending);
}

double ipl_quantile(const double *sorted, size_t n, double q)
{
    double h, low;
    size_t i;

    if (n == 0)
        return (double)NAN;
    h = (double)(n - 1) * q;
    low = floor(h);
    i = (size_t)low;
    return i + 1 < n ? sorted[i] + (h - low) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

/* A number and where it stands. */
typedef struct entry {
    double x; /* first: entries are compared as numbers */
    size_t at;
} entry;

ipl_status ipl_ranks(double *rank, const double *x, size_t n, ipl_error *err)
{
    entry *entries = ipl_array(n, 1, sizeof *entries, err);
    size_t end;

    if (!entries)
        return IPL_E_NOMEM;
    for (size_t i = 0; i < n; i++)
        entries[i] = (entry){x[i], i};
    qsort(entries, n, sizeof *entries, ascending);
    for (size_t first = 0; first < n; first = end) {
        for (end = first + 1; end < n && !(entries[end].x > entries[first].x); end++)
            continue;
        for (size_t i = first; i < end; i++)
            rank[entries[i].at] = 0.5 * (double)(first + end + 1);
    }
    ipl_free(entries);
    return IPL_OK;
}

/* Sum of products of ranks about their mean. */
static double co_moment(const double *r, const double *s, size_t n)
{
    const double mean = 0.5 * (double)(n + 1);
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += (r[i] - mean) * (s[i] - mean);
    return sum;
}

/* Share of the orders of s whose co-moment with r is at least as large, up to its sign. */
static double exact_p(const double *r, double *s, size_t n)
{
    const double limit = fabs(co_moment(r, s, n)) - 1e-9;
    size_t turn[EXACT_MAX] = {0}, hits = 1, all = 1, i = 1;

    while (i < n) { /* Heap's permutations */
        if (turn[i] < i) {
            const size_t k = i % 2 ? turn[i] : 0;
            const double swap = s[k];

            s[k] = s[i];
            s[i] = swap;
            hits += fabs(co_moment(r, s, n)) >= limit;
            all++;
            turn[i]++;
            i = 1;
        } else {
            turn[i++] = 0;
        }
    }
    return (double)hits / (double)all;
}

/* Continued fraction of the incomplete beta function. */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0), f;

    d = 1.0 / (fabs(d) < tiny ? tiny : d);
    f = d;
    for (int m = 1; m < 500; m++) {
        const double k = (double)m;
        const double even = k * (b - k) * x / ((a + 2.0 * k - 1.0) * (a + 2.0 * k));
        const double odd =
            -(a + k) * (a + b + k) * x / ((a + 2.0 * k) * (a + 2.0 * k + 1.0));
        double step;

        d = 1.0 + even * d;
        c = 1.0 + even / c;
        d = 1.0 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        f *= d * c;
        d = 1.0 + odd * d;
        c = 1.0 + odd / c;
        d = 1.0 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        step = d * c;
        f *= step;
        if (fabs(step - 1.0) < 1e-15)
            break;
    }
    return f;
}

/* Regularised incomplete beta function I_x(a, b). */
static double beta_share(double a, double b, double x)
{
    const double front =
        exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));

    if (x <= 0.0)
        return 0.0;
    if (x >= 1.0)
        return 1.0;
    if (x < (a + 1.0) / (a + b + 2.0))
        return front * beta_fraction(a, b, x) / a;
    return 1.0 - front * beta_fraction(b, a, 1.0 - x) / b;
}

double ipl_student_p(double t, double degrees)
{
    return beta_share(0.5 * degrees, 0.5, degrees / (degrees + t * t));
}

ipl_status ipl_spearman(double *rho, double *p, const double *x, const double *y, size_t n,
                        ipl_error *err)
{
    double *r = ipl_array(n, 1, sizeof *r, err), *s = ipl_array(n, 1, sizeof *s, err);
    ipl_status st = r && s ? IPL_OK : IPL_E_NOMEM;
    double scale;

    *rho = *p = (double)NAN;
    if (st == IPL_OK)
        st = ipl_ranks(r, x, n, err);
    if (st == IPL_OK)
        st = ipl_ranks(s, y, n, err);
    if (st != IPL_OK || n < 3)
        goto done;
    scale = sqrt(co_moment(r, r, n) * co_moment(s, s, n));
    if (scale > 0.0) {
        const double d = (double)(n - 2);

        *rho = fmax(-1.0, fmin(1.0, co_moment(r, s, n) / scale));
        *p = n <= EXACT_MAX ? exact_p(r, s, n)
                            : ipl_student_p(*rho * sqrt(d / (1.0 - *rho * *rho)), d);
    }
done:
    ipl_free(s);
    ipl_free(r);
    return st;
}
