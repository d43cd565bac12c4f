/**
 * What the nets of a preset are expected to show: presets/expected/NAME.csv, one claim a row.
 *
 *     claim,quantity,first,last,estimator,low,high,spread,sd,nets,run,from,to,source
 *     peak,I_XT,2,2,logdet:beta=own,27.4,27.4,1.4,NaN,1,full,62,NaN,"authors' log"
 *
 * claim              untrained, peak, end: a value; else a trend (see ipl_net_claim)
 * quantity           a column of information.csv, or test_accuracy
 * first, last        layers from 1, the same for a value; 0 for test_accuracy
 * estimator          its text, its beginning, or name and some options
 * low, high          what the sources give, in the estimator's unit; of a trend the share of
 *                    nets that show it
 * spread             by which the two sides may differ beside chance
 * sd, nets           deviation over so many nets of the source; of one net that of three such
 *                    nets trained by this program, or NaN; nets 0 for a trend of which no nets
 *                    were counted
 * run                full, quick, or any
 * from, to           epochs of training for which it holds; NaN: any longer training
 * source             who found it: authors' log, paper and figure, PyTorch or NumPy with its nets
 */
#ifndef IPL_VERIFY_EXPECTED_H
#define IPL_VERIFY_EXPECTED_H

#include "run/table.h"

#include <stdbool.h>

/** Quantities of information.csv, and the last one of training.csv. */
typedef enum ipl_net_field {
    IPL_NET_XT,
    IPL_NET_TY,
    IPL_NET_TY_COND,
    IPL_NET_PREV,
    IPL_NET_T,
    IPL_NET_Y, /* H(Y), the bound of I(T;Y) */
    IPL_NET_FIELDS,
    IPL_NET_ACCURACY = IPL_NET_FIELDS
} ipl_net_field;

/** Columns of the fields, IPL_NET_FIELDS of them. */
extern const char *const ipl_net_columns[];

typedef enum ipl_net_claim {
    IPL_NET_START, /* untrained */
    IPL_NET_PEAK,
    IPL_NET_END, /* mean of the last tenth of the measured epochs */
    IPL_NET_MOMENTS,
    IPL_NET_RISES_THEN_FALLS =
        IPL_NET_MOMENTS,   /* maximum above start and end by 1 % of it */
    IPL_NET_ONLY_FALLS,    /* the start is the maximum to 1 %, the end is below it */
    IPL_NET_DOES_NOT_FALL, /* the end is the maximum to 5 % */
    IPL_NET_ENDS_HIGHER,   /* than it started */
    IPL_NET_ENDS_LOWER,
    IPL_NET_ORDERED, /* layer l is never 1 % below layer l + 1; first and last are layers */
    IPL_NET_BOUNDED, /* the field never exceeds H(Y) */
    IPL_NET_CLAIMS
} ipl_net_claim;

/** Words of the claims in the file, IPL_NET_CLAIMS of them. */
extern const char *const ipl_net_claims[];

typedef struct ipl_net_expected {
    ipl_net_claim claim;
    ipl_net_field field;
    size_t first, last;
    const char *estimator, *source; /* borrowed from the list */
    double low, high, spread, sd;
    size_t nets;
    bool run[2];     /* holds for full, quick runs */
    double from, to; /* epochs; to NaN: any more */
} ipl_net_expected;

typedef struct ipl_net_list {
    ipl_table *table;
    ipl_net_expected *rows; /* (n) */
    size_t n;
} ipl_net_list;

/** Most rows of a file. */
enum { IPL_NET_LIST_MAX = 512 };

/**
 * Read the expected values of a preset.
 *
 * owner   *out, for ipl_net_list_release(); empty on error
 * errors  IPL_E_NOINPUT  there is no such file
 *         IPL_E_FORMAT   it is malformed; the message names file and line
 *         IPL_E_IO, IPL_E_NOMEM
 */
ipl_status ipl_net_list_read(ipl_net_list *out, const char *name,
                             ipl_error *err) IPL_NODISCARD;

/** The same from a path. */
ipl_status ipl_net_list_read_file(ipl_net_list *out, const char *path,
                                  ipl_error *err) IPL_NODISCARD;

/** Release a list; an empty one is allowed. */
void ipl_net_list_release(ipl_net_list *list);

#endif /* IPL_VERIFY_EXPECTED_H */
