#include "nn/initialiser.h"

#include <string.h>

const ipl_initialiser_ops *const ipl_initialiser_table[] = {
    &ipl_initialiser_default,
    &ipl_initialiser_glorot,
    &ipl_initialiser_he,
    &ipl_initialiser_truncated_normal,
    &ipl_initialiser_orthogonal,
    &ipl_initialiser_npy,
    NULL,
};

const ipl_row *ipl_initialiser_row(size_t i)
{
    return ipl_initialiser_table[i] ? &ipl_initialiser_table[i]->row : NULL;
}

/* "npy:FOLDER": a path may hold commas and equal signs, so it is no list of options. */
static ipl_status create_npy(ipl_spec *out, const char *folder, ipl_error *err)
{
    ipl_error why = {0};
    ipl_status st = ipl_spec_create(out, "initialiser", ipl_initialiser_row, "npy", err);

    if (st != IPL_OK)
        return st;
    if (strncmp(folder, "folder=", 7) == 0)
        folder += 7;
    if (*folder != '\0')
        st = ipl_opt_set(out->self, out->row->opts, folder, &why);
    if (*folder != '\0' && st == IPL_OK)
        return IPL_OK;
    ipl_spec_release(out);
    return ipl_fail(err, IPL_E_FORMAT, "initialiser 'npy': %s",
                    *folder != '\0' ? why.msg : "no folder; want npy:FOLDER");
}

ipl_status ipl_initialiser_create(ipl_spec *out, const char *text, ipl_error *err)
{
    if (strncmp(text, "npy", 3) == 0 && (text[3] == ':' || text[3] == '\0'))
        return create_npy(out, text[3] == ':' ? text + 4 : "", err);
    return ipl_spec_create(out, "initialiser", ipl_initialiser_row, text, err);
}

ipl_status ipl_initialiser_draw(const ipl_spec *spec, float *out, size_t n,
                                const ipl_param *param, ipl_rng *rng, ipl_error *err)
{
    const ipl_initialiser_ops *ops = ipl_initialiser_table[spec->index];

    if (param->kind == IPL_PARAM_WEIGHT && ops->weight)
        return ops->weight(spec->self, out, n, param, rng, err);
    if (param->kind == IPL_PARAM_BIAS && ops->bias) {
        ops->bias(spec->self, out, n, param, rng);
        return IPL_OK;
    }
    for (size_t i = 0; i < n; i++)
        out[i] = param->kind == IPL_PARAM_ONE ? 1.0f : 0.0f;
    return IPL_OK;
}

void ipl_draw_uniform(float *out, size_t n, double bound, ipl_rng *rng)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)((2.0 * ipl_rng_unit_double(rng) - 1.0) * bound);
}

void ipl_draw_normal(float *out, size_t n, double sd, ipl_rng *rng)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(sd * ipl_rng_normal(rng));
}
