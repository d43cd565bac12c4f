#include "run/summary.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "base/text_columns.h"
#include "run/roles.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Columns of a layer's name: at least, at most. */
enum { NAME_COLUMNS_MIN = 14, NAME_COLUMNS_MAX = 32 };

enum { XT, TY, TY_COND, PREV, N_FIELDS };
enum { MEAN, SD, N_GRADIENT };
enum { TRAIN_LOSS, TEST_LOSS, TRAIN_ACCURACY, TEST_ACCURACY, N_TRAINING };

static const char *const information_fields[N_FIELDS] = {"I_XT", "I_TY", "I_TY_cond",
                                                         "I_prev"};
static const char *const gradient_fields[N_GRADIENT] = {"gradient_mean", "gradient_sd"};
static const char *const training_fields[N_TRAINING] = {"train_loss", "test_loss",
                                                        "train_accuracy", "test_accuracy"};

/* Epochs of the published mean at the end, and the part that "final" is a mean over. */
#define LAST_EPOCHS 50.0
#define LAST_SHARE 0.1

/* Everything a summary is made of. */
typedef struct summary {
    ipl_table *information;
    ipl_track training, gradients;
    size_t epoch, split, estimator, unit; /* columns of information */
    ipl_text csv, prose;
} summary;

static double final_of(const ipl_track *track, size_t layer, size_t field)
{
    const size_t tail = (size_t)ceil(LAST_SHARE * (double)track->n_epochs - 1e-9);
    double sum = 0.0;
    size_t n = 0;

    for (size_t i = track->n_epochs - tail; i < track->n_epochs; i++) {
        const double v = ipl_track_get(track, i, layer, field);

        if (isfinite(v)) {
            sum += v;
            n++;
        }
    }
    return n > 0 ? sum / (double)n : (double)NAN;
}

/* Mean over the last epochs, of which one that was measured at several steps counts once. */
static double last50_of(const ipl_track *track, size_t layer, size_t field)
{
    const double from = track->epochs[track->n_epochs - 1] - LAST_EPOCHS;
    double sum = 0.0, counted = HUGE_VAL;
    size_t n = 0;

    if (track->epochs[0] > from)
        return (double)NAN;
    for (size_t i = track->n_epochs; i-- > 0 && track->epochs[i] > from;) {
        const double v = ipl_track_get(track, i, layer, field);

        if (!isfinite(v) || ceil(track->epochs[i]) >= counted)
            continue;
        counted = ceil(track->epochs[i]);
        sum += v;
        n++;
    }
    return n > 0 ? sum / (double)n : (double)NAN;
}

ipl_course ipl_course_of(const ipl_track *track, size_t layer, size_t field)
{
    const double nan = (double)NAN;
    ipl_course c = {.first = nan,
                    .max = nan,
                    .max_epoch = nan,
                    .end = ipl_track_get(track, track->n_epochs - 1, layer, field),
                    .last50 = last50_of(track, layer, field),
                    .compression_end = nan,
                    .compression_last50 = nan,
                    .turning_epoch = nan,
                    .final = final_of(track, layer, field)};
    double last = nan;

    for (size_t i = 0; i < track->n_epochs; i++) {
        const double v = ipl_track_get(track, i, layer, field);

        if (!isfinite(v))
            continue;
        if (c.n++ == 0)
            c.first = v;
        if (c.n == 1 || v > c.max) {
            c.max = v;
            c.max_epoch = track->epochs[i];
        }
        last = track->epochs[i];
    }
    if (c.max > 0.0) {
        c.compression_end = (c.max - c.end) / c.max;
        c.compression_last50 = (c.max - c.last50) / c.max;
    }
    for (size_t i = 0; i < track->n_epochs; i++)
        if (ipl_track_get(track, i, layer, field) >= c.max - IPL_ROLE_TURNED * fabs(c.max))
            c.turning_epoch = track->epochs[i];
    if (c.turning_epoch == last)
        c.turning_epoch = nan;
    return c;
}

double ipl_transition_epoch(const ipl_track *track, size_t layer, size_t a, size_t b)
{
    bool above = false;

    for (size_t i = 0; i < track->n_epochs; i++) {
        const double ratio =
            ipl_track_get(track, i, layer, a) / ipl_track_get(track, i, layer, b);

        if (ratio < 1.0 && above)
            return track->epochs[i];
        if (!isnan(ratio))
            above = ratio >= 1.0;
    }
    return (double)NAN;
}

static double last_of(const ipl_track *track, size_t field)
{
    return ipl_track_get(track, track->n_epochs - 1, 0, field);
}

/* " (compression 35 %)", when it is defined. */
static void add_compression(ipl_text *out, const ipl_course *x)
{
    if (isfinite(x->compression_end))
        ipl_text_add(out, " (compression %.0f %%)", 100.0 * x->compression_end);
}

/* "fc2: I(X;T) rose from 24.4 to 28.3 nats by epoch 0.5, then fell to 18.3 (...)" */
static void add_sentence(ipl_text *out, const char *name, const ipl_course *x,
                         const ipl_course *y, const char *unit)
{
    const bool rose = x->max - x->first > IPL_ROLE_STILL * fabs(x->max);
    const bool turned = isfinite(x->turning_epoch);

    ipl_text_add(out, "%s: I(X;T) ", name);
    if (x->n == 0 || !isfinite(x->end))
        ipl_text_add(out, x->n == 0 ? "is not defined" : "is not defined at the end");
    else if (x->n == 1)
        ipl_text_add(out, "is %.4g %s, measured once", x->first, unit);
    else if (rose && turned)
        ipl_text_add(out, "rose from %.4g to %.4g %s by epoch %g, then fell to %.4g",
                     x->first, x->max, unit, x->max_epoch, x->end);
    else if (rose)
        ipl_text_add(out, "rose from %.4g to %.4g %s and did not fall", x->first, x->end,
                     unit);
    else if (turned)
        ipl_text_add(out, "fell from %.4g to %.4g %s", x->first, x->end, unit);
    else
        ipl_text_add(out, "stayed at %.4g %s", x->end, unit);
    if (x->n > 1 && turned && isfinite(x->end))
        add_compression(out, x);
    if (y->n > 1 && isfinite(y->end))
        ipl_text_add(out, "; I(T;Y) went from %.4g to %.4g", y->first, y->end);
    ipl_text_add(out, ".\n");
}

static void add_numbers(ipl_text *out, const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ipl_text_add(out, ",");
        ipl_text_add_number(out, values[i]);
    }
}

/* A number of the readable table, "-" when it is not defined. */
static void add_cell(ipl_text *out, int width, double value, const char *format)
{
    char cell[32];

    if (isnan(value))
        (void)snprintf(cell, sizeof cell, "-");
    else if (*format == '%')
        (void)snprintf(cell, sizeof cell, "%.0f %%", 100.0 * value);
    else
        (void)snprintf(cell, sizeof cell, "%.4g", value);
    ipl_text_add(out, " %*s", width, cell);
}

/* One layer in both files, and its role; `label` is its name in the columns of people. */
static ipl_role add_layer(summary *s, ipl_text *sentences, const ipl_track *track, size_t l,
                          size_t row, const char *label, size_t wide)
{
    const ipl_course x = ipl_course_of(track, l, XT), y = ipl_course_of(track, l, TY);
    const ipl_course cond = ipl_course_of(track, l, TY_COND);
    const ipl_course prev = ipl_course_of(track, l, PREV);
    const double transition = l < s->gradients.n_layers
                                  ? ipl_transition_epoch(&s->gradients, l, MEAN, SD)
                                  : (double)NAN;
    const double numbers[] = {x.first,
                              x.max,
                              x.max_epoch,
                              x.end,
                              x.compression_end,
                              x.last50,
                              x.compression_last50,
                              x.turning_epoch,
                              y.end,
                              cond.end,
                              prev.first,
                              prev.end,
                              transition,
                              last_of(&s->training, TRAIN_LOSS),
                              last_of(&s->training, TRAIN_ACCURACY),
                              last_of(&s->training, TEST_LOSS),
                              last_of(&s->training, TEST_ACCURACY)};
    const size_t columns[] = {s->split, s->estimator, s->unit};

    for (size_t k = 0; k < 3; k++) {
        ipl_text_add_field(&s->csv, ipl_table_text(s->information, row, columns[k]));
        ipl_text_add(&s->csv, ",");
    }
    ipl_text_add(&s->csv, "%zu,", l + 1);
    ipl_text_add_field(&s->csv, track->names[l]);
    add_numbers(&s->csv, numbers, sizeof numbers / sizeof numbers[0]);
    ipl_text_add(&s->csv, "\n");

    ipl_text_add(&s->prose, "  %s%*s", label, ipl_columns_left(label, wide), "");
    for (size_t k = 0; k < 13; k++)
        add_cell(&s->prose, 9, numbers[k], k == 4 || k == 6 ? "%" : "");
    ipl_text_add(&s->prose, "\n");
    add_sentence(sentences, track->names[l], &x, &y,
                 ipl_table_text(s->information, row, s->unit));
    return ipl_role_of(track->names[l], x.max, x.end, prev.first, prev.end);
}

/* What the numbers are. */
static void add_legend(ipl_text *out)
{
    ipl_text_add(
        out,
        "(train) is a mean over the batches of the epoch, while the net moved; (test) "
        "is of the net after it\n\n"
        "end       value at the last measured epoch\n"
        "last 50   mean over the last 50 epochs; -: the run is shorter. It lags behind a "
        "layer that rises\n"
        "compress  (max - end) / max and (max - last 50) / max of I(X;T)\n"
        "turned    last epoch within 1 %% of max; -: the last of all, it never turned\n"
        "crossing  first epoch at which the gradient's mean falls below its s.d.\n");
}

static void add_head(ipl_text *out, size_t columns)
{
    const int wide = (int)columns;

    ipl_text_add(out, "  %-*s %-79s %-19s %-19s %s\n", wide, "", "   I(X;T)",
                 "   I(T;Y) at end", "   I(T_prev;T)", " gradient");
    ipl_text_add(out, "  %-*s", wide, "layer");
    for (const char *const *h =
             (const char *const[]){"first", "max", "at epoch", "end", "compress", "last 50",
                                   "compress", "turned", "one-hot", "cond", "first", "end",
                                   "crossing", NULL};
         *h; h++)
        ipl_text_add(out, " %9s", *h);
    ipl_text_add(out, "\n");
}

/* Labels of the layers and their roles; released in any case by ipl_free(). */
typedef struct block {
    ipl_label *labels;
    const char **names;
    ipl_role *roles;
} block;

static ipl_status block_init(block *b, const ipl_track *track, ipl_error *err)
{
    const size_t n = track->n_layers;

    b->labels = ipl_array(n, 1, sizeof *b->labels, err);
    b->names = ipl_array(n, 1, sizeof *b->names, err);
    b->roles = ipl_array(n, 1, sizeof *b->roles, err);
    if (!b->labels || !b->names || !b->roles)
        return IPL_E_NOMEM;
    for (size_t l = 0; l < n; l++)
        b->names[l] = track->names[l];
    ipl_columns_cut_all(b->labels, b->names, n, NAME_COLUMNS_MAX);
    return IPL_OK;
}

/* All layers of the split and estimator that a row of the table names. */
static ipl_status add_block(summary *s, size_t row, ipl_error *err)
{
    const ipl_track_query query = {.fields = information_fields,
                                   .n_fields = N_FIELDS,
                                   .layers = true,
                                   .split = ipl_table_text(s->information, row, s->split),
                                   .estimator =
                                       ipl_table_text(s->information, row, s->estimator)};
    ipl_text sentences = {0};
    ipl_track track;
    block b = {0};
    size_t columns;
    ipl_status st = ipl_track_read(&track, s->information, &query, err);

    if (st != IPL_OK)
        return st;
    st = block_init(&b, &track, err);
    if (st != IPL_OK)
        goto done;
    columns =
        ipl_columns_widest(b.names, track.n_layers, NAME_COLUMNS_MIN, NAME_COLUMNS_MAX);
    ipl_text_add(&s->prose, "\n%s probe, %s, %s, epochs %g to %g\n", query.split,
                 query.estimator, ipl_table_text(s->information, row, s->unit),
                 track.epochs[0], track.epochs[track.n_epochs - 1]);
    add_head(&s->prose, columns);
    for (size_t l = 0; l < track.n_layers; l++)
        b.roles[l] = add_layer(s, &sentences, &track, l, row, b.labels[l], columns);
    if (track.n_epochs > 1)
        ipl_roles_print(&sentences, b.roles, track.n_layers);
    ipl_text_add(&s->prose, "\n%s", sentences.s ? sentences.s : "");
    s->prose.failed = s->prose.failed || sentences.failed;
done:
    ipl_text_release(&sentences);
    ipl_free(b.roles);
    ipl_free(b.names);
    ipl_free(b.labels);
    ipl_track_release(&track);
    return st;
}

/* Whether split and estimator of a row have stood in an earlier one of the first epoch. */
static bool seen(const summary *s, size_t row)
{
    for (size_t i = 0; i < row; i++)
        if (strcmp(ipl_table_text(s->information, i, s->split),
                   ipl_table_text(s->information, row, s->split)) == 0 &&
            strcmp(ipl_table_text(s->information, i, s->estimator),
                   ipl_table_text(s->information, row, s->estimator)) == 0)
            return true;
    return false;
}

static ipl_status read_plain(ipl_track *out, const char *run, const char *name,
                             const char *const *fields, size_t n, bool layers,
                             ipl_error *err)
{
    const ipl_track_query query = {.fields = fields, .n_fields = n, .layers = layers};
    char path[IPL_PATH_MAX];
    ipl_table *table = NULL;
    ipl_status st = ipl_path_join(path, run, name, err);

    if (st == IPL_OK)
        st = ipl_table_read(&table, path, err);
    if (st == IPL_OK)
        st = ipl_track_read(out, table, &query, err);
    ipl_table_destroy(table);
    return st;
}

static ipl_status read_all(summary *s, const char *run, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_status st = ipl_path_join(path, run, "information.csv", err);

    if (st == IPL_OK)
        st = ipl_table_read(&s->information, path, err);
    if (st == IPL_OK)
        st = ipl_table_column(&s->epoch, s->information, "epoch", err);
    if (st == IPL_OK)
        st = ipl_table_column(&s->split, s->information, "split", err);
    if (st == IPL_OK)
        st = ipl_table_column(&s->estimator, s->information, "estimator", err);
    if (st == IPL_OK)
        st = ipl_table_column(&s->unit, s->information, "unit", err);
    if (st == IPL_OK && ipl_table_rows(s->information) == 0)
        st = ipl_fail(err, IPL_E_FORMAT,
                      "%s: nothing measured yet; wait for the first epoch to end", path);
    if (st == IPL_OK)
        st = read_plain(&s->training, run, "training.csv", training_fields, N_TRAINING,
                        false, err);
    if (st == IPL_OK)
        st = read_plain(&s->gradients, run, "layers.csv", gradient_fields, N_GRADIENT, true,
                        err);
    return st;
}

ipl_status ipl_summary_write(const char *run, ipl_error *err)
{
    summary s = {0};
    ipl_status st = read_all(&s, run, err);

    if (st != IPL_OK)
        goto done;
    ipl_text_add(&s.csv,
                 "split,estimator,unit,layer,name,I_XT_first,I_XT_max,I_XT_max_epoch,"
                 "I_XT_end,compression_end,I_XT_last50,compression_last50,turning_epoch,"
                 "I_TY_end,I_TY_cond_end,I_prev_first,I_prev_end,"
                 "gradient_transition_epoch,train_loss,train_accuracy,test_loss,"
                 "test_accuracy\n");
    if (isnan(last_of(&s.training, TRAIN_LOSS)))
        ipl_text_add(&s.prose, "after epoch %g\n",
                     s.training.epochs[s.training.n_epochs - 1]);
    else
        ipl_text_add(
            &s.prose,
            "after epoch %g: loss %.4f (train) %.4f (test), accuracy %.2f %% (train) "
            "%.2f %% (test)\n",
            s.training.epochs[s.training.n_epochs - 1], last_of(&s.training, TRAIN_LOSS),
            last_of(&s.training, TEST_LOSS), 100.0 * last_of(&s.training, TRAIN_ACCURACY),
            100.0 * last_of(&s.training, TEST_ACCURACY));
    add_legend(&s.prose);
    /* Every split and estimator stands among the rows of the first epoch. */
    for (size_t i = 0; st == IPL_OK && i < ipl_table_rows(s.information) &&
                       strcmp(ipl_table_text(s.information, i, s.epoch),
                              ipl_table_text(s.information, 0, s.epoch)) == 0;
         i++)
        if (!seen(&s, i))
            st = add_block(&s, i, err);
    if (st == IPL_OK)
        st = ipl_text_status(&s.prose, err);
    if (st == IPL_OK)
        st = ipl_file_write_text(&s.csv, run, "summary.csv", err);
    if (st == IPL_OK)
        st = ipl_file_write_text(&s.prose, run, "summary.txt", err);
done:
    ipl_text_release(&s.prose);
    ipl_text_release(&s.csv);
    ipl_track_release(&s.gradients);
    ipl_track_release(&s.training);
    ipl_table_destroy(s.information);
    return st;
}
