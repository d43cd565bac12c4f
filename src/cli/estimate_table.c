#include "cli/estimate_table.h"

#include "cli/print.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "run/analysis.h"

#include <string.h>

static void on_progress(void *self, size_t done, size_t all)
{
    ipl_progress_draw(self, done, all);
}

static void on_warning(void *self, const char *text)
{
    ipl_progress_clear(self);
    ipl_print_error("infoplane: warning: %s\n", text);
}

/* What of the folder was left out, a warning a line. */
static void tell_notes(ipl_progress *bar, char *notes)
{
    for (char *line = notes, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        on_warning(bar, line);
    }
}

static ipl_status open_stack(ipl_stack *stack, const ipl_estimate_table *job,
                             ipl_error *err)
{
    ipl_status st =
        *job->run != '\0'
            ? ipl_stack_of_folder(stack, job->run, job->x, job->y, job->layers, err)
            : ipl_stack_of_files(stack, job->files, job->n_files, job->layers, err);

    if (st == IPL_OK)
        st = ipl_text_copy(stack->x, sizeof stack->x, job->x, strlen(job->x), "x", err);
    if (st == IPL_OK)
        st = ipl_text_copy(stack->y, sizeof stack->y, job->y, strlen(job->y), "y", err);
    return st;
}

/* What was measured, in the form of an experiment; nobody can train it again. */
static void print_experiment(ipl_text *out, const ipl_estimate_table *job,
                             const char *source)
{
    static const char *const units[] = {"natural", "nats", "bits"};

    ipl_text_add(out,
                 "# Measured by infoplane estimate: the net was trained elsewhere.\n"
                 "[data]\ndata = npy:x=%s%s%s\n\n[net]\nnet = recorded:%s\n\n[measuring]\n",
                 job->x, *job->y != '\0' ? ",y=" : "", job->y, source);
    for (size_t k = 0; k < job->estimators->n; k++)
        ipl_text_add(out, "estimator = %s\n", job->estimators->texts[k]);
    ipl_text_add(out, "unit = %s\n", units[job->unit]);
}

static ipl_status write_folder(const ipl_estimate_table *job, const ipl_stack *stack,
                               const char *information, ipl_error *err)
{
    const char *source = *job->run != '\0' ? job->run : stack->files[0];
    ipl_text experiment = {0};
    ipl_status st;

    print_experiment(&experiment, job, source);
    st = ipl_text_status(&experiment, err);
    if (st == IPL_OK) {
        const ipl_analysis_files files = {.experiment = experiment.s,
                                          .information = information,
                                          .stack = stack,
                                          .source = source,
                                          .argc = job->args->argc,
                                          .argv = job->args->argv};

        st = ipl_analysis_write(job->out, &files, err);
    }
    ipl_text_release(&experiment);
    return st;
}

ipl_status ipl_estimate_table_run(const ipl_estimate_table *job, ipl_error *err)
{
    ipl_progress bar;
    ipl_stack stack = {0};
    ipl_text table = {0};
    const ipl_analysis_opts opts = {.estimators = job->estimators->texts,
                                    .n_estimators = job->estimators->n,
                                    .unit = job->unit,
                                    .null_repeats = job->null_repeats,
                                    .null_seed = job->null_seed,
                                    .threads = job->threads,
                                    .self = &bar,
                                    .progress = on_progress,
                                    .warning = on_warning};
    ipl_status st = IPL_OK;

    if (*job->out != '\0' && ipl_file_exists(job->out))
        return ipl_fail(err, IPL_E_CANTCREATE, "%s: exists; name another --out", job->out);
    ipl_progress_start(&bar, "measuring", false);
    st = open_stack(&stack, job, err);
    tell_notes(&bar, stack.notes.s);
    if (st == IPL_OK)
        st = ipl_analysis_measure(&table, &stack, 1, &opts, err);
    ipl_progress_clear(&bar);
    if (st != IPL_OK)
        goto done;
    if (*job->out != '\0')
        st = write_folder(job, &stack, table.s, err);
    else
        ipl_print("%s", table.s);
    if (st == IPL_OK && *job->out != '\0') {
        ipl_print("%zu epoch%s, %zu layer%s: plot them with: ", stack.n_epochs,
                  stack.n_epochs == 1 ? "" : "s", stack.n_layers,
                  stack.n_layers == 1 ? "" : "s");
        ipl_print_command("plot", job->out);
        ipl_print("\n");
    }
done:
    ipl_text_release(&table);
    ipl_stack_release(&stack);
    return st;
}
