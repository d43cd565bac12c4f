#include "cli/terminal.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "cli/print.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* An environment variable, "" when it is not set. */
static const char *env(const char *name)
{
    const char *value = getenv(name);

    return value ? value : "";
}

bool ipl_terminal_is_live(int fd)
{
    return isatty(fd) && *env("TERM") != '\0' && strcmp(env("TERM"), "dumb") != 0;
}

/* Whether the locale's characters are UTF-8: the first variable that is set decides. */
static bool is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = env(names[i]);

        if (*value == '\0')
            continue;
        value = strchr(value, '.');
        return value && (strncasecmp(value, ".UTF-8", 6) == 0 ||
                         strncasecmp(value, ".utf8", 5) == 0);
    }
    return false;
}

/* A path as a word of a shell: "$(printf '%b' 'a\0033b')" when a terminal cannot show it. */
static void add_path(ipl_text *out, const char *path)
{
    ipl_text visible = {0};

    ipl_text_add_visible(&visible, path);
    if (visible.s && strcmp(visible.s, path) == 0) {
        ipl_text_add_shell_word(out, path, strlen(path));
    } else {
        ipl_text_add(out, "\"$(printf '%%b' '");
        for (; *path != '\0'; path++)
            if (*path > ' ' && *path < 0x7F && *path != '\'' && *path != '\\')
                ipl_text_add(out, "%c", *path);
            else
                ipl_text_add(out, "\\0%03o", (unsigned)(unsigned char)*path);
        ipl_text_add(out, "')\"");
    }
    out->failed = out->failed || visible.failed;
    ipl_text_release(&visible);
}

void ipl_print_command(const char *words, const char *path)
{
    ipl_text line = {0};

    ipl_text_add(&line, "infoplane %s ", words);
    add_path(&line, path);
    ipl_print("%s", line.failed ? path : line.s);
    ipl_text_release(&line);
}

/* A number of 1 ... 1000 in the environment; otherwise the other one. */
static size_t size_of(const char *name, size_t other)
{
    uint64_t value;

    return ipl_count_parse(&value, env(name)) && value > 0 && value <= 1000 ? (size_t)value
                                                                            : other;
}

ipl_text_style ipl_terminal_style(int fd)
{
    ipl_text_style style = {.columns = size_of("COLUMNS", 80),
                            .rows = size_of("LINES", 24)};
    const bool live = ipl_terminal_is_live(fd);
    struct winsize size;

    if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 &&
        size.ws_row > 0) {
        style.columns = size.ws_col;
        style.rows = size.ws_row;
    }
    style.braille =
        is_utf8() && strcmp(env("TERM"), "linux") != 0 && strcmp(env("TERM"), "dumb") != 0;
    if (live && *env("NO_COLOR") == '\0')
        style.colours =
            strstr(env("TERM"), "256color") || *env("COLORTERM") != '\0' ? 256 : 8;
    return style;
}

size_t ipl_terminal_pixels(int fd)
{
    struct winsize size;

    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_xpixel : 0;
}

/* Read an answer that ends with 'c', for as long as there is time. */
static void read_answer(char *out, size_t size)
{
    const double end = ipl_clock() + 0.33;
    size_t n = 0;

    while (n + 1 < size && (n == 0 || out[n - 1] != 'c')) {
        struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
        const int left = (int)(1e3 * (end - ipl_clock()));

        if (left <= 0 || poll(&in, 1, left) <= 0 || read(STDIN_FILENO, out + n, 1) != 1)
            break;
        n++;
    }
    out[n] = '\0';
}

/* Whether "\033[?62;4;22c" has the attribute 4, sixel graphics. */
static bool lists_sixel(const char *answer)
{
    const char *s = strstr(answer, "\033[?");

    for (s = s ? s + 3 : NULL; s && *s != '\0';
         s = strchr(s, ';') ? strchr(s, ';') + 1 : NULL)
        if (s[0] == '4' && (s[1] == ';' || s[1] == 'c'))
            return true;
    return false;
}

bool ipl_terminal_has_sixel(int fd)
{
    static const char question[] = "\033[c";
    struct termios before, raw;
    char answer[128];

    if (!ipl_terminal_is_live(fd) || tcgetattr(STDIN_FILENO, &before) != 0 ||
        tcgetpgrp(STDIN_FILENO) != getpgrp())
        return false;
    raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0)
        return false;
    *answer = '\0';
    if (write(fd, question, sizeof question - 1) == (ssize_t)(sizeof question - 1))
        read_answer(answer, sizeof answer);
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
    return lists_sixel(answer);
}
