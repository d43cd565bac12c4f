/** Overflow-checked, 64-byte aligned, zeroed arrays. The only file that calls malloc. */
#ifndef IPL_ALLOC_H
#define IPL_ALLOC_H

#include "ipl/status.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * Allocate rows * cols elements of `size` bytes, all zero, aligned to 64 bytes.
 *
 * returns  the array, to be released with ipl_free(); NULL with IPL_E_NOMEM in err
 */
void *ipl_array(size_t rows, size_t cols, size_t size, ipl_error *err) IPL_NODISCARD;

/** Release an array; NULL is allowed. */
void ipl_free(void *p);

/**
 * Hold so many pieces of address space where it is limited (ulimit -v), so that they are
 * there for a library that cannot do without; in addition to those that are held.
 *
 * errors  IPL_E_NOMEM  they are not there: none is held
 */
ipl_status ipl_space_hold(size_t wanted, size_t bytes, ipl_error *err) IPL_NODISCARD;

/** Give one piece back, if there is one; any thread may call this. */
void ipl_space_give(void);

/** Whether the address space is limited. */
bool ipl_space_is_limited(void);

/** Bytes of all arrays there are. */
size_t ipl_alloc_held(void);

/** *out = a * b; true when the product does not fit in size_t. */
bool ipl_mul_overflows(size_t *out, size_t a, size_t b);

/**
 * Let the next n allocations succeed and fail the one after them; n < 0 turns it off.
 *
 * returns  how many of the last call's n were left; < 0 when one has failed, or none was to
 */
long ipl_alloc_fail_after(long n);

#endif /* IPL_ALLOC_H */
