/**
 * Grids of experiments: some keys with several values each, and every combination of them.
 *
 *     activation=tanh,relu optimiser.lr=0.1,0.01 seed=1-5
 *
 * A key is one of an experiment file, or key.option for an option inside of a text:
 * optimiser.lr is the lr of optimiser = sgd:lr=...; the option's name alone will do when only
 * one of the texts has it. Values are separated by commas, or by semicolons when one of them
 * has commas: "optimiser=sgd:lr=0.1,momentum=0.9;adam". Seeds may be ranges.
 */
#ifndef IPL_GRID_H
#define IPL_GRID_H

#include "run/experiment.h"

enum { IPL_GRID_AXES_MAX = 16, IPL_GRID_KEY_MAX = 64, IPL_GRID_POINTS_MAX = 10000 };

typedef struct ipl_grid_axis {
    char key[IPL_GRID_KEY_MAX]; /* "activation", "optimiser.lr", "seed" */
    char *store;                /* values one after the other, each with its NUL; owned */
    const char **values;        /* (n) into store; owned */
    size_t n;
} ipl_grid_axis;

/** The last axis changes fastest; an axis of seeds is always the last. */
typedef struct ipl_grid {
    ipl_grid_axis axes[IPL_GRID_AXES_MAX];
    size_t n_axes;
    size_t n_points;
} ipl_grid;

/**
 * Read axes "key=value,value" that are separated by blanks. Blanks inside a value are fine:
 * an axis starts where a word begins with a key and '='.
 *
 * base    experiment that the grid starts from: its texts decide what an option alone means
 * seeds   list of seeds for an axis more, as ipl_seeds_parse() reads it; "": none
 * owner   out is to be released; empty on error
 * errors  IPL_E_ARG  no axis, an unknown key (a near one is named), a key or a value given
 *                    twice, an empty value, more than IPL_GRID_POINTS_MAX points
 *         IPL_E_NOMEM
 * A grid of no axes and no seeds is refused.
 */
ipl_status ipl_grid_create(ipl_grid *out, const char *text, const char *seeds,
                           const ipl_experiment *base, ipl_error *err) IPL_NODISCARD;

/** Free what a grid owns and leave it empty; an empty one is allowed. */
void ipl_grid_release(ipl_grid *grid);

/** Value of an axis at a point. */
const char *ipl_grid_value(const ipl_grid *grid, size_t point, size_t axis);

/**
 * Set the keys of one point in an experiment, whole texts before their options.
 *
 * errors  IPL_E_ARG  a value is not what its key wants; the message names key and value
 */
ipl_status ipl_grid_apply(ipl_experiment *exp, const ipl_grid *grid, size_t point,
                          ipl_error *err) IPL_NODISCARD;

/**
 * Append the name of a point as a path of folders: "activation=tanh_optimiser.lr=0.1", then
 * "/seed3" when seeds are an axis. It depends on nothing but the values: a larger grid has
 * the same names. Characters that folders should not have become '-', with a few digits of
 * SHA-256 to tell such values apart.
 */
void ipl_grid_print_name(ipl_text *out, const ipl_grid *grid, size_t point);

#endif /* IPL_GRID_H */
