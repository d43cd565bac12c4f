/**
 * The running program: where it lies, the files that ship with it, the programs it starts.
 *
 * Nothing in the current folder is code: not a script, a style or a preset, and not a
 * program either.
 */
#ifndef IPL_PROGRAM_H
#define IPL_PROGRAM_H

#include "ipl/status.h"

#include <stdbool.h>

/** Absolute path of the running program, in out (IPL_PATH_MAX); false: the system is silent. */
bool ipl_program_path(char *out);

/** Folder `levels` above the running program; false where there is none or no path. */
bool ipl_program_folder(char *out, int levels);

/**
 * Find a file that ships with the program ("presets/demo.ini", "figure.gp"): in
 * $INFOPLANE_SHARE, in scripts/ beside the executable, in scripts/ of the build tree when
 * the executable is build/MODE/infoplane or one of the tests there, then where `make install`
 * puts it. Never in the current folder.
 *
 * errors  IPL_E_NOINPUT  it is in none of them; the message lists where it was looked for
 */
ipl_status ipl_share_find(char *out, const char *name, ipl_error *err) IPL_NODISCARD;

/**
 * Take the current folder and relative ones out of PATH, which is where gnuplot, sbatch and
 * parallel are looked for. Call it before any thread is started.
 *
 * errors  IPL_E_NOMEM
 */
ipl_status ipl_program_clean_path(ipl_error *err) IPL_NODISCARD;

#endif /* IPL_PROGRAM_H */
