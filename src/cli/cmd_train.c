/* infoplane train: run an experiment and show how it goes. */
#include "base/clock.h"
#include "cli/command.h"
#include "run/trainer.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct train_opts {
    char preset[IPL_PRESET_NAME_MAX];
    char out[IPL_PATH_MAX];
    size_t threads;
    bool force, quiet, verbose, json;
} train_opts;

static const ipl_opt train_rows[] = {
    IPL_OPT_STRING(train_opts, preset, "preset", "",
                   "published experiment; see 'infoplane list presets'"),
    IPL_OPT_STRING(train_opts, out, "out", "",
                   "run directory; default: results/NAME-seedSEED"),
    IPL_OPT_NUMBER(train_opts, threads, "threads", 0, 1024, 0,
                   "threads; 0: as many as processors; the result is the same"),
    IPL_OPT_FLAG(train_opts, force, "force", 0, "replace a run that is there"),
    IPL_OPT_FLAG(train_opts, quiet, "quiet", 0, "print nothing but faults"),
    IPL_OPT_FLAG(train_opts, verbose, "verbose", 0,
                 "print the experiment, and epochs that are not measured too"),
    IPL_OPT_FLAG(train_opts, json, "json", 0, "print one JSON object per epoch instead"),
    IPL_OPT_END,
};

static const char details[] =
    "examples:\n"
    "  infoplane train --preset logdet-fnn-tanh --epochs 30\n"
    "  infoplane train --data fashion-mnist --net 784-256-20-10 --activation relu\n"
    "  infoplane train results/RUN/experiment.ini --seed 2\n"
    "\n"
    "Options given here win over the file or preset. The run directory gets the resolved\n"
    "experiment, so that 'infoplane train results/RUN/experiment.ini' repeats it.\n";

/* Number of the first signal that asked to stop. */
static volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
    stop_signal = number;
}

/* The first signal ends the run after its batch; the second one ends the program. */
static void catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = (int)SA_RESETHAND;
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        (void)sigaction(numbers[i], &action, NULL);
}

/* What the watcher remembers. */
typedef struct screen {
    const train_opts *opts;
    bool live;         /* progress may be redrawn in place */
    bool drawn;        /* a progress line stands on the terminal */
    double last_drawn; /* clock */
    double epoch_start;
    size_t epochs, steps, batch;
    bool every_epoch; /* print a line for epochs that were not measured too */
} screen;

static void clear_progress(screen *s)
{
    if (s->drawn)
        fprintf(stderr, "\r%*s\r", 60, "");
    s->drawn = false;
}

static void print_size(const char *label, double bytes)
{
    if (bytes >= 1e9)
        printf("%s %.1f GB", label, bytes / 1e9);
    else
        printf("%s %.1f MB", label, bytes / 1e6);
}

static void print_shape(char *out, size_t size, ipl_shape shape)
{
    if (shape.h == 1 && shape.w == 1)
        (void)snprintf(out, size, "%zu", shape.c);
    else
        (void)snprintf(out, size, "%zux%zux%zu", shape.c, shape.h, shape.w);
}

static void print_layers(const ipl_net *net)
{
    const size_t n = ipl_net_n_layers(net);
    int name = 6, text = 5; /* "output", "layer" */

    for (size_t i = 0; i < n; i++) {
        const ipl_layer_info *layer = ipl_net_layer(net, i);

        name = (int)strlen(layer->name) > name ? (int)strlen(layer->name) : name;
        text = (int)strlen(layer->text) > text ? (int)strlen(layer->text) : text;
    }
    printf("\n       %-*s  %-*s  %10s  %10s  %10s  %s\n", name, "output", text, "layer",
           "shape", "parameters", "flops", "measured");
    for (size_t i = 0; i < n; i++) {
        const ipl_layer_info *layer = ipl_net_layer(net, i);
        char shape[64];

        print_shape(shape, sizeof shape, layer->out);
        printf("  %3zu  %-*s  %-*s  %10s  %10zu  %10.0f  %s\n", i, name, layer->name, text,
               layer->text, shape, layer->n_params, layer->flops,
               layer->measured ? "yes" : "");
    }
}

static void on_start(void *self, const ipl_train_plan *plan)
{
    screen *s = self;
    const ipl_experiment *exp = plan->exp;
    double flops = 0.0;
    char shape[64];

    s->epochs = exp->epochs;
    s->steps = plan->steps;
    s->every_epoch = s->opts->verbose || plan->n_probes == 0;
    s->epoch_start = ipl_clock();
    if (s->opts->quiet || s->opts->json)
        return;
    for (size_t i = 0; i < ipl_net_n_layers(plan->net); i++)
        flops += ipl_net_layer(plan->net, i)->flops;
    print_shape(shape, sizeof shape, plan->data->shape);
    printf("run        %s\n", plan->path);
    printf("data       %s: %zu training, %zu test samples of %s, %zu classes%s%s\n",
           exp->data, plan->data->n[IPL_TRAIN], plan->data->n[IPL_TEST], shape,
           plan->data->n_classes, *plan->data->note ? "; " : "", plan->data->note);
    printf("training   %zu epochs of %zu steps, batch %zu, %s, %s, %zu thread%s\n",
           exp->epochs, plan->steps, exp->batch, ipl_net_optimiser_text(plan->net),
           ipl_net_loss_text(plan->net), plan->threads, plan->threads == 1 ? "" : "s");
    for (size_t p = 0; p < plan->n_probes; p++)
        printf("%s %s %zu rows%s", p ? "," : "measuring ", ipl_probe_name(plan->probes[p]),
               ipl_probe_n(plan->probes[p]), p + 1 < plan->n_probes ? "" : "; ");
    if (plan->n_probes > 0) {
        printf("%zu times;", plan->measurements);
        for (size_t k = 0; k < ipl_probe_n_estimators(plan->probes[0]); k++)
            printf(" %s", ipl_plane_estimator(ipl_probe_plane(plan->probes[0]), k));
        printf("\n");
    }
    print_layers(plan->net);
    printf("\n  %zu parameters; %.3g Mflop a step", ipl_net_n_params(plan->net),
           3e-6 * flops * (double)exp->batch);
    print_size("; memory: training", (double)plan->net_bytes);
    print_size(", measuring", (double)plan->probe_bytes);
    print_size("; disk", plan->disk_bytes);
    printf("\n\n");
    if (s->opts->verbose) {
        ipl_text text = {0};

        ipl_experiment_print(&text, exp);
        printf("%s\n", text.s ? text.s : "");
        ipl_text_release(&text);
    }
    (void)fflush(stdout);
}

static void on_batch(void *self, size_t epoch, size_t batch, size_t batches)
{
    screen *s = self;
    const double now = ipl_clock();
    char left[16];

    if (!s->live || now - s->last_drawn < 0.1)
        return;
    s->last_drawn = now;
    ipl_clock_print(left, sizeof left,
                    (now - s->epoch_start) / (double)batch * (double)(batches - batch));
    fprintf(stderr, "\r  epoch %zu: batch %zu/%zu, %.0f images/s, %s left ", epoch + 1,
            batch, batches, (double)(batch * s->batch) / (now - s->epoch_start), left);
    s->drawn = true;
}

/* Four characters that tell a value: 1348, 24.4, 5.71. */
static void print_value(double v)
{
    if (isnan(v))
        printf("  NaN");
    else if (fabs(v) >= 99.95)
        printf(" %4.0f", v);
    else if (fabs(v) >= 9.995)
        printf(" %4.1f", v);
    else
        printf(" %4.2f", v);
}

static void print_epoch(const ipl_epoch_report *e)
{
    const int wide = snprintf(NULL, 0, "%zu", e->epochs);
    char total[16], left[16], spent[16];

    printf("epoch %*zu/%zu  loss %.4f %.4f", wide, e->epoch, e->epochs, e->loss[IPL_TRAIN],
           e->loss[IPL_TEST]);
    if (!isnan(e->accuracy[IPL_TRAIN]))
        printf("  acc %5.2f %5.2f", 100.0 * e->accuracy[IPL_TRAIN],
               100.0 * e->accuracy[IPL_TEST]);
    if (e->probe) {
        const size_t n = ipl_probe_n_layers(e->probe), k = ipl_probe_n_estimators(e->probe);

        printf("  I(X;T)");
        for (size_t l = 0; l < n; l++)
            print_value(e->measures[l * k].I_XT);
        printf("  I(T;Y)");
        for (size_t l = 0; l < n; l++)
            print_value(e->measures[l * k].I_TY);
    }
    ipl_clock_print(total, sizeof total, e->train_seconds + e->measure_seconds);
    ipl_clock_print(spent, sizeof spent, e->measure_seconds);
    ipl_clock_print(left, sizeof left, e->seconds_left);
    printf("  %s (measure %s)", total, spent);
    if (e->epoch > 0 && e->epoch < e->epochs)
        printf("  eta %s", left);
    printf("\n");
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

static void print_json(const ipl_epoch_report *e)
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
        json_measure(&out, e, "I_XT");
        json_measure(&out, e, "I_TY");
    }
    printf("%s}\n", out.s ? out.s : "{");
    ipl_text_release(&out);
}

static void on_epoch(void *self, const ipl_epoch_report *report)
{
    screen *s = self;

    clear_progress(s);
    if (s->opts->json)
        print_json(report);
    else if (!s->opts->quiet && (s->every_epoch || report->probe))
        print_epoch(report);
    (void)fflush(stdout);
    s->epoch_start = ipl_clock();
}

static void on_warning(void *self, const char *text)
{
    screen *s = self;

    clear_progress(s);
    if (!s->opts->quiet)
        fprintf(stderr, "infoplane: warning: %s\n", text);
}

/* Whether a line on stderr may be redrawn in place. */
static bool is_terminal(void)
{
    const char *term = getenv("TERM");

    return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

/* Defaults, then the file or preset, then the command line. */
static ipl_status resolve(ipl_experiment *exp, const train_opts *opts, const ipl_args *args,
                          ipl_error *err)
{
    char path[IPL_PATH_MAX];
    const char *preset = *opts->preset ? opts->preset : NULL;
    ipl_status st = IPL_OK;

    if (preset && args->n_words > 0)
        return ipl_fail(err, IPL_E_ARG, "give an experiment file or --preset, not both");
    ipl_opt_init(exp, ipl_experiment_opts);
    if (preset)
        st = ipl_preset_find(path, preset, err);
    if (st == IPL_OK && (preset || args->n_words > 0))
        st = ipl_experiment_read(exp, preset ? path : args->words[0], err);
    for (size_t i = 0; i < args->n_later && st == IPL_OK; i++) {
        const ipl_opt *row = args->later[i].row;
        bool again = false;

        for (size_t k = 0; k < i; k++)
            again = again || args->later[k].row == row;
        if (again && !row->repeat)
            return ipl_fail(err, IPL_E_ARG, "option --%s is given twice", row->name);
        st = again ? ipl_opt_append(exp, row, args->later[i].value, err)
                   : ipl_opt_set(exp, row, args->later[i].value, err);
    }
    if (st == IPL_OK)
        st = ipl_experiment_name(exp, preset, err);
    return st;
}

/* --out, or results/NAME-seedSEED. */
static ipl_status choose_path(char *path, const train_opts *opts, const ipl_experiment *exp,
                              ipl_error *err)
{
    char folder[sizeof exp->name + 32];

    if (*opts->out)
        return ipl_text_copy(path, IPL_PATH_MAX, opts->out, strlen(opts->out), "out", err);
    (void)snprintf(folder, sizeof folder, "%s-seed%llu", exp->name,
                   (unsigned long long)exp->seed);
    return ipl_path_join(path, "results", folder, err);
}

static ipl_status run_train(void *self, const ipl_args *args, ipl_error *err)
{
    const train_opts *opts = self;
    static ipl_experiment exp; /* large, and used once */
    char path[IPL_PATH_MAX];
    screen s = {.opts = opts, .live = !opts->quiet && !opts->json && is_terminal()};
    const ipl_train_opts run = {
        .exp = &exp,
        .path = path,
        .force = opts->force,
        .link_latest = *opts->out == '\0',
        .threads = opts->threads,
        .argc = args->argc,
        .argv = args->argv,
        .watcher = {.self = &s,
                    .start = on_start,
                    .batch = on_batch,
                    .epoch = on_epoch,
                    .warning = on_warning},
        .stop = &stop_signal,
    };
    ipl_status st = resolve(&exp, opts, args, err);

    if (st == IPL_OK)
        st = choose_path(path, opts, &exp, err);
    if (st != IPL_OK)
        return st;
    s.batch = exp.batch;
    catch_signals();
    st = ipl_train(&run, err);
    clear_progress(&s);
    if (st != IPL_OK)
        return st;
    if (!opts->quiet && !opts->json)
        printf("\n%s %s\nplot it with: infoplane plot %s\n",
               stop_signal ? "stopped; written so far:" : "done:", path, path);
    if (stop_signal) {
        (void)fflush(stdout);
        (void)signal(stop_signal, SIG_DFL);
        (void)raise(stop_signal); /* whoever sent it learns how we ended */
    }
    return IPL_OK;
}

const ipl_command ipl_cmd_train = {
    .name = "train",
    .summary = "train a net and measure its information plane",
    .usage = "[FILE.ini]",
    .details = details,
    .max_words = 1,
    .size = sizeof(train_opts),
    .opts = train_rows,
    .later = ipl_experiment_opts,
    .run = run_train,
};
