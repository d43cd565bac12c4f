#include "run/verify.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text_columns.h"
#include "run/verify_nets.h"

#include <stdio.h>
#include <string.h>

const ipl_verify_row ipl_verify_table[] = {
    {"entropy-uncertainty", "H of (1-s) 1 + s N(0,I), s = 0.01 ... 0.99, n = 128",
     ipl_verify_uncertainty, NULL},
    {"entropy-correlation",
     "H of Gaussians from equal columns to independent ones, n = 128",
     ipl_verify_correlation, NULL},
    {"mi-dimension", "I of d pairs of correlation rho, d = 3 ... 1000, n = 128, beta = 1",
     ipl_verify_dimension, NULL},
    {"mi-samples", "the same at d = 1000, n = 128, 256, 512, beta = 100 2d",
     ipl_verify_samples, NULL},
    {"activation-gain",
     "I(a; f(w a W)), w = 0 ... 10, tanh and ReLU, n = 3000, beta = 100 2d",
     ipl_verify_gain, NULL},
    {"degenerate", "H of 500 real images, from all classes to one class, with noise",
     ipl_verify_degenerate, NULL},
    {"student-teacher", "I(X;T) of a linear net, known at every epoch, and what it forgets",
     ipl_verify_teacher, NULL},
    {.name = NULL},
};

/* What is being done, for the functions below. */
typedef struct session {
    const ipl_verify_opts *opts;
    ipl_verify_say say;
    void *context;
    ipl_text verdicts; /* rows of verdicts.csv */
    ipl_text commands; /* of plot.sh */
    bool missing;      /* there is no gnuplot, and that has been said */
} session;

/* Rows of a table before its end. */
static size_t count_rows(const ipl_verify_row *table)
{
    size_t n = 0;

    while (table[n].name)
        n++;
    return n;
}

bool ipl_verify_describe(ipl_verify_about *out, size_t i)
{
    const size_t n = count_rows(ipl_verify_table);
    const ipl_net_experiment *net = i < n ? NULL : &ipl_net_experiment_table[i - n];

    *out = net ? (ipl_verify_about){net->name, net->summary, true}
               : (ipl_verify_about){ipl_verify_table[i].name, ipl_verify_table[i].summary,
                                    false};
    return out->name != NULL;
}

static void tell(const session *s, const char *line)
{
    if (s->say)
        s->say(s->context, line);
}

/* Rows of the table as text and as CSV, and their count. */
static void publish(session *s, ipl_verdicts *sum, const ipl_report *report,
                    const char *name)
{
    for (size_t i = 0; i < report->n_findings; i++) {
        const ipl_finding *f = &report->findings[i];
        char line[4 * IPL_FINDING_TEXT];

        sum->passed += f->verdict == IPL_PASS || f->verdict == IPL_AGREE;
        sum->failed += f->verdict == IPL_FAIL || f->verdict == IPL_DISAGREE;
        sum->unreached += f->verdict == IPL_NOT_REACHED;
        sum->skipped += f->verdict == IPL_SKIPPED;
        (void)snprintf(line, sizeof line, "  %-11s  %s%*s  %s%*s  %s",
                       ipl_verdict_name(f->verdict), f->what, ipl_columns_left(f->what, 48),
                       "", f->expected, ipl_columns_left(f->expected, 30), "", f->obtained);
        tell(s, line);
        ipl_text_add(&s->verdicts, "%s,", name);
        ipl_text_add_field(&s->verdicts, f->what);
        ipl_text_add(&s->verdicts, ",");
        ipl_text_add_field(&s->verdicts, f->expected);
        ipl_text_add(&s->verdicts, ",");
        ipl_text_add_field(&s->verdicts, f->obtained);
        ipl_text_add(&s->verdicts, ",%s\n", ipl_verdict_name(f->verdict));
    }
}

/* Write the data of a figure and run gnuplot on them. */
static ipl_status draw(session *s, const ipl_report *report, const char *name,
                       ipl_error *err)
{
    char line[IPL_PATH_MAX + 128];
    ipl_text said = {0};
    ipl_drawn drawn;
    ipl_status st = ipl_report_draw(&drawn, &said, report, s->opts->out, name, err);

    ipl_text_add(
        &s->commands,
        "gnuplot -d -c verify.gp %s \"${1:-png}\" || gnuplot -d -c verify.gp %s svg\n",
        name, name);
    if (st == IPL_OK && said.len > 0)
        tell(s, said.s);
    if (st == IPL_OK && !drawn.missing)
        (void)snprintf(line, sizeof line, "  figure   %.4000s/%s.%s", s->opts->out, name,
                       drawn.format);
    else
        (void)snprintf(line, sizeof line,
                       "  no gnuplot here: data and scripts are written; draw them with: "
                       "sh %.4000s/plot.sh",
                       s->opts->out);
    if (st == IPL_OK && !(drawn.missing && s->missing))
        tell(s, line);
    s->missing = drawn.missing;
    ipl_text_release(&said);
    return st;
}

static ipl_status run_one(session *s, ipl_verdicts *sum, const ipl_verify_row *row,
                          ipl_error *err)
{
    const ipl_verify_task task = {.quick = s->opts->quick,
                                  .pool = s->opts->pool,
                                  .out = s->opts->out,
                                  .net = row->net,
                                  .nets = s->opts->nets,
                                  .epochs = s->opts->epochs,
                                  .say = s->say,
                                  .context = s->context};
    const double start = ipl_clock();
    ipl_report *report = ipl_array(1, 1, sizeof *report, err);
    char line[256], time[16];
    ipl_status st;

    if (!report)
        return IPL_E_NOMEM;
    (void)snprintf(line, sizeof line, "== %s: %s%s ==", row->name, row->summary,
                   task.quick ? " (quick: less of it)" : "");
    tell(s, line);
    st = row->run(report, &task, err);
    if (st == IPL_OK)
        publish(s, sum, report, row->name);
    if (st == IPL_OK && report->n_panels > 0)
        st = draw(s, report, row->name, err);
    ipl_clock_print(time, sizeof time, ipl_clock() - start);
    (void)snprintf(line, sizeof line, "  time     %s", time);
    if (st == IPL_OK)
        tell(s, line);
    ipl_report_release(report);
    ipl_free(report);
    return st;
}

static bool is_wanted(const ipl_verify_row *row, const char *const *names, size_t n_names)
{
    for (size_t i = 0; i < n_names; i++)
        if (strcmp(names[i], row->name) == 0)
            return true;
    return n_names == 0 && !row->net;
}

/* Whether every name has a row. */
static ipl_status check_names(const ipl_verify_row *table, const char *const *names,
                              size_t n_names, ipl_error *err)
{
    for (size_t i = 0; i < n_names; i++) {
        const char *nearest = NULL;
        size_t distance = IPL_TEXT_FAR;
        const ipl_verify_row *row = table;

        while (row->name && strcmp(row->name, names[i]) != 0) {
            if (ipl_text_nearer(&distance, row->name, names[i]))
                nearest = row->name;
            row++;
        }
        if (!row->name)
            return ipl_fail(err, IPL_E_ARG, "no experiment '%.80s'%s%s%s", names[i],
                            nearest ? "; did you mean '" : "", nearest ? nearest : "",
                            nearest ? "'?" : "");
    }
    return IPL_OK;
}

/* Options of nets are for experiments that train some. */
static ipl_status check_options(const ipl_verify_row *table, const ipl_verify_opts *opts,
                                const char *const *names, size_t n_names, ipl_error *err)
{
    if (opts->nets == 0 && opts->epochs == 0)
        return IPL_OK;
    for (const ipl_verify_row *row = table; row->name; row++)
        if (row->net && is_wanted(row, names, n_names))
            return IPL_OK;
    return ipl_fail(err, IPL_E_ARG,
                    "--nets and --epochs are for experiments that train nets: name one of "
                    "'infoplane list experiments'");
}

/* What the experiments came to, up to one that could not be run: st is how that went. */
static ipl_status write_end(const session *s, ipl_status st, ipl_error *err)
{
    ipl_error why = {0};
    ipl_status written =
        ipl_file_write_text(&s->verdicts, s->opts->out, "verdicts.csv", &why);

    if (written == IPL_OK)
        written = ipl_file_write_text(&s->commands, s->opts->out, "plot.sh", &why);
    if (st == IPL_OK && written != IPL_OK)
        return ipl_fail(err, written, "%s", why.msg);
    return st;
}

ipl_status ipl_verify_rows(ipl_verdicts *out, const ipl_verify_row *table,
                           const ipl_verify_opts *opts, const char *const *names,
                           size_t n_names, ipl_verify_say say, void *context,
                           ipl_error *err)
{
    session s = {.opts = opts, .say = say, .context = context};
    ipl_status st = check_names(table, names, n_names, err);

    *out = (ipl_verdicts){0};
    if (st != IPL_OK)
        return st;
    st = check_options(table, opts, names, n_names, err);
    if (st == IPL_OK)
        st = ipl_folder_create(opts->out, err);
    if (st != IPL_OK)
        return st;
    ipl_text_add(&s.verdicts, "experiment,check,expected,obtained,verdict\n");
    ipl_text_add(&s.commands, "#!/bin/sh\n# Draw the figures of this folder again: "
                              "sh plot.sh [png|pdf|svg]\n"
                              "CDPATH= cd -- \"$(dirname -- \"$0\")\" || exit 1\n");
    ipl_gnuplot_add_environment(&s.commands);
    for (const ipl_verify_row *row = table; row->name && st == IPL_OK; row++)
        if (is_wanted(row, names, n_names))
            st = run_one(&s, out, row, err);
    st = write_end(&s, st, err);
    ipl_text_release(&s.commands);
    ipl_text_release(&s.verdicts);
    if (st == IPL_OK && out->failed > 0)
        st = ipl_fail(err, IPL_E_NUMERIC,
                      "%zu of %zu checks failed; see %.200s/verdicts.csv", out->failed,
                      out->failed + out->passed, opts->out);
    return st;
}

/* Both tables as one: owned, ended by a NULL name. */
static ipl_verify_row *all_rows(ipl_error *err)
{
    const size_t n = count_rows(ipl_verify_table);
    ipl_verify_row *rows;
    size_t nets = 0;

    while (ipl_net_experiment_table[nets].name)
        nets++;
    rows = ipl_array(n + nets + 1, 1, sizeof *rows, err);
    if (!rows)
        return NULL;
    memcpy(rows, ipl_verify_table, n * sizeof *rows);
    for (size_t i = 0; i < nets; i++) {
        const ipl_net_experiment *net = &ipl_net_experiment_table[i];

        rows[n + i] = (ipl_verify_row){net->name, net->summary, ipl_verify_nets, net};
    }
    return rows;
}

ipl_status ipl_verify_run(ipl_verdicts *out, const ipl_verify_opts *opts,
                          const char *const *names, size_t n_names, ipl_verify_say say,
                          void *context, ipl_error *err)
{
    ipl_verify_row *rows = all_rows(err);
    ipl_status st = IPL_E_NOMEM;

    *out = (ipl_verdicts){0};
    if (rows)
        st = ipl_verify_rows(out, rows, opts, names, n_names, say, context, err);
    ipl_free(rows);
    return st;
}
