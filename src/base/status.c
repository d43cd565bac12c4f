#include "ipl/status.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

static const char *const status_name[] = {
    [IPL_OK] = "ok",
    [IPL_E_ARG] = "bad argument",
    [IPL_E_SHAPE] = "shape mismatch",
    [IPL_E_NOMEM] = "out of memory",
    [IPL_E_NOINPUT] = "no input",
    [IPL_E_CANTCREATE] = "cannot create output",
    [IPL_E_IO] = "input/output error",
    [IPL_E_LOCKED] = "locked by another process",
    [IPL_E_FORMAT] = "bad format",
    [IPL_E_NUMERIC] = "numerical failure",
};
static_assert(sizeof status_name / sizeof status_name[0] == IPL_STATUS_COUNT,
              "every status has a name");

static const int exit_status[] = {
    [IPL_OK] = 0,
    [IPL_E_ARG] = 2,         /* misuse of the command line */
    [IPL_E_SHAPE] = 65,      /* EX_DATAERR */
    [IPL_E_NOMEM] = 71,      /* EX_OSERR */
    [IPL_E_NOINPUT] = 66,    /* EX_NOINPUT */
    [IPL_E_CANTCREATE] = 73, /* EX_CANTCREAT */
    [IPL_E_IO] = 74,         /* EX_IOERR */
    [IPL_E_LOCKED] = 75,     /* EX_TEMPFAIL */
    [IPL_E_FORMAT] = 65,     /* EX_DATAERR */
    [IPL_E_NUMERIC] = 3,     /* diverged */
};
static_assert(sizeof exit_status / sizeof exit_status[0] == IPL_STATUS_COUNT,
              "every status has an exit status");

const char *ipl_status_name(ipl_status status)
{
    if ((unsigned)status >= IPL_STATUS_COUNT)
        return "unknown status";
    return status_name[status];
}

int ipl_status_exit(ipl_status status)
{
    return (unsigned)status < IPL_STATUS_COUNT ? exit_status[status] : 1;
}

ipl_status ipl_fail(ipl_error *err, ipl_status status, const char *fmt, ...)
{
    assert(status != IPL_OK);
    if (err) {
        char whole[2 * sizeof err->msg]; /* err->msg may be one of the arguments */
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(whole, sizeof whole, fmt, ap);
        va_end(ap);
        err->status = status;
        ipl_visible_line(err->msg, sizeof err->msg, whole);
    }
    return status;
}
