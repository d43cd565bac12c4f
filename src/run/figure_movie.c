/* Movie: the plane of every run with its accuracy below, frame by frame over the epochs. */
#include "run/figure.h"

#include "base/alloc.h"
#include "math/stats.h"
#include "run/gnuplot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Runs side by side at most: more cannot be read from the back of a hall. */
enum { GROUPS_MAX = 6, COLUMNS = 3, COLOURS = 7 };

/* Inches of a block of two panels, and around them. Type is that of a paper, on a small page. */
#define PLANE_WIDTH 1.68
#define PLANE_HEIGHT 1.42
#define ACCURACY_HEIGHT 0.42
#define LEFT 0.47
#define RIGHT 0.12
#define TOP 0.66
#define BETWEEN 0.5
#define BOTTOM 0.3

/* The epochs of all groups, each once; the caller frees *out. */
static ipl_status collect_epochs(double **out, size_t *n, const ipl_plot_data *data,
                                 ipl_error *err)
{
    size_t all = 0, kept = 0;

    for (size_t g = 0; g < data->n_groups; g++)
        all += data->groups[g].mean.info.n_epochs;
    *out = ipl_array(all + 1, 1, sizeof **out, err);
    if (!*out)
        return IPL_E_NOMEM;
    all = 0;
    for (size_t g = 0; g < data->n_groups; g++) {
        const ipl_track *track = &data->groups[g].mean.info;

        memcpy(*out + all, track->epochs, track->n_epochs * sizeof **out);
        all += track->n_epochs;
    }
    ipl_sort(*out, all);
    for (size_t i = 0; i < all; i++)
        if (kept == 0 || (*out)[i] > (*out)[kept - 1])
            (*out)[kept++] = (*out)[i];
    *n = kept;
    return IPL_OK;
}

/* Place of the two panels of group g. */
static void place_block(ipl_figure *figure, size_t g)
{
    ipl_panel *plane = &figure->panels[2 * g], *below = plane + 1;
    const double column = (double)(g % COLUMNS);
    const size_t row = g / COLUMNS;

    plane->left = LEFT + column * (PLANE_WIDTH + LEFT);
    plane->width = below->width = PLANE_WIDTH;
    plane->height = PLANE_HEIGHT;
    below->height = ACCURACY_HEIGHT;
    below->left = plane->left;
    below->bottom =
        figure->height - TOP - PLANE_HEIGHT - BETWEEN - ACCURACY_HEIGHT -
        (double)row * (PLANE_HEIGHT + BETWEEN + ACCURACY_HEIGHT + BOTTOM + TOP / 2.0);
    plane->bottom = below->bottom + ACCURACY_HEIGHT + BETWEEN;
}

static ipl_status compose_block(ipl_figure *figure, size_t g, const char *title,
                                const ipl_axis *x, const ipl_axis *y, ipl_error *err)
{
    const ipl_plot_group *group = &figure->data->groups[g];
    const size_t layers = group->mean.info.n_layers;
    ipl_panel *plane = &figure->panels[2 * g], *below = plane + 1;
    const char *unit = figure->data->runs[0].unit;
    ipl_status st;

    place_block(figure, g);
    plane->kind = IPL_PANEL_PLANE;
    plane->x = (ipl_panel_axis){.axis = *x, .margin = 0.05, .tic_labels = true};
    plane->y = (ipl_panel_axis){.axis = *y, .margin = 0.06, .tic_labels = true};
    (void)snprintf(plane->x.label, IPL_PANEL_TEXT, "%s [%s]",
                   ipl_info_label(IPL_INFO_XT, figure->opts), unit);
    if (g % COLUMNS == 0)
        (void)snprintf(plane->y.label, IPL_PANEL_TEXT, "%s [%s]",
                       ipl_info_label(IPL_INFO_TY, figure->opts), unit);
    (void)snprintf(plane->title, IPL_PANEL_TEXT, "%s", title);
    ipl_figure_add_plane(figure, 2 * g, group, IPL_INFO_XT, 0, layers);
    st = ipl_figure_add_training(figure, 2 * g + 1, group, IPL_TRAINING_ACCURACY, err);
    below->title[0] = '\0';
    if (g % COLUMNS != 0)
        below->y.label[0] = '\0';
    return st;
}

/* Names of the layers with the numbers of their dots, in two lines: "1 fc1  2 fc2". */
static void print_key(ipl_text *out, const ipl_track *track)
{
    enum { LINE_COLUMNS = 30, NAME_COLUMNS = 12, LINES = 2 };
    ipl_label *names = ipl_layer_labels(track, NAME_COLUMNS, NULL);
    size_t line = 1, used = 0;

    out->failed = out->failed || !names;
    for (size_t l = 0; names && l < track->n_layers; l++) {
        const size_t length = ipl_columns(names[l]) + 4;

        if (used > 0 && used + length > LINE_COLUMNS) {
            if (line++ == LINES) {
                ipl_text_add(out, " \xE2\x80\xA6");
                break;
            }
            ipl_text_add(out, "\n");
            used = 0;
        }
        ipl_text_add(out, "%s%zu %s", used > 0 ? "   " : "", l + 1, names[l]);
        used += length;
    }
    ipl_free(names);
}

/* Keys of the panels and colours of the layers: seven, then the same again. */
static void add_keys(ipl_figure *figure)
{
    ipl_text *out = &figure->frames;

    ipl_text_add(out, "array KEY[PANELS]\n");
    for (size_t g = 0; g < figure->data->n_groups; g++) {
        ipl_text key = {0};

        print_key(&key, &figure->data->groups[g].mean.info);
        ipl_text_add(out, "KEY[%zu] = ", 2 * g + 1);
        ipl_gnuplot_add_string(out, key.s ? key.s : "");
        ipl_text_add(out, "\n");
        out->failed = out->failed || key.failed;
        ipl_text_release(&key);
    }
    ipl_text_add(out, "COLOUR_LIST = '");
    for (size_t l = 0; l < COLOURS; l++) {
        char colour[8];

        ipl_figure_colour(colour, l, COLOURS);
        ipl_text_add(out, "%s%s", l ? " " : "", colour);
    }
    ipl_text_add(out, "'\n");
}

/* Index of the last epoch of a track that is not after e; n_epochs when there is none. */
static size_t index_at(const ipl_track *track, double e)
{
    size_t i = track->n_epochs;

    while (i > 0 && track->epochs[i - 1] > e)
        i--;
    return i > 0 ? i - 1 : track->n_epochs;
}

/* Test accuracy of a group at an epoch as text, "" when it has none: "test 93.1 %". */
static void print_accuracy(char *out, size_t size, const ipl_plot_group *group, double e)
{
    const ipl_track *track = &group->mean.training;
    const size_t i = index_at(track, e);
    double v = (double)NAN;
    const char *part = "test";

    if (i < track->n_epochs) {
        v = ipl_track_get(track, i, 0, IPL_TRAINING_ACCURACY + 1);
        if (!isfinite(v)) {
            v = ipl_track_get(track, i, 0, IPL_TRAINING_ACCURACY);
            part = "train";
        }
    }
    *out = '\0';
    if (isfinite(v))
        (void)snprintf(out, size, "%s %.1f %%", part, 100.0 * v);
}

/* What frame f shows: epoch, and for each panel the epoch measured last and what to say. */
static void add_frame(ipl_figure *figure, size_t f, double epoch)
{
    ipl_text *out = &figure->frames;
    char number[32];

    (void)snprintf(number, sizeof number, "%.4g", epoch);
    ipl_text_add(out, "EPOCH[%zu] = ", f + 1);
    ipl_text_add_number(out, epoch);
    ipl_text_add(out, "; EPOCH_NAME[%zu] = '%s'\n", f + 1, number);
    for (size_t g = 0; g < figure->data->n_groups; g++) {
        const ipl_plot_group *group = &figure->data->groups[g];
        const size_t i = index_at(&group->mean.info, epoch);
        const size_t k = f * figure->n_panels + 2 * g + 1;
        const bool any = i < group->mean.info.n_epochs;

        print_accuracy(number, sizeof number, group, epoch);
        ipl_text_add(out, "NOW[%zu] = ", k);
        ipl_text_add_number(out, any ? group->mean.info.epochs[i] : -1.0);
        ipl_text_add(out, "; SAID[%zu] = '%s'\n", k, number);
    }
}

static ipl_status add_frames(ipl_figure *figure, size_t n_frames, ipl_error *err)
{
    double *epochs = NULL;
    bool *keep = NULL;
    size_t n = 0, f = 0;
    ipl_status st = collect_epochs(&epochs, &n, figure->data, err);

    if (st == IPL_OK) {
        keep = ipl_array(n + 1, 1, sizeof *keep, err);
        st = keep ? IPL_OK : IPL_E_NOMEM;
    }
    if (st != IPL_OK)
        goto done;
    ipl_track_spread(keep, epochs, n, n_frames);
    for (size_t i = 0; i < n; i++)
        f += keep[i];
    ipl_text_add(&figure->frames,
                 "# Frames: panel p of frame f is entry (f-1)*PANELS + p.\n");
    ipl_text_add(&figure->frames, "FRAMES = %zu\n", f);
    ipl_text_add(&figure->frames, "array EPOCH[FRAMES]\narray EPOCH_NAME[FRAMES]\n");
    ipl_text_add(&figure->frames, "array NOW[FRAMES*PANELS]\narray SAID[FRAMES*PANELS]\n");
    add_keys(figure);
    f = 0;
    for (size_t i = 0; i < n; i++)
        if (keep[i])
            add_frame(figure, f++, epochs[i]);
    st = ipl_text_status(&figure->frames, err);
done:
    ipl_free(keep);
    ipl_free(epochs);
    return st;
}

ipl_status ipl_figure_movie(ipl_figure *figure, const ipl_plot_opts *opts,
                            const ipl_plot_data *data, size_t n_frames, ipl_error *err)
{
    const size_t n = data->n_groups, rows = (n + COLUMNS - 1) / COLUMNS;
    const size_t columns = n < COLUMNS ? n : COLUMNS;
    ipl_label *titles;
    ipl_axis x, y;
    ipl_status st;

    if (n > GROUPS_MAX)
        return ipl_fail(err, IPL_E_ARG, "a movie of %zu runs side by side; %d are the most",
                        n, GROUPS_MAX);
    st = ipl_figure_init(figure, opts, data, 2 * n, err);
    if (st == IPL_OK)
        st = ipl_figure_fit_plane(&x, &y, opts, data, IPL_INFO_XT, err);
    titles = st == IPL_OK ? ipl_group_labels(data, 26, err) : NULL;
    if (!titles)
        return st != IPL_OK ? st : IPL_E_NOMEM;
    figure->width = (double)columns * (LEFT + PLANE_WIDTH) + RIGHT;
    figure->height = TOP / 2.0 + (double)rows * (TOP / 2.0 + PLANE_HEIGHT + BETWEEN +
                                                 ACCURACY_HEIGHT + BOTTOM);
    ipl_shorten(figure->title, sizeof figure->title, opts->title, 40);
    for (size_t g = 0; st == IPL_OK && g < n; g++)
        st = compose_block(figure, g, titles[g], &x, &y, err);
    ipl_free(titles);
    if (st == IPL_OK)
        st = add_frames(figure, n_frames, err);
    return st == IPL_OK ? ipl_text_status(&figure->points.text, err) : st;
}
