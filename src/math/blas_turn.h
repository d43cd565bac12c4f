/**
 * Turns at BLAS. A build of OpenBLAS without threads hands out its work space without a lock:
 * two callers at once get the same and compute wrong numbers. With such a build every call
 * stands between these two; with the others they do nothing.
 *
 * source  OpenBLAS issue 2543 and the option USE_LOCKING, which Debian's libopenblas0-serial
 *         is built without
 */
#ifndef IPL_BLAS_TURN_H
#define IPL_BLAS_TURN_H

void ipl_blas_enter(void);
void ipl_blas_leave(void);

#endif /* IPL_BLAS_TURN_H */
