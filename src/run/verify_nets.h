/**
 * Experiments of `infoplane verify` that train the nets of a preset and compare what they
 * show with what others found: rows of run/verify_expected.h.
 *
 * Every net is a run folder OUT/<preset>-seed<k>. One that is there and finished is not
 * trained again, one that was interrupted goes on. A value agrees when the mean over the nets is
 * no further from the expected interval than
 *
 *     spread + 4 standard errors
 *
 * where the spread is what the two sides may differ by beside chance (probe, schedule of
 * measuring), and the standard error that of the difference of two means,
 *
 *     s (1 / n_source + 1 / n)^1/2
 *
 * with s the deviation over the nets of both sides. Of a source with one net it is that of
 * such nets elsewhere, if the row has it, and of those here. A trend is a share of the nets, with
 * s = (p (1 - p))^1/2; of a source that counted no nets, nine of ten have to show it. What
 * holds after longer training than these nets had is not reached, and neither agrees nor
 * disagrees.
 */
#ifndef IPL_VERIFY_NETS_H
#define IPL_VERIFY_NETS_H

#include "run/track.h"
#include "run/verify_expected.h"
#include "run/verify_report.h"

/** An option of the experiment and its value. */
typedef struct ipl_net_setting {
    const char *name, *value;
} ipl_net_setting;

enum { IPL_NET_SETTINGS = 12 };

/** A length of the experiment. */
typedef struct ipl_net_version {
    size_t seeds, epochs;
    ipl_net_setting settings[IPL_NET_SETTINGS]; /* beside those of the preset */
} ipl_net_version;

typedef struct ipl_net_experiment {
    const char *name;           /* of the preset, and of its expected values */
    const char *summary;        /* for `infoplane list experiments` */
    const char *split;          /* the probe that is compared: "all", "train" */
    ipl_net_version version[2]; /* full, quick */
} ipl_net_experiment;

/** The experiments, ended by a NULL name. */
extern const ipl_net_experiment ipl_net_experiment_table[];

/**
 * Train what is missing, compare, and draw I(X;T) over the epochs with the expected levels.
 *
 * errors  those of ipl_train(); a diverged net among them
 */
ipl_status ipl_verify_nets(ipl_report *report, const ipl_verify_task *task,
                           ipl_error *err) IPL_NODISCARD;

/** Mean and s.d. over n nets. */
typedef struct ipl_net_got {
    double mean, sd;
    size_t n;
} ipl_net_got;

/** How far from the expected interval the mean may be. */
double ipl_net_allowed(const ipl_net_expected *row, ipl_net_got got);

/** Verdict on a value or on the share of nets with a trend, never agreeing with a NaN. */
ipl_verdict ipl_net_judge(const ipl_net_expected *row, ipl_net_got got);

/** Whether a layer, counted from 0, shows the trend of a row; fields of the track are
 * ipl_net_field. */
bool ipl_net_shows(const ipl_track *track, const ipl_net_expected *row, size_t layer);

#endif /* IPL_VERIFY_NETS_H */
