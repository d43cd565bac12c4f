/**
 * Folders that are named by a link: results/latest may lead to another run a second later, so
 * a command looks once and keeps to what it found.
 */
#ifndef IPL_LINKS_H
#define IPL_LINKS_H

#include <stdbool.h>

/**
 * Write the folder that a link leads to, "results/szt-seed1" for "results/latest", to out
 * (IPL_PATH_MAX); false when path is no link to a folder.
 */
bool ipl_link_follow(char *out, const char *path);

/** The same, and say on stderr which folder it is. */
bool ipl_link_follow_aloud(char *out, const char *path);

#endif /* IPL_LINKS_H */
