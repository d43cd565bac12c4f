#include "cli/links.h"

#include "base/file.h"
#include "cli/print.h"

#include <string.h>
#include <unistd.h>

enum { LINKS_MAX = 16 }; /* one after the other */

/* What a link says, as seen from where it lies; false when path is no link. */
static bool read_link(char *out, const char *path)
{
    char target[IPL_PATH_MAX], folder[IPL_PATH_MAX];
    const ssize_t n = readlink(path, target, sizeof target - 1);
    const char *slash = strrchr(path, '/');
    const size_t len = slash ? (size_t)(slash - path) + 1 : 0;

    if (n <= 0 || n >= (ssize_t)sizeof target - 1)
        return false;
    target[n] = '\0';
    if (ipl_text_copy(folder, sizeof folder, path, *target == '/' ? 0 : len, "path",
                      NULL) != IPL_OK)
        return false;
    return ipl_path_join(out, folder, target, NULL) == IPL_OK;
}

bool ipl_link_follow(char *out, const char *path)
{
    char here[IPL_PATH_MAX];
    size_t len = strlen(path);
    bool followed = false;

    while (len > 1 && path[len - 1] == '/')
        len--;
    if (ipl_text_copy(here, sizeof here, path, len, "path", NULL) != IPL_OK)
        return false;
    for (int i = 0; i < LINKS_MAX && read_link(out, here); i++) {
        if (ipl_text_copy(here, sizeof here, out, strlen(out), "path", NULL) != IPL_OK)
            return false;
        followed = true;
    }
    return followed && ipl_file_is_folder(out);
}

bool ipl_link_follow_aloud(char *out, const char *path)
{
    if (!ipl_link_follow(out, path))
        return false;
    ipl_print_error("infoplane: %s is %s\n", path, out);
    return true;
}
