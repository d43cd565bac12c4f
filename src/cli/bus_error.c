#include "cli/bus_error.h"

#include "base/file.h"
#include "base/utf8.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* Everything here is called by a handler: no allocation, no stdio, and little stack, for the
 * thread that was interrupted may have little. */
enum { LINE_MAX_BYTES = IPL_PATH_MAX + 128 };

/* A hexadecimal number, which *s is moved past. */
static uintptr_t read_hex(const char **s)
{
    static const char digits[] = "0123456789abcdef";
    uintptr_t value = 0;
    const char *digit;

    for (; **s != '\0' && (digit = strchr(digits, **s)); ++*s)
        value = value << 4 | (uintptr_t)(digit - digits);
    return value;
}

/* The path in a line of /proc/self/maps when an address lies in it, else NULL:
 * "7f12a000-7f12b000 r--p 00000000 fd:01 1234    /data/x.npy". */
static const char *path_in_line(const char *line, uintptr_t address)
{
    const uintptr_t from = read_hex(&line);
    uintptr_t to;

    if (*line++ != '-')
        return NULL;
    to = read_hex(&line);
    return address >= from && address < to ? strchr(line, '/') : NULL;
}

/* The file that is mapped at an address, NULL for none; "a file" where there is no /proc. */
static const char *mapped_file(uintptr_t address)
{
    static char line[LINE_MAX_BYTES];
    const int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    const char *path = NULL;
    size_t used = 0;
    char c;

    if (fd < 0)
        return "a file";
    while (!path && read(fd, &c, 1) == 1) {
        if (c == '\n') {
            line[used] = '\0';
            used = 0;
            path = path_in_line(line, address);
        } else if (used + 1 < sizeof line) {
            line[used++] = c;
        }
    }
    (void)close(fd);
    return path;
}

static void say(const char *text)
{
    (void)!write(STDERR_FILENO, text, strlen(text));
}

static void on_bus_error(int number, siginfo_t *info, void *context)
{
    static atomic_flag taken = ATOMIC_FLAG_INIT;
    static char name[LINE_MAX_BYTES];
    const char *path;

    (void)context;
    while (atomic_flag_test_and_set(&taken))
        (void)pause(); /* another thread is about to end the program */
    path = info->si_code > 0 ? mapped_file((uintptr_t)info->si_addr) : NULL;
    if (!path) {
        (void)signal(number, SIG_DFL);
        (void)raise(number); /* comes when this handler returns */
        return;
    }
    ipl_visible_line(name, sizeof name, path);
    say("infoplane: ");
    say(name);
    say(": was cut short while it was read, or cannot be read; let its writer rename a "
        "finished file\n");
    _exit(ipl_status_exit(IPL_E_IO));
}

void ipl_bus_error_catch(void)
{
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};

    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGBUS, &action, NULL);
}
