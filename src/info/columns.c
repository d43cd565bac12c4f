#include "info/columns.h"

#include "math/vec.h"

#include <string.h>

IPL_CLONES
void ipl_columns_rest(double *rest, const double *z, size_t n, const double *shift)
{
    double by[IPL_PANEL], sum[IPL_PANEL] = {0};

    memcpy(by, shift, sizeof by);
    for (size_t i = 0; i < n; i++, z += IPL_PANEL)
        for (size_t j = 0; j < IPL_PANEL; j++)
            sum[j] += z[j] - by[j];
    memcpy(rest, sum, sizeof sum);
}

void ipl_columns_mean(double *mean, const double *z, size_t n)
{
    double rest[IPL_PANEL] = {0};

    memset(mean, 0, sizeof rest);
    for (int pass = 0; pass < 2; pass++) {
        ipl_columns_rest(rest, z, n, mean);
        for (size_t j = 0; j < IPL_PANEL; j++)
            mean[j] += rest[j] / (double)n;
    }
}

IPL_CLONES
void ipl_columns_centre(double *ss, double *z, size_t n, const double *mean)
{
    double by[IPL_PANEL], sum[IPL_PANEL] = {0};

    memcpy(by, mean, sizeof by);
    for (size_t i = 0; i < n; i++, z += IPL_PANEL)
        for (size_t j = 0; j < IPL_PANEL; j++) {
            z[j] -= by[j];
            sum[j] += z[j] * z[j];
        }
    memcpy(ss, sum, sizeof sum);
}
