/**
 * The information plane as text, for terminals: the path of every layer as a line of dots,
 * its present place as a digit, axes with numbers, a legend.
 *
 *     ipl_text_style style = {.columns = 80, .rows = 24, .braille = true, .colours = 256};
 *
 *     st = ipl_text_plane(&frame, &data, &opts, &style, &err);
 *
 * Groups of runs stand side by side on the same axes.
 */
#ifndef IPL_TEXT_PLANE_H
#define IPL_TEXT_PLANE_H

#include "run/plot_run.h"

/** What the terminal can show. */
typedef struct ipl_text_style {
    size_t columns, rows; /* at least 40 and 12 are used */
    bool braille;         /* UTF-8 with the dots of braille; else ASCII alone */
    int colours;          /* 0 none, 8, or 256 */
} ipl_text_style;

/**
 * Append a frame: at most style->rows lines of at most style->columns characters, each with a
 * line break. Groups for which there is no room are named in the last line.
 *
 * errors  IPL_E_ARG    the data have no group
 *         IPL_E_NOMEM
 */
ipl_status ipl_text_plane(ipl_text *out, const ipl_plot_data *data,
                          const ipl_plot_opts *opts, const ipl_text_style *style,
                          ipl_error *err) IPL_NODISCARD;

/**
 * Append the last epoch of a group with the accuracy of training and test, or the loss, in so
 * many characters, at least 20: "tanh  epoch 120/8000  train 98.2 test 95.1 %". What has no
 * room is left out, the accuracy of training first; then the name is cut.
 */
void ipl_text_group_state(ipl_text *out, const ipl_plot_group *group, size_t characters);

#endif /* IPL_TEXT_PLANE_H */
