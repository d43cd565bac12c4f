#include "data/scaler.h"

#include "base/alloc.h"

#include <math.h>

/* Unit value of feature k of a stored sample. */
static float unit_value(const ipl_scaler *s, const ipl_store *store, size_t row, size_t k)
{
    const size_t at = row * s->d + k;

    return store->bytes ? s->unit[store->bytes[at]] : store->values[at] / s->white;
}

/* mean[k] = sum of feature k over the view; low and high are its range. */
static void sum_features(ipl_scaler *s, float *low, float *high, const ipl_view *view)
{
    for (size_t i = 0; i < view->n; i++)
        for (size_t k = 0; k < s->d; k++) {
            const float v = unit_value(s, view->store, view->rows[i], k);

            s->mean[k] += (double)v;
            low[k] = i == 0 || v < low[k] ? v : low[k];
            high[k] = i == 0 || v > high[k] ? v : high[k];
        }
}

/* factor[k] = sum over the view of (x_k - mean_k)^2. */
static void sum_squares(ipl_scaler *s, const ipl_view *view)
{
    for (size_t i = 0; i < view->n; i++)
        for (size_t k = 0; k < s->d; k++) {
            const double v =
                (double)unit_value(s, view->store, view->rows[i], k) - s->mean[k];

            s->factor[k] += v * v;
        }
}

/* Replace each run of `group` sums by their total over count: a mean over the group. */
static void pool(double *sum, size_t d, size_t group, double count)
{
    for (size_t k = 0; k < d; k += group) {
        double total = 0.0;

        for (size_t i = k; i < k + group; i++)
            total += sum[i];
        for (size_t i = k; i < k + group; i++)
            sum[i] = total / count;
    }
}

/* From variance to factor; 0 where all values of the group are equal. */
static void invert(ipl_scaler *s, const float *low, const float *high, size_t group)
{
    for (size_t k = 0; k < s->d; k += group) {
        const double sd = sqrt(s->factor[k]);
        bool constant = sd == 0.0;
        float least = low[k], most = high[k];

        for (size_t i = k; i < k + group; i++) {
            least = low[i] < least ? low[i] : least;
            most = high[i] > most ? high[i] : most;
        }
        constant = constant || least == most;
        for (size_t i = k; i < k + group; i++)
            s->factor[i] = constant ? 0.0 : 1.0 / sd;
    }
}

static ipl_status standardise(ipl_scaler *s, size_t group, const ipl_view *train,
                              ipl_error *err)
{
    const double count = (double)train->n * (double)group;
    float *low = ipl_array(s->d, 1, sizeof *low, err);
    float *high = ipl_array(s->d, 1, sizeof *high, err);
    ipl_status st = IPL_E_NOMEM;

    s->mean = ipl_array(s->d, 1, sizeof *s->mean, err);
    s->factor = ipl_array(s->d, 1, sizeof *s->factor, err);
    if (low && high && s->mean && s->factor) {
        sum_features(s, low, high, train);
        pool(s->mean, s->d, group, count);
        sum_squares(s, train);
        pool(s->factor, s->d, group, count);
        invert(s, low, high, group);
        st = IPL_OK;
    }
    ipl_free(high);
    ipl_free(low);
    return st;
}

ipl_status ipl_scaler_fit(ipl_scaler *out, ipl_scaling scaling, const ipl_view *train,
                          ipl_shape shape, float white, ipl_error *err)
{
    ipl_status st = IPL_OK;

    *out = (ipl_scaler){.d = ipl_shape_size(shape),
                        .white = scaling == IPL_SCALE_RAW ? 1.0f : white};
    for (int v = 0; v < 256; v++)
        out->unit[v] = (float)v / out->white;
    switch (scaling) {
    case IPL_SCALE_UNIT:
    case IPL_SCALE_RAW:
        return IPL_OK;
    case IPL_SCALE_CHANNEL:
        st = standardise(out, shape.h * shape.w, train, err);
        break;
    case IPL_SCALE_FEATURE:
        st = standardise(out, 1, train, err);
        break;
    default:
        return ipl_fail(err, IPL_E_ARG, "no scaling number %d", (int)scaling);
    }
    if (st != IPL_OK)
        ipl_scaler_release(out);
    return st;
}

void ipl_scaler_apply(float *x, const ipl_scaler *scaler, const ipl_store *store,
                      size_t row)
{
    const size_t d = scaler->d;

    if (store->bytes) {
        const uint8_t *bytes = store->bytes + row * d;

        for (size_t k = 0; k < d; k++)
            x[k] = scaler->unit[bytes[k]];
    } else {
        const float *values = store->values + row * d;

        for (size_t k = 0; k < d; k++)
            x[k] = values[k] / scaler->white; /* exact when white is 1 */
    }
    if (!scaler->mean)
        return;
    for (size_t k = 0; k < d; k++)
        x[k] = (float)(((double)x[k] - scaler->mean[k]) * scaler->factor[k]);
}

void ipl_scaler_release(ipl_scaler *scaler)
{
    ipl_free(scaler->mean);
    ipl_free(scaler->factor);
    *scaler = (ipl_scaler){0};
}
