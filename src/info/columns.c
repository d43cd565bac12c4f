#include "info/columns.h"

#include "math/vec.h"

#include <string.h>

size_t ipl_columns_blocks(size_t d)
{
    return (d + IPL_COLUMNS - 1) / IPL_COLUMNS;
}

ipl_columns ipl_columns_block(double *z, size_t n, size_t d, size_t block)
{
    const size_t first = block * IPL_COLUMNS, left = d - first;
    ipl_columns out = {.n = n, .d = d, .first = first};

    out.z = z;
    out.width = left < IPL_COLUMNS ? left : IPL_COLUMNS;
    return out;
}

/* Rows that are taken at once: whole rows of a narrow matrix lie side by side. */
static size_t rows_at_once(const ipl_columns *block)
{
    return block->width == block->d ? IPL_COLUMNS / block->width : 1;
}

/* Write `rows` copies of row (width) into lanes. */
static void spread(double *lanes, const double *row, size_t width, size_t rows)
{
    for (size_t r = 0; r < rows; r++)
        memcpy(lanes + r * width, row, width * sizeof *row);
}

/* row (width) = the sum of the copies in lanes. */
static void gather(double *row, const double *lanes, size_t width, size_t rows)
{
    memcpy(row, lanes, width * sizeof *row);
    for (size_t r = 1; r < rows; r++)
        for (size_t j = 0; j < width; j++)
            row[j] += lanes[r * width + j];
}

IPL_CLONES
void ipl_columns_rest(double *rest, const ipl_columns *block, const double *shift)
{
    const size_t rows = rows_at_once(block), width = block->width;
    double by[IPL_COLUMNS], sum[IPL_COLUMNS] = {0};

    spread(by, shift, width, rows);
    for (size_t i = 0; i < block->n; i += rows) {
        const size_t left = block->n - i, lanes = (left < rows ? left : rows) * width;
        const double *z = block->z + i * block->d + block->first;

        for (size_t j = 0; j < lanes; j++)
            sum[j] += z[j] - by[j];
    }
    gather(rest, sum, width, rows);
}

void ipl_columns_mean(double *mean, const ipl_columns *block)
{
    double rest[IPL_COLUMNS];

    memset(mean, 0, block->width * sizeof *mean);
    for (int pass = 0; pass < 2; pass++) {
        ipl_columns_rest(rest, block, mean);
        for (size_t j = 0; j < block->width; j++)
            mean[j] += rest[j] / (double)block->n;
    }
}

IPL_CLONES
void ipl_columns_centre(double *ss, const ipl_columns *block, const double *mean)
{
    const size_t rows = rows_at_once(block), width = block->width;
    double by[IPL_COLUMNS], sum[IPL_COLUMNS] = {0};

    spread(by, mean, width, rows);
    for (size_t i = 0; i < block->n; i += rows) {
        const size_t left = block->n - i, lanes = (left < rows ? left : rows) * width;
        double *z = block->z + i * block->d + block->first;

        for (size_t j = 0; j < lanes; j++) {
            z[j] -= by[j];
            sum[j] += z[j] * z[j];
        }
    }
    gather(ss, sum, width, rows);
}
