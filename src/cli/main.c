/* The program: the only place that prints faults and decides the exit status. */
#include "base/alloc.h"
#include "cli/command.h"
#include "run/version.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_USAGE = 2, SHORT_NAME = 2 };

static const ipl_command *find_command(const char *name)
{
    for (size_t i = 0; ipl_command_table[i]; i++)
        if (strcmp(ipl_command_table[i]->name, name) == 0)
            return ipl_command_table[i];
    return NULL;
}

static void print_program_help(void)
{
    printf("infoplane %s: train neural nets and draw their information plane\n\n"
           "usage: infoplane COMMAND [options]\n\ncommands:\n",
           IPL_VERSION);
    for (size_t i = 0; ipl_command_table[i]; i++)
        printf("  %-10s %s\n", ipl_command_table[i]->name, ipl_command_table[i]->summary);
    printf(
        "\n'infoplane COMMAND --help' explains a command, 'infoplane list' what it can be\n"
        "given. Exit status: 0 done, 2 usage, 3 diverged, 65 bad data, 66 no input,\n"
        "71 no memory, 73 cannot create, 74 input/output error, 75 locked.\n");
}

/* "--batch N", "-q, --quiet" */
static void print_option(const ipl_opt *row, const char *short_name)
{
    ipl_text range = {0}, value = {0};
    char left[48];

    ipl_opt_print_range(&range, row);
    (void)snprintf(left, sizeof left, "%s--%s", short_name, row->name);
    printf("  %-20s %s", left, row->help);
    if (row->type == IPL_OPT_TEXT)
        (void)(*row->text ? printf(" [%s]", row->text) : 0);
    else if (row->type == IPL_OPT_CHOICE)
        printf(": %s [%s]", range.s ? range.s : "", row->choices[(int)row->init]);
    else if (row->type != IPL_OPT_BOOL || row->group)
        printf(" [%s]", row->type == IPL_OPT_BOOL ? (row->init != 0.0 ? "yes" : "no")
                                                  : (ipl_text_add_number(&value, row->init),
                                                     value.s ? value.s : ""));
    printf("\n");
    ipl_text_release(&range);
    ipl_text_release(&value);
}

/* The short name of a row: its first letter, for the flags that have one. */
static const char *short_of(const ipl_opt *row)
{
    if (strcmp(row->name, "quiet") == 0)
        return "-q, ";
    if (strcmp(row->name, "verbose") == 0)
        return "-v, ";
    if (strcmp(row->name, "out") == 0)
        return "-o, ";
    return "";
}

static void print_options(const ipl_opt *opts)
{
    const char *group = NULL;

    for (const ipl_opt *row = opts; row && row->name; row++) {
        if (row->group && (!group || strcmp(group, row->group) != 0))
            printf("\n%s:\n", row->group);
        else if (!row->group && row == opts)
            printf("\noptions:\n");
        group = row->group;
        print_option(row, short_of(row));
    }
}

static void print_command_help(const ipl_command *cmd)
{
    printf("usage: infoplane %s%s%s%s\n\n%s\n", cmd->name, *cmd->usage ? " " : "",
           cmd->usage, cmd->opts || cmd->later ? " [options]" : "", cmd->summary);
    print_options(cmd->opts);
    print_options(cmd->later);
    if (cmd->details)
        printf("\n%s", cmd->details);
}

/* The row an option word names, NULL when there is none. */
static const ipl_opt *find_option(const ipl_command *cmd, const char *word)
{
    char name[64];
    const size_t len = strcspn(word + 2, "=");

    if (word[1] != '-') {
        for (const ipl_opt *row = cmd->opts; row && row->name; row++) {
            const char *letter = short_of(row);

            if (*letter != '\0' && strlen(word) == SHORT_NAME && word[1] == letter[1])
                return row;
        }
        return NULL;
    }
    if (len >= sizeof name)
        return NULL;
    memcpy(name, word + 2, len);
    name[len] = '\0';
    {
        const ipl_opt *row = ipl_opt_find(cmd->opts, name);

        return row ? row : ipl_opt_find(cmd->later, name);
    }
}

static ipl_status unknown_option(const ipl_command *cmd, const char *word, ipl_error *err)
{
    char name[64], hint[96] = "";

    if (word[1] == '-' && ipl_text_copy(name, sizeof name, word + 2, strcspn(word + 2, "="),
                                        "", NULL) == IPL_OK) {
        ipl_opt_suggest(hint, sizeof hint, cmd->opts, name);
        if (*hint == '\0')
            ipl_opt_suggest(hint, sizeof hint, cmd->later, name);
    }
    return ipl_fail(err, IPL_E_ARG, "unknown option '%.80s'%s", word, hint);
}

/* Value of an option: after '=', or the next word; a flag is "yes" without either. */
static const char *option_value(int *i, const ipl_opt *row, bool is_later, int argc,
                                char *const *argv)
{
    const char *eq = argv[*i][1] == '-' ? strchr(argv[*i], '=') : NULL;

    if (eq)
        return eq + 1;
    if (row->type == IPL_OPT_BOOL && !is_later)
        return "yes";
    if (*i + 1 >= argc)
        return NULL;
    return argv[++*i];
}

/* Words and options of the command line; words and later have room for argc entries. */
static ipl_status parse(void *opts, const char **words, ipl_assignment *later,
                        ipl_args *args, const ipl_command *cmd, int argc, char *const *argv,
                        ipl_error *err)
{
    const ipl_opt *given[64];
    size_t n_given = 0;
    bool options_end = false;

    for (int i = 2; i < argc; i++) {
        const ipl_opt *row;
        const char *value;
        bool is_later, again = false;
        ipl_status st;

        if (options_end || argv[i][0] != '-' || argv[i][1] == '\0') {
            words[args->n_words++] = argv[i];
            continue;
        }
        if (strcmp(argv[i], "--") == 0) {
            options_end = true;
            continue;
        }
        row = find_option(cmd, argv[i]);
        if (!row)
            return unknown_option(cmd, argv[i], err);
        is_later = cmd->later && ipl_opt_find(cmd->later, row->name) == row;
        value = option_value(&i, row, is_later, argc, argv);
        if (!value)
            return ipl_fail(err, IPL_E_ARG, "option --%s wants a value", row->name);
        if (is_later) {
            later[args->n_later++] = (ipl_assignment){row, value};
            continue;
        }
        for (size_t k = 0; k < n_given; k++)
            again = again || given[k] == row;
        if (n_given < sizeof given / sizeof given[0])
            given[n_given++] = row;
        if (again && !row->repeat)
            return ipl_fail(err, IPL_E_ARG, "option --%s is given twice", row->name);
        st = again ? ipl_opt_append(opts, row, value, err)
                   : ipl_opt_set(opts, row, value, err);
        if (st != IPL_OK)
            return st;
    }
    if (args->n_words < cmd->min_words)
        return ipl_fail(err, IPL_E_ARG, "missing argument: infoplane %s %s", cmd->name,
                        cmd->usage);
    if (args->n_words > cmd->max_words)
        return ipl_fail(err, IPL_E_ARG, "unexpected argument '%.80s'",
                        words[cmd->max_words]);
    return IPL_OK;
}

static bool wants_help(int argc, char *const *argv)
{
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static ipl_status run_command(const ipl_command *cmd, int argc, char *const *argv,
                              ipl_error *err)
{
    void *opts = ipl_array(1, cmd->size, 1, err);
    const char **words = ipl_array((size_t)argc, 1, sizeof *words, err);
    ipl_assignment *later = ipl_array((size_t)argc, 1, sizeof *later, err);
    ipl_args args = {.words = words, .later = later, .argc = argc, .argv = argv};
    ipl_status st = IPL_E_NOMEM;

    if (!opts || !words || !later)
        goto done;
    ipl_opt_init(opts, cmd->opts);
    st = parse(opts, words, later, &args, cmd, argc, argv, err);
    if (st == IPL_OK)
        st = cmd->run(opts, &args, err);
done:
    ipl_free(later);
    ipl_free(words);
    ipl_free(opts);
    return st;
}

int main(int argc, char **argv)
{
    const ipl_command *cmd;
    ipl_error err = {0};
    ipl_status st;

    (void)setlocale(LC_ALL, "C");   /* a decimal point is a point, everywhere */
    (void)signal(SIGPIPE, SIG_IGN); /* `infoplane ... | head` ends with a message */
    if (argc < 2) {
        fprintf(stderr, "infoplane: no command; try 'infoplane --help'\n");
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_program_help();
        return fflush(stdout) == 0 ? 0 : ipl_status_exit(IPL_E_IO);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("infoplane %s\n", IPL_VERSION);
        return fflush(stdout) == 0 ? 0 : ipl_status_exit(IPL_E_IO);
    }
    cmd = find_command(argv[1]);
    if (!cmd) {
        fprintf(stderr, "infoplane: no command '%.80s'; try 'infoplane --help'\n", argv[1]);
        return EXIT_USAGE;
    }
    if (wants_help(argc, argv)) {
        print_command_help(cmd);
        return fflush(stdout) == 0 ? 0 : ipl_status_exit(IPL_E_IO);
    }
    st = run_command(cmd, argc, argv, &err);
    if (st == IPL_OK && fflush(stdout) != 0)
        st = ipl_fail(&err, IPL_E_IO, "writing to standard output failed");
    if (st != IPL_OK)
        fprintf(stderr, "infoplane: %s\n", err.msg);
    if (st == IPL_E_ARG)
        fprintf(stderr, "try 'infoplane %s --help'\n", cmd->name);
    return ipl_status_exit(st);
}
