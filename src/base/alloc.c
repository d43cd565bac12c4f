#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64u

#include <stdatomic.h>

static atomic_long fail_after = -1; /* any thread may allocate */

void ipl_alloc_fail_after(long n)
{
    atomic_store(&fail_after, n);
}

static bool injected_fault(void)
{
    return atomic_load(&fail_after) >= 0 && atomic_fetch_sub(&fail_after, 1) == 0;
}

bool ipl_mul_overflows(size_t *out, size_t a, size_t b)
{
    *out = a * b;
    return b != 0 && a > SIZE_MAX / b;
}

void *ipl_array(size_t rows, size_t cols, size_t size, ipl_error *err)
{
    size_t bytes;
    void *p;

    if (ipl_mul_overflows(&bytes, rows, cols) || ipl_mul_overflows(&bytes, bytes, size) ||
        bytes > SIZE_MAX / 2) {
        (void)ipl_fail(err, IPL_E_NOMEM, "%zu x %zu elements of %zu bytes overflow", rows,
                       cols, size);
        return NULL;
    }
    bytes = (bytes / ALIGNMENT + 1) * ALIGNMENT;
    p = injected_fault() ? NULL : aligned_alloc(ALIGNMENT, bytes);
    if (!p) {
        (void)ipl_fail(err, IPL_E_NOMEM, "out of memory: %zu bytes", bytes);
        return NULL;
    }
    memset(p, 0, bytes);
    return p;
}

void ipl_free(void *p)
{
    free(p);
}
