/* The folder of an analysis: a run to plot and info, though nothing was trained in it. */
#include "run/analysis.h"

#include "run/provenance.h"
#include "run/run_dir.h"
#include "run/summary.h"

#include <string.h>

static ipl_status write_file(const char *folder, const char *name, const char *text,
                             ipl_error *err)
{
    char path[IPL_PATH_MAX];
    const ipl_status st = ipl_path_join(path, folder, name, err);

    return st == IPL_OK ? ipl_file_replace(path, text, strlen(text), err) : st;
}

static void print_unknown(ipl_text *out, size_t n)
{
    while (n-- > 0)
        ipl_text_add(out, ",NaN");
    ipl_text_add(out, "\n");
}

/* training.csv or layers.csv with the epochs of the stack, nothing being known of them. */
static ipl_status write_unknown(const char *folder, ipl_run_table table, const char *name,
                                const ipl_stack *stack, ipl_error *err)
{
    enum { TRAINING_NUMBERS = 7, LAYER_NUMBERS = 9 };
    ipl_text out = {0};
    ipl_status st;

    ipl_run_dir_print_header(&out, table);
    for (size_t e = 0; e < stack->n_epochs; e++) {
        if (table == IPL_TABLE_TRAINING) {
            ipl_text_add(&out, "%s", stack->when[e]);
            print_unknown(&out, TRAINING_NUMBERS);
            continue;
        }
        for (size_t l = 0; l < stack->n_layers; l++) {
            ipl_text_add(&out, "%s,%zu,", stack->when[e], l + 1);
            ipl_text_add_field(&out, stack->names[l]);
            print_unknown(&out, 1 + LAYER_NUMBERS);
        }
    }
    st = ipl_text_status(&out, err);
    if (st == IPL_OK)
        st = write_file(folder, name, out.s, err);
    ipl_text_release(&out);
    return st;
}

/* run.json: what measured what. */
static ipl_status write_provenance(const char *folder, const ipl_analysis_files *files,
                                   ipl_error *err)
{
    ipl_text out = {0};
    ipl_status st;

    ipl_text_add(&out, "{\n");
    ipl_provenance_print(&out);
    ipl_text_add(&out, "  \"source\": ");
    ipl_text_add_json(&out, files->source);
    ipl_text_add(&out, ",\n  \"argv\": [");
    for (int i = 0; i < files->argc; i++) {
        ipl_text_add(&out, "%s", i ? ", " : "");
        ipl_text_add_json(&out, files->argv[i]);
    }
    ipl_text_add(&out, "],\n  \"state\": \"done\"\n}\n");
    st = ipl_text_status(&out, err);
    if (st == IPL_OK)
        st = write_file(folder, "run.json", out.s, err);
    ipl_text_release(&out);
    return st;
}

static ipl_status write_all(const char *folder, const ipl_analysis_files *files,
                            ipl_error *err)
{
    ipl_status st = write_file(folder, "experiment.ini", files->experiment, err);

    if (st == IPL_OK)
        st = write_file(folder, "information.csv", files->information, err);
    if (st == IPL_OK)
        st = files->training ? write_file(folder, "training.csv", files->training, err)
                             : write_unknown(folder, IPL_TABLE_TRAINING, "training.csv",
                                             files->stack, err);
    if (st == IPL_OK)
        st = files->layers
                 ? write_file(folder, "layers.csv", files->layers, err)
                 : write_unknown(folder, IPL_TABLE_LAYERS, "layers.csv", files->stack, err);
    if (st == IPL_OK)
        st = write_provenance(folder, files, err);
    return st == IPL_OK ? ipl_summary_write(folder, err) : st;
}

ipl_status ipl_analysis_write(const char *folder, const ipl_analysis_files *files,
                              ipl_error *err)
{
    ipl_status st = ipl_folder_create_new(folder, err);

    if (st != IPL_OK)
        return st;
    st = write_all(folder, files, err);
    if (st != IPL_OK && ipl_folder_remove(folder, NULL) != IPL_OK)
        return st; /* what is left of it has no meaning to plot: a table is missing */
    return st;
}
