#include "run/provenance.h"

#include "base/pool.h"
#include "math/linalg.h"
#include "run/version.h"

#include <sys/resource.h>
#include <sys/utsname.h>

/* Given on the compile line of this file alone. */
#ifndef IPL_GIT_REVISION
#    define IPL_GIT_REVISION "unknown"
#endif
#ifndef IPL_COMPILER_FLAGS
#    define IPL_COMPILER_FLAGS "unknown"
#endif

static void member(ipl_text *out, const char *name, const char *value)
{
    ipl_text_add(out, "  \"%s\": ", name);
    ipl_text_add_json(out, value);
    ipl_text_add(out, ",\n");
}

void ipl_provenance_print(ipl_text *out)
{
    char text[256];
    struct utsname system;

    member(out, "version", IPL_VERSION);
    member(out, "git", IPL_GIT_REVISION);
    member(out, "compiler", __VERSION__);
    member(out, "flags", IPL_COMPILER_FLAGS);
    ipl_blas_describe(text, sizeof text);
    member(out, "blas", text);
    ipl_cpu_name(text, sizeof text);
    member(out, "cpu", text);
    if (uname(&system) == 0) {
        ipl_text kernel = {0};

        ipl_text_add(&kernel, "%s %s %s", system.sysname, system.release, system.machine);
        member(out, "kernel", kernel.s ? kernel.s : "unknown");
        ipl_text_release(&kernel);
    }
}

size_t ipl_provenance_peak_memory(void)
{
    struct rusage use;

    if (getrusage(RUSAGE_SELF, &use) != 0)
        return 0;
#if defined(__APPLE__)
    return (size_t)use.ru_maxrss;
#else
    return (size_t)use.ru_maxrss * 1024;
#endif
}
