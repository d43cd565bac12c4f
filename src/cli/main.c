/* The program: the only place that prints faults and decides the exit status. */
#include "base/alloc.h"
#include "base/program.h"
#include "cli/bus_error.h"
#include "cli/command.h"
#include "cli/links.h"
#include "cli/print.h"
#include "run/experiment_keys.h"
#include "run/version.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, OPTION_MAX = 64, HELP_COLUMN = 23, HELP_WIDTH = 80 };

static const ipl_command *find_command(const char *name)
{
    for (size_t i = 0; ipl_command_table[i]; i++)
        if (strcmp(ipl_command_table[i]->name, name) == 0)
            return ipl_command_table[i];
    return NULL;
}

static void print_program_help(void)
{
    ipl_print("infoplane %s: train neural nets and draw their information plane\n\n"
              "usage: infoplane COMMAND [options]\n\ncommands:\n",
              IPL_VERSION);
    for (size_t i = 0; ipl_command_table[i]; i++)
        ipl_print("  %-10s %s\n", ipl_command_table[i]->name,
                  ipl_command_table[i]->summary);
    ipl_print(
        "\n'infoplane COMMAND --help' explains a command, 'infoplane list' what it can be\n"
        "given. Exit status: 0 done, 2 usage, 3 diverged or a check failed, 65 bad data,\n"
        "66 no input, 71 no memory, 73 cannot create, 74 input/output error, 75 locked.\n");
}

/* Words on lines of at most HELP_WIDTH columns, from the column where the help begins. */
static void print_folded(const char *text)
{
    size_t used = HELP_COLUMN;

    while (*(text += strspn(text, " ")) != '\0') {
        const size_t len = strcspn(text, " ");
        const bool first = used == HELP_COLUMN;

        if (!first && used + 1 + len > HELP_WIDTH) {
            ipl_print("\n%*s", HELP_COLUMN, "");
            used = HELP_COLUMN;
        } else if (!first) {
            ipl_print(" ");
            used++;
        }
        ipl_print("%.*s", (int)len, text);
        used += len;
        text += len;
    }
    ipl_print("\n");
}

/* "  --batch              rows of a batch: whole number >= 1 [128]" */
static void print_option(const ipl_opt *row)
{
    ipl_text line = {0}, value = {0};
    char left[48];

    (void)snprintf(left, sizeof left, "%s--%s%s", ipl_opt_letter(row), row->name,
                   row->bare ? "[=HOW]" : "");
    ipl_print("  %-20s ", left);
    ipl_text_add(&line, "%s", row->help);
    if (row->type != IPL_OPT_TEXT && row->type != IPL_OPT_BOOL) {
        ipl_text_add(&line, ": ");
        ipl_opt_print_range(&line, row);
    }
    ipl_opt_print_default(&value, row);
    if (value.len > 0)
        ipl_text_add(&line, " [%s]", value.s);
    print_folded(line.s ? line.s : row->help);
    ipl_text_release(&value);
    ipl_text_release(&line);
}

static void print_options(const ipl_opt *opts, bool more)
{
    const char *group = NULL;

    for (const ipl_opt *row = opts; row && row->name; row++) {
        if (row->group && (!group || strcmp(group, row->group) != 0))
            ipl_print("\n%s:\n", row->group);
        else if (!row->group && row == opts && !more)
            ipl_print("\noptions:\n");
        group = row->group;
        print_option(row);
    }
}

static void print_command_help(const ipl_command *cmd)
{
    ipl_print("usage: infoplane %s%s%s%s\n\n%s\n", cmd->name, *cmd->usage ? " " : "",
              cmd->usage, cmd->opts || cmd->later ? " [options]" : "", cmd->summary);
    print_options(cmd->opts, false);
    print_options(cmd->later, cmd->opts && cmd->opts->name);
    if (cmd->details)
        ipl_print("\n%s", cmd->details);
}

/* The row of a table whose short name is this letter. */
static const ipl_opt *find_letter(const ipl_opt *table, char letter)
{
    for (const ipl_opt *row = table; row && row->name; row++)
        if (*ipl_opt_letter(row) != '\0' && ipl_opt_letter(row)[1] == letter)
            return row;
    return NULL;
}

/* The row of a table that an option word, "--name", "--name=value" or "-n", names. */
static const ipl_opt *find_option(const ipl_opt *table, const char *word)
{
    char name[OPTION_MAX];
    const size_t len = strcspn(word + 2, "=");

    if (word[1] != '-')
        return word[2] == '\0' ? find_letter(table, word[1]) : NULL;
    if (ipl_text_copy(name, sizeof name, word + 2, len, "option", NULL) != IPL_OK)
        return NULL;
    return ipl_opt_find(table, name);
}

/* The experiment's text that has an option of this name, "" for none: optimiser for lr. */
static void find_text_with(char *text, size_t size, const char *name)
{
    ipl_experiment exp;

    ipl_opt_init(&exp, ipl_experiment_opts);
    if (ipl_experiment_key(text, size, &exp, name, NULL) != IPL_OK)
        text[0] = '\0';
    text[strcspn(text, ".")] = '\0';
}

static ipl_status unknown_option(const ipl_command *cmd, const char *word, ipl_error *err)
{
    char name[OPTION_MAX], text[OPTION_MAX] = "";
    const ipl_opt *near = NULL;
    const size_t len = word[1] == '-' ? strcspn(word + 2, "=") : 0;

    if (len > 0 && ipl_text_copy(name, sizeof name, word + 2, len, "", NULL) == IPL_OK) {
        if (cmd->later == ipl_experiment_opts && !strchr(name, '.'))
            find_text_with(text, sizeof text, name);
        near = ipl_opt_nearest(cmd->opts, name);
        if (!near)
            near = ipl_opt_nearest(cmd->later, name);
    }
    if (*text != '\0')
        return ipl_fail(err, IPL_E_ARG,
                        "unknown option '%.80s'; %s is set in the %s: --%s=NAME:%s=VALUE",
                        word, name, text, text, name);
    if (near)
        return ipl_fail(err, IPL_E_ARG, "unknown option '%.80s'; did you mean '--%s'?",
                        word, near->name);
    return ipl_fail(err, IPL_E_ARG, "unknown option '%.80s'", word);
}

/*
 * Value of the option at argv[*i]: after '=', or the next word; `bare` is that of an option
 * which takes no next word. NULL when there is none: a next word that starts with "--" is an
 * option, not a value.
 */
static const char *option_value(int *i, const char *bare, int argc, char *const *argv)
{
    const char *eq = argv[*i][1] == '-' ? strchr(argv[*i], '=') : NULL;

    if (eq)
        return eq + 1;
    if (bare)
        return bare;
    if (*i + 1 >= argc || strncmp(argv[*i + 1], "--", 2) == 0)
        return NULL;
    return argv[++*i];
}

/* Read the option at argv[*i]; given has one entry for each of the command's own rows. */
static ipl_status read_option(int *i, void *opts, bool *given, ipl_assignment *later,
                              ipl_args *args, const ipl_command *cmd, ipl_error *err)
{
    const char *word = args->argv[*i];
    const ipl_opt *own = find_option(cmd->opts, word);
    const ipl_opt *row = own ? own : find_option(cmd->later, word);
    const char *value;
    bool again;

    if (!row)
        return unknown_option(cmd, word, err);
    value = option_value(i, own && row->type == IPL_OPT_BOOL ? "yes" : row->bare,
                         args->argc, args->argv);
    if (!value)
        return ipl_fail(err, IPL_E_ARG, "option --%s wants a value", row->name);
    if (!own) {
        later[args->n_later++] = (ipl_assignment){row, value};
        return IPL_OK;
    }
    again = given[own - cmd->opts];
    given[own - cmd->opts] = true;
    if (again && !own->repeat)
        return ipl_fail(err, IPL_E_ARG, "option --%s is given twice", own->name);
    return again ? ipl_opt_append(opts, own, value, err)
                 : ipl_opt_set(opts, own, value, err);
}

/* Words and options of the command line; words and later have room for argc entries. */
static ipl_status parse(void *opts, bool *given, const char **words, ipl_assignment *later,
                        ipl_args *args, const ipl_command *cmd, ipl_error *err)
{
    bool options_end = false;

    for (int i = 2; i < args->argc; i++) {
        const char *word = args->argv[i];

        if (options_end || word[0] != '-' || word[1] == '\0') {
            words[args->n_words++] = word;
        } else if (strcmp(word, "--") == 0) {
            options_end = true;
        } else {
            const ipl_status st = read_option(&i, opts, given, later, args, cmd, err);

            if (st != IPL_OK)
                return st;
        }
    }
    if (args->n_words < cmd->min_words)
        return ipl_fail(err, IPL_E_ARG, "missing argument: infoplane %s %s", cmd->name,
                        cmd->usage);
    if (args->n_words > cmd->max_words)
        return ipl_fail(err, IPL_E_ARG, "unexpected argument '%.80s'",
                        words[cmd->max_words]);
    return IPL_OK;
}

/* Words that are links to folders become those folders; owned gets what to free. */
static ipl_status follow_links(const char **words, char **owned, size_t n, ipl_error *err)
{
    for (size_t i = 0; i < n; i++) {
        char path[IPL_PATH_MAX];

        if (!ipl_link_follow_aloud(path, words[i]))
            continue;
        owned[i] = ipl_array(strlen(path) + 1, 1, 1, err);
        if (!owned[i])
            return IPL_E_NOMEM;
        words[i] = memcpy(owned[i], path, strlen(path));
    }
    return IPL_OK;
}

static bool wants_help(int argc, char *const *argv)
{
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static size_t count_rows(const ipl_opt *table)
{
    size_t n = 0;

    while (table && table[n].name)
        n++;
    return n;
}

static ipl_status run_command(const ipl_command *cmd, int argc, char *const *argv,
                              ipl_error *err)
{
    void *opts = ipl_array(1, cmd->size, 1, err);
    bool *given = ipl_array(count_rows(cmd->opts), 1, sizeof *given, err);
    const char **words = ipl_array((size_t)argc, 1, sizeof *words, err);
    char **owned = ipl_array((size_t)argc, 1, sizeof *owned, err);
    ipl_assignment *later = ipl_array((size_t)argc, 1, sizeof *later, err);
    ipl_args args = {.words = words, .later = later, .argc = argc, .argv = argv};
    ipl_status st = IPL_E_NOMEM;

    if (!opts || !given || !words || !owned || !later)
        goto done;
    ipl_opt_init(opts, cmd->opts);
    st = parse(opts, given, words, later, &args, cmd, err);
    if (st == IPL_OK)
        st = follow_links(words, owned, args.n_words, err);
    if (st == IPL_OK)
        st = cmd->run(opts, &args, err);
done:
    for (size_t i = 0; owned && i < args.n_words; i++)
        ipl_free(owned[i]);
    ipl_free(owned);
    ipl_free(later);
    ipl_free(words);
    ipl_free(given);
    ipl_free(opts);
    return st;
}

/* Whether everything printed has reached its file. */
static bool stdout_is_written(void)
{
    return fflush(stdout) == 0 && !ferror(stdout);
}

/* Print what went wrong and choose the exit status; cmd is NULL outside of a command. */
static int finish(ipl_status st, const ipl_command *cmd, ipl_error *err)
{
    if (st == IPL_OK && !stdout_is_written())
        st = ipl_fail(err, IPL_E_IO, "writing to standard output failed");
    if (st != IPL_OK)
        ipl_print_error("infoplane: %s\n",
                        err->msg[0] != '\0' ? err->msg : ipl_status_name(st));
    if (st == IPL_E_ARG)
        ipl_print_error("try 'infoplane %s%s--help'\n", cmd ? cmd->name : "",
                        cmd ? " " : "");
    return ipl_status_exit(st);
}

static ipl_status unknown_command(const char *name, ipl_error *err)
{
    const char *nearest = NULL;
    size_t distance = IPL_TEXT_FAR;

    for (size_t i = 0; ipl_command_table[i]; i++)
        if (ipl_text_nearer(&distance, ipl_command_table[i]->name, name))
            nearest = ipl_command_table[i]->name;
    if (nearest)
        return ipl_fail(err, IPL_E_ARG, "no command '%.80s'; did you mean '%s'?", name,
                        nearest);
    return ipl_fail(err, IPL_E_ARG, "no command '%.80s'", name);
}

/*
 * Descriptors 0, 1 and 2 that the caller has closed become /dev/null, before anything is
 * opened: otherwise a file of the run would get one of these numbers, and what is printed.
 * The root folder stands in where there is no /dev: it cannot be read or written as a file.
 */
static bool open_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        if (open("/dev/null", O_RDWR) != fd && open("/", O_RDONLY) != fd)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    const ipl_command *cmd;
    ipl_error err = {0};

    if (!open_standard_descriptors())
        return ipl_status_exit(IPL_E_NOMEM); /* and nowhere to say so */
    (void)setlocale(LC_ALL, "C");            /* a decimal point is a point, everywhere */
    (void)signal(SIGPIPE, SIG_IGN); /* `infoplane ... | head` ends with a message */
    (void)signal(SIGXFSZ, SIG_IGN); /* so does a file size limit */
    ipl_bus_error_catch();
    if (ipl_program_clean_path(&err) != IPL_OK)
        return finish(err.status, NULL, &err);
    if (argc < 2)
        return finish(ipl_fail(&err, IPL_E_ARG, "no command"), NULL, &err);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_program_help();
        return finish(IPL_OK, NULL, &err);
    }
    if (strcmp(argv[1], "--version") == 0) {
        ipl_print("infoplane %s\n", IPL_VERSION);
        return finish(IPL_OK, NULL, &err);
    }
    cmd = find_command(argv[1]);
    if (!cmd)
        return finish(unknown_command(argv[1], &err), NULL, &err);
    if (wants_help(argc, argv)) {
        print_command_help(cmd);
        return finish(IPL_OK, cmd, &err);
    }
    return finish(run_command(cmd, argc, argv, &err), cmd, &err);
}
