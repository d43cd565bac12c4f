#include "info/est.h"

#include <string.h>

const ipl_estimator_ops *const ipl_estimator_table[] = {
    &ipl_est_logdet, &ipl_est_renyi,   &ipl_est_kde,   &ipl_est_kl,
    &ipl_est_ksg,    &ipl_est_binning, &ipl_est_gauss, NULL,
};

const ipl_row *ipl_estimator_row(size_t i)
{
    return ipl_estimator_table[i] ? &ipl_estimator_table[i]->row : NULL;
}

bool ipl_estimator_is_shannon(const char *text)
{
    const size_t len = text ? strcspn(text, ":") : 0;

    for (size_t i = 0; text && ipl_estimator_table[i]; i++) {
        const char *name = ipl_estimator_table[i]->row.name;

        if (strlen(name) == len && strncmp(name, text, len) == 0)
            return ipl_estimator_table[i]->shannon;
    }
    return false;
}
