/* The files of a collection. */
#include "run/collect.h"

#include "base/alloc.h"
#include "run/replicates.h"

#include <math.h>
#include <stdio.h>

/* One row of sweep.csv. */
static void print_run(ipl_text *out, const ipl_collection *c, const ipl_collected *run)
{
    ipl_text value = {0};

    ipl_text_add_field(out, run->run->name);
    ipl_text_add(out, ",%s,", ipl_run_state_name(run->run->state));
    ipl_text_add_field(out, c->points[run->point].label.s);
    ipl_text_add(out, ",%s", run->seed);
    for (size_t k = 0; k < c->n_keys; k++) {
        size_t len;
        const char *s = ipl_collected_value(&len, run, c->keys[k]);

        ipl_text_clear(&value);
        ipl_text_add(&value, "%.*s", (int)len, s);
        ipl_text_add(out, ",");
        ipl_text_add_field(out, value.s ? value.s : "");
    }
    for (size_t k = 0; k < IPL_SCORE_TRAINING; k++) {
        ipl_text_add(out, ",");
        ipl_text_add_number(out, run->training[k]);
    }
    ipl_text_add(out, ",%s,", run->split);
    ipl_text_add_field(out, run->estimator);
    ipl_text_add(out, ",%s,", run->unit);
    for (size_t k = 0; k < IPL_COMPRESSIONS; k++) {
        ipl_text_add(out, "%s", k ? "," : "");
        ipl_text_add_number(out, run->compression[k]);
        for (size_t l = 0; l < c->n_layers; l++) {
            ipl_text_add(out, ",");
            ipl_text_add_number(out, l < run->n_layers ? run->layers[l].compression[k]
                                                       : (double)NAN);
        }
    }
    ipl_text_add(out, "\n");
    out->failed = out->failed || value.failed;
    ipl_text_release(&value);
}

static void print_sweep(ipl_text *out, const ipl_collection *c)
{
    ipl_text_add(out, "folder,state,point,seed");
    for (size_t k = 0; k < c->n_keys; k++) {
        ipl_text_add(out, ",");
        ipl_text_add_field(out, c->keys[k]);
    }
    ipl_text_add(out, ",epoch,train_loss,train_accuracy,test_loss,test_accuracy,split,"
                      "estimator,unit");
    for (size_t k = 0; k < IPL_COMPRESSIONS; k++) {
        ipl_text_add(out, ",%s", ipl_compression_names[k]);
        for (size_t l = 0; l < c->n_layers; l++)
            ipl_text_add(out, ",%s_%zu", ipl_compression_names[k], l + 1);
    }
    ipl_text_add(out, "\n");
    for (size_t r = 0; r < c->n_runs; r++)
        print_run(out, c, &c->runs[r]);
}

/* Runs that are done, point by point. */
typedef struct done_runs {
    const char **points;        /* (n_points) labels */
    size_t *n;                  /* (n_points) runs of each */
    const ipl_found_run **runs; /* one point after another */
} done_runs;

static ipl_status list_done(done_runs *out, const ipl_collection *c, ipl_error *err)
{
    size_t *at = ipl_array(c->n_points + 1, 1, sizeof *at, err);

    out->points = ipl_array(c->n_points + 1, 1, sizeof *out->points, err);
    out->n = ipl_array(c->n_points + 1, 1, sizeof *out->n, err);
    out->runs = ipl_array(c->n_runs + 1, 1, sizeof(void *), err);
    if (!at || !out->points || !out->n || !out->runs) {
        ipl_free(at);
        return IPL_E_NOMEM;
    }
    for (size_t p = 0; p < c->n_points; p++) {
        out->points[p] = c->points[p].label.s;
        out->n[p] = c->points[p].n_done;
        at[p + 1] = at[p] + out->n[p];
    }
    for (size_t r = 0; r < c->n_runs; r++)
        if (c->runs[r].run->state == IPL_RUN_DONE)
            out->runs[at[c->runs[r].point]++] = c->runs[r].run;
    ipl_free(at);
    return IPL_OK;
}

static ipl_status write_means(const ipl_collection *c, const char *folder, ipl_error *err)
{
    done_runs done = {0};
    ipl_status st = list_done(&done, c, err);

    for (const ipl_mean_table *t = ipl_mean_tables; t->file && st == IPL_OK; t++)
        st = ipl_mean_write(folder, t, done.points, c->n_points, done.runs, done.n, err);
    ipl_free(done.runs);
    ipl_free(done.n);
    ipl_free(done.points);
    return st;
}

ipl_status ipl_collection_write(const ipl_collection *c, const char *folder, ipl_error *err)
{
    ipl_text text = {0};
    ipl_status st = ipl_folder_create(folder, err);

    print_sweep(&text, c);
    if (st == IPL_OK)
        st = ipl_file_write_text(&text, folder, "sweep.csv", err);
    if (st == IPL_OK)
        st = write_means(c, folder, err);
    ipl_text_clear(&text);
    if (st == IPL_OK)
        st = ipl_collection_print(&text, c, err);
    if (st == IPL_OK)
        st = ipl_file_write_text(&text, folder, "sweep.txt", err);
    ipl_text_release(&text);
    return st;
}
