/* infoplane list: everything that can be chosen by text, printed from its tables. */
#include "base/alloc.h"
#include "cli/command.h"
#include "cli/print.h"
#include "data/source.h"
#include "info/est.h"
#include "ipl/estimator.h"
#include "nn/initialiser.h"
#include "nn/layer.h"
#include "nn/loss.h"
#include "nn/optimiser.h"
#include "nn/schedule.h"
#include "run/experiment.h"
#include "run/verify.h"

#include <string.h>

/** A table of rows and the word that asks for it. */
typedef struct shelf {
    const char *name;
    const char *summary;
    ipl_row_at at;
    void (*more)(size_t i); /* print what an entry has beside its row; NULL: nothing */
} shelf;

static void print_estimator(size_t i)
{
    const ipl_estimator_ops *ops = ipl_estimator_table[i];

    ipl_print("      unit %s; ceiling: %s; cost: %s;\n      %s\n", ops->unit, ops->ceiling,
              ops->cost, ops->limits);
}

static const shelf shelves[] = {
    {"layers", "layers and activations of a net (--net, --activation)", ipl_layer_row,
     NULL},
    {"losses", "losses (--loss)", ipl_loss_row, NULL},
    {"optimisers", "optimisers (--optimiser)", ipl_optimiser_row, NULL},
    {"schedules", "learning rates over the epochs (--schedule)", ipl_schedule_row, NULL},
    {"initialisers", "initial parameters (--init)", ipl_initialiser_row, NULL},
    {"datasets", "data sets (--data)", ipl_source_row, NULL},
    {"estimators", "estimators of information (--estimator)", ipl_estimator_row,
     print_estimator},
};

enum { N_SHELVES = sizeof shelves / sizeof shelves[0] };

/* "    lr=0.01        number >= 0          learning rate" */
static void print_option(const ipl_opt *opt, const void *defaults)
{
    ipl_text range = {0}, value = {0};

    ipl_text_add(&value, "%s=", opt->name);
    ipl_opt_print(&value, defaults, opt);
    ipl_opt_print_range(&range, opt);
    ipl_print("      %-22s %-22s %s\n", value.s ? value.s : opt->name,
              range.s ? range.s : "", opt->help);
    ipl_text_release(&value);
    ipl_text_release(&range);
}

static ipl_status print_row(const ipl_row *row, ipl_error *err)
{
    void *defaults = ipl_array(1, row->size, 1, err);

    if (!defaults)
        return IPL_E_NOMEM;
    ipl_print("  %-18s %s%s%s%s\n", row->name, row->summary, row->source ? " [" : "",
              row->source ? row->source : "", row->source ? "]" : "");
    ipl_opt_init(defaults, row->opts);
    for (const ipl_opt *opt = row->opts; opt && opt->name; opt++)
        print_option(opt, defaults);
    ipl_free(defaults);
    return IPL_OK;
}

static ipl_status print_shelf(const shelf *s, ipl_error *err)
{
    ipl_status st = IPL_OK;

    ipl_print("%s: %s\n", s->name, s->summary);
    for (size_t i = 0; s->at(i) && st == IPL_OK; i++) {
        st = print_row(s->at(i), err);
        if (s->more)
            s->more(i);
    }
    return st;
}

static void print_measures(void)
{
    ipl_print("measures: columns of information.csv\n ");
    for (const ipl_measure_row *row = ipl_measure_table; row->name; row++)
        ipl_print(" %s", row->name);
    ipl_print("\n");
}

static void print_experiments(void)
{
    ipl_verify_about about;
    bool nets = false;

    ipl_print("experiments: what shows what the estimators can see (infoplane verify)\n");
    for (size_t i = 0; ipl_verify_describe(&about, i); i++) {
        if (about.nets && !nets)
            ipl_print("\nexperiments with nets: presets against what others found "
                      "(infoplane verify NAME)\n");
        nets = about.nets;
        ipl_print("  %-20s %s\n", about.name, about.summary);
    }
}

static ipl_status print_presets(ipl_error *err)
{
    ipl_preset *list;
    size_t n;
    ipl_status st = ipl_preset_list(&list, &n, err);

    if (st != IPL_OK)
        return st;
    ipl_print("presets: published experiments (--preset)\n");
    for (size_t i = 0; i < n; i++)
        ipl_print("  %-18s %s\n      source: %s\n      time:   %s\n", list[i].name,
                  list[i].about, list[i].source, list[i].time);
    ipl_free(list);
    return IPL_OK;
}

static ipl_status print_all(ipl_error *err)
{
    ipl_status st = IPL_OK;

    for (size_t i = 0; i < N_SHELVES && st == IPL_OK; i++) {
        st = print_shelf(&shelves[i], err);
        ipl_print("\n");
    }
    print_measures();
    ipl_print("\n");
    print_experiments();
    ipl_print("\n");
    return st == IPL_OK ? print_presets(err) : st;
}

static ipl_status run_list(void *self, const ipl_args *args, ipl_error *err)
{
    const char *word = args->n_words > 0 ? args->words[0] : NULL;

    (void)self;
    if (!word)
        return print_all(err);
    for (size_t i = 0; i < N_SHELVES; i++)
        if (strcmp(shelves[i].name, word) == 0)
            return print_shelf(&shelves[i], err);
    if (strcmp(word, "measures") == 0) {
        print_measures();
        return IPL_OK;
    }
    if (strcmp(word, "experiments") == 0) {
        print_experiments();
        return IPL_OK;
    }
    if (strcmp(word, "presets") == 0)
        return print_presets(err);
    return ipl_fail(
        err, IPL_E_ARG,
        "no list of '%.40s': layers, losses, optimisers, schedules, initialisers, "
        "datasets, estimators, measures, experiments or presets",
        word);
}

const ipl_command ipl_cmd_list = {
    .name = "list",
    .summary = "print what can be chosen by text: layers, estimators, presets ...",
    .usage = "[WHAT]",
    .max_words = 1,
    .size = 1,
    .run = run_list,
};
