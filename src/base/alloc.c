/* Memory that is mapped, and large pages, have no name in POSIX. */
#define _DEFAULT_SOURCE /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#include "base/alloc.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define ALIGNMENT 64u

static atomic_long fail_after = -1; /* any thread may allocate */
static atomic_size_t held;          /* bytes */

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
#    include <malloc.h>

/* Nothing of ours in front of the array: the sanitizer is to see every access there. */
static void *aligned_zeros(size_t bytes)
{
    void *p = aligned_alloc(ALIGNMENT, bytes);

    if (p) {
        memset(p, 0, bytes);
        (void)atomic_fetch_add(&held, malloc_usable_size(p));
    }
    return p;
}

void ipl_free(void *p)
{
    (void)atomic_fetch_sub(&held, malloc_usable_size(p)); /* 0 of NULL */
    free(p);
}

#else

/* What stands in front of an array. */
typedef struct origin {
    void *start;
    size_t bytes; /* of the array */
} origin;

/* The first boundary behind a start, 16 bytes away at least. */
static void *place(void *start, size_t bytes, size_t boundary)
{
    const origin from = {.start = start, .bytes = bytes};
    char *p = (char *)start + boundary - (uintptr_t)start % boundary;

    memcpy(p - sizeof from, &from, sizeof from);
    return p;
}

#    ifdef MADV_HUGEPAGE

#        define LARGE_PAGE ((size_t)1 << 21)
#        define LARGE (2 * LARGE_PAGE) /* smaller arrays are not worth what rounds up */

/*
 * Zeros in large pages, if the system has some to give. A processor remembers where one or two
 * thousand pages are; all but these it has to look up, and a net of maps has more small ones.
 */
static void *large_zeros(size_t bytes)
{
    void *start = mmap(NULL, bytes + LARGE_PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *p;

    if (start == MAP_FAILED)
        return NULL;
    p = place(start, bytes, LARGE_PAGE);
    (void)madvise(p, bytes, MADV_HUGEPAGE); /* refused: slower, nothing else */
    return p;
}

static void release(origin from)
{
    if (from.bytes < LARGE)
        free(from.start);
    else
        (void)munmap(from.start, from.bytes + LARGE_PAGE);
}

#    else

#        define LARGE SIZE_MAX

static void *large_zeros(size_t bytes)
{
    (void)bytes;
    return NULL;
}

static void release(origin from)
{
    free(from.start);
}

#    endif

/*
 * Zeros on a boundary of ALIGNMENT. Large memory comes from the system as pages of zeros that
 * nobody need touch: what is never used is never there.
 */
static void *aligned_zeros(size_t bytes)
{
    void *start, *p;

    if (bytes >= LARGE) {
        p = large_zeros(bytes);
    } else {
        start = calloc(1, bytes + ALIGNMENT);
        p = start ? place(start, bytes, ALIGNMENT) : NULL;
    }
    if (p)
        (void)atomic_fetch_add(&held, bytes);
    return p;
}

void ipl_free(void *p)
{
    origin from;

    if (!p)
        return;
    memcpy(&from, (char *)p - sizeof from, sizeof from);
    (void)atomic_fetch_sub(&held, from.bytes);
    release(from);
}

#endif

size_t ipl_alloc_held(void)
{
    return atomic_load(&held);
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
    p = injected_fault() ? NULL : aligned_zeros(bytes);
    if (!p) {
        (void)ipl_fail(err, IPL_E_NOMEM, "out of memory: %zu bytes", bytes);
        return NULL;
    }
    return p;
}

enum { PIECES_MAX = 1024 };

/* Pieces are added by the thread that prepares a job, and given back by any. */
static struct {
    void *at;
    size_t bytes;
} pieces[PIECES_MAX];
static atomic_size_t n_pieces;

bool ipl_space_is_limited(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

void ipl_space_give(void)
{
    size_t n = atomic_load(&n_pieces);

    while (n > 0 && !atomic_compare_exchange_weak(&n_pieces, &n, n - 1)) {
    }
    if (n > 0)
        (void)munmap(pieces[n - 1].at, pieces[n - 1].bytes);
}

ipl_status ipl_space_hold(size_t wanted, size_t bytes, ipl_error *err)
{
    struct rlimit limit = {0};

    if (!ipl_space_is_limited())
        return IPL_OK;
    for (size_t i = 0; i < wanted; i++) {
        const size_t n = atomic_load(&n_pieces);
        void *p = n == PIECES_MAX
                      ? MAP_FAILED
                      : mmap(NULL, bytes, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (p == MAP_FAILED) {
            for (; i > 0; i--)
                ipl_space_give();
            (void)getrlimit(RLIMIT_AS, &limit);
            return ipl_fail(
                err, IPL_E_NOMEM,
                "the address space is limited to %llu MiB, and %zu MiB more are "
                "needed for linear algebra; raise the limit (ulimit -v, h_vmem) "
                "or take fewer --threads",
                (unsigned long long)(limit.rlim_cur >> 20), (wanted * bytes) >> 20);
        }
        pieces[n].at = p;
        pieces[n].bytes = bytes;
        atomic_store(&n_pieces, n + 1);
    }
    return IPL_OK;
}
