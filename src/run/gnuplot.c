#include "run/gnuplot.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { EXEC_FAILED = 127, SAID_MAX = 16 * 1024 * 1024 };

/* One character: what is none, or no text, is shown as such; control characters are blanks. */
static void add_character(ipl_text *out, const char *s, size_t n)
{
    static const char replacement[] = "\xEF\xBF\xBD";

    if (n == 0 || (n == 3 && (ipl_utf8_code(s, n) & 0xFFFE) == 0xFFFE))
        ipl_text_add_string(out, replacement);
    else if (ipl_utf8_is_control(s, n))
        ipl_text_add_string(out, " ");
    else
        ipl_text_add(out, "%.*s", (int)n, s);
}

/*
 * In single quotes nothing is special but the quote itself, of which two in a row are misread at
 * the beginning of a string. It is written in octal, and a line break as one, between them.
 */
void ipl_gnuplot_add_string(ipl_text *out, const char *s)
{
    size_t n;

    ipl_text_add(out, "'");
    for (; *s != '\0'; s += n) {
        n = ipl_utf8_length(s);
        if (*s == '\'')
            ipl_text_add(out, "'.\"\\047\".'");
        else if (*s == '\n')
            ipl_text_add(out, "'.\"\\n\".'");
        else
            add_character(out, s, n);
        n = n ? n : 1;
    }
    ipl_text_add(out, "'");
}

void ipl_gnuplot_add_field(ipl_text *out, const char *s)
{
    const bool quoted = strchr(s, ',') != NULL;
    size_t n;

    ipl_text_add_string(out, quoted ? "\"" : "");
    for (; *s != '\0'; s += n ? n : 1) {
        n = ipl_utf8_length(s);
        add_character(out, *s == '"' ? "'" : s, n);
    }
    ipl_text_add_string(out, quoted ? "\"" : "");
}

/* Variables that change what gnuplot draws, reads or writes; others begin with "GNUPLOT_". */
static const char *const variables[] = {
    "GNUTERM",        "GDFONTPATH",       "GNUFITLOG",
    "GNUHELP",        "FIT_LOG",          "FIT_SCRIPT",
    "GNUPLOT_LIB",    "GNUPLOT_FONTPATH", "GNUPLOT_DEFAULT_GDFONT",
    "GNUPLOT_PS_DIR", "GNUPLOT_SHARE_DIR"};
enum { VARIABLES = sizeof variables / sizeof variables[0] };

static const char locale[] = "LC_ALL=C.UTF-8"; /* the scripts are UTF-8 */

void ipl_gnuplot_add_environment(ipl_text *script)
{
    ipl_text_add(script, "unset");
    for (size_t i = 0; i < VARIABLES; i++)
        ipl_text_add(script, " %s", variables[i]);
    ipl_text_add(script, "\nexport %s\n", locale);
}

/* Whether "NAME=value" stays in gnuplot's environment. */
static bool is_kept(const char *entry)
{
    const size_t len = strcspn(entry, "=");

    for (size_t i = 0; i < VARIABLES; i++)
        if (strlen(variables[i]) == len && strncmp(entry, variables[i], len) == 0)
            return false;
    /* Where gnuplot finds the programs of its windows is no matter of looks. */
    if (strncmp(entry, "GNUPLOT_", 8) == 0)
        return strncmp(entry, "GNUPLOT_DRIVER_DIR=", 19) == 0;
    return strncmp(entry, locale, strlen("LC_ALL=")) != 0;
}

/* gnuplot's environment; the entries are those of the process, the list is for ipl_free(). */
static char **environment(ipl_error *err)
{
    static char own[sizeof locale];
    size_t n = 0, kept = 0;
    char **list;

    while (environ[n])
        n++;
    list = ipl_array(n + 2, 1, sizeof *list, err);
    if (!list)
        return NULL;
    memcpy(own, locale, sizeof locale);
    for (size_t i = 0; i < n; i++)
        if (is_kept(environ[i]))
            list[kept++] = environ[i];
    list[kept] = own;
    return list;
}

/* In the child: only calls that are safe between fork and exec in a threaded program. */
static void become_gnuplot(int output, int fault, const char *folder, char *const *argv,
                           char **variables_of_child)
{
    const int null = open("/dev/null", O_RDWR);
    int cause = 0;

    (void)signal(SIGPIPE, SIG_DFL);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(output, STDERR_FILENO) < 0 || chdir(folder) != 0) {
        cause = -errno;
    } else {
        environ = variables_of_child;
        (void)execvp(argv[0], argv);
        cause = errno;
    }
    (void)!write(fault, &cause, sizeof cause);
    _exit(EXEC_FAILED);
}

/* Everything that comes out of a pipe; the first part of it is kept. */
static void drain(ipl_text *said, int fd)
{
    char part[4096];

    for (;;) {
        const ssize_t n = read(fd, part, sizeof part - 1);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        part[n] = '\0';
        if (said->len < SAID_MAX)
            ipl_text_add(said, "%s", part);
    }
}

static int await(pid_t child)
{
    int status = 0;

    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}

/* Two pipes, none of which the child's program inherits. */
static bool open_pipes(int output[2], int fault[2])
{
    if (pipe(output) != 0)
        return false;
    if (pipe(fault) != 0) {
        const int cause = errno;

        (void)close(output[0]);
        (void)close(output[1]);
        errno = cause;
        return false;
    }
    for (int i = 0; i < 2; i++) {
        (void)fcntl(output[i], F_SETFD, FD_CLOEXEC);
        (void)fcntl(fault[i], F_SETFD, FD_CLOEXEC);
    }
    return true;
}

/* What the child came to: cause is 0, an errno of exec, or a negative errno before it. */
static ipl_status judge(bool *missing, const ipl_text *said, size_t from, int cause,
                        int status, const char *script, ipl_error *err)
{
    const char *words =
        said->len > from ? said->s + from + strspn(said->s + from, "\n ") : "";

    *missing = cause == ENOENT || cause == EACCES;
    if (*missing)
        return IPL_OK;
    if (cause != 0)
        return ipl_fail(err, IPL_E_IO, "gnuplot cannot be started: %s",
                        strerror(cause < 0 ? -cause : cause));
    if (status == 0)
        return ipl_text_status(said, err);
    if (status > 0 && WIFSIGNALED(status))
        return ipl_fail(err, IPL_E_IO, "gnuplot %s: killed by signal %d", script,
                        WTERMSIG(status));
    return ipl_fail(err, IPL_E_IO, "gnuplot %s: exit status %d: %.*s", script,
                    status > 0 ? WEXITSTATUS(status) : -1,
                    (int)(strcspn(words, "\n") < 200 ? strcspn(words, "\n") : 200), words);
}

ipl_status ipl_gnuplot(bool *missing, ipl_text *said, const char *folder,
                       const char *const *argv, ipl_error *err)
{
    /* exec takes writable strings, for the sake of old programs, and leaves them alone. */
    enum { WORDS = 12 };
    static char program[] = "gnuplot", defaults[] = "-d", call[] = "-c";
    char *words[WORDS] = {program, defaults, call};
    char room[1024];
    size_t used = 0, n = 3;
    const size_t from = said->len;
    int output[2], fault[2], cause = 0, status, why;
    char **list;
    ssize_t got;
    pid_t child;

    *missing = false;
    for (; argv[n - 3]; n++) {
        const size_t size = strlen(argv[n - 3]) + 1;

        if (n + 1 >= WORDS || size > sizeof room - used)
            return ipl_fail(err, IPL_E_ARG, "gnuplot: too many arguments");
        words[n] = memcpy(room + used, argv[n - 3], size);
        used += size;
    }
    list = environment(err);
    if (!list)
        return IPL_E_NOMEM;
    if (!open_pipes(output, fault)) {
        ipl_free(list);
        return ipl_fail(err, IPL_E_IO, "gnuplot: pipe: %s", strerror(errno));
    }
    child = fork();
    if (child == 0)
        become_gnuplot(output[1], fault[1], folder, words, list);
    why = errno;
    ipl_free(list);
    (void)close(output[1]);
    (void)close(fault[1]);
    if (child < 0) {
        (void)close(output[0]);
        (void)close(fault[0]);
        return ipl_fail(err, IPL_E_IO, "gnuplot: fork: %s", strerror(why));
    }
    do
        got = read(fault[0], &cause, sizeof cause);
    while (got < 0 && errno == EINTR);
    drain(said, output[0]);
    (void)close(fault[0]);
    (void)close(output[0]);
    status = await(child);
    return judge(missing, said, from, cause, status, argv[0], err);
}

/* Draw as one kind of file; a link or a pipe of its name makes way, for gnuplot follows it. */
static ipl_status draw_as(ipl_drawn *out, ipl_text *said, const char *folder,
                          const char *const *argv, ipl_error *err)
{
    char file[128], path[IPL_PATH_MAX];
    ipl_status st;

    (void)snprintf(file, sizeof file, "%.80s.%.16s", argv[1], argv[2]);
    st = ipl_path_join(path, folder, file, err);
    if (st == IPL_OK)
        st = ipl_file_make_way(path, err);
    return st == IPL_OK ? ipl_gnuplot(&out->missing, said, folder, argv, err) : st;
}

ipl_status ipl_gnuplot_draw(ipl_drawn *out, ipl_text *said, const char *folder,
                            const char *script, const char *name, const char *format,
                            ipl_error *err)
{
    const char *argv[] = {script, name, format, NULL};
    ipl_error why = {0}, again = {0};
    ipl_text last = {0};
    ipl_status st;

    *out = (ipl_drawn){.format = format};
    st = draw_as(out, &last, folder, argv, &why);
    if (st == IPL_E_IO && (strcmp(format, "png") == 0 || strcmp(format, "pdf") == 0)) {
        ipl_text_clear(&last);
        argv[2] = "svg";
        if (draw_as(out, &last, folder, argv, &again) == IPL_OK) {
            out->format = "svg";
            ipl_text_add(&last, "%s is drawn as SVG, for as %s it cannot be: %s", name,
                         format, why.msg);
            st = ipl_text_status(&last, &why);
        }
    }
    if (last.len > 0)
        ipl_text_add(said, "%s", last.s);
    ipl_text_release(&last);
    if (st == IPL_OK)
        return ipl_text_status(said, err);
    return ipl_fail(err, st, "%s", why.msg);
}

/* In the child: gnuplot reads commands from one pipe and answers on another. */
static void become_window(int input, int output, int fault, const char *folder,
                          char **variables_of_child)
{
    static char program[] = "gnuplot", defaults[] = "-d", persist[] = "-persist";
    static char *const argv[] = {program, defaults, persist, NULL};
    const int null = open("/dev/null", O_WRONLY);
    int cause = 0;

    (void)signal(SIGPIPE, SIG_DFL);
    (void)setpgid(0, 0); /* a Ctrl-C in the terminal is not meant for the window */
    if (null < 0 || dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(null, STDERR_FILENO) < 0 || chdir(folder) != 0) {
        cause = -errno;
    } else {
        environ = variables_of_child;
        (void)execvp(argv[0], argv);
        cause = errno;
    }
    (void)!write(fault, &cause, sizeof cause);
    _exit(EXEC_FAILED);
}

static void close_pair(const int pair[2])
{
    (void)close(pair[0]);
    (void)close(pair[1]);
}

/* Start it on open pipes; 0, an errno of exec, or a negative errno before it. */
static int start_window(pid_t *child, const int input[2], const int output[2],
                        const int fault[2], const char *folder, char **list)
{
    int cause = 0;
    ssize_t got;

    *child = fork();
    if (*child == 0)
        become_window(input[0], output[1], fault[1], folder, list);
    cause = *child < 0 ? -errno : 0;
    (void)close(fault[1]);
    do
        got = read(fault[0], &cause, sizeof cause);
    while (got < 0 && errno == EINTR);
    (void)close(fault[0]);
    return cause;
}

ipl_status ipl_gnuplot_open(ipl_gnuplot_window *out, const char *folder, ipl_error *err)
{
    int input[2], output[2], fault[2], cause;
    char **list = environment(err);
    pid_t child;

    *out = (ipl_gnuplot_window){.in = -1, .out = -1};
    if (!list)
        return IPL_E_NOMEM;
    if (!open_pipes(output, fault)) {
        ipl_free(list);
        return ipl_fail(err, IPL_E_IO, "gnuplot: pipe: %s", strerror(errno));
    }
    if (pipe(input) != 0) {
        cause = errno;
        ipl_free(list);
        close_pair(output);
        close_pair(fault);
        return ipl_fail(err, IPL_E_IO, "gnuplot: pipe: %s", strerror(cause));
    }
    (void)fcntl(input[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(input[1], F_SETFD, FD_CLOEXEC);
    cause = start_window(&child, input, output, fault, folder, list);
    ipl_free(list);
    if (cause == 0) {
        (void)close(input[0]);
        (void)close(output[1]);
        *out = (ipl_gnuplot_window){.in = input[1], .out = output[0], .pid = child};
        return IPL_OK;
    }
    close_pair(input);
    close_pair(output);
    if (child > 0)
        (void)await(child);
    if (cause == ENOENT || cause == EACCES)
        return ipl_fail(err, IPL_E_NOINPUT, "no gnuplot on the PATH");
    return ipl_fail(err, IPL_E_IO, "gnuplot cannot be started: %s",
                    strerror(cause < 0 ? -cause : cause));
}

void ipl_gnuplot_tell(ipl_gnuplot_window *window, const char *commands)
{
    char all[600];
    const int n = snprintf(all, sizeof all, "%s\nset print '-'\nprint 'done'\n", commands);

    /* One that is gone is noticed when its answer is waited for. SIGPIPE is ignored. */
    if (n > 0 && n < (int)sizeof all)
        (void)!write(window->in, all, (size_t)n);
    window->busy = true;
}

ipl_gnuplot_state ipl_gnuplot_wait(ipl_gnuplot_window *window, int milliseconds)
{
    struct pollfd in = {.fd = window->out, .events = POLLIN};

    while (poll(&in, 1, milliseconds) > 0) {
        char part[256];
        const ssize_t n = read(window->out, part, sizeof part);

        if (n <= 0)
            return IPL_GNUPLOT_GONE;
        if (memchr(part, '\n', (size_t)n)) {
            window->busy = false;
            break;
        }
    }
    return window->busy ? IPL_GNUPLOT_BUSY : IPL_GNUPLOT_READY;
}

void ipl_gnuplot_leave(ipl_gnuplot_window *window)
{
    if (window->in >= 0)
        (void)close(window->in);
    if (window->out >= 0)
        (void)close(window->out);
    *window = (ipl_gnuplot_window){.in = -1, .out = -1};
}
