/** Which stored samples are used, in which order, and with which labels. */
#ifndef IPL_VIEW_H
#define IPL_VIEW_H

#include "data/source.h"

/** One part of a data set after its options: row i is stored sample rows[i]. */
typedef struct ipl_view {
    const ipl_store *store; /* borrowed */
    uint32_t *rows;         /* (n) owned */
    int32_t *labels;        /* (n) owned */
    size_t n;
} ipl_view;

/**
 * Apply the options in this order: classes, split, numbers of samples, random labels. The
 * classes of samples are renumbered and named after what they were.
 *
 * name    of the data set, for messages
 * owner   view owns its arrays, for ipl_view_release(); also on error
 * errors  IPL_E_ARG    an option outside its range
 *         IPL_E_SHAPE  fewer samples than asked for, or none to train on
 *         IPL_E_NOMEM
 */
ipl_status ipl_view_build(ipl_view view[2], ipl_samples *samples, const ipl_data_opts *opts,
                          const char *name, ipl_error *err) IPL_NODISCARD;

/** Free what a view owns and leave it empty; an empty view is allowed. */
void ipl_view_release(ipl_view *view);

#endif /* IPL_VIEW_H */
