/**
 * An experiment: everything that decides what a run computes, as one struct of options.
 *
 * The same names stand on the command line (--batch 512), in an experiment file
 * (batch = 512) and in the experiment.ini of every run directory. Precedence: defaults, then
 * preset or file, then command line.
 */
#ifndef IPL_EXPERIMENT_H
#define IPL_EXPERIMENT_H

#include "base/file.h"
#include "base/opt.h"

typedef struct ipl_experiment {
    char name[128]; /* of the run; "": made from preset or data, and activation */
    uint64_t seed;

    char data[1024];
    int scale; /* ipl_scaling */
    char classes[256];
    size_t train_samples, test_samples;
    double train_share, random_labels;
    char background[16];
    size_t crop;
    bool flip;

    char net[8192];
    char activation[64];
    char init[1024];

    char loss[128];
    char optimiser[256];
    char schedule[256];
    size_t batch, epochs, shard;
    bool shuffle;
    char checkpoint[64]; /* none, or every:N<unit>[,keep=N|measured] */

    char estimator[16384]; /* texts separated by spaces */
    char measure[1024];    /* when: every, every:N, log:N, 0,1,10 or none */
    size_t early_steps, early_epochs;
    int probe; /* ipl_probe_rows */
    size_t probe_train, probe_test;
    size_t null_repeats;
    char measure_layers[1024];
    int unit;           /* ipl_unit */
    char record[1024];  /* none, or activations[=float32|float16][,layers=fc1+fc2] */
    char pictures[256]; /* when to draw: as measure */
} ipl_experiment;

/** Which rows are measured. */
typedef enum ipl_probe_rows {
    IPL_PROBE_CLASS,  /* some of each part, drawn by class with the seed, order kept */
    IPL_PROBE_FIRST,  /* the first of each part */
    IPL_PROBE_RANDOM, /* some of each part, drawn with the seed, order kept */
    IPL_PROBE_POOLED  /* both parts as one probe, called "all" */
} ipl_probe_rows;

/** The rows of the struct, in the order of experiment.ini. */
extern const ipl_opt ipl_experiment_opts[];

/**
 * Read "key = value" lines, "[section]" lines and comments ("#" or ";" first on a line).
 *
 * errors  IPL_E_NOINPUT  no such file
 *         IPL_E_FORMAT   file:line and what is wrong: no '=', unknown or doubled key, a key
 *                        of another section, a value of the wrong type or out of range
 *         IPL_E_IO, IPL_E_NOMEM
 */
ipl_status ipl_experiment_read(ipl_experiment *exp, const char *path,
                               ipl_error *err) IPL_NODISCARD;

/** Append the whole experiment as a file that ipl_experiment_read() reads back. */
void ipl_experiment_print(ipl_text *out, const ipl_experiment *exp);

/**
 * Append those keys that decide what a run computes, a line each: all but its name, pictures
 * and checkpoint. Two experiments of the same text have the same result.
 */
void ipl_experiment_print_result(ipl_text *out, const ipl_experiment *exp);

/** Fill in the name of the run when none is given: preset or data, and activation. */
ipl_status ipl_experiment_name(ipl_experiment *exp, const char *preset,
                               ipl_error *err) IPL_NODISCARD;

/** Longest name of a preset, with the NUL. */
enum { IPL_PRESET_NAME_MAX = 64 };

/** What the comment lines "# about: ...", "# source: ...", "# time: ..." of a preset say. */
typedef struct ipl_preset {
    char name[IPL_PRESET_NAME_MAX];
    char about[160], source[200], time[80];
} ipl_preset;

/** Path of the preset of that name; IPL_E_ARG names the nearest when there is none. */
ipl_status ipl_preset_find(char *path, const char *name, ipl_error *err) IPL_NODISCARD;

/**
 * All presets, sorted by name.
 *
 * owner   *out belongs to the caller, for ipl_free()
 * errors  IPL_E_NOINPUT  no folder of presets, or one of them cannot be read
 *         IPL_E_FORMAT   more than 256 of them
 *         IPL_E_ARG, IPL_E_NOMEM
 */
ipl_status ipl_preset_list(ipl_preset **out, size_t *n, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_EXPERIMENT_H */
