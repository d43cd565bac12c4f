#include "cli/print.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>

static void print_without_memory(FILE *to, const char *fmt, va_list args) IPL_PRINTF(2, 0);
static void print(FILE *to, const char *fmt, va_list args) IPL_PRINTF(2, 0);

/* Without memory a line of limited length is printed. */
static void print_without_memory(FILE *to, const char *fmt, va_list args)
{
    char text[512], line[512];

    (void)vsnprintf(text, sizeof text, fmt, args);
    ipl_visible_line(line, sizeof line, text);
    (void)fputs(line, to);
    (void)fputc('\n', to);
}

static void print(FILE *to, const char *fmt, va_list args)
{
    ipl_text text = {0}, visible = {0};
    va_list again;

    va_copy(again, args);
    ipl_text_add_args(&text, fmt, args);
    if (text.s)
        ipl_text_add_visible(&visible, text.s);
    if (text.failed || visible.failed)
        print_without_memory(to, fmt, again);
    else if (visible.s)
        (void)fputs(visible.s, to); /* main looks whether all of stdout was written */
    va_end(again);
    ipl_text_release(&visible);
    ipl_text_release(&text);
}

void ipl_print(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    print(stdout, fmt, args);
    va_end(args);
}

void ipl_print_error(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    print(stderr, fmt, args);
    va_end(args);
}

void ipl_print_in_place(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)fputc('\r', stderr);
    print(stderr, fmt, args);
    va_end(args);
}

void ipl_print_nothing_in_place(int columns)
{
    ipl_print_in_place("%*s", columns, "");
    (void)fputc('\r', stderr);
}

void ipl_print_colour(int code)
{
    (void)fprintf(stdout, "\033[%dm", code);
}
