/**
 * What one source of data provides: a file source_<name>.c and a row of the table.
 *
 * A source reads or generates samples and hands them over as they are stored, bytes or
 * floats, with their labels. Everything an option of ipl_data_opts does (classes, split,
 * numbers of samples, random labels, scaling) is done afterwards for all of them alike.
 */
#ifndef IPL_SOURCE_H
#define IPL_SOURCE_H

#include "base/opt.h"
#include "base/text.h"
#include "data/png.h"
#include "ipl/dataset.h"

/** Samples of one part; exactly one of bytes and values is set. All arrays are owned. */
typedef struct ipl_store {
    uint8_t *bytes;  /* (n, d) */
    float *values;   /* (n, d), finite */
    int32_t *labels; /* (n) 0 ... n_classes - 1; all 0 when there are no classes */
    size_t n;
} ipl_store;

/** What a source hands over. */
typedef struct ipl_samples {
    ipl_shape shape;
    size_t n_classes;
    char **class_names;        /* (n_classes) owned, each too; NULL: the numbers */
    float white;               /* samples are brightness 0 ... white; 1: they are not */
    float low, high;           /* range of the training part where white is 1; or 0, 0 */
    ipl_background background; /* set before; of pictures with alpha */
    ipl_store part[2];    /* of IPL_TRAIN and IPL_TEST; a test part of 0: to be split */
    ipl_data_file *files; /* owned, see ipl_samples_add_file() */
    size_t n_files;
    ipl_text note;
} ipl_samples;

typedef struct ipl_source_ops {
    ipl_row row;
    /**
     * Read or generate the samples; out is empty before, but for white, 1, and the
     * background. On error the caller releases
     * what is there. Errors are those of ipl_dataset_open().
     */
    ipl_status (*load)(ipl_samples *out, const void *self, uint64_t seed, ipl_error *err);
} ipl_source_ops;

extern const ipl_source_ops ipl_source_mnist, ipl_source_fashion_mnist, ipl_source_szt,
    ipl_source_gaussian, ipl_source_teacher, ipl_source_npy, ipl_source_cifar,
    ipl_source_png;

/** NULL-terminated; to add a data set, write source_<name>.c and add one row. */
extern const ipl_source_ops *const ipl_source_table[];

/** Row i of the table, NULL past the last. */
const ipl_row *ipl_source_row(size_t i);

/** Free what samples own and leave them empty; empty samples are allowed. */
void ipl_samples_release(ipl_samples *samples);

/** Record a file that was read; IPL_E_NOMEM. */
ipl_status ipl_samples_add_file(ipl_samples *samples, const char *path,
                                ipl_error *err) IPL_NODISCARD;

/** Copy the names of the n_classes classes; IPL_E_NOMEM. */
ipl_status ipl_samples_name_classes(ipl_samples *samples, const char *const *names,
                                    ipl_error *err) IPL_NODISCARD;

/** The note, ready for a further remark: with "; " behind what it has. */
ipl_text *ipl_samples_note(ipl_samples *samples);

/** Free n strings and their array; NULL is allowed. */
void ipl_names_free(char **names, size_t n);

/** Copy of a C string, for ipl_free(); NULL with IPL_E_NOMEM in err. */
char *ipl_string_copy(const char *s, ipl_error *err) IPL_NODISCARD;

#endif /* IPL_SOURCE_H */
