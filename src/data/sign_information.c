#include "data/sign_information.h"

#include <math.h>

#define LN_2 0.69314718055994530942
#define INV_SQRT_2PI 0.39894228040143267794
#define INV_SQRT_2 0.70710678118654752440

/* Entropy of a coin that shows heads with probability p, in nats. */
static double coin_entropy(double p)
{
    const double q = 1.0 - p;

    return (p > 0.0 ? -p * log(p) : 0.0) + (q > 0.0 ? -q * log(q) : 0.0);
}

double ipl_sign_information(double a)
{
    enum { HALF_STEPS = 40000 };
    const double reach = 10.0, step = reach / HALF_STEPS;
    double sum = 0.0;

    for (int i = -HALF_STEPS; i <= HALF_STEPS; i++) {
        const double g = i * step;

        sum += INV_SQRT_2PI * exp(-0.5 * g * g) *
               coin_entropy(0.5 * erfc(-a * g * INV_SQRT_2));
    }
    return LN_2 - sum * step;
}
