#include "run/summary.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "run/roles.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { XT, TY, TY_COND, PREV, N_FIELDS };
enum { MEAN, SD, N_GRADIENT };
enum { TRAIN_LOSS, TEST_LOSS, TRAIN_ACCURACY, TEST_ACCURACY, N_TRAINING };

static const char *const information_fields[N_FIELDS] = {"I_XT", "I_TY", "I_TY_cond",
                                                         "I_prev"};
static const char *const gradient_fields[N_GRADIENT] = {"gradient_mean", "gradient_sd"};
static const char *const training_fields[N_TRAINING] = {"train_loss", "test_loss",
                                                        "train_accuracy", "test_accuracy"};

/* The part at the end that "final" is a mean over, and the width of a maximum. */
#define LAST_SHARE 0.1
#define AT_MAXIMUM 0.01

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

ipl_course ipl_course_of(const ipl_track *track, size_t layer, size_t field)
{
    const double nan = (double)NAN;
    ipl_course c = {0, nan, nan, nan, final_of(track, layer, field), nan, nan};
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
    if (c.max > 0.0)
        c.compression = (c.max - c.final) / c.max;
    for (size_t i = 0; i < track->n_epochs; i++)
        if (ipl_track_get(track, i, layer, field) >= c.max - AT_MAXIMUM * fabs(c.max))
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

/* "fc2: I(X;T) rose from 24.4 to 28.3 nats by epoch 0.5, then fell to 18.3 (...)" */
static void add_sentence(ipl_text *out, const char *name, const ipl_course *x,
                         const ipl_course *y, const char *unit)
{
    const double still = IPL_ROLE_STILL * fabs(x->max);
    const bool rose = x->max - x->first > still, fell = x->max - x->final > still;

    ipl_text_add(out, "%s: I(X;T) ", name);
    if (x->n == 0 || !isfinite(x->final))
        ipl_text_add(out, x->n == 0 ? "is not defined" : "is not defined at the end");
    else if (x->n == 1)
        ipl_text_add(out, "is %.4g %s, measured once", x->first, unit);
    else if (rose && fell)
        ipl_text_add(out,
                     "rose from %.4g to %.4g %s by epoch %g, then fell to %.4g "
                     "(compression %.0f %%)",
                     x->first, x->max, unit, x->max_epoch, x->final,
                     100.0 * x->compression);
    else if (rose)
        ipl_text_add(out, "rose from %.4g to %.4g %s and did not fall", x->first, x->final,
                     unit);
    else if (fell)
        ipl_text_add(out, "fell from %.4g to %.4g %s (compression %.0f %%)", x->first,
                     x->final, unit, 100.0 * x->compression);
    else
        ipl_text_add(out, "stayed at %.4g %s", x->final, unit);
    if (y->n > 1 && isfinite(y->final))
        ipl_text_add(out, "; I(T;Y) went from %.4g to %.4g", y->first, y->final);
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

/* One layer in both files, and its role. */
static ipl_role add_layer(summary *s, ipl_text *sentences, const ipl_track *track, size_t l,
                          size_t row)
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
                              x.final,
                              x.compression,
                              x.turning_epoch,
                              y.final,
                              cond.final,
                              prev.first,
                              prev.final,
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

    ipl_text_add(&s->prose, "  %-14.14s", track->names[l]);
    for (size_t k = 0; k < 11; k++)
        add_cell(&s->prose, 9, numbers[k], k == 4 ? "%" : "");
    ipl_text_add(&s->prose, "\n");
    add_sentence(sentences, track->names[l], &x, &y,
                 ipl_table_text(s->information, row, s->unit));
    return ipl_role_of(track->names[l], x.max, x.final, prev.first, prev.final);
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
    ipl_role *roles;
    ipl_status st = ipl_track_read(&track, s->information, &query, err);

    if (st != IPL_OK)
        return st;
    roles = ipl_array(track.n_layers, 1, sizeof *roles, err);
    if (!roles) {
        ipl_track_release(&track);
        return IPL_E_NOMEM;
    }
    ipl_text_add(&s->prose, "\n%s probe, %s, %s, epochs %g to %g\n", query.split,
                 query.estimator, ipl_table_text(s->information, row, s->unit),
                 track.epochs[0], track.epochs[track.n_epochs - 1]);
    ipl_text_add(&s->prose, "  %-14s %29s %9s %9s %9s %9s %9s %19s %9s\n", "",
                 "I(X;T)                       ", "", "", "", "I(T;Y)", "",
                 "I(T_prev;T)       ", "gradient");
    ipl_text_add(&s->prose, "  %-14s %9s %9s %9s %9s %9s %9s %9s %9s %9s %9s %9s\n",
                 "layer", "first", "max", "at epoch", "final", "compress", "turned",
                 "one-hot", "cond", "first", "final", "crossing");
    for (size_t l = 0; l < track.n_layers; l++)
        roles[l] = add_layer(s, &sentences, &track, l, row);
    if (track.n_epochs > 1)
        ipl_roles_print(&sentences, roles, track.n_layers);
    ipl_text_add(&s->prose, "\n%s", sentences.s ? sentences.s : "");
    s->prose.failed = s->prose.failed || sentences.failed;
    ipl_text_release(&sentences);
    ipl_free(roles);
    ipl_track_release(&track);
    return IPL_OK;
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
                 "I_XT_final,compression,turning_epoch,I_TY_final,I_TY_cond_final,"
                 "I_prev_first,I_prev_final,gradient_transition_epoch,train_loss,"
                 "train_accuracy,test_loss,test_accuracy\n");
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
