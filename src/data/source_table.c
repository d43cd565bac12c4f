#include "data/source.h"

const ipl_source_ops *const ipl_source_table[] = {
    &ipl_source_mnist,    &ipl_source_fashion_mnist, &ipl_source_cifar,
    &ipl_source_png,      &ipl_source_npy,           &ipl_source_szt,
    &ipl_source_gaussian, &ipl_source_teacher,       NULL,
};

const ipl_row *ipl_source_row(size_t i)
{
    const size_t n = sizeof ipl_source_table / sizeof ipl_source_table[0] - 1;

    return i < n ? &ipl_source_table[i]->row : NULL;
}
