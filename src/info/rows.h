/**
 * The rows of a variable: the centred samples, kept in memory or read again.
 *
 * A variable that streams keeps no samples. Its rows are promoted to double and centred
 * whenever they are read, a block of IPL_ROWS_AT_ONCE at a time, so that LogDet of many
 * samples needs memory for the Gram matrices alone: O(d^2) instead of O(n d).
 */
#ifndef IPL_ROWS_H
#define IPL_ROWS_H

#include "info/var.h"
#include "math/panels.h"

enum {
    IPL_ROWS_AT_ONCE = 2048, /* rows of a block that is read */
    IPL_STREAM_ROWS = 16384, /* samples from which on streaming is worth it, */
    IPL_STREAM_RATIO = 8,    /* if they are also so many times the widest variable */
    IPL_ROWS_TASK = 65536    /* numbers to read or centre that are worth a task */
};

/**
 * Whether a column is so far from zero, 16 standard deviations, that the rounding of its mean
 * to a double is larger than that of its centred numbers.
 *
 * ss  sum of squares about the mean, over n samples
 */
static inline bool ipl_rows_far(double mean, double ss, size_t n)
{
    return mean * mean > 256.0 * ss / (double)n;
}

/** Whether n samples of variables up to this width are better read again than kept. */
bool ipl_rows_stream(size_t n, size_t widest);

/** Rows to read at once: all when they are kept. */
size_t ipl_rows_step(const ipl_var *v);

/**
 * Make room for the blocks of a variable that streams. IPL_E_NOMEM.
 *
 * which   0 or 1: two variables may be read side by side
 */
ipl_status ipl_rows_reserve(double **room, const ipl_var *v, size_t which, ipl_work *work,
                            ipl_error *err) IPL_NODISCARD;

/**
 * The centred rows [first, first + count), count <= ipl_rows_step().
 *
 * shapes  room from ipl_rows_reserve(); not read when the samples are kept
 * owner   the result is the variable's or lies in room
 */
ipl_panels ipl_rows_get(const ipl_var *v, size_t first, size_t count, double *room,
                        ipl_pool *pool);

/** The same, kept or not, written into panels that are `stride` doubles apart. */
void ipl_rows_read(double *out, size_t stride, const ipl_var *v, size_t first, size_t count,
                   ipl_pool *pool);

/**
 * The rows [first, first + count) as they were given, in double, less shift (d, whole panels),
 * into panels that are `stride` doubles apart.
 */
void ipl_rows_take(double *out, size_t stride, const ipl_var *v, size_t first, size_t count,
                   const double *shift, ipl_pool *pool);

/** out (d) = one centred row. */
void ipl_rows_one(double *out, const ipl_var *v, size_t row);

/** One number of it. */
double ipl_rows_at(const ipl_var *v, size_t row, size_t column);

/**
 * Read all rows of a variable that streams for v->mean (of a constant column its number),
 * v->rest and v->far, v->ss and v->s (1, or 0 for a constant column).
 *
 * shapes  room from ipl_rows_reserve()
 */
void ipl_rows_study(ipl_var *v, double *room, ipl_pool *pool);

#endif /* IPL_ROWS_H */
