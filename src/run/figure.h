/**
 * A figure being written: panels with their place on the page, their axes and their points.
 * What is computed (places, axes, tics, where names fit) ends up in the settings and the CSV
 * files; how it is drawn is said by the gnuplot scripts alone.
 *
 * Lengths are inches: the page is that of a paper, 3.5 or 7 inches wide.
 */
#ifndef IPL_FIGURE_H
#define IPL_FIGURE_H

#include "base/text.h"
#include "base/text_columns.h"
#include "run/axis.h"
#include "run/collect.h"
#include "run/plot_run.h"

enum { IPL_PANELS_MAX = 512, IPL_PANEL_TEXT = 160 };

/** Height of a line and width of a character of the small type that names are set in. */
#define IPL_LINE_INCHES 0.115
#define IPL_CHARACTER_INCHES 0.058

/** An axis with the way it is shown. */
typedef struct ipl_panel_axis {
    ipl_axis axis;
    double margin;              /* share of the length that is left free at both ends */
    size_t tics;                /* about so many */
    bool tic_labels;            /* numbers are written */
    char label[IPL_PANEL_TEXT]; /* in gnuplot's enhanced text */
} ipl_panel_axis;

typedef enum ipl_panel_kind {
    IPL_PANEL_EMPTY,
    IPL_PANEL_PLANE,
    IPL_PANEL_CURVES,
    IPL_PANEL_SCORES
} ipl_panel_kind;

/** Rows first ... first + n - 1 of a CSV file, counted from 0. */
typedef struct ipl_rows {
    size_t first, n;
} ipl_rows;

typedef struct ipl_panel {
    ipl_panel_kind kind;
    double left, bottom, width, height;
    char title[IPL_PANEL_TEXT]; /* plain text */
    bool enhanced_title;        /* the title is enhanced text */
    char side[IPL_PANEL_TEXT];  /* plain text, upright at the left of the panel */
    ipl_panel_axis x, y;
    double bar_left, bar_bottom, bar_height; /* plane: colour bar; height 0: none */
    bool named;                              /* plane: layers get their names */
    ipl_rows faint, dots;                    /* plane: rows of "-points.csv", contiguous */
    ipl_rows joins, names, ib;               /* plane: rows of the other files */
    size_t series;                           /* curves: how many */
    ipl_text colours, dashes;                /* curves: one word for each series */
    ipl_text from, to;                       /* curves: the same, rows of each */
    ipl_rows ends;                           /* curves: names at their ends */
    bool band, marks;     /* curves: bands of a deviation, points on the lines */
    ipl_rows runs, means; /* scores: rows of "-scores.csv" */
    ipl_rows legend;      /* scores: rows of "-legend.csv" */
} ipl_panel;

/** Rows of a CSV file being written, and how many there are. */
typedef struct ipl_csv {
    ipl_text text;
    size_t n;
} ipl_csv;

typedef struct ipl_figure {
    const ipl_plot_opts *opts;
    const ipl_plot_data *data;
    ipl_axis epochs; /* the epoch axis and the colour bar of all panels */
    double width, height;
    char title[IPL_PANEL_TEXT];
    char x_label[IPL_PANEL_TEXT], y_label[IPL_PANEL_TEXT]; /* shared by all panels */
    ipl_panel *panels;
    size_t n_panels;
    size_t end_columns;               /* of names at the ends of curves */
    ipl_csv points, joins, names, ib; /* planes */
    ipl_csv curves, ends;             /* curves */
    ipl_csv scores, legend;           /* scores */
    ipl_text frames;                  /* more settings, those of a movie */
    ipl_text texts; /* TEXT[1] = '...', one a line: the names on the page */
    size_t n_texts;
} ipl_figure;

/** Append numbers to a row that has been begun, and end it. */
void ipl_csv_end_row(ipl_csv *csv, const double *values, size_t n);

/**
 * Add a name that is written on the page; its number, for the column "text" of a CSV file.
 * Names are no columns there, for gnuplot loses what follows a comma or a "#".
 */
double ipl_figure_add_text(ipl_figure *figure, const char *text);

/** Panels in rows and columns. */
typedef struct ipl_layout {
    size_t columns, rows;
    double width;                    /* of the page */
    double left, right, top, bottom; /* around all panels */
    double gap_x, gap_y, height;     /* between them, and of each */
} ipl_layout;

/** Start a figure of n panels; IPL_E_NOMEM, IPL_E_ARG when there are too many. */
ipl_status ipl_figure_init(ipl_figure *out, const ipl_plot_opts *opts,
                           const ipl_plot_data *data, size_t n_panels,
                           ipl_error *err) IPL_NODISCARD;

/** Free what a figure owns; an empty one is allowed. */
void ipl_figure_release(ipl_figure *figure);

/** Give every panel its place, row by row from the top, and the page its height. */
void ipl_figure_lay_out(ipl_figure *figure, const ipl_layout *layout);

/** Compose the figures; a figure that was initialised is to be released, also on error. */
ipl_status ipl_figure_plane(ipl_figure *figure, ipl_plot_kind kind,
                            const ipl_plot_opts *opts, const ipl_plot_data *data,
                            ipl_error *err) IPL_NODISCARD;
ipl_status ipl_figure_grid(ipl_figure *figure, const ipl_plot_opts *opts,
                           const ipl_plot_data *data, ipl_error *err) IPL_NODISCARD;
ipl_status ipl_figure_curves(ipl_figure *figure, const ipl_plot_opts *opts,
                             const ipl_plot_data *data, ipl_error *err) IPL_NODISCARD;
ipl_status ipl_figure_dashboard(ipl_figure *figure, const ipl_plot_opts *opts,
                                const ipl_plot_data *data, ipl_error *err) IPL_NODISCARD;
ipl_status ipl_figure_movie(ipl_figure *figure, const ipl_plot_opts *opts,
                            const ipl_plot_data *data, size_t n_frames,
                            ipl_error *err) IPL_NODISCARD;
ipl_status ipl_figure_sweep(ipl_figure *figure, const ipl_plot_opts *opts,
                            const ipl_plot_data *data, ipl_error *err) IPL_NODISCARD;

ipl_status ipl_figure_estimators(ipl_figure *figure, const ipl_plot_opts *opts,
                                 const ipl_plot_data *data, ipl_error *err) IPL_NODISCARD;
ipl_status ipl_figure_scores(ipl_figure *figure, const ipl_plot_opts *opts,
                             const ipl_collection *collection,
                             ipl_error *err) IPL_NODISCARD;

/** Colour of item k of n, "#rrggbb": safe for the colour-blind up to seven, then a ramp. */
void ipl_figure_colour(char out[8], size_t k, size_t n);

/** Layers first ... end - 1 of a group in panel p: points, joining lines and names. */
void ipl_figure_add_plane(ipl_figure *figure, size_t p, const ipl_plot_group *group,
                          size_t x_field, size_t first, size_t end);

/**
 * Whether planes of these data over this field have the bottleneck curve as their bound:
 * there is a curve, x is I(X;T), and the first group's estimator measures Shannon information.
 */
bool ipl_figure_is_bounded(const ipl_plot_data *data, size_t x_field);

/** The bottleneck curve in panel p, whose axes are in this unit, as far as they reach. */
void ipl_figure_add_ib(ipl_figure *figure, size_t p, const char *unit);

/** How many of these units a nat is. */
double ipl_figure_nat(const char *unit);

/**
 * Fit an axis to a field of every layer of every group, and when bounded to the part of the
 * bottleneck curve that rises; IPL_E_NOMEM.
 */
ipl_status ipl_figure_fit(ipl_axis *axis, const ipl_plot_data *data, size_t field,
                          int scale, bool bounded, ipl_error *err) IPL_NODISCARD;

/** Axes of the planes of all groups: I(X;T), or whatever x_field is, and I(T;Y). */
ipl_status ipl_figure_fit_plane(ipl_axis *x, ipl_axis *y, const ipl_plot_opts *opts,
                                const ipl_plot_data *data, size_t x_field,
                                ipl_error *err) IPL_NODISCARD;

/** Panel p as curves of the loss (field IPL_TRAINING_LOSS) or the accuracy of a group. */
ipl_status ipl_figure_add_training(ipl_figure *figure, size_t p,
                                   const ipl_plot_group *group, size_t field,
                                   ipl_error *err) IPL_NODISCARD;

/** Write settings and CSV files, "<name>-settings.gp", "<name>-points.csv" and so on. */
ipl_status ipl_figure_write(const ipl_figure *figure, const char *folder, const char *name,
                            ipl_error *err) IPL_NODISCARD;

/**
 * Range of a field of one layer over the group's mean and, if it has bands, around it; what is
 * drawn without the bands is added to the values.
 */
ipl_range ipl_group_range(ipl_axis_values *values, const ipl_plot_group *group,
                          size_t field, size_t layer, bool with_band);

/**
 * Curves over epochs of a field of the track `info`, one for each layer of a group, in panel p,
 * whose y axis is set; `named` writes the layers' names at their ends.
 */
ipl_status ipl_figure_add_layer_curves(ipl_figure *figure, size_t p,
                                       const ipl_plot_group *group, size_t field,
                                       bool named, ipl_error *err) IPL_NODISCARD;

/**
 * Choose how wide the names at the ends of curves may be, so that long ones of layers can be
 * told apart; *more is how many inches they take beyond the usual gap between panels. IPL_E_NOMEM
 */
ipl_status ipl_figure_end_inches(double *more, ipl_figure *figure,
                                 const ipl_plot_data *data, ipl_error *err) IPL_NODISCARD;

/** An axis for a field of all layers of some groups. */
ipl_status ipl_figure_fit_layers(ipl_axis *axis, const ipl_plot_group *const *groups,
                                 size_t n, size_t field, ipl_error *err) IPL_NODISCARD;

/** Estimator as axes name it, in enhanced text: "LogDet β = rd". */
void ipl_estimator_label(char *out, size_t size, const char *text);

/** Append plain text to enhanced text: what would be a command there is escaped. */
void ipl_add_enhanced(char *out, size_t size, const char *text, size_t len);

/** Axis label of a field of the track `info`, in enhanced text, without unit. */
const char *ipl_info_label(size_t field, const ipl_plot_opts *opts);

/**
 * Labels of the layers of a track, of the groups of some data: at most so many columns wide, and
 * different where the names are; see ipl_columns_cut_all().
 *
 * owner   the result (n, at least one) belongs to the caller, for ipl_free(); NULL: no memory
 */
ipl_label *ipl_layer_labels(const ipl_track *track, size_t columns, ipl_error *err);
ipl_label *ipl_group_labels(const ipl_plot_data *data, size_t columns, ipl_error *err);

/** Copy a text, cut to so many (>= 1) characters, the last an ellipsis; size >= 8. */
void ipl_shorten(char *out, size_t size, const char *text, size_t characters);

#endif /* IPL_FIGURE_H */
