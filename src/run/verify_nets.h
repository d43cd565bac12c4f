/**
 * Experiments of `infoplane verify` that train the nets of a preset and compare what they
 * show with what was published or computed elsewhere.
 *
 * Every net is a run folder OUT/<preset>-seed<k>. One that is there and finished is not
 * trained again, one that was interrupted goes on. A value agrees when the mean over the nets is no
 * further from the expected interval than
 *
 *     spread + 2 s.d. over the nets,   spread = max(share * |value|, least),
 *
 * because what is published comes from one net or few; with one net the s.d. is 0. A trend
 * agrees when at least nine of ten nets show it. What was published after longer training
 * than these nets had is not reached, and neither agrees nor disagrees.
 */
#ifndef IPL_VERIFY_NETS_H
#define IPL_VERIFY_NETS_H

#include "run/track.h"
#include "run/verify_report.h"

/** Quantities of information.csv. */
typedef enum ipl_net_field {
    IPL_NET_XT,
    IPL_NET_TY,
    IPL_NET_TY_COND,
    IPL_NET_PREV,
    IPL_NET_T,
    IPL_NET_Y, /* H(Y), the bound of I(T;Y) */
    IPL_NET_FIELDS
} ipl_net_field;

/** Moments of a course over the epochs: see run/summary.h. */
typedef enum ipl_net_moment {
    IPL_NET_START, /* untrained */
    IPL_NET_PEAK,
    IPL_NET_END, /* mean of the last tenth */
    IPL_NET_MOMENTS
} ipl_net_moment;

/** Values that sources give, {0, 0}: none. */
typedef struct ipl_interval {
    double lo, hi;
} ipl_interval;

/** What one quantity of one layer should be. */
typedef struct ipl_net_value {
    const char *estimator; /* its text, its beginning, or name and some options */
    ipl_net_field field;
    size_t layer; /* from 1 */
    ipl_interval at[IPL_NET_MOMENTS];
} ipl_net_value;

typedef enum ipl_net_trend {
    IPL_NET_RISES_THEN_FALLS, /* maximum above start and end by 1 % of it */
    IPL_NET_ONLY_FALLS,       /* the start is the maximum to 1 %, the end is below it */
    IPL_NET_DOES_NOT_FALL,    /* the end is the maximum to 5 % */
    IPL_NET_ENDS_HIGHER,      /* than it started */
    IPL_NET_ENDS_LOWER,
    IPL_NET_ORDERED, /* layer l >= layer l + 1 at every epoch; first and last are layers */
    IPL_NET_BOUNDED  /* the field never exceeds H(Y) */
} ipl_net_trend;

/** What the course of a quantity should be in layers first ... last. */
typedef struct ipl_net_fact {
    ipl_net_trend trend;
    const char *estimator;
    ipl_net_field field;
    size_t first, last;
} ipl_net_fact;

/** An option of the experiment and its value. */
typedef struct ipl_net_setting {
    const char *name, *value;
} ipl_net_setting;

enum { IPL_NET_SETTINGS = 12 };

/** A length of the experiment. */
typedef struct ipl_net_version {
    size_t seeds, epochs;
    size_t reaches[IPL_NET_MOMENTS]; /* epochs after which the sources' values hold */
    ipl_net_setting settings[IPL_NET_SETTINGS]; /* beside those of the preset */
} ipl_net_version;

typedef struct ipl_net_experiment {
    const char *name;    /* of the preset */
    const char *summary; /* for `infoplane list experiments` */
    const char *source;  /* of the values */
    const char *split;   /* the probe that is compared: "all", "train" */
    double share, least; /* the spread */
    ipl_interval test_accuracy;
    ipl_net_version version[2]; /* full, quick */
    const ipl_net_value *values;
    size_t n_values;
    const ipl_net_fact *facts;
    size_t n_facts;
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

/** What the check of a value needs: mean and s.d. over the nets. */
typedef struct ipl_net_got {
    double mean, sd;
    size_t n;
} ipl_net_got;

/** Verdict on a value; not reached unless `reached`, never agreeing with a NaN. */
ipl_verdict ipl_net_judge(const ipl_net_experiment *experiment, ipl_interval expected,
                          ipl_net_got got, bool reached);

/** Whether a layer, counted from 0, shows a trend; fields of the track are ipl_net_field. */
bool ipl_net_shows(const ipl_track *track, const ipl_net_fact *fact, size_t layer);

#endif /* IPL_VERIFY_NETS_H */
