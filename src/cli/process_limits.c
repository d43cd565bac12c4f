/*
 * Limits of the process that must be looked at before any library is initialised: OpenBLAS
 * starts threads and takes their workspaces (128 MiB each) when it is loaded, and tries for
 * ever where the address space is limited (ulimit -v, Grid Engine's h_vmem).
 *
 * Where the address space is limited, the program starts itself again with one thread of
 * OpenBLAS, which is all it uses. Where the stack is limited to little, the limit is raised.
 */
#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

#ifdef __linux__

#    include <string.h>
#    include <sys/mman.h>
#    include <sys/resource.h>
#    include <unistd.h>

enum { ENVIRONMENT_MAX = 16384, OS_ERROR = 71 };

#    define THREADS "OPENBLAS_NUM_THREADS="
#    define STACK_WANTED ((rlim_t)8 << 20)
#    define WORKSPACE ((size_t)136 << 20)
#    define STACK_NEEDED ((rlim_t)1 << 20)

/* One line on standard error, and the end: no library can be used yet. */
static void refuse(const char *line)
{
    const ssize_t written = write(STDERR_FILENO, line, strlen(line));

    (void)written; /* there is nobody else to tell */
    _exit(OS_ERROR);
}

static void raise_stack(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
        limit.rlim_cur >= STACK_NEEDED)
        return;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < STACK_WANTED)
        limit.rlim_max = STACK_WANTED; /* root may */
    limit.rlim_cur = STACK_WANTED;
    if (setrlimit(RLIMIT_STACK, &limit) == 0)
        return;
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_max >= STACK_NEEDED) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_STACK, &limit) == 0)
            return;
    }
    refuse(
        "infoplane: the stack is limited to less than 1 MiB; raise it: ulimit -s 8192\n");
}

/* What OpenBLAS takes at its start, from 0.3.30 on also with one thread. */
static void try_workspace(void)
{
    void *p = mmap(NULL, WORKSPACE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);

    if (p == MAP_FAILED)
        refuse("infoplane: the address space is limited to too little (ulimit -v, h_vmem): "
               "OpenBLAS alone takes 136 MiB of it\n");
    (void)munmap(p, WORKSPACE);
}

/* Start again with one thread of OpenBLAS; the second time its workspace is tried for. */
static void limit_blas(char **argv, char **envp)
{
    static char one[] = THREADS "1";
    static char *environment[ENVIRONMENT_MAX];
    struct rlimit limit;
    size_t n = 0;

    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return;
    environment[n++] = one;
    for (size_t i = 0; envp[i]; i++) {
        if (strcmp(envp[i], one) == 0) {
            try_workspace();
            return;
        }
        if (strncmp(envp[i], THREADS, sizeof THREADS - 1) != 0 && n + 1 < ENVIRONMENT_MAX)
            environment[n++] = envp[i];
    }
    (void)execve("/proc/self/exe", argv, environment);
    refuse(
        "infoplane: the address space is limited (ulimit -v) and /proc is not there; set "
        "OPENBLAS_NUM_THREADS=1\n");
}

static void before_libraries(int argc, char **argv, char **envp)
{
    (void)argc;
    raise_stack();
    limit_blas(argv, envp);
}

/* The loader calls these before the initialisers of all libraries. */
__attribute__((section(".preinit_array"),
               used)) static void (*const first)(int, char **, char **) = before_libraries;

#endif /* __linux__ */
