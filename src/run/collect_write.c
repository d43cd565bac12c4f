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

/* All points of one table of means. */
static ipl_status print_means(ipl_text *out, const ipl_collection *c,
                              const ipl_mean_table *table, ipl_error *err)
{
    const ipl_found_run **runs = ipl_array(c->n_runs, 1, sizeof(void *), err);
    ipl_status st = runs ? IPL_OK : IPL_E_NOMEM;

    ipl_mean_print_header(out, table);
    for (size_t p = 0; p < c->n_points && st == IPL_OK; p++) {
        size_t n = 0;

        for (size_t r = 0; r < c->n_runs; r++)
            if (c->runs[r].point == p && c->runs[r].run->state == IPL_RUN_DONE)
                runs[n++] = c->runs[r].run;
        if (n > 0)
            st = ipl_mean_print_rows(out, table, c->points[p].label.s, runs, n, err);
    }
    ipl_free(runs);
    return st;
}

ipl_status ipl_collection_write(const ipl_collection *c, const char *folder, ipl_error *err)
{
    ipl_text text = {0};
    ipl_status st = ipl_folder_create(folder, err);

    print_sweep(&text, c);
    if (st == IPL_OK)
        st = ipl_file_write_text(&text, folder, "sweep.csv", err);
    for (const ipl_mean_table *t = ipl_mean_tables; t->file && st == IPL_OK; t++) {
        ipl_text_clear(&text);
        st = print_means(&text, c, t, err);
        if (st == IPL_OK)
            st = ipl_file_write_text(&text, folder, t->out, err);
    }
    ipl_text_clear(&text);
    if (st == IPL_OK)
        st = ipl_collection_print(&text, c, err);
    if (st == IPL_OK)
        st = ipl_file_write_text(&text, folder, "sweep.txt", err);
    ipl_text_release(&text);
    return st;
}
