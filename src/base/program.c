/* For realpath(). */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define _XOPEN_SOURCE 700
#include "base/program.h"

#include "base/file.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#    include <sys/auxv.h>
#elif defined(__APPLE__)
#    include <mach-o/dyld.h>
#endif

#ifndef IPL_SHARE_DIR
#    define IPL_SHARE_DIR "/usr/local/share/infoplane"
#endif

/* What the system tells of the path where /proc is missing: as the program was started. */
static bool started_as(char *out)
{
    char *whole = NULL;
    bool known;
#ifdef __linux__
    const unsigned long name = getauxval(AT_EXECFN);

    if (name)
        whole = realpath((const char *)name, NULL); /* NOLINT(performance-no-int-to-ptr) */
#elif defined(__APPLE__)
    char name[IPL_PATH_MAX];
    uint32_t size = sizeof name;

    if (_NSGetExecutablePath(name, &size) == 0)
        whole = realpath(name, NULL);
#endif
    known = whole &&
            ipl_text_copy(out, IPL_PATH_MAX, whole, strlen(whole), "path", NULL) == IPL_OK;
    free(whole); /* of realpath() */
    return known;
}

bool ipl_program_path(char *out)
{
    const ssize_t n = readlink("/proc/self/exe", out, IPL_PATH_MAX - 1);

    if (n <= 0 || n >= IPL_PATH_MAX - 1)
        return started_as(out);
    out[n] = '\0';
    return true;
}

bool ipl_program_folder(char *out, int levels)
{
    if (!ipl_program_path(out))
        return false;
    for (; levels > 0; levels--) {
        char *slash = strrchr(out, '/');

        if (!slash)
            return false;
        *slash = '\0';
    }
    return true;
}

/* scripts/ of the tree whose build/MODE/infoplane or build/MODE/tests/... runs. */
static bool build_tree(char *out)
{
    char path[IPL_PATH_MAX];
    char *build = NULL;
    const char *mode;

    if (!ipl_program_path(path))
        return false;
    for (char *at = path; (at = strstr(at, "/build/")); at++)
        build = at;
    if (!build)
        return false;
    mode = build + strlen("/build/");
    mode += strcspn(mode, "/");
    if (strcmp(mode, "/infoplane") != 0 && strncmp(mode, "/tests/", 7) != 0)
        return false;
    *build = '\0';
    return ipl_path_join(out, path, "scripts", NULL) == IPL_OK;
}

ipl_status ipl_share_find(char *out, const char *name, ipl_error *err)
{
    char program[IPL_PATH_MAX], beside[IPL_PATH_MAX], tree[IPL_PATH_MAX];
    const char *folders[4];
    const char *env = getenv("INFOPLANE_SHARE");
    size_t n = 0;

    if (env && *env != '\0')
        folders[n++] = env;
    if (ipl_program_folder(program, 1) &&
        ipl_path_join(beside, program, "scripts", NULL) == IPL_OK)
        folders[n++] = beside;
    if (build_tree(tree))
        folders[n++] = tree;
    folders[n++] = IPL_SHARE_DIR;
    for (size_t i = 0; i < n; i++) {
        const ipl_status st = ipl_path_join(out, folders[i], name, err);

        if (st != IPL_OK)
            return st;
        if (ipl_file_exists(out))
            return IPL_OK;
    }
    return ipl_fail(err, IPL_E_NOINPUT,
                    "%s: not in %s, in scripts/ beside the program, nor in %s", name,
                    env && *env != '\0' ? env : "INFOPLANE_SHARE (not set)", IPL_SHARE_DIR);
}

ipl_status ipl_program_clean_path(ipl_error *err)
{
    const char *entry = getenv("PATH");
    ipl_text path = {0};
    ipl_status st;

    while (entry && *entry != '\0') {
        const size_t len = strcspn(entry, ":");

        if (*entry == '/')
            ipl_text_add(&path, "%s%.*s", path.len ? ":" : "", (int)len, entry);
        entry += len + (entry[len] == ':');
    }
    st = ipl_text_status(&path, err);
    if (st == IPL_OK && setenv("PATH", path.len ? path.s : "/usr/bin:/bin", 1) != 0)
        st = ipl_fail(err, IPL_E_NOMEM, "out of memory: PATH");
    ipl_text_release(&path);
    return st;
}
