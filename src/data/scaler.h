/** From stored samples to the numbers a net sees. */
#ifndef IPL_SCALER_H
#define IPL_SCALER_H

#include "data/view.h"

/** x -> (unit(x) - mean) factor, every feature with its own numbers. */
typedef struct ipl_scaler {
    float white;     /* stored values are divided by it */
    float unit[256]; /* a stored byte, divided */
    size_t d;
    double *mean, *factor; /* (d) owned; NULL: unit alone */
} ipl_scaler;

/**
 * Prepare the scaling of samples; white is the stored value that becomes 1 unless the scaling
 * is raw, 1 for what is no pixels. Standardising uses the mean and the population standard
 * deviation (divisor n) of the training view, in double. A constant channel or feature gets
 * the factor 0.
 *
 * owner   out owns its arrays, for ipl_scaler_release(); empty on error
 * errors  IPL_E_ARG  no such scaling; IPL_E_NOMEM
 */
ipl_status ipl_scaler_fit(ipl_scaler *out, ipl_scaling scaling, const ipl_view *train,
                          ipl_shape shape, float white, ipl_error *err) IPL_NODISCARD;

/** Write stored sample `row`, scaled, to x (d). */
void ipl_scaler_apply(float *x, const ipl_scaler *scaler, const ipl_store *store,
                      size_t row);

/** Free what a scaler owns and leave it empty; an empty one is allowed. */
void ipl_scaler_release(ipl_scaler *scaler);

#endif /* IPL_SCALER_H */
