/**
 * Error model.
 *
 * A function that can fail returns ipl_status and takes an ipl_error * as its last
 * parameter (NULL when the caller does not want the text). The place that detects a fault
 * writes the message once, with ipl_fail(); every caller above frees what it owns and
 * returns the same status. A function that returns void cannot fail.
 */
#ifndef IPL_STATUS_H
#define IPL_STATUS_H

#if defined(__GNUC__)
#    define IPL_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#    define IPL_NODISCARD __attribute__((warn_unused_result))
#else
#    define IPL_PRINTF(fmt, first)
#    define IPL_NODISCARD
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Kinds of fault; each has an exit status of its own in the command line program. */
typedef enum ipl_status {
    IPL_OK = 0,
    IPL_E_ARG,        /* an argument is outside its documented range */
    IPL_E_SHAPE,      /* two shapes do not fit together */
    IPL_E_NOMEM,      /* out of memory, or a size that overflows size_t */
    IPL_E_NOINPUT,    /* an input file or folder does not exist or cannot be read */
    IPL_E_CANTCREATE, /* an output exists already or cannot be created */
    IPL_E_IO,         /* reading or writing an open file failed */
    IPL_E_LOCKED,     /* another process holds it */
    IPL_E_FORMAT,     /* a file or a text is not what its format says */
    IPL_E_NUMERIC,    /* NaN, Inf, or a matrix that is not positive definite */
    IPL_STATUS_COUNT
} ipl_status;

typedef struct ipl_error {
    ipl_status status;
    char msg[512]; /* one line, no final full stop, no newline */
} ipl_error;

/** Name of a status, "ok" for IPL_OK, "unknown status" for a value outside the enum. */
const char *ipl_status_name(ipl_status status);

/** Exit status of the command line program for a status; sysexits.h, and 2 and 3. */
int ipl_status_exit(ipl_status status);

/**
 * Record a fault in err (if not NULL) and return status, so that a caller can return it.
 * err->msg may itself be an argument; control characters and what is not UTF-8 are written
 * as \x1b, so that the message is one line that a terminal shows.
 */
ipl_status ipl_fail(ipl_error *err, ipl_status status, const char *fmt, ...)
    IPL_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif

#endif /* IPL_STATUS_H */
