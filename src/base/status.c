#include "ipl/status.h"

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

const char *ipl_status_name(ipl_status status)
{
    if ((unsigned)status >= IPL_STATUS_COUNT)
        return "unknown status";
    return status_name[status];
}

ipl_status ipl_fail(ipl_error *err, ipl_status status, const char *fmt, ...)
{
    assert(status != IPL_OK);
    if (err) {
        ipl_error fault = {.status = status}; /* err->msg may be one of the arguments */
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(fault.msg, sizeof fault.msg, fmt, ap);
        va_end(ap);
        /* One line whatever a file put into it. */
        for (char *c = fault.msg; *c != '\0'; c++)
            if ((unsigned char)*c < ' ' || *c == 0x7f)
                *c = '?';
        *err = fault;
    }
    return status;
}
