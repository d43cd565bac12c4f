/** Group set-up of tests that call BLAS themselves, outside a plane or a pool. */
#ifndef IPL_ONE_THREAD_H
#define IPL_ONE_THREAD_H

#include "math/linalg.h"

static inline int one_thread(void **state)
{
    (void)state;
    ipl_blas_start();
    return 0;
}

#endif /* IPL_ONE_THREAD_H */
