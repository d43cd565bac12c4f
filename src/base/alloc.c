/* madvise() is not POSIX. */
#define _DEFAULT_SOURCE /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#include "base/alloc.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGNMENT 64u
#define LARGE ((size_t)4 << 20) /* bytes from which on large pages are worth asking for */

static atomic_long fail_after = -1; /* any thread may allocate */

long ipl_alloc_fail_after(long n)
{
    return atomic_exchange(&fail_after, n);
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

#ifdef __SANITIZE_ADDRESS__

/* Nothing of ours in front of the array: the sanitizer is to see every access there. */
static void *aligned_zeros(size_t bytes)
{
    void *p = aligned_alloc(ALIGNMENT, bytes);

    if (p)
        memset(p, 0, bytes);
    return p;
}

void ipl_free(void *p)
{
    free(p);
}

#else

/*
 * Ask for large pages: a product that walks over many columns finds few of its small pages in
 * the processor's table of them. A wish, which the system may leave unheard.
 */
static void want_large_pages(char *p, size_t bytes)
{
#    ifdef MADV_HUGEPAGE
    const uintptr_t page = (uintptr_t)2 << 20,
                    start = ((uintptr_t)p + page - 1) / page * page;
    const uintptr_t end = ((uintptr_t)p + bytes) / page * page;

    if (bytes >= LARGE && end > start)
        (void)madvise(p + (start - (uintptr_t)p), end - start, MADV_HUGEPAGE);
#    else
    (void)p;
    (void)bytes;
#    endif
}

/*
 * Zeros on a boundary of ALIGNMENT. Large memory comes from the system as pages of zeros that
 * calloc() need not touch: what is never used is never there. The address to free stands in
 * front of the array.
 */
static void *aligned_zeros(size_t bytes)
{
    char *start = calloc(1, bytes + ALIGNMENT), *p;

    if (!start)
        return NULL;
    want_large_pages(start, bytes);
    p = start + ALIGNMENT - (uintptr_t)start % ALIGNMENT; /* 16 bytes away at least */
    memcpy(p - sizeof start, &start, sizeof start);
    return p;
}

void ipl_free(void *p)
{
    void *start;

    if (!p)
        return;
    memcpy(&start, (char *)p - sizeof start, sizeof start);
    free(start);
}

#endif

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
    p = injected_fault() ? NULL : aligned_zeros(bytes);
    if (!p) {
        (void)ipl_fail(err, IPL_E_NOMEM, "out of memory: %zu bytes", bytes);
        return NULL;
    }
    return p;
}
