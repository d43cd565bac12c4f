#include "cli/train_screen.h"

#include "base/clock.h"
#include "base/text_columns.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void ipl_train_screen_init(ipl_train_screen *s, const char *path, const ipl_experiment *exp,
                           size_t threads, bool quiet, bool verbose, bool json)
{
    *s = (ipl_train_screen){.quiet = quiet,
                            .verbose = verbose,
                            .json = json,
                            .live = !quiet && !json && ipl_stderr_is_live(),
                            .batch = exp->batch,
                            .path = path,
                            .threads = threads};
}

void ipl_train_screen_clear(ipl_train_screen *s)
{
    if (s->drawn)
        ipl_print_nothing_in_place(60);
    s->drawn = false;
}

void ipl_train_screen_begin_view(ipl_train_screen *s, ipl_live_view *view, bool muted)
{
    s->view = view;
    s->muted = muted;
    s->live = s->live && !muted;
}

void ipl_train_screen_end_view(ipl_train_screen *s)
{
    (void)fflush(stdout);
    if (s->view)
        ipl_live_finish(s->view);
    s->view = NULL;
    s->muted = false;
    if (s->kept.len > 0)
        ipl_print_error("%s", s->kept.s);
    ipl_text_release(&s->kept);
}

static void print_size(const char *label, double bytes)
{
    if (bytes >= 1e9)
        ipl_print("%s %.2f GB", label, bytes / 1e9);
    else
        ipl_print("%s %.1f MB", label, bytes / 1e6);
}

/* Where a run goes on, and what checkpoints it writes. */
static void print_checkpoints(const ipl_train_plan *plan)
{
    if (plan->resumed)
        ipl_print("resumed    after epoch %zu, batch %zu of %zu\n", plan->epoch,
                  plan->batch, plan->steps);
    if (plan->checkpoint_bytes > 0.0) {
        ipl_print("checkpoint %s", plan->exp->checkpoint);
        print_size(",", plan->checkpoint_bytes);
        ipl_print(" each\n");
    } else {
        ipl_print("checkpoint none: this run cannot be resumed\n");
    }
}

static void print_shape(char *out, size_t size, ipl_shape shape)
{
    if (shape.h == 1 && shape.w == 1)
        (void)snprintf(out, size, "%zu", shape.c);
    else
        (void)snprintf(out, size, "%zux%zux%zu", shape.c, shape.h, shape.w);
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void print_layers(const ipl_net *net)
{
    const size_t n = ipl_net_n_layers(net);
    size_t name = 6, text = 5; /* "output", "layer" */

    for (size_t i = 0; i < n; i++) {
        const ipl_layer_info *layer = ipl_net_layer(net, i);

        name = larger(ipl_columns(layer->name), name);
        text = larger(ipl_columns(layer->text), text);
    }
    ipl_print("\n       %-*s  %-*s  %10s  %10s  %10s  %s\n", (int)name, "output", (int)text,
              "layer", "shape", "parameters", "flops", "measured");
    for (size_t i = 0; i < n; i++) {
        const ipl_layer_info *layer = ipl_net_layer(net, i);
        char shape[64];

        print_shape(shape, sizeof shape, layer->out);
        ipl_print("  %3zu  %s%*s  %s%*s  %10s  %10zu  %10.0f  %s\n", i, layer->name,
                  ipl_columns_left(layer->name, name), "", layer->text,
                  ipl_columns_left(layer->text, text), "", shape, layer->n_params,
                  layer->flops, layer->measured ? "yes" : "");
    }
}

static void on_start(void *self, const ipl_train_plan *plan)
{
    ipl_train_screen *s = self;
    const ipl_experiment *exp = plan->exp;
    double flops = 0.0;
    char shape[64];

    s->net = plan->net;
    s->epochs = exp->epochs;
    s->steps = plan->steps;
    s->overlap = plan->overlap_threads > 0;
    s->every_epoch = s->verbose || plan->n_probes == 0;
    s->epoch = SIZE_MAX;
    if (s->quiet || s->json)
        return;
    for (size_t i = 0; i < ipl_net_n_layers(plan->net); i++)
        flops += ipl_net_layer(plan->net, i)->flops;
    print_shape(shape, sizeof shape, plan->data->shape);
    ipl_print("run        %s\n", plan->path);
    ipl_print("data       %s: %zu training, %zu test samples of %s, %zu classes%s%s\n",
              exp->data, plan->data->n[IPL_TRAIN], plan->data->n[IPL_TEST], shape,
              plan->data->n_classes, *plan->data->note ? "; " : "", plan->data->note);
    ipl_print("training   %zu epochs of %zu steps, batch %zu, %s, %s, %zu thread%s\n",
              exp->epochs, plan->steps, exp->batch, ipl_net_optimiser_text(plan->net),
              ipl_net_loss_text(plan->net), plan->threads, plan->threads == 1 ? "" : "s");
    print_checkpoints(plan);
    for (size_t p = 0; p < plan->n_probes; p++)
        ipl_print("%s %s %zu rows%s", p ? "," : "measuring ",
                  ipl_probe_name(plan->probes[p]), ipl_probe_n(plan->probes[p]),
                  p + 1 < plan->n_probes ? "" : "; ");
    if (plan->n_probes > 0) {
        ipl_print("%zu times;", plan->measurements);
        if (plan->overlap_threads > 0)
            ipl_print(" beside training, %zu of the threads;", plan->overlap_threads);
        for (size_t k = 0; k < ipl_probe_n_estimators(plan->probes[0]); k++)
            ipl_print(" %s", ipl_plane_estimator(ipl_probe_plane(plan->probes[0]), k));
        ipl_print("\n");
    }
    print_layers(plan->net);
    ipl_print("\n  %zu parameters; %.3g Mflop a step", ipl_net_n_params(plan->net),
              3e-6 * flops * (double)exp->batch);
    print_size("; memory: training", (double)plan->net_bytes);
    print_size(", measuring", (double)plan->probe_bytes);
    print_size(", the process", (double)plan->process_bytes);
    print_size("; disk", plan->disk_bytes);
    if (plan->activation_bytes > 0.0) {
        print_size(" (activations", plan->activation_bytes);
        print_size(";", plan->free_bytes);
        ipl_print(" free)");
    }
    ipl_print("\n\n");
    if (s->verbose) {
        ipl_text text = {0};

        ipl_experiment_print(&text, exp);
        ipl_print("%s\n", text.s ? text.s : "");
        ipl_text_release(&text);
    }
    (void)fflush(stdout);
}

static void on_batch(void *self, size_t epoch, size_t batch, size_t batches)
{
    ipl_train_screen *s = self;
    const double now = ipl_clock();
    double spent; /* seconds for a batch */
    char left[16];

    if (s->epoch != epoch) { /* a new one, or one that was taken up in the middle */
        s->epoch = epoch;
        s->first = batch;
        s->epoch_start = now;
    }
    if (!s->live || batch == s->first || now - s->last_drawn < 0.1)
        return;
    s->last_drawn = now;
    spent = (now - s->epoch_start) / (double)(batch - s->first);
    ipl_clock_print(left, sizeof left, spent * (double)(batches - batch));
    ipl_print_in_place("  epoch %zu: batch %zu/%zu, %.0f images/s, %s left ", epoch + 1,
                       batch, batches, (double)s->batch / spent, left);
    s->drawn = true;
}

/* Four characters that tell a value: 1348, 24.4, 5.71. */
static void add_value(ipl_text *out, double v)
{
    if (isnan(v))
        ipl_text_add(out, "  NaN");
    else if (fabs(v) >= 99.95)
        ipl_text_add(out, " %4.0f", v);
    else if (fabs(v) >= 9.995)
        ipl_text_add(out, " %4.1f", v);
    else
        ipl_text_add(out, " %4.2f", v);
}

enum { GROUP_RESULT, GROUP_I_XT, GROUP_I_TY, GROUP_TIME, GROUPS };

/* Print the groups of a line, two spaces before each. Where a terminal has no room for all,
 * the time goes beside the result, and what is left below them. */
static void print_groups(const ipl_text *groups, size_t columns)
{
    static const size_t narrow[GROUPS] = {GROUP_RESULT, GROUP_TIME, GROUP_I_XT, GROUP_I_TY};
    size_t all = 0, used = 0;

    for (size_t i = 0; i < GROUPS; i++)
        all += groups[i].len + 2;
    for (size_t i = 0; i < GROUPS; i++) {
        const bool fold = columns > 0 && all - 2 > columns;
        const ipl_text *group = &groups[fold ? narrow[i] : i];

        if (group->len == 0)
            continue;
        if (fold && used > 0 && used + 2 + group->len > columns) {
            ipl_print("\n    ");
            used = 4;
        }
        ipl_print("%s%s", used > 0 ? "  " : "", group->s);
        used += group->len + (used > 0 ? 2 : 0);
    }
    ipl_print("\n");
}

static void print_epoch(const ipl_epoch_report *e, size_t columns)
{
    const int wide = snprintf(NULL, 0, "%zu", e->epochs);
    ipl_text groups[GROUPS] = {{0}};
    char total[16], left[16], spent[16];

    ipl_text_add(&groups[GROUP_RESULT], "epoch %*zu/%zu  loss %.4f %.4f", wide, e->epoch,
                 e->epochs, e->loss[IPL_TRAIN], e->loss[IPL_TEST]);
    if (!isnan(e->accuracy[IPL_TRAIN]))
        ipl_text_add(&groups[GROUP_RESULT], "  acc %5.2f %5.2f",
                     100.0 * e->accuracy[IPL_TRAIN], 100.0 * e->accuracy[IPL_TEST]);
    if (e->probe) {
        const size_t n = ipl_probe_n_layers(e->probe), k = ipl_probe_n_estimators(e->probe);

        ipl_text_add(&groups[GROUP_I_XT], "I(X;T)");
        ipl_text_add(&groups[GROUP_I_TY], "I(T;Y)");
        for (size_t l = 0; l < n; l++) {
            add_value(&groups[GROUP_I_XT], e->measures[l * k].I_XT);
            add_value(&groups[GROUP_I_TY], e->measures[l * k].I_TY);
        }
    }
    ipl_clock_print(total, sizeof total, e->train_seconds + e->measure_seconds);
    ipl_clock_print(spent, sizeof spent, e->measure_seconds);
    ipl_clock_print(left, sizeof left, e->seconds_left);
    ipl_text_add(&groups[GROUP_TIME], "%s (measure %s)", total, spent);
    if (e->epoch > 0 && e->epoch < e->epochs)
        ipl_text_add(&groups[GROUP_TIME], "  eta %s", left);
    print_groups(groups, columns);
    for (size_t i = 0; i < GROUPS; i++)
        ipl_text_release(&groups[i]);
}

/* "name": value, null when it is not a number. */
static void json_number(ipl_text *out, const char *name, double value)
{
    ipl_text_add(out, ", \"%s\": ", name);
    if (isfinite(value))
        ipl_text_add_number(out, value);
    else
        ipl_text_add(out, "null");
}

static void json_measure(ipl_text *out, const ipl_epoch_report *e, const char *name)
{
    const size_t n = ipl_probe_n_layers(e->probe), k = ipl_probe_n_estimators(e->probe);
    const ipl_measure_row *row = ipl_measure_table;

    while (strcmp(row->name, name) != 0)
        row++;
    ipl_text_add(out, ", \"%s\": [", name);
    for (size_t l = 0; l < n; l++) {
        const double v = ipl_measures_get(&e->measures[l * k], row);

        ipl_text_add(out, "%s", l ? ", " : "");
        if (isfinite(v))
            ipl_text_add_number(out, v);
        else
            ipl_text_add(out, "null");
    }
    ipl_text_add(out, "]");
}

/* What the measures are of: probe, first estimator, unit, and the layers in their order. */
static void json_measured(ipl_text *out, const ipl_train_screen *s, const ipl_probe *probe)
{
    const ipl_plane *plane = ipl_probe_plane(probe);

    ipl_text_add(out, ", \"probe\": ");
    ipl_text_add_json(out, ipl_probe_name(probe));
    ipl_text_add(out, ", \"estimator\": ");
    ipl_text_add_json(out, ipl_plane_estimator(plane, 0));
    ipl_text_add(out, ", \"unit\": ");
    ipl_text_add_json(out, ipl_plane_unit(plane, 0));
    ipl_text_add(out, ", \"layers\": [");
    for (size_t l = 0; l < ipl_probe_n_layers(probe); l++) {
        ipl_text_add(out, "%s", l ? ", " : "");
        ipl_text_add_json(out, ipl_net_layer(s->net, ipl_probe_layer(probe, l))->name);
    }
    ipl_text_add(out, "]");
}

static void print_json(const ipl_train_screen *s, const ipl_epoch_report *e)
{
    ipl_text out = {0};

    ipl_text_add(&out, "{\"epoch\": %zu, \"step\": %zu", e->epoch, e->step);
    json_number(&out, "train_loss", e->loss[IPL_TRAIN]);
    json_number(&out, "test_loss", e->loss[IPL_TEST]);
    json_number(&out, "train_accuracy", e->accuracy[IPL_TRAIN]);
    json_number(&out, "test_accuracy", e->accuracy[IPL_TEST]);
    json_number(&out, "lr", e->lr);
    json_number(&out, "train_seconds", e->train_seconds);
    json_number(&out, "measure_seconds", e->measure_seconds);
    if (e->probe) {
        json_measured(&out, s, e->probe);
        json_measure(&out, e, "I_XT");
        json_measure(&out, e, "I_TY");
    }
    ipl_print("%s}\n", out.s ? out.s : "{");
    ipl_text_release(&out);
}

static void on_epoch(void *self, const ipl_epoch_report *report)
{
    ipl_train_screen *s = self;

    ipl_train_screen_clear(s);
    if (s->json)
        print_json(s, report);
    else if (!s->quiet && !s->muted && (s->every_epoch || report->probe))
        print_epoch(report,
                    isatty(STDOUT_FILENO) ? ipl_terminal_style(STDOUT_FILENO).columns : 0);
    (void)fflush(stdout);
}

static void on_warning(void *self, const char *text)
{
    ipl_train_screen *s = self;

    ipl_train_screen_clear(s);
    if (s->muted && !s->quiet)
        ipl_text_add(&s->kept, "infoplane: warning: %s\n", text);
    else if (!s->quiet)
        ipl_print_error("infoplane: warning: %s\n", text);
}

/* The command that goes on with a run. */
static void print_resume(const ipl_train_screen *s)
{
    ipl_print("go on with: ");
    ipl_print_command("train --resume", s->path);
    if (s->threads > 0)
        ipl_print(" --threads %zu", s->threads);
    if (s->overlap)
        ipl_print(" --overlap");
    ipl_print("\n");
}

static void print_plot(const ipl_train_screen *s)
{
    ipl_print("plot it with: ");
    ipl_print_command("plot", s->path);
    ipl_print("\n");
}

static void on_end(void *self, const ipl_train_end *end)
{
    ipl_train_screen *s = self;

    ipl_train_screen_clear(s);
    ipl_train_screen_end_view(s);
    if (s->quiet || s->json)
        return;
    if (end->before)
        ipl_print("%s: done already, all of its %zu epochs\n", s->path, end->epoch);
    else if (end->stopped)
        ipl_print("\nstopped after epoch %zu, batch %zu; written so far: %s\n", end->epoch,
                  end->batch, s->path);
    else
        ipl_print("\ndone: %s\n", s->path);
    if (end->stopped && end->resumable)
        print_resume(s);
    else
        print_plot(s);
    (void)fflush(stdout);
}

ipl_train_watcher ipl_train_screen_watcher(ipl_train_screen *s)
{
    return (ipl_train_watcher){.self = s,
                               .start = on_start,
                               .batch = on_batch,
                               .epoch = on_epoch,
                               .warning = on_warning,
                               .end = on_end};
}
