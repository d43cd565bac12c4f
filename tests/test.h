/** cmocka with the headers it wants in front of it, and a comparison of doubles. */
#ifndef IPL_TEST_H
#define IPL_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/** Fail unless |got - want| <= tol; a NaN on either side fails. (cmocka 1.1.5 has floats only.) */
#define assert_close(got, want, tol) check_close((got), (want), (tol), __FILE__, __LINE__)

static inline void check_close(double got, double want, double tol, const char *file,
                               int line)
{
    if (!(fabs(got - want) <= tol)) {
        print_error("got %.17g, want %.17g, tolerance %g\n", got, want, tol);
        _fail(file, line);
    }
}

/** Fail unless low <= got <= high. (cmocka 2 has other names for it than cmocka 1.) */
#define assert_within(got, low, high)                                                      \
    check_within((size_t)(got), (low), (high), __FILE__, __LINE__)

static inline void check_within(size_t got, size_t low, size_t high, const char *file,
                                int line)
{
    if (got < low || got > high) {
        print_error("got %zu, want %zu ... %zu\n", got, low, high);
        _fail(file, line);
    }
}

#endif /* IPL_TEST_H */
