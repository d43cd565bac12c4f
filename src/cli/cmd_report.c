/* infoplane report RUN...: one HTML file with everything the runs recorded. */
#include "base/alloc.h"
#include "cli/command.h"
#include "cli/print.h"
#include "run/plot.h"
#include "run/plot_expand.h"
#include "run/report.h"

#include <string.h>

typedef struct report_args {
    char out[IPL_PATH_MAX];
    char title[256];
} report_args;

static const ipl_opt report_rows[] = {
    IPL_OPT_STRING(
        report_args, out, "out", "",
        "file to write (else RUN/report.html, or compare-A+B/report.html beside RUN)"),
    IPL_OPT_HEADING(report_args, title, "title", "",
                    "heading (default: names of the runs)"),
    IPL_OPT_END,
};

/* Where the report goes when nothing is said: beside the folder of the figures. */
static ipl_status default_path(char *out, const char *const *runs, size_t n, ipl_error *err)
{
    const ipl_plot_opts figures = {0};
    char folder[IPL_PATH_MAX], *end;
    ipl_status st = ipl_plot_folder(folder, &figures, runs, n, err);

    if (st != IPL_OK)
        return st;
    end = strrchr(folder, '/'); /* .../figures */
    *(end ? end : folder) = '\0';
    /* Nothing is created for what is no run. */
    for (size_t i = 0; n > 1 && i < n && st == IPL_OK; i++)
        if (!ipl_file_is_folder(runs[i]))
            st = ipl_fail(err, IPL_E_NOINPUT, "%.300s: no such run folder", runs[i]);
    if (st == IPL_OK && n > 1)
        st = ipl_folder_create(folder, err);
    return st == IPL_OK ? ipl_path_join(out, folder, "report.html", err) : st;
}

/* The runs, and those that folders stand for. */
static ipl_status write_report(ipl_html_report_notes *notes, const char *path,
                               const char *title, const char *const *words, size_t n,
                               ipl_error *err)
{
    ipl_plot_paths runs = {0};
    ipl_status st = ipl_plot_expand(&runs, words, n, err);

    if (st == IPL_OK)
        st = ipl_html_report_write(path, title, runs.list, runs.n, notes, err);
    if (st == IPL_OK && runs.note[0] != '\0')
        ipl_print_error("infoplane: %s\n", runs.note);
    ipl_plot_paths_release(&runs);
    return st;
}

static ipl_status run_report(void *opts, const ipl_args *args, ipl_error *err)
{
    const report_args *a = opts;
    char path[IPL_PATH_MAX];
    ipl_html_report_notes notes;
    const char **runs;
    size_t n;
    ipl_status st = ipl_paths_once(&runs, &n, args->words, args->n_words, err);

    if (st == IPL_OK)
        st = *a->out != '\0'
                 ? ipl_text_copy(path, sizeof path, a->out, strlen(a->out), "out", err)
                 : default_path(path, runs, n, err);
    if (st == IPL_OK)
        st = write_report(&notes, path, a->title, runs, n, err);
    ipl_free(runs);
    if (st != IPL_OK)
        return st;
    ipl_print("wrote %s (%zu kB): open it in a browser\n", path,
              (notes.bytes + 999) / 1000);
    if (notes.shown < notes.epochs)
        ipl_print("%zu of %zu measured epochs are in it, spread over their logarithm\n",
                  notes.shown, notes.epochs);
    if (notes.drawn < notes.pictures)
        ipl_print("%zu of %zu pictures are in it\n", notes.drawn, notes.pictures);
    return IPL_OK;
}

const ipl_command ipl_cmd_report = {
    .name = "report",
    .summary = "write one HTML file to play with: plane, curves, pictures, provenance",
    .usage = "RUN...",
    .details =
        "The file needs no network and nothing beside it: mail it, or carry it on a USB\n"
        "stick. A slider moves all runs through their epochs; estimator, probe, layers "
        "and\n"
        "axes are chosen on the page. Filters and feature maps are shown when the run has\n"
        "pictures (train --pictures every:5, or infoplane pictures RUN). A run that is "
        "still\n"
        "training can be reported. A folder of runs, such as a study, stands for all of "
        "them.\n"
        "\n"
        "keys: left and right an epoch back and forth, Home and End, space plays.\n"
        "\n"
        "Long runs are thinned out to keep the file near 300 kB; the page says so, and\n"
        "numbers have four digits. All epochs and digits are in the CSV files of the "
        "runs.\n"
        "\n"
        "examples:\n"
        "  infoplane report results/latest\n"
        "  infoplane report results/szt-tanh results/szt-relu -o szt.html\n",
    .min_words = 1,
    .max_words = IPL_RUNS_NAMED_MAX,
    .size = sizeof(report_args),
    .opts = report_rows,
    .run = run_report,
};
