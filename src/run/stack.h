/**
 * Activations in files: some layers, each at the same epochs, with the input and the labels
 * they belong to. They come from a run of ours or from any program that writes .npy.
 */
#ifndef IPL_STACK_H
#define IPL_STACK_H

#include "base/file.h"
#include "ipl/status.h"

#include <stddef.h>

enum { IPL_STACK_NAME_MAX = 64, IPL_STACK_WHEN_MAX = 64, IPL_STACK_LAYERS_MAX = 1000 };

typedef struct ipl_stack {
    char split[16];       /* "train", "test" or "all" */
    char x[IPL_PATH_MAX]; /* file of the input */
    char y[IPL_PATH_MAX]; /* file of the labels, "": none */
    size_t n_epochs, n_layers;
    double *epochs;                    /* (n_epochs), ascending */
    char (*when)[IPL_STACK_WHEN_MAX];  /* (n_epochs) "epoch,step"; step NaN: not known */
    char (*names)[IPL_STACK_NAME_MAX]; /* (n_layers) */
    char **files;                      /* (n_epochs, n_layers) */
    ipl_text notes; /* what of a folder was left out, a line each without line break */
} ipl_stack;

/**
 * What `infoplane train --record activations` left of one probe.
 *
 * split   "train", "test" or "all"
 * layers  "fc1,fc2": these, in this order; "": all
 * owner   *out is to be released; empty on error
 * errors  IPL_E_NOINPUT  nothing was recorded, or not of this split
 *         IPL_E_FORMAT   a table is damaged; no layer of that name
 *         IPL_E_IO, IPL_E_NOMEM
 */
ipl_status ipl_stack_of_run(ipl_stack *out, const char *run, const char *split,
                            const char *layers, ipl_error *err) IPL_NODISCARD;

/**
 * Files called epoch<e>/<layer>.npy or <layer>-<e>.npy, or .npy.gz; "epoch" in any case, and
 * one of "-_=. " may stand before its number. Layers are sorted by name, numbers in names by
 * their value, unless `layers` says.
 *
 * errors  IPL_E_FORMAT   a path has no epoch, or stands for the same as another one
 *         IPL_E_NOINPUT  a layer is missing at an epoch
 *         IPL_E_NOMEM
 */
ipl_status ipl_stack_of_files(ipl_stack *out, const char *const *paths, size_t n,
                              const char *layers, ipl_error *err) IPL_NODISCARD;

/**
 * The same with all such files of a folder, but for those that are also called x and y. Left
 * out, and named in out->notes: other files and folders; and, while they are fewer than half,
 * epochs of which a layer is missing or is no whole array (another program is writing them).
 *
 * errors  as above; IPL_E_NOINPUT when there is no such folder or no such file in it
 */
ipl_status ipl_stack_of_folder(ipl_stack *out, const char *folder, const char *x,
                               const char *y, const char *layers,
                               ipl_error *err) IPL_NODISCARD;

/** Make the arrays of a stack, for the functions above; IPL_E_NOMEM. */
ipl_status ipl_stack_allocate(ipl_stack *stack, size_t n_epochs, size_t n_layers,
                              ipl_error *err) IPL_NODISCARD;

/** Free what a stack owns and leave it empty; an empty one is allowed. */
void ipl_stack_release(ipl_stack *stack);

#endif /* IPL_STACK_H */
