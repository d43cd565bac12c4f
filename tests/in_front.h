/**
 * Functions of a test that stand in front of those of libc and libraries: a program's own come
 * first. To be included first.
 */
#ifndef IPL_IN_FRONT_H
#define IPL_IN_FRONT_H

/* RTLD_NEXT; and no fread() of the headers' own in front of ours. */
#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#undef _FORTIFY_SOURCE
#include "scratch.h"

#include <dlfcn.h>
#include <errno.h>

static const char *broken; /* the call that gives nothing */

static inline bool is_broken(const char *call)
{
    return broken && strcmp(broken, call) == 0;
}

/* The call behind ours; a pointer to data becomes one to a function. */
static inline void find(void *function, const char *name)
{
    void *p = dlsym(RTLD_NEXT, name);

    memcpy(function, &p, sizeof p);
}

static inline void says(const ipl_error *err, const char *words)
{
    if (!strstr(err->msg, words))
        fail_msg("'%s' does not say '%s'", err->msg, words);
}

#endif /* IPL_IN_FRONT_H */
