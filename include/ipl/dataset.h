/**
 * Data sets: labelled samples in a training and a test part.
 *
 * A data set is chosen by text, "mnist", "npy:x=X.npy,y=y.npy", and prepared by the options
 * below; everything random in it comes from the seed.
 */
#ifndef IPL_DATASET_H
#define IPL_DATASET_H

#include "ipl/matrix.h"
#include "ipl/status.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ipl_split { IPL_TRAIN, IPL_TEST } ipl_split;

/** What is done to the values of a sample. */
typedef enum ipl_scaling {
    IPL_SCALE_UNIT,    /* pixels to 0 ... 1, divided by white; other data as it is */
    IPL_SCALE_RAW,     /* as stored: pixels 0 ... white */
    IPL_SCALE_CHANNEL, /* unit, then (x - mean) / s.d. of its channel over the training part */
    IPL_SCALE_FEATURE /* unit, then the same for every feature; constant features become 0 */
} ipl_scaling;

typedef struct ipl_data_opts {
    const char *text;     /* "mnist", "npy:x=...,y=..." */
    ipl_scaling scaling;  /* default: unit */
    const char *classes;  /* "0,1,7" or, where classes have names, "cat,dog": keep these and
                            number them 0, 1, 2; "" or "all": all */
    size_t n_train;       /* samples to keep, chosen by the seed, order kept; 0: all */
    size_t n_test;        /* the same for the test part */
    double train_share;   /* of data that has no test part: seeded shuffle; 0: 0.8; 1: no
                            test part, stored order */
    double random_labels; /* share of training labels replaced by uniformly random ones */
    uint64_t seed;
    const char
        *background; /* of pictures with alpha: "white", "black", a grey "0" ... "255"
                               or a colour "RRGGBB"; NULL or "": white */
} ipl_data_opts;

/**
 * A file that was read, or a folder of many: its hash is that of the list of their hashes,
 * (cd FOLDER && sha256sum <files, class by class>) | sha256sum.
 */
typedef struct ipl_data_file {
    char *path;      /* owned by the data set */
    char sha256[65]; /* hexadecimal; "" until ipl_dataset_hash() */
} ipl_data_file;

/** What a data set says of itself; borrowed, valid as long as the data set. */
typedef struct ipl_data_info {
    const char *name; /* "mnist" */
    ipl_shape shape;
    size_t n_classes;
    size_t n[2];                    /* samples in the IPL_TRAIN and IPL_TEST part */
    bool pixels;                    /* values are brightness, 0 ... white as stored */
    float white;                    /* 255, or 65535 of 16 bits; 1: no pixels */
    uint8_t background[3];          /* of pictures with alpha: red, green, blue */
    const char *const *class_names; /* (n_classes), or NULL: the numbers */
    ipl_data_file *files;
    size_t n_files;
    const char *note; /* what the user should know ("2 of 5 batches"), or "" */
} ipl_data_info;

typedef struct ipl_dataset ipl_dataset; /* opaque */

/**
 * Open and prepare a data set.
 *
 * owner   *out belongs to the caller, for ipl_dataset_destroy(); NULL on error
 * errors  IPL_E_FORMAT   the text names no data set, or a file is not what it should be
 *         IPL_E_NOINPUT  a file is missing; the message says how to get it
 *         IPL_E_SHAPE    files do not fit together, or fewer samples than asked for
 *         IPL_E_ARG      an option outside its range; out, opts or its text is NULL
 *         IPL_E_IO; IPL_E_NOMEM
 */
ipl_status ipl_dataset_open(ipl_dataset **out, const ipl_data_opts *opts,
                            ipl_error *err) IPL_NODISCARD;

/** Release a data set; NULL is allowed. */
void ipl_dataset_destroy(ipl_dataset *ds);

/** What a data set is; NULL of NULL. */
const ipl_data_info *ipl_dataset_info(const ipl_dataset *ds);

/** Fill in the SHA-256 of every file; errors IPL_E_NOINPUT, IPL_E_IO; IPL_E_ARG for NULL. */
ipl_status ipl_dataset_hash(ipl_dataset *ds, ipl_error *err) IPL_NODISCARD;

/**
 * Copy samples: row i of x is sample rows[i] of a part, scaled.
 *
 * shapes  x (n, d) or NULL, y (n) or NULL, rows (n) each below info->n[split]; NULL: the
 *         samples first, first + 1, ...
 * A row beyond the part gives zeros and label -1; NULL or a part that is none, nothing.
 * cost    n d; safe to call from several threads
 */
void ipl_dataset_gather(float *x, int32_t *y, const ipl_dataset *ds, ipl_split split,
                        const uint32_t *rows, size_t first, size_t n);

/** Write a sample that is 0 everywhere as stored, a black image, scaled: x (d). */
void ipl_dataset_black(float *x, const ipl_dataset *ds);

/**
 * Scale pixels of one's own as the samples are: x (d), brightness (d) 0 ... 65535, channel
 * after channel; 8-bit pixels are 257 times their value. For data whose samples are pixels,
 * info->pixels.
 */
void ipl_dataset_scale(float *x, const ipl_dataset *ds, const uint16_t *brightness);

/** Write one sample as it would be scaled by IPL_SCALE_UNIT, to look at: x (d); zeros beyond. */
void ipl_dataset_unscaled(float *x, const ipl_dataset *ds, ipl_split split, size_t row);

/** Label of one sample; -1 beyond the last. */
int32_t ipl_dataset_label(const ipl_dataset *ds, ipl_split split, size_t row);

#ifdef __cplusplus
}
#endif

#endif /* IPL_DATASET_H */
