#include "run/plot.h"

#include "base/alloc.h"
#include "base/program.h"
#include "run/figure.h"
#include "run/gnuplot.h"
#include "run/plot_expand.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const formats[] = {"png", "pdf", "svg", NULL};
static const char *const kinds[] = {"all",        "plane",     "grid",  "ltc",
                                    "curves",     "dashboard", "sweep", "scores",
                                    "estimators", "movie",     NULL};
static const char *const splits[] = {"first", "train", "test", "all", NULL};
static const char *const labels[] = {"onehot", "cond", "pooled", NULL};
static const char *const score_words[] = {"end", "last50", NULL};
static const char *const palettes[] = {"viridis", "classic", NULL};
static const char *const scales[] = {"auto", "linear", "log", "break", NULL};

const ipl_opt ipl_plot_opt_table[] = {
    IPL_OPT_WORD(ipl_plot_opts, kind, "kind", kinds, IPL_PLOT_ALL, "figures to draw"),
    IPL_OPT_WORD(ipl_plot_opts, format, "format", formats, 0, "kind of file"),
    IPL_OPT_STRING(ipl_plot_opts, estimator, "estimator", "",
                   "text, its beginning, or name and some options (default: the first)"),
    IPL_OPT_WORD(ipl_plot_opts, split, "split", splits, 0,
                 "probe to draw (first: the first in the table)"),
    IPL_OPT_WORD(ipl_plot_opts, labels, "labels", labels, 0, "form of I(T;Y)"),
    IPL_OPT_WORD(
        ipl_plot_opts, score, "score", score_words, 0,
        "compression of --kind scores: by the value at the last measured epoch, or "
        "by the mean of the last 50 epochs"),
    IPL_OPT_WORD(ipl_plot_opts, palette, "palette", palettes, 0, "colours of the epochs"),
    IPL_OPT_WORD(ipl_plot_opts, xscale, "xscale", scales, IPL_SCALE_AUTO,
                 "x axis of the planes"),
    IPL_OPT_WORD(ipl_plot_opts, yscale, "yscale", scales, IPL_SCALE_AUTO,
                 "y axis of the planes"),
    IPL_OPT_HEADING(ipl_plot_opts, title, "title", "",
                    "heading (default: name of the run)"),
    IPL_OPT_STRING(ipl_plot_opts, ib, "ib", "",
                   "ib_curve.csv of 'infoplane ib': its curve on planes of Shannon "
                   "information"),
    IPL_OPT_STRING(ipl_plot_opts, out, "out", "",
                   "folder (default: RUN/figures, or compare-A+B/figures beside RUN)"),
    IPL_OPT_END,
};

/* Every script that a figure loads; the first draws the pages, the others their parts. */
static const char *const scripts[] = {
    "figure.gp",       "style.gp",        "panel_frame.gp", "panel_plane.gp",
    "panel_curves.gp", "panel_scores.gp", "movie.gp"};

bool ipl_plot_writes(const char *name)
{
    static const char *const parts[] = {
        "-settings.gp", "-points.csv", "-joins.csv",  "-names.csv",  "-ib.csv",
        "-curves.csv",  "-ends.csv",   "-scores.csv", "-legend.csv", ".png",
        ".pdf",         ".svg",        ".gif"};
    bool ours = strcmp(name, "plot.sh") == 0;

    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++)
        ours = ours || strcmp(name, scripts[i]) == 0;
    for (size_t k = IPL_PLOT_PLANE; k < IPL_PLOT_KINDS; k++) {
        const size_t len = strlen(kinds[k]);

        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
            ours = ours ||
                   (strncmp(name, kinds[k], len) == 0 && strcmp(name + len, parts[i]) == 0);
    }
    return ours;
}

/* Frames of a movie, planes in them all, and its bytes: a file that comes out larger is drawn
 * again with fewer frames. */
enum { FRAMES_MAX = 56, FRAMES_MIN = 16, PLANES_MAX = 80, MOVIE_BYTES_MAX = 1500000 };

/* What is being done, for the functions below. */
typedef struct session {
    const ipl_plot_opts *opts;
    char folder[IPL_PATH_MAX];
    ipl_plot_say say;
    void *context;
    size_t frames; /* of a movie */
    bool missing;  /* there is no gnuplot, and that has been said */
    bool kept;     /* scripts that were there have been kept */
} session;

static void tell(const session *s, ipl_plot_line kind, const char *line)
{
    if (s->say)
        s->say(s->context, kind, line);
}

/* Name of the folder for several runs, "compare-A+B+3-more". */
static void compare_name(char *out, size_t size, const char *const *runs, size_t n_runs)
{
    enum { NAMED_MAX = 2, NAME_CHARACTERS = 80 };
    int len = snprintf(out, size, "compare-");

    for (size_t r = 0; r < n_runs && r < NAMED_MAX; r++) {
        char label[IPL_LABEL_MAX];

        ipl_plot_label(label, sizeof label, runs[r]);
        len += snprintf(out + len, size - (size_t)len, "%s%.*s", r ? "+" : "",
                        NAME_CHARACTERS, label);
    }
    for (char *c = strchr(out, '/'); c; c = strchr(c, '/'))
        *c = '-'; /* of the label of a replicate, "szt-tanh/seed1" */
    if (n_runs > NAMED_MAX)
        (void)snprintf(out + len, size - (size_t)len, "+%zu-more", n_runs - NAMED_MAX);
}

ipl_status ipl_plot_folder(char *out, const ipl_plot_opts *opts, const char *const *runs,
                           size_t n_runs, ipl_error *err)
{
    char parent[IPL_PATH_MAX], name[256], folder[IPL_PATH_MAX];
    size_t end = strlen(runs[0]);
    ipl_status st;

    if (*opts->out != '\0')
        return ipl_text_copy(out, IPL_PATH_MAX, opts->out, strlen(opts->out), "out", err);
    if (n_runs == 1)
        return ipl_path_join(out, runs[0], "figures", err);
    while (end > 1 && runs[0][end - 1] == '/')
        end--;
    while (end > 0 && runs[0][end - 1] != '/')
        end--;
    while (end > 1 && runs[0][end - 1] == '/')
        end--;
    st = ipl_text_copy(parent, sizeof parent, end ? runs[0] : ".", end ? end : 1, "path",
                       err);
    compare_name(name, sizeof name, runs, n_runs);
    if (st == IPL_OK)
        st = ipl_path_join(folder, parent, name, err);
    return st == IPL_OK ? ipl_path_join(out, folder, "figures", err) : st;
}

/* Whether two files have the same content; a file that cannot be read has another. */
static bool same_content(const char *a, const char *b)
{
    enum { SCRIPT_BYTES_MAX = 1 << 20 };
    char *p = NULL, *q = NULL;
    size_t n, m;
    const bool same = ipl_file_read(&p, &n, a, SCRIPT_BYTES_MAX, NULL) == IPL_OK &&
                      ipl_file_read(&q, &m, b, SCRIPT_BYTES_MAX, NULL) == IPL_OK &&
                      n == m && memcmp(p, q, n) == 0;

    ipl_free(q);
    ipl_free(p);
    return same;
}

/* Copy a script into the folder; one that the user has edited is kept as <name>.bak. */
static ipl_status install(session *s, const char *name, ipl_error *err)
{
    char from[IPL_PATH_MAX], to[IPL_PATH_MAX], kept[IPL_PATH_MAX + 8];
    ipl_status st = ipl_share_find(from, name, err);

    if (st == IPL_OK)
        st = ipl_path_join(to, s->folder, name, err);
    if (st != IPL_OK || same_content(to, from))
        return st;
    if (ipl_file_exists(to)) {
        (void)snprintf(kept, sizeof kept, "%s.bak", to);
        st = ipl_file_copy(kept, to, err);
        if (st != IPL_OK)
            return st;
        s->kept = true;
    }
    return ipl_file_copy(to, from, err);
}

static ipl_status install_all(session *s, ipl_error *err)
{
    ipl_status st = ipl_folder_create(s->folder, err);

    for (size_t i = 0; st == IPL_OK && i < sizeof scripts / sizeof scripts[0]; i++)
        st = install(s, scripts[i], err);
    return st;
}

/* plot.sh: the commands that draw every figure of the folder. */
static ipl_status write_script(const session *s, ipl_error *err)
{
    char path[IPL_PATH_MAX], file[64];
    ipl_text text = {0};
    ipl_status st = IPL_OK;

    ipl_text_add(&text, "#!/bin/sh\n# Draw the figures of this folder again, after editing "
                        "the *.gp files: sh plot.sh [png|pdf|svg]\n"
                        "CDPATH= cd -- \"$(dirname -- \"$0\")\" || exit 1\n");
    ipl_gnuplot_add_environment(&text);
    for (size_t k = IPL_PLOT_PLANE; st == IPL_OK && k < IPL_PLOT_KINDS; k++) {
        (void)snprintf(file, sizeof file, "%s-settings.gp", kinds[k]);
        st = ipl_path_join(path, s->folder, file, err);
        if (st != IPL_OK || !ipl_file_exists(path))
            continue;
        if (k == IPL_PLOT_MOVIE)
            ipl_text_add(&text, "gnuplot -d -c movie.gp movie gif\n");
        else
            ipl_text_add(&text,
                         "gnuplot -d -c figure.gp %s \"${1:-%s}\" || "
                         "gnuplot -d -c figure.gp %s svg\n",
                         kinds[k], formats[s->opts->format], kinds[k]);
    }
    if (st == IPL_OK)
        st = ipl_path_join(path, s->folder, "plot.sh", err);
    if (st == IPL_OK)
        st = ipl_text_status(&text, err);
    if (st == IPL_OK)
        st = ipl_file_replace(path, text.s, text.len, err);
    ipl_text_release(&text);
    return st;
}

static ipl_status compose(ipl_figure *figure, ipl_plot_kind kind, const session *s,
                          const ipl_plot_data *data, ipl_error *err)
{
    const ipl_plot_opts *opts = s->opts;

    switch (kind) {
    case IPL_PLOT_GRID:
        return ipl_figure_grid(figure, opts, data, err);
    case IPL_PLOT_CURVES:
        return ipl_figure_curves(figure, opts, data, err);
    case IPL_PLOT_DASHBOARD:
        return ipl_figure_dashboard(figure, opts, data, err);
    case IPL_PLOT_SWEEP:
        return ipl_figure_sweep(figure, opts, data, err);
    case IPL_PLOT_ESTIMATORS:
        return ipl_figure_estimators(figure, opts, data, err);
    case IPL_PLOT_MOVIE:
        return ipl_figure_movie(figure, opts, data, s->frames, err);
    case IPL_PLOT_ALL:
    case IPL_PLOT_PLANE:
    case IPL_PLOT_LTC:
    case IPL_PLOT_SCORES:
    case IPL_PLOT_KINDS:
        break;
    }
    return ipl_figure_plane(figure, kind, opts, data, err);
}

/* The scores of runs, which are read from their summaries. */
static ipl_status compose_scores(ipl_figure *figure, const ipl_plot_opts *opts,
                                 const ipl_plot_paths *paths, ipl_error *err)
{
    ipl_collection collection = {0};
    ipl_runs runs;
    ipl_status st = ipl_runs_find(&runs, paths->list, paths->n, err);

    if (st == IPL_OK)
        st = ipl_collection_read(&collection, &runs, err);
    if (st == IPL_OK)
        st = ipl_figure_scores(figure, opts, &collection, err);
    ipl_collection_release(&collection);
    ipl_runs_release(&runs);
    return st;
}

static ipl_status make_figure(const session *s, ipl_plot_kind kind,
                              const ipl_plot_data *data, const ipl_plot_paths *paths,
                              ipl_error *err)
{
    ipl_figure figure = {0};
    ipl_status st = kind == IPL_PLOT_SCORES ? compose_scores(&figure, s->opts, paths, err)
                                            : compose(&figure, kind, s, data, err);

    if (st == IPL_OK)
        st = ipl_figure_write(&figure, s->folder, kinds[kind], err);
    ipl_figure_release(&figure);
    return st;
}

ipl_status ipl_plot_files(const char *folder, ipl_plot_kind kind, const ipl_plot_opts *opts,
                          const ipl_plot_data *data, ipl_error *err)
{
    const ipl_plot_paths none = {0}; /* scores are read from paths, all else from data */
    session s = {.opts = opts};
    ipl_status st =
        ipl_text_copy(s.folder, sizeof s.folder, folder, strlen(folder), "folder", err);

    if (st == IPL_OK)
        st = install_all(&s, err);
    return st == IPL_OK ? make_figure(&s, kind, data, &none, err) : st;
}

/* Path of a figure in a format. */
static ipl_status figure_path(char *out, const session *s, ipl_plot_kind kind,
                              const char *format, ipl_error *err)
{
    char file[64];

    (void)snprintf(file, sizeof file, "%s.%s", kinds[kind], format);
    return ipl_path_join(out, s->folder, file, err);
}

/* Run gnuplot on one figure, and pass on what it says. */
static ipl_status draw(ipl_drawn *drawn, session *s, ipl_plot_kind kind, ipl_error *err)
{
    const bool movie = kind == IPL_PLOT_MOVIE;
    ipl_text said = {0}, note = {0};
    ipl_status st =
        ipl_gnuplot_draw(drawn, &said, s->folder, movie ? "movie.gp" : "figure.gp",
                         kinds[kind], movie ? "gif" : formats[s->opts->format], err);

    if (st == IPL_OK && drawn->missing && !s->missing) {
        char script[IPL_PATH_MAX];

        st = ipl_path_join(script, s->folder, "plot.sh", err);
        ipl_text_add(&note,
                     "no gnuplot here: data and scripts are written; draw them with: "
                     "sh ");
        ipl_text_add_shell_word(&note, script, strlen(script));
        if (st == IPL_OK)
            st = ipl_text_status(&note, err);
        if (st == IPL_OK)
            tell(s, IPL_PLOT_NOTE, note.s);
        s->missing = true;
    }
    if (st == IPL_OK && said.len > 0 && !strstr(said.s, "frames in animation sequence"))
        tell(s, IPL_PLOT_NOTE, said.s);
    ipl_text_release(&note);
    ipl_text_release(&said);
    return st;
}

/* Frames that make a file of about the size wanted. */
static size_t movie_frames(size_t n_groups)
{
    const size_t frames = PLANES_MAX / (n_groups > 0 ? n_groups : 1);

    return frames > FRAMES_MAX ? FRAMES_MAX : frames < FRAMES_MIN ? FRAMES_MIN : frames;
}

/* Draw the movie again with fewer frames for as long as its file is too large. */
static ipl_status shorten_movie(session *s, const ipl_plot_data *data,
                                const ipl_plot_paths *paths, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    struct stat about;
    ipl_drawn drawn;
    ipl_status st = figure_path(path, s, IPL_PLOT_MOVIE, "gif", err);

    while (st == IPL_OK && s->frames > FRAMES_MIN && stat(path, &about) == 0 &&
           about.st_size > MOVIE_BYTES_MAX) {
        const size_t fewer = s->frames * 2 / 3;

        s->frames = fewer > FRAMES_MIN ? fewer : FRAMES_MIN;
        st = make_figure(s, IPL_PLOT_MOVIE, data, paths, err);
        if (st == IPL_OK)
            st = draw(&drawn, s, IPL_PLOT_MOVIE, err);
    }
    return st;
}

/* Draw a figure that has been made, and say where it is. */
static ipl_status finish_figure(session *s, ipl_plot_kind kind, const ipl_plot_data *data,
                                const ipl_plot_paths *paths, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_drawn drawn;
    ipl_status st = draw(&drawn, s, kind, err);

    if (st == IPL_OK && kind == IPL_PLOT_MOVIE && !s->missing)
        st = shorten_movie(s, data, paths, err);
    if (st == IPL_OK)
        st = figure_path(path, s, kind, drawn.format, err);
    if (st == IPL_OK && !s->missing)
        tell(s, IPL_PLOT_FIGURE, path);
    return st;
}

/* Whether a choice is one of its row's words: callers of the library may set anything. */
static ipl_status check(const ipl_plot_opts *opts, size_t n_runs, ipl_error *err)
{
    for (const ipl_opt *row = ipl_plot_opt_table; row->name; row++) {
        int value = 0, n = 0;

        if (row->type != IPL_OPT_CHOICE)
            continue;
        while (row->choices[n])
            n++;
        memcpy(&value, (const char *)opts + row->offset, sizeof value);
        if (value < 0 || value >= n)
            return ipl_fail(err, IPL_E_ARG, "plot: no %s %d", row->name, value);
    }
    if (opts->kind == IPL_PLOT_MOVIE && opts->format != 0)
        return ipl_fail(err, IPL_E_ARG, "a movie is a GIF: --format %s is for figures",
                        formats[opts->format]);
    return n_runs > 0 ? IPL_OK : ipl_fail(err, IPL_E_ARG, "plot: no run");
}

/* The figures asked for; "all" of a study has its scores too, once there are three runs. */
static void choose_kinds(bool draws[IPL_PLOT_KINDS], const ipl_plot_opts *opts,
                         const ipl_plot_paths *paths)
{
    for (size_t k = 0; k < IPL_PLOT_KINDS; k++)
        draws[k] = opts->kind == IPL_PLOT_ALL ? k != IPL_PLOT_ALL && k < IPL_PLOT_SWEEP
                                              : k == (size_t)opts->kind;
    if (opts->kind == IPL_PLOT_ALL && paths->expanded && paths->n > 2)
        draws[IPL_PLOT_SCORES] = true;
}

/* Make and draw the figures of some runs in the folder. */
static ipl_status make_all(session *s, const ipl_plot_paths *paths, ipl_error *err)
{
    bool draws[IPL_PLOT_KINDS];
    ipl_plot_data data = {0};
    ipl_status st = IPL_OK;

    choose_kinds(draws, s->opts, paths);
    if (s->opts->kind != IPL_PLOT_SCORES)
        st = ipl_plot_data_read(&data, s->opts, paths->list, paths->n, err);
    if (st == IPL_OK)
        st = install_all(s, err);
    if (st == IPL_OK && data.ib.n > 0 && s->opts->kind != IPL_PLOT_SWEEP &&
        !ipl_figure_is_bounded(&data, IPL_INFO_XT))
        tell(s, IPL_PLOT_NOTE,
             "the bottleneck curve bounds Shannon information, which this estimator does "
             "not measure: not drawn; try --estimator binning or kde");
    if (st == IPL_OK && s->kept)
        tell(s, IPL_PLOT_NOTE, "scripts that had been changed are kept as *.gp.bak");
    if (st == IPL_OK && draws[IPL_PLOT_MOVIE])
        s->frames = movie_frames(data.n_groups);
    for (size_t k = 0; st == IPL_OK && k < IPL_PLOT_KINDS; k++)
        if (draws[k])
            st = make_figure(s, (ipl_plot_kind)k, &data, paths, err);
    if (st == IPL_OK)
        st = write_script(s, err);
    for (size_t k = 0; st == IPL_OK && k < IPL_PLOT_KINDS; k++)
        if (draws[k])
            st = finish_figure(s, (ipl_plot_kind)k, &data, paths, err);
    ipl_plot_data_release(&data);
    return st;
}

ipl_status ipl_plot_runs(const ipl_plot_opts *opts, const char *const *runs, size_t n_runs,
                         ipl_plot_say say, void *context, ipl_error *err)
{
    session s = {.opts = opts, .say = say, .context = context};
    ipl_plot_paths paths = {0};
    const char **once = NULL;
    size_t n = 0;
    ipl_status st = check(opts, n_runs, err);

    if (st == IPL_OK)
        st = ipl_paths_once(&once, &n, runs, n_runs, err);
    if (st == IPL_OK)
        st = ipl_plot_expand(&paths, once, n, err);
    if (st == IPL_OK)
        st = ipl_plot_folder(s.folder, opts, once, n, err);
    if (st == IPL_OK && *paths.note != '\0')
        tell(&s, IPL_PLOT_NOTE, paths.note);
    if (st == IPL_OK)
        st = make_all(&s, &paths, err);
    ipl_plot_paths_release(&paths);
    ipl_free(once);
    return st;
}
