/**
 * Initial values of parameters.
 *
 * Every array has a random stream of its own, named by seed, layer and array: adding a layer
 * at the end of a net changes none of the values before it.
 */
#ifndef IPL_INITIALISER_H
#define IPL_INITIALISER_H

#include "base/opt.h"
#include "base/rng.h"
#include "nn/layer.h"

typedef struct ipl_initialiser_ops {
    ipl_row row;
    /**
     * Write the n values of a weight array (param->kind is IPL_PARAM_WEIGHT).
     *
     * errors  IPL_E_NOMEM
     */
    ipl_status (*weight)(const void *self, float *out, size_t n, const ipl_param *param,
                         ipl_rng *rng, ipl_error *err);
    /** The same for a bias array, which cannot fail. NULL: zeros. */
    void (*bias)(const void *self, float *out, size_t n, const ipl_param *param,
                 ipl_rng *rng);
    /** Folder of files that replace what was drawn. NULL: none; weight may be NULL then. */
    const char *(*folder)(const void *self);
} ipl_initialiser_ops;

extern const ipl_initialiser_ops ipl_initialiser_default;
extern const ipl_initialiser_ops ipl_initialiser_glorot;
extern const ipl_initialiser_ops ipl_initialiser_he;
extern const ipl_initialiser_ops ipl_initialiser_truncated_normal;
extern const ipl_initialiser_ops ipl_initialiser_orthogonal;
extern const ipl_initialiser_ops ipl_initialiser_npy;

/** NULL-terminated; to add one, write its file and add one row. */
extern const ipl_initialiser_ops *const ipl_initialiser_table[];

/** Row i of the table, NULL past the last. */
const ipl_row *ipl_initialiser_row(size_t i);

/** Read "name:option=value,..." or "npy:FOLDER"; errors of ipl_spec_create(). */
ipl_status ipl_initialiser_create(ipl_spec *out, const char *text,
                                  ipl_error *err) IPL_NODISCARD;

/** Draw one array of a layer, n numbers; errors IPL_E_NOMEM. */
ipl_status ipl_initialiser_draw(const ipl_spec *spec, float *out, size_t n,
                                const ipl_param *param, ipl_rng *rng,
                                ipl_error *err) IPL_NODISCARD;

/** n numbers, uniform in -bound ... bound. */
void ipl_draw_uniform(float *out, size_t n, double bound, ipl_rng *rng);

/** n numbers, normal with mean 0. */
void ipl_draw_normal(float *out, size_t n, double sd, ipl_rng *rng);

#endif /* IPL_INITIALISER_H */
