/* infoplane demo: two nets side by side, their plane while they learn, figures and a report. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/jobs.h"
#include "base/pool.h"
#include "base/stop.h"
#include "cli/command.h"
#include "cli/live.h"
#include "cli/print.h"
#include "run/experiment.h"
#include "run/plot_run.h"
#include "run/report.h"
#include "run/runs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NETS = 2, WORDS_MAX = 64, KINDS_MAX = 4, ABOUT_BYTES_MAX = 1 << 20 };

/* A file of the folder: which demonstration it holds, and the commands that trained its nets. */
#define ABOUT "demo.txt"

/** A demonstration: a row of the table below. */
typedef struct demo {
    const char *name, *about;
    const char *labels[NETS]; /* names of the runs */
    const char *words[NETS];  /* what each net is trained with */
    const char *common;       /* what both are trained with; "": nothing */
    const char *out;          /* default folder */
    ipl_plot_kind kinds[KINDS_MAX];
    const char *estimator; /* that the view shows */
    const char *title;     /* of the figures; "": none */
    const char *look;      /* what there is to see, lines */
    const char *compared; /* layer whose compression is compared by estimator; NULL: none */
} demo;

static const demo demos[] = {
    {
        .name = "plane",
        .about =
            "12-bit task of Shwartz-Ziv and Tishby, generated: 4096 patterns, 2 classes",
        .labels = {"tanh", "relu"},
        .words = {"--preset szt-tanh", "--preset szt-relu"},
        .common = "",
        .out = "results/demo-plane",
        .kinds = {IPL_PLOT_PLANE, IPL_PLOT_CURVES, IPL_PLOT_DASHBOARD},
        .estimator = "",
        .title = "",
        .look =
            "Each layer T is a path on the plane. Up: T says more of the label Y. To the\n"
            "right: T says more of the input X. Layers go up while the net learns; a path "
            "that\n"
            "turns to the left is what the papers call compression. Compare the two nets, "
            "then\n"
            "see how much of it is the ruler's doing: infoplane demo compression\n",
    },
    {
        .name = "images",
        .about = "real images: --data fashion-mnist, or mnist",
        .labels = {"tanh", "relu"},
        .words = {"--preset demo --activation tanh", "--preset demo --activation relu"},
        .common = "",
        .out = "results/demo-images",
        .kinds = {IPL_PLOT_PLANE, IPL_PLOT_GRID, IPL_PLOT_CURVES, IPL_PLOT_DASHBOARD},
        .estimator = "",
        .title = "",
        .look = "The first layer is wide, so its I(X;T) is far to the right of the others: "
                "the\n"
                "axis is cut. grid.png has a panel for each layer.\n",
    },
    {
        .name = "compression",
        .about = "compression, or the ruler? The same two nets seen by nine estimators",
        .labels = {"tanh", "relu"},
        .words = {"--preset szt-tanh", "--preset szt-relu"},
        .common = "--epochs 4000 --optimiser adam:lr=0.001 --measure log:40 "
                  "--estimator logdet:beta=1 --estimator logdet:beta=100 "
                  "--estimator logdet:beta=10000 "
                  "--estimator binning:rule=range,bins=4 "
                  "--estimator binning:rule=range,bins=30 "
                  "--estimator binning:rule=range,bins=1000 "
                  "--estimator kde:var=0.001,n=1000 --estimator kde:var=0.1,n=1000 "
                  "--estimator kde:var=1,n=1000",
        .out = "results/demo-compression",
        .kinds = {IPL_PLOT_ESTIMATORS},
        .estimator = "logdet:scale=cov,beta=100",
        .title = "The same two nets seen by nine rulers",
        .look = "A net computes T from X without noise, so the true I(X;T) is as large as "
                "it can\n"
                "be for as long as no two inputs share an output: there is nothing to "
                "compress.\n"
                "What an estimator calls I(X;T) is that of T seen through something "
                "coarse: noise\n"
                "of variance 1/beta (LogDet, for Gaussian data), cells (binning), noise of "
                "variance\n"
                "var (KDE). Where the three columns of an estimator disagree on whether a "
                "curve\n"
                "falls, the fall is about how large T is beside that coarseness, not about "
                "the net\n"
                "alone. What falls in every column is a statement about the geometry of "
                "the layer.\n",
        .compared = "fc5",
    },
};

enum { DEMOS = sizeof demos / sizeof demos[0] };

typedef struct demo_opts {
    char out[IPL_PATH_MAX];
    int live; /* ipl_live_mode */
} demo_opts;

static const ipl_opt demo_rows[] = {
    IPL_OPT_STRING(demo_opts, out, "out", "", "folder; default: results/demo-NAME"),
    IPL_OPT_LIVE_DEFAULT(demo_opts, live, IPL_LIVE_TEXT),
    IPL_OPT_END,
};

/* A demonstration being given. */
typedef struct session {
    const demo *what;
    const ipl_args *args;
    const char *program; /* path of this program */
    char out[IPL_PATH_MAX];
    char runs[NETS][IPL_PATH_MAX], logs[NETS][IPL_PATH_MAX];
    const char *run_words[NETS];
    ipl_text lines[NETS]; /* words of the command lines, each with a NUL behind it */
    char *argv[NETS][WORDS_MAX];
    ipl_job_end ends[NETS];
} session;

static ipl_status find_demo(const demo **out, const ipl_args *args, ipl_error *err)
{
    const char *name = args->n_words > 0 ? args->words[0] : demos[0].name;
    const char *nearest = NULL;
    size_t distance = IPL_TEXT_FAR;

    for (size_t i = 0; i < DEMOS; i++) {
        if (strcmp(demos[i].name, name) == 0) {
            *out = &demos[i];
            return IPL_OK;
        }
        if (ipl_text_nearer(&distance, demos[i].name, name))
            nearest = demos[i].name;
    }
    return ipl_fail(err, IPL_E_ARG, "no demonstration '%.60s'%s%s%s", name,
                    nearest ? "; did you mean '" : "", nearest ? nearest : "",
                    nearest ? "'?" : "");
}

/* Threads of each net: the processors shared out. */
static size_t threads_each(void)
{
    const size_t n = ipl_threads_for(0).n / NETS;

    return n > 0 ? n : 1;
}

/* Whether the user has given the option that a word "--name" names. */
static bool is_given(const ipl_args *args, const char *word, size_t len)
{
    for (size_t k = 0; k < args->n_later; k++) {
        const char *name = args->later[k].row->name;

        if (len == strlen(name) + 2 && strncmp(word, "--", 2) == 0 &&
            strncmp(word + 2, name, len - 2) == 0)
            return true;
    }
    return false;
}

/* Append words separated by blanks, each as a string of its own: options and their values. */
static void add_options(ipl_text *line, const char *words, const ipl_args *args)
{
    bool skip = false; /* the user has another value */

    while (*words != '\0') {
        const size_t len = strcspn(words, " ");

        if (*words == '-')
            skip = is_given(args, words, len);
        if (len > 0 && !skip)
            ipl_text_add(line, "%.*s%c", (int)len, words, '\0');
        words += len + (words[len] == ' ');
    }
}

/* The command line of a net: "train" with the demonstration's words and the user's. */
static ipl_status compose(session *s, size_t i, ipl_error *err)
{
    ipl_text *line = &s->lines[i];
    size_t n = 0;

    ipl_text_add(line, "%s%ctrain%c", s->program, '\0', '\0');
    add_options(line, s->what->words[i], s->args);
    add_options(line, s->what->common, s->args);
    for (size_t k = 0; k < s->args->n_later; k++)
        ipl_text_add(line, "--%s=%s%c", s->args->later[k].row->name,
                     s->args->later[k].value, '\0');
    ipl_text_add(line, "--threads%c%zu%c--out%c%s%c--force%c", '\0', threads_each(), '\0',
                 '\0', s->runs[i], '\0', '\0');
    if (line->failed)
        return ipl_text_status(line, err);
    for (size_t at = 0; at < line->len; at += strlen(line->s + at) + 1) {
        if (n + 1 >= WORDS_MAX)
            return ipl_fail(err, IPL_E_ARG, "demo: too many options");
        s->argv[i][n++] = line->s + at;
    }
    s->argv[i][n] = NULL;
    return IPL_OK;
}

/* Whether the folder has anything that a demonstration writes or replaces. */
static bool is_used(const session *s)
{
    static const char *const names[] = {ABOUT, "figures", "report.html"};
    bool used = false;

    for (size_t i = 0; i < NETS; i++)
        used = used || ipl_is_run(s->runs[i]) || ipl_file_exists(s->logs[i]);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[IPL_PATH_MAX];

        used = used || (ipl_path_join(path, s->out, names[i], NULL) == IPL_OK &&
                        ipl_file_exists(path));
    }
    return used;
}

/* A folder that holds another demonstration, or something of the user, is left alone. */
static ipl_status check_folder(const session *s, ipl_error *err)
{
    char about[IPL_PATH_MAX], line[64];
    char *text = NULL;
    size_t len;
    bool same;
    ipl_status st = ipl_path_join(about, s->out, ABOUT, err);

    if (st != IPL_OK || !is_used(s))
        return st;
    (void)snprintf(line, sizeof line, "infoplane demo %s\n", s->what->name);
    same = ipl_file_read(&text, &len, about, ABOUT_BYTES_MAX, NULL) == IPL_OK &&
           strncmp(text, line, strlen(line)) == 0;
    ipl_free(text);
    if (same)
        return IPL_OK;
    return ipl_fail(err, IPL_E_CANTCREATE,
                    "%s: holds other files than those of demo %s; give another folder with "
                    "--out",
                    s->out, s->what->name);
}

static ipl_status prepare(session *s, const demo_opts *opts, ipl_error *err)
{
    const char *out = *opts->out != '\0' ? opts->out : s->what->out;
    ipl_status st = ipl_text_copy(s->out, sizeof s->out, out, strlen(out), "out", err);

    for (size_t i = 0; i < NETS && st == IPL_OK; i++) {
        char file[64];

        (void)snprintf(file, sizeof file, "%s.log", s->what->labels[i]);
        st = ipl_path_join(s->runs[i], s->out, s->what->labels[i], err);
        if (st == IPL_OK)
            st = ipl_path_join(s->logs[i], s->out, file, err);
        if (st == IPL_OK)
            st = compose(s, i, err);
        s->run_words[i] = s->runs[i];
    }
    if (st == IPL_OK)
        st = check_folder(s, err);
    if (st == IPL_OK)
        st = ipl_folder_create(s->out, err);
    for (size_t i = 0; i < NETS && st == IPL_OK; i++)
        (void)unlink(s->logs[i]); /* that of an earlier demonstration */
    return st;
}

/* A command line, as the user would type it. */
static ipl_status add_command(ipl_text *out, char *const *argv, ipl_error *err)
{
    size_t column = 0;
    ipl_text word = {0};
    ipl_status st = IPL_OK;

    for (size_t k = 0; argv[k] && st == IPL_OK; k++) {
        ipl_text_clear(&word);
        if (k == 0)
            ipl_text_add(&word, "infoplane");
        else
            ipl_text_add_shell_word(&word, argv[k], strlen(argv[k]));
        st = ipl_text_status(&word, err);
        if (column > 0 && column + word.len + 1 > 76 && argv[k][0] == '-') {
            ipl_text_add(out, " \\\n     ");
            column = 5;
        }
        ipl_text_add(out, "%s%s", column == 0 ? "  " : " ", word.s ? word.s : "");
        column += word.len + 1;
    }
    ipl_text_add(out, "\n");
    ipl_text_release(&word);
    return st == IPL_OK ? ipl_text_status(out, err) : st;
}

/* Print the commands, and write them to the folder. */
static ipl_status print_commands(const session *s, ipl_error *err)
{
    ipl_text text = {0}, about = {0};
    ipl_status st = IPL_OK;

    for (size_t i = 0; i < NETS && st == IPL_OK; i++)
        st = add_command(&text, s->argv[i], err);
    if (st == IPL_OK) {
        ipl_print("%s\n\n%s\n", s->what->about, text.s);
        ipl_text_add(&about, "infoplane demo %s\n%s", s->what->name, text.s);
        st = ipl_file_write_text(&about, s->out, ABOUT, err);
    }
    (void)fflush(stdout);
    ipl_text_release(&about);
    ipl_text_release(&text);
    return st;
}

static char *const *argv_of(void *self, size_t i)
{
    return ((session *)self)->argv[i];
}

static const char *log_of(void *self, size_t i)
{
    return ((session *)self)->logs[i];
}

static void on_end(void *self, size_t i, const ipl_job_end *end)
{
    ((session *)self)->ends[i] = *end;
}

/* Train both nets and show them. */
static ipl_status train(session *s, ipl_live *live, ipl_error *err)
{
    const ipl_jobs jobs = {.n = NETS,
                           .at_once = NETS,
                           .self = s,
                           .argv = argv_of,
                           .log = log_of,
                           .ended = on_end};
    ipl_live_view view = {0};
    int stopped = 0;
    ipl_status st = ipl_live_start(&view, live, err);

    if (st != IPL_OK)
        return st;
    st = ipl_jobs_run(&stopped, &jobs, err);
    ipl_live_finish(&view);
    if (stopped) {
        ipl_print_error("infoplane: demo stopped\n");
        ipl_stop_end_by(stopped);
    }
    for (size_t i = 0; i < NETS && st == IPL_OK; i++) {
        char why[160];

        if (ipl_job_status(&s->ends[i]) == IPL_OK)
            continue;
        ipl_job_fault(why, sizeof why, s->logs[i]);
        st = ipl_fail(err, ipl_job_status(&s->ends[i]), "demo: %s (log: %.60s)",
                      *why != '\0' ? why : "training failed", s->logs[i]);
    }
    return st;
}

typedef struct said {
    ipl_text note; /* the last one */
    size_t figures;
} said;

/* What the figures have to say: their paths, and each note once. */
static void say(void *context, ipl_plot_line kind, const char *line)
{
    said *s = context;

    if (kind == IPL_PLOT_FIGURE) {
        ipl_print("%s  %s\n", s->figures++ == 0 ? "figures\n" : "", line);
    } else if (!s->note.s || strcmp(s->note.s, line) != 0) {
        (void)fflush(stdout);
        ipl_print_error("infoplane: %s\n", line);
        ipl_text_clear(&s->note);
        ipl_text_add(&s->note, "%s", line);
    }
}

/* Print what one layer has lost by estimator, a column for each net. */
static ipl_status compare(const session *s, ipl_error *err)
{
    ipl_table *tables[NETS] = {NULL};
    double *lost[NETS] = {NULL}; /* shares */
    size_t name = 0, estimator = 0;
    int wide = 9; /* "estimator" */
    ipl_status st = IPL_OK;

    for (size_t i = 0; i < NETS && st == IPL_OK; i++) {
        char path[IPL_PATH_MAX];

        st = ipl_path_join(path, s->runs[i], "summary.csv", err);
        if (st == IPL_OK)
            st = ipl_table_read(&tables[i], path, err);
        if (st == IPL_OK)
            st = ipl_table_column(&name, tables[i], "name", err);
        if (st == IPL_OK)
            st = ipl_table_column(&estimator, tables[i], "estimator", err);
        if (st == IPL_OK)
            st = ipl_table_numbers(&lost[i], tables[i], "compression_end", err);
    }
    for (size_t r = 0; st == IPL_OK && r < ipl_table_rows(tables[0]); r++) {
        const int len = (int)strlen(ipl_table_text(tables[0], r, estimator));

        wide = len > wide ? len : wide;
    }
    if (st == IPL_OK)
        ipl_print("\nof the largest I(X;T) of %s so much is lost after the last epoch:\n  "
                  "%-*s  %6s  %6s\n",
                  s->what->compared, wide, "estimator", s->what->labels[0],
                  s->what->labels[1]);
    for (size_t r = 0; st == IPL_OK && r < ipl_table_rows(tables[0]); r++) {
        if (strcmp(ipl_table_text(tables[0], r, name), s->what->compared) != 0 ||
            r >= ipl_table_rows(tables[1]))
            continue;
        ipl_print("  %-*s", wide, ipl_table_text(tables[0], r, estimator));
        for (size_t i = 0; i < NETS; i++)
            ipl_print("  %4.0f %%", 100.0 * lost[i][r]);
        ipl_print("\n");
    }
    for (size_t i = 0; i < NETS; i++) {
        ipl_free(lost[i]);
        ipl_table_destroy(tables[i]);
    }
    return st;
}

/* Draw the figures, write the report, print where they are. */
static ipl_status present(const session *s, ipl_error *err)
{
    ipl_html_report_notes notes;
    said drawn = {0};
    char report[IPL_PATH_MAX];
    ipl_status st = IPL_OK;

    ipl_print("\n");
    for (size_t k = 0; k < KINDS_MAX && s->what->kinds[k] != IPL_PLOT_ALL && st == IPL_OK;
         k++) {
        ipl_plot_opts opts = {.kind = (int)s->what->kinds[k]};

        (void)snprintf(opts.title, sizeof opts.title, "%s", s->what->title);
        st = ipl_path_join(opts.out, s->out, "figures", err);
        if (st == IPL_OK)
            st = ipl_plot_runs(&opts, s->run_words, NETS, say, &drawn, err);
    }
    ipl_text_release(&drawn.note);
    if (st == IPL_OK)
        st = ipl_path_join(report, s->out, "report.html", err);
    if (st == IPL_OK)
        st = ipl_html_report_write(report, s->what->title, s->run_words, NETS, &notes, err);
    if (st == IPL_OK)
        ipl_print("report\n  %s\n", report);
    if (st == IPL_OK && s->what->compared)
        st = compare(s, err);
    if (st == IPL_OK)
        ipl_print("\n%s", s->what->look);
    return st;
}

/* A value that could not be used is refused before anything is written. */
static ipl_status check_options(const ipl_args *args, ipl_error *err)
{
    static ipl_experiment exp; /* large, and used once */
    ipl_status st = IPL_OK;

    ipl_opt_init(&exp, ipl_experiment_opts);
    for (size_t i = 0; i < args->n_later && st == IPL_OK; i++)
        st = ipl_opt_set(&exp, args->later[i].row, args->later[i].value, err);
    return st;
}

static ipl_status run_demo(void *self, const ipl_args *args, ipl_error *err)
{
    const demo_opts *opts = self;
    static session s; /* large, and used once */
    char program[IPL_PATH_MAX];
    ipl_live live = {.lines = true, .alone = true, .fresh = true, .n_runs = NETS};
    ipl_status st;

    s = (session){.what = &demos[0], .args = args, .program = program};
    st = find_demo(&s.what, args, err);
    if (st == IPL_OK)
        st = check_options(args, err);
    if (st == IPL_OK)
        st = ipl_live_choose(&live, (ipl_live_mode)opts->live, err);
    if (st == IPL_OK)
        st = ipl_jobs_self(program, args->argv[0], err);
    if (st == IPL_OK)
        st = prepare(&s, opts, err);
    if (st == IPL_OK) {
        live.runs = s.run_words;
        live.plot = (ipl_plot_opts){.kind = IPL_PLOT_PLANE};
        if (!is_given(args, "--estimator", strlen("--estimator")))
            (void)snprintf(live.plot.estimator, sizeof live.plot.estimator, "%s",
                           s.what->estimator);
        st = print_commands(&s, err);
    }
    if (st == IPL_OK)
        st = train(&s, &live, err);
    if (st == IPL_OK)
        st = present(&s, err);
    for (size_t i = 0; i < NETS; i++)
        ipl_text_release(&s.lines[i]);
    return st;
}

const ipl_command ipl_cmd_demo = {
    .name = "demo",
    .summary = "train a tanh net beside its ReLU twin and watch their information planes",
    .usage = "[NAME]",
    .details =
        "names:\n"
        "  plane        the 12-bit task of Shwartz-Ziv and Tishby, generated (the "
        "default)\n"
        "  images       real images: --data fashion-mnist, or mnist\n"
        "  compression  compression, or the ruler? The same nets seen by nine estimators\n"
        "\n"
        "The plane is drawn in the terminal, or elsewhere (--live=window, sixel, auto, "
        "no).\n"
        "Figures, a report and the runs are left in the folder; an earlier demonstration "
        "of\n"
        "this name in it is replaced. Options of experiments (see 'infoplane train "
        "--help') apply to "
        "both nets.\n"
        "\n"
        "examples:\n"
        "  infoplane demo\n"
        "  infoplane demo compression\n"
        "  infoplane demo --live=window --epochs 2000 --seed 3\n",
    .max_words = 1,
    .size = sizeof(demo_opts),
    .opts = demo_rows,
    .later = ipl_experiment_opts,
    .run = run_demo,
};
