#include "cli/live.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/program.h"
#include "base/utf8.h"
#include "cli/print.h"
#include "cli/terminal.h"
#include "run/gnuplot.h"
#include "run/plot_run.h"
#include "run/run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

const char *const ipl_live_words[] = {"no", "auto", "window", "sixel", "text", NULL};

/* Milliseconds between two looks at the tables; seconds between lines, and for the last frame. */
enum { LOOK = 100, LINE_SECONDS = 2, LAST_SECONDS = 5 };
/* Share of a processor that the view takes at most, as work for each unit of rest. */
#define WORK_PER_REST 0.2
/* Columns and rows of the largest frame: beyond that a plane becomes no clearer. */
enum { COLUMNS_MAX = 132, ROWS_MAX = 40, LINE_CHARACTERS = 79 };
/* Widths of a picture in pixels: of one plane, of several, and of the smallest. */
enum { PIXELS_ONE = 700, PIXELS_MORE = 1100, PIXELS_MIN = 320 };

/* ---- choosing ---- */

/* The terminals that gnuplot has, "" without gnuplot; the caller releases out. */
static void ask_gnuplot(ipl_text *out)
{
    static const char *const argv[] = {"terminals.gp", NULL};
    char script[IPL_PATH_MAX];
    bool missing = true;

    if (ipl_share_find(script, argv[0], NULL) == IPL_OK) {
        char *slash = strrchr(script, '/');

        if (slash)
            *slash = '\0';
        if (ipl_gnuplot(&missing, out, slash ? script : ".", argv, NULL) != IPL_OK ||
            missing)
            ipl_text_clear(out);
    }
    ipl_text_add(out, " ");
}

static bool has_word(const ipl_text *words, const char *word)
{
    char padded[24];

    (void)snprintf(padded, sizeof padded, " %s ", word);
    return words->s && strstr(words->s, padded);
}

static bool is_set(const char *name)
{
    const char *value = getenv(name);

    return value && *value != '\0';
}

/* gnuplot's terminal for a window; false, with the reason, when there is none. */
static bool find_window(char *out, size_t size, const ipl_text *terminals, ipl_error *why)
{
    static const char *const known[] = {"qt", "wxt", "x11"};
    const bool x11 = is_set("DISPLAY"), wayland = is_set("WAYLAND_DISPLAY");

    if (!x11 && !wayland) {
        (void)ipl_fail(why, IPL_E_ARG, "live: no window: DISPLAY is not set");
        return false;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (has_word(terminals, known[i]) && (x11 || strcmp(known[i], "x11") != 0)) {
            (void)snprintf(out, size, "%s", known[i]);
            return true;
        }
    (void)ipl_fail(why, IPL_E_ARG,
                   "live: no window: no gnuplot here with a qt, wxt or x11 terminal");
    return false;
}

/* Whether gnuplot's pictures can be shown in the terminal; an answer is not always needed. */
static bool find_sixel(int fd, bool ask, const ipl_text *terminals, ipl_error *why)
{
    if (!ipl_terminal_is_live(fd))
        (void)ipl_fail(why, IPL_E_ARG, "live: no sixel pictures: this is no terminal");
    else if (!has_word(terminals, "sixelgd"))
        (void)ipl_fail(why, IPL_E_ARG,
                       "live: no sixel pictures: no gnuplot here with a sixelgd terminal");
    else
        return !ask || ipl_terminal_has_sixel(fd);
    return false;
}

ipl_status ipl_live_choose(ipl_live *live, ipl_live_mode wanted, ipl_error *err)
{
    ipl_text terminals = {0};
    bool found = true;

    live->mode = wanted;
    live->fd = !ipl_terminal_is_live(STDOUT_FILENO) && ipl_terminal_is_live(STDERR_FILENO)
                   ? STDERR_FILENO
                   : STDOUT_FILENO;
    live->redraw = ipl_terminal_is_live(live->fd);
    if (wanted == IPL_LIVE_NO || wanted == IPL_LIVE_TEXT)
        return IPL_OK;
    ask_gnuplot(&terminals);
    if (wanted == IPL_LIVE_WINDOW)
        found = find_window(live->window, sizeof live->window, &terminals, err);
    else if (wanted == IPL_LIVE_SIXEL)
        found = find_sixel(live->fd, false, &terminals, err);
    else if (find_window(live->window, sizeof live->window, &terminals, NULL))
        live->mode = IPL_LIVE_WINDOW;
    else if (find_sixel(live->fd, true, &terminals, NULL))
        live->mode = IPL_LIVE_SIXEL;
    else
        live->mode = IPL_LIVE_TEXT;
    ipl_text_release(&terminals);
    return found ? IPL_OK : IPL_E_ARG;
}

bool ipl_live_owns_terminal(const ipl_live *live)
{
    return live->redraw && (live->mode == IPL_LIVE_TEXT || live->mode == IPL_LIVE_SIXEL);
}

/* ---- drawing ---- */

/* A view at work. */
typedef struct session {
    const ipl_live *live;
    ipl_live_mode mode; /* text, when a window could not be opened */
    struct timespec begun;
    double drawn_bytes;        /* of the tables when the last frame was drawn */
    double line_at, line_wait; /* clock of the next line; seconds between lines */
    double work;               /* seconds the last frame took */
    size_t lines;              /* that the last frame takes on the terminal */
    char folder[IPL_PATH_MAX]; /* of gnuplot's files; "": none yet */
    ipl_gnuplot_window window;
    bool open;  /* gnuplot was started */
    bool shown; /* and has drawn something */
    bool gone;  /* and is no more */
} session;

static void put(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        const ssize_t k = write(fd, bytes, n);

        if (k <= 0 && errno != EINTR)
            return; /* nobody looks on any more */
        bytes += k > 0 ? k : 0;
        n -= k > 0 ? (size_t)k : 0;
    }
}

/* Put a frame of so many lines in the place of the one before. */
static void put_frame(session *v, const ipl_text *frame, size_t lines)
{
    ipl_text all = {0};

    if (v->lines > 0 && v->live->redraw)
        ipl_text_add(&all, "\033[%zuA", v->lines);
    for (const char *s = frame->s; s && *s != '\0'; s += strcspn(s, "\n") + 1) {
        ipl_text_add(&all, "%.*s%s\n", (int)strcspn(s, "\n"), s,
                     v->live->redraw ? "\033[K" : "");
        if (s[strcspn(s, "\n")] == '\0')
            break;
    }
    if (v->live->redraw)
        ipl_text_add(&all, "\033[J");
    if (!all.failed)
        put(v->live->fd, all.s, all.len);
    v->lines = lines;
    ipl_text_release(&all);
}

static ipl_status draw_text(session *v, const ipl_plot_data *data, ipl_error *err)
{
    ipl_text_style style = ipl_terminal_style(v->live->fd);
    ipl_text frame = {0};
    ipl_status st;

    style.rows = style.rows > ROWS_MAX ? ROWS_MAX : style.rows - (style.rows > 1);
    if (style.columns > COLUMNS_MAX)
        style.columns = COLUMNS_MAX;
    st = ipl_text_plane(&frame, data, &v->live->plot, &style, err);
    if (st == IPL_OK)
        put_frame(v, &frame, style.rows > 12 ? style.rows : 12);
    ipl_text_release(&frame);
    return st;
}

/* A line about each run, after LINE_SECONDS, after twice as long, and so on. */
static void draw_lines(session *v, const ipl_plot_data *data, bool last)
{
    ipl_text text = {0};

    if (!last && ipl_clock() < v->line_at)
        return;
    v->line_wait = v->line_wait > 0.0 ? 2.0 * v->line_wait : LINE_SECONDS;
    v->line_at = ipl_clock() + v->line_wait;
    for (size_t g = 0; g < data->n_groups; g++) {
        ipl_text_group_state(&text, &data->groups[g], LINE_CHARACTERS);
        ipl_text_add(&text, "\n");
    }
    if (!text.failed)
        put(v->live->fd, text.s, text.len);
    ipl_text_release(&text);
}

/* Write the files of the figure to a folder of the view's own. */
static ipl_status write_figure(session *v, const ipl_plot_data *data, ipl_error *err)
{
    if (*v->folder == '\0') {
        const char *temporary = is_set("TMPDIR") ? getenv("TMPDIR") : "/tmp";
        ipl_status st = ipl_path_join(v->folder, temporary, "infoplane-live-XXXXXX", err);

        if (st != IPL_OK || !mkdtemp(v->folder)) {
            *v->folder = '\0';
            return st != IPL_OK ? st
                                : ipl_fail(err, IPL_E_CANTCREATE, "%s: %s", temporary,
                                           strerror(errno));
        }
    }
    return ipl_plot_files(v->folder, IPL_PLOT_PLANE, &v->live->plot, data, err);
}

static size_t pixels_of(const session *v, const ipl_plot_data *data)
{
    const size_t wanted = data->n_groups == 1 ? PIXELS_ONE : PIXELS_MORE;
    const size_t room =
        v->live->mode == IPL_LIVE_SIXEL ? ipl_terminal_pixels(v->live->fd) : 0;

    return room >= PIXELS_MIN && room < wanted ? room : wanted;
}

/* A picture of unknown height: it is drawn over the one before, from a saved place. */
static ipl_status draw_sixel(session *v, const ipl_plot_data *data, ipl_error *err)
{
    char pixels[24];
    const char *const argv[] = {"figure.gp", "plane", "sixelgd", pixels, NULL};
    ipl_text said = {0}, all = {0};
    bool missing;
    ipl_status st = write_figure(v, data, err);

    (void)snprintf(pixels, sizeof pixels, "%zu", pixels_of(v, data));
    if (st == IPL_OK)
        st = ipl_gnuplot(&missing, &said, v->folder, argv, err);
    if (st == IPL_OK && said.len > 0) {
        const char *picture = strstr(said.s, "\033P");
        const char *end = picture ? strstr(picture, "\033\\") : NULL;

        ipl_text_add(&all, v->lines == 0 ? "\033[2J" : "");
        ipl_text_add(&all, "\033[H");
        if (end) /* the picture alone; what else gnuplot has to say is text */
            ipl_text_add(&all, "%.*s", (int)(end + 2 - picture), picture);
        else
            ipl_text_add_visible(&all, said.s);
        ipl_text_add(&all, "\n");
        for (size_t g = 0; g < data->n_groups; g++) {
            ipl_text_add(&all, "\r");
            ipl_text_group_state(&all, &data->groups[g], LINE_CHARACTERS);
            ipl_text_add(&all, "\033[K\n");
        }
        if (!all.failed)
            put(v->live->fd, all.s, all.len);
        v->lines = 1;
    }
    ipl_text_release(&all);
    ipl_text_release(&said);
    return st;
}

/* Whether the window is ready for the next picture; one that never opened gives way to text. */
static bool window_is_ready(session *v, int milliseconds)
{
    const ipl_gnuplot_state state = ipl_gnuplot_wait(&v->window, milliseconds);

    v->shown = v->shown || state == IPL_GNUPLOT_READY;
    v->gone = state == IPL_GNUPLOT_GONE;
    if (v->gone && !v->shown) {
        ipl_print_error("infoplane: live: gnuplot cannot open its window\n");
        v->mode = IPL_LIVE_TEXT;
        v->gone = !v->live->alone;
    }
    return state == IPL_GNUPLOT_READY;
}

static ipl_status draw_window(session *v, const ipl_plot_data *data, ipl_error *err)
{
    char command[200];
    ipl_status st;

    if (v->open && !window_is_ready(v, 0))
        return IPL_OK; /* this frame is left out */
    st = write_figure(v, data, err);
    if (st == IPL_OK && !v->open) {
        st = ipl_gnuplot_open(&v->window, v->folder, err);
        v->open = st == IPL_OK;
    }
    if (st != IPL_OK)
        return st;
    (void)snprintf(
        command, sizeof command,
        "reset\ncall 'figure.gp' 'plane' '%s' '%zu'\nbind 'Close' 'exit gnuplot'",
        v->live->window, pixels_of(v, data));
    ipl_gnuplot_tell(&v->window, command);
    return IPL_OK;
}

static ipl_status draw(session *v, bool last, ipl_error *err)
{
    const double from = ipl_clock();
    const ipl_live *live = v->live;
    ipl_plot_data data = {0};
    ipl_status st = ipl_plot_data_read(&data, &live->plot, live->runs, live->n_runs, err);

    if (st == IPL_OK) {
        if (v->mode == IPL_LIVE_WINDOW)
            st = draw_window(v, &data, err);
        else if (v->mode == IPL_LIVE_SIXEL)
            st = draw_sixel(v, &data, err);
        else if (live->redraw || (last && live->frame))
            st = draw_text(v, &data, err);
        else if (live->lines)
            draw_lines(v, &data, last);
    }
    ipl_plot_data_release(&data);
    v->work = ipl_clock() - from;
    return st;
}

/* ---- following ---- */

static bool older(struct timespec a, struct timespec b)
{
    return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

/* Bytes of the tables of all runs; 0 while one is missing or that of an earlier run. */
static double table_bytes(const session *v)
{
    double sum = 0.0;

    for (size_t r = 0; r < v->live->n_runs; r++) {
        static const char *const names[] = {"information.csv", "training.csv"};

        for (size_t i = 0; i < 2; i++) {
            char path[IPL_PATH_MAX];
            struct stat info;

            if (ipl_path_join(path, v->live->runs[r], names[i], NULL) != IPL_OK ||
                stat(path, &info) != 0 || (v->live->fresh && older(info.st_mtim, v->begun)))
                return 0.0;
            sum += (double)info.st_size;
        }
    }
    return sum;
}

static bool being_written(const ipl_live *live)
{
    bool any = false;

    for (size_t r = 0; r < live->n_runs && !any; r++)
        any = ipl_run_dir_is_locked(live->runs[r]);
    return any;
}

/* Set by the signals that end a view in the foreground. */
static volatile sig_atomic_t ended_by;

static void on_signal(int number)
{
    ended_by = number;
}

/* Rest, so that the view takes little of the processor; true when it is time to end. */
static bool rest(const session *v, int until)
{
    const double pause = v->work / WORK_PER_REST;
    const int wait = pause > 1e-3 * LOOK ? (int)(1e3 * pause) : LOOK;
    struct pollfd in = {.fd = until, .events = POLLIN};
    const int n = poll(&in, until >= 0 ? 1 : 0, wait);

    return ended_by || (until >= 0 ? n > 0 : !being_written(v->live));
}

/* What is left to do when the runs are finished. */
static ipl_status end(session *v, ipl_error *err)
{
    ipl_status st = IPL_OK;

    if (v->mode == IPL_LIVE_WINDOW && v->open && !v->gone)
        (void)window_is_ready(v, 1000 * LAST_SECONDS);
    if (!v->gone)
        st = draw(v, true, err);
    if (v->mode == IPL_LIVE_WINDOW && v->open && !v->gone) {
        (void)window_is_ready(v, 1000 * LAST_SECONDS);
        if (v->mode == IPL_LIVE_TEXT && !v->gone)
            st = draw(v, true, err);
    }
    ipl_gnuplot_leave(&v->window);
    if (*v->folder != '\0' && ipl_folder_remove(v->folder, NULL) != IPL_OK)
        *v->folder = '\0'; /* a few small files stay in the temporary folder */
    return st;
}

ipl_status ipl_live_follow(const ipl_live *live, int until, ipl_error *err)
{
    session v = {.live = live, .mode = live->mode, .window = {.in = -1, .out = -1}};
    bool over = false;

    (void)clock_gettime(CLOCK_REALTIME, &v.begun);
    v.begun.tv_sec -= v.begun.tv_nsec < 20000000; /* the clock of files may lag a tick */
    v.begun.tv_nsec = (v.begun.tv_nsec + 980000000) % 1000000000;
    if (until < 0) {
        (void)signal(SIGINT, on_signal);
        (void)signal(SIGTERM, on_signal);
        over = !being_written(live);
    }
    while (!over && !v.gone) {
        const double bytes = table_bytes(&v);

        if (bytes > 0.0 && bytes != v.drawn_bytes) {
            ipl_error early; /* a run that has only begun is looked at again */

            if (draw(&v, false, &early) == IPL_OK)
                v.drawn_bytes = bytes;
        }
        over = rest(&v, until);
    }
    {
        const ipl_status st = end(&v, err);

        if (ended_by) {
            (void)signal(ended_by, SIG_DFL);
            (void)raise(ended_by); /* whoever sent it learns how we ended */
        }
        return st;
    }
}

/* ---- in a process of its own ---- */

ipl_status ipl_live_start(ipl_live_view *out, const ipl_live *live, ipl_error *err)
{
    int pipes[2];
    pid_t child;

    *out = (ipl_live_view){.fd = -1};
    if (live->mode == IPL_LIVE_NO)
        return IPL_OK;
    (void)fflush(stdout); /* what is buffered is printed once */
    if (pipe(pipes) != 0)
        return ipl_fail(err, IPL_E_IO, "live: pipe: %s", strerror(errno));
    (void)fcntl(pipes[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(pipes[1], F_SETFD, FD_CLOEXEC);
    child = fork();
    if (child == 0) {
        (void)close(pipes[1]);
        (void)signal(SIGINT, SIG_IGN); /* the end of the run is the end of the view */
        (void)signal(SIGHUP, SIG_DFL);
        (void)signal(SIGTERM, SIG_DFL);
        (void)setpriority(PRIO_PROCESS, 0, 10);
        _exit(ipl_live_follow(live, pipes[0], NULL) != IPL_OK);
    }
    (void)close(pipes[0]);
    if (child < 0) {
        (void)close(pipes[1]);
        return ipl_fail(err, IPL_E_IO, "live: fork: %s", strerror(errno));
    }
    *out = (ipl_live_view){.pid = child, .fd = pipes[1]};
    return IPL_OK;
}

void ipl_live_finish(ipl_live_view *view)
{
    const double limit = ipl_clock() + 3 * LAST_SECONDS;

    if (view->pid == 0)
        return;
    (void)close(view->fd);
    while (waitpid(view->pid, NULL, WNOHANG) == 0) {
        if (ipl_clock() > limit)
            (void)kill(view->pid, SIGKILL); /* a terminal that was stopped, for instance */
        (void)poll(NULL, 0, 20);
    }
    *view = (ipl_live_view){.fd = -1};
}
