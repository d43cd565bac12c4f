/**
 * Functions of whole arrays, as vector code: no library call per element.
 *
 * Every element is computed by the same operations in the same order whatever the processor,
 * the compiler's choice of vectors and the place in the array, so the bytes of a result
 * depend on its argument alone. NaN gives NaN; Inf and subnormal numbers are right.
 *
 * The errors stated are the largest found over a dense sweep (tests/test_vec.c). y and x must
 * not overlap; y may be x, at the price of speed.
 */
#ifndef IPL_VEC_H
#define IPL_VEC_H

#include <stddef.h>

/**
 * Compile a function once per instruction set and choose at run time. Empty where the system
 * cannot (clang 14, other processors, sanitizers).
 */
#ifndef IPL_CLONES
#    if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) &&                 \
        defined(__linux__) && defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) &&   \
        !defined(__SANITIZE_THREAD__)
#        define IPL_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#    else
#        define IPL_CLONES
#    endif
#endif

/** The same for files whose products may be fused with sums. */
#ifndef IPL_FMA_CLONES
#    if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) &&                 \
        defined(__linux__) && defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) &&   \
        !defined(__SANITIZE_THREAD__)
#        define IPL_FMA_CLONES __attribute__((target_clones("avx512f", "fma", "default")))
#    else
#        define IPL_FMA_CLONES
#    endif
#endif

/** A helper that every clone of its callers gets a copy of, made for their constants. Vectors
 * must not be passed between functions of different instruction sets. */
#if defined(__GNUC__)
#    define IPL_INLINE static inline __attribute__((always_inline))
#else
#    define IPL_INLINE static inline
#endif

/** y = e^x, error <= 1.1 ulp; 0 below -103.98, Inf above 88.72. */
void ipl_vec_exp(float *y, const float *x, size_t n);

/** y = e^x - 1, error <= 2 ulp. */
void ipl_vec_expm1(float *y, const float *x, size_t n);

/** y = tanh(x), error <= 2 ulp. */
void ipl_vec_tanh(float *y, const float *x, size_t n);

/** y = 1 / (1 + e^-x), error <= 3 ulp. */
void ipl_vec_sigmoid(float *y, const float *x, size_t n);

/** y = log(1 + e^x), error <= 3 ulp. */
void ipl_vec_softplus(float *y, const float *x, size_t n);

/** y = e^x in double, error <= 1.1 ulp; 0 below -745.14, Inf above 709.78. */
void ipl_vec_exp_double(double *y, const double *x, size_t n);

/**
 * y = e^max(-rate d, least) in double: what is left of 1 at a distance d, with that error.
 *
 * least  where the result counts for nothing: exponents below -708 give subnormal numbers,
 *        with which processors are slow. -HUGE_VAL: none
 */
void ipl_vec_decay(double *y, const double *d, double rate, double least, size_t n);

/** Sum of x: eight sums of every eighth number, then these, in order. */
double ipl_vec_sum(const double *x, size_t n);

/** y = distribution function of the standard normal, absolute error <= 3e-7. */
void ipl_vec_normal(float *y, const float *x, size_t n);

#endif /* IPL_VEC_H */
