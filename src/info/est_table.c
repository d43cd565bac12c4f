#include "info/est.h"

const ipl_estimator_ops *const ipl_estimator_table[] = {
    &ipl_est_logdet, &ipl_est_renyi,   &ipl_est_kde,   &ipl_est_kl,
    &ipl_est_ksg,    &ipl_est_binning, &ipl_est_gauss, NULL,
};

const ipl_row *ipl_estimator_row(size_t i)
{
    return ipl_estimator_table[i] ? &ipl_estimator_table[i]->row : NULL;
}
