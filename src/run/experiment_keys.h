/**
 * Keys of an experiment with a dot: options inside of its texts.
 *
 *     optimiser.lr    0.1    in    optimiser = sgd:lr=0.1,momentum=0.9
 */
#ifndef IPL_EXPERIMENT_KEYS_H
#define IPL_EXPERIMENT_KEYS_H

#include "run/experiment.h"

/**
 * The full name of a key: itself, or "text.option" for the name of an option that exactly
 * one of the texts of exp has.
 *
 * out     size bytes
 * errors  IPL_E_ARG  no such key (a near one is named), or several texts have the option
 */
ipl_status ipl_experiment_key(char *out, size_t size, const ipl_experiment *exp,
                              const char *key, ipl_error *err) IPL_NODISCARD;

/**
 * Set a key, with or without a dot, from its text.
 *
 * errors  IPL_E_ARG  no such key or option, or not a value for it
 */
ipl_status ipl_experiment_set(ipl_experiment *exp, const char *key, const char *value,
                              ipl_error *err) IPL_NODISCARD;

/** Called with every key, dotted ones too, and its value. */
typedef void (*ipl_experiment_visit)(void *self, const char *key, const char *value);

/**
 * Visit every key of an experiment in the order of its file. A text with options is visited
 * as its name and one dotted key for each option it has, defaults included:
 * optimiser sgd, optimiser.lr 0.1, optimiser.momentum 0 ...
 */
ipl_status ipl_experiment_each(const ipl_experiment *exp, ipl_experiment_visit visit,
                               void *self, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_EXPERIMENT_KEYS_H */
