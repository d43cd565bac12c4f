#include "info/est.h"

const ipl_estimator_ops *const ipl_estimator_table[] = {
    &ipl_est_logdet,
    NULL,
};

const ipl_row *ipl_estimator_row(size_t i)
{
    return ipl_estimator_table[i] ? &ipl_estimator_table[i]->row : NULL;
}
