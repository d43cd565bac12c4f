/* infoplane man and infoplane completion: pages and completions made of the option rows. */
#include "cli/command.h"
#include "run/experiment.h"
#include "run/version.h"

#include <stdio.h>
#include <string.h>

/* ---- roff ---- */

/* Print text so that roff takes no character of it for a command. */
static void roff(const char *text)
{
    bool start = true; /* of a line */

    for (; *text != '\0'; text++) {
        if (start && (*text == '.' || *text == '\''))
            printf("\\&");
        if (*text == '\\')
            printf("\\e");
        else if (*text == '-')
            printf("\\-");
        else
            (void)putchar(*text);
        start = *text == '\n';
    }
}

static void roff_options(const ipl_opt *rows)
{
    const char *group = NULL;

    for (const ipl_opt *row = rows; row && row->name; row++) {
        ipl_text words = {0};

        if (row->group && (!group || strcmp(group, row->group) != 0))
            printf(".SS \"%s\"\n", row->group);
        group = row->group;
        printf(".TP\n.B ");
        roff(ipl_opt_letter(row));
        printf("\\-\\-");
        roff(row->name);
        printf("\n");
        roff(row->help);
        if (row->type != IPL_OPT_TEXT && row->type != IPL_OPT_BOOL) {
            ipl_opt_print_range(&words, row);
            printf(": ");
            roff(words.s ? words.s : "");
        }
        ipl_text_clear(&words);
        ipl_opt_print_default(&words, row);
        if (words.len > 0) {
            printf(" [");
            roff(words.s);
            printf("]");
        }
        printf("\n");
        ipl_text_release(&words);
    }
}

static void heading(const char *name, const char *summary)
{
    const char *dash = *name != '\0' ? "-" : "";

    printf(".TH \"INFOPLANE%s%s\" 1 \"\" \"infoplane %s\" \"User Commands\"\n", dash, name,
           IPL_VERSION);
    printf(".SH NAME\ninfoplane%s%s \\- ", *name != '\0' ? "\\-" : "", name);
    roff(summary);
    printf("\n.SH SYNOPSIS\n.B infoplane");
}

static void page_of(const ipl_command *cmd)
{
    heading(cmd->name, cmd->summary);
    printf(" %s\n", cmd->name);
    roff(cmd->usage);
    printf("%s[options]\n", *cmd->usage != '\0' ? " " : "");
    if (cmd->opts || cmd->later)
        printf(".SH OPTIONS\n");
    roff_options(cmd->opts);
    roff_options(cmd->later);
    if (cmd->details) {
        printf(".SH DETAILS\n.nf\n");
        roff(cmd->details);
        printf(".fi\n");
    }
    printf(".SH \"SEE ALSO\"\n.BR infoplane (1)\n");
}

static void main_page(void)
{
    heading("", "train neural nets and draw their information plane");
    printf("\n.I command\n[options]\n.SH COMMANDS\n");
    for (size_t i = 0; ipl_command_table[i]; i++) {
        printf(".TP\n.B %s\n", ipl_command_table[i]->name);
        roff(ipl_command_table[i]->summary);
        printf("\n");
    }
    printf(
        ".SH \"EXIT STATUS\"\n0 done, 2 usage, 3 diverged or a check failed, 65 bad data, "
        "66 no input,\n71 no memory, 73 cannot create, 74 input/output error, 75 locked.\n"
        ".SH \"SEE ALSO\"\n");
    for (size_t i = 0; ipl_command_table[i]; i++)
        printf(".BR infoplane\\-%s (1)%s\n", ipl_command_table[i]->name,
               ipl_command_table[i + 1] ? "," : "");
}

static const ipl_command *command_named(const char *name)
{
    for (size_t i = 0; ipl_command_table[i]; i++)
        if (strcmp(ipl_command_table[i]->name, name) == 0)
            return ipl_command_table[i];
    return NULL;
}

static ipl_status run_man(void *self, const ipl_args *args, ipl_error *err)
{
    (void)self;
    if (args->n_words == 0) {
        main_page();
        return IPL_OK;
    }
    if (!command_named(args->words[0]))
        return ipl_fail(err, IPL_E_ARG, "no command '%.60s'", args->words[0]);
    page_of(command_named(args->words[0]));
    return IPL_OK;
}

const ipl_command ipl_cmd_man = {
    .name = "man",
    .summary = "print the manual page of the program or of a command, as roff",
    .usage = "[COMMAND]",
    .details = "example:\n  infoplane man train | man -l -\n",
    .max_words = 1,
    .run = run_man,
};

/* ---- completions ---- */

typedef void (*each_option)(const ipl_command *cmd, const ipl_opt *row);

static void for_options(const ipl_command *cmd, each_option print)
{
    for (const ipl_opt *row = cmd->opts; row && row->name; row++)
        print(cmd, row);
    for (const ipl_opt *row = cmd->later; row && row->name; row++)
        print(cmd, row);
}

static void bash_name(const ipl_command *cmd, const ipl_opt *row)
{
    (void)cmd;
    printf(" --%s", row->name);
}

static void bash_words(const ipl_command *cmd, const ipl_opt *row)
{
    if (row->type != IPL_OPT_CHOICE)
        return;
    printf("    %s:--%s) words='", cmd->name, row->name);
    for (size_t k = 0; row->choices[k]; k++)
        printf("%s%s", k ? " " : "", row->choices[k]);
    printf("' ;;\n");
}

/* The body of the completion for bash; zsh runs it by bashcompinit. */
static void bash(void)
{
    printf("_infoplane() {\n    local command=${COMP_WORDS[1]} "
           "word=${COMP_WORDS[COMP_CWORD]}\n"
           "    local before=${COMP_WORDS[COMP_CWORD-1]} words=\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words='--help --version");
    for (size_t i = 0; ipl_command_table[i]; i++)
        printf(" %s", ipl_command_table[i]->name);
    printf("'\n        COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n        return\n "
           "   fi\n"
           "    case $command:$before in\n"
           "    *:--preset) words=$(infoplane list presets 2>/dev/null |\n"
           "        sed -n 's/^  \\([a-z0-9-]*\\)  *[^ ].*/\\1/p') ;;\n");
    for (size_t i = 0; ipl_command_table[i]; i++)
        for_options(ipl_command_table[i], bash_words);
    printf("    esac\n    if [ -z \"$words\" ] && [[ $word == -* ]]; then\n"
           "        case $command in\n");
    for (size_t i = 0; ipl_command_table[i]; i++) {
        printf("        %s) words='--help", ipl_command_table[i]->name);
        for_options(ipl_command_table[i], bash_name);
        printf("' ;;\n");
    }
    printf("        esac\n    fi\n    if [ -n \"$words\" ]; then\n"
           "        COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n    else\n"
           "        COMPREPLY=($(compgen -f -- \"$word\"))\n    fi\n}\n"
           "complete -o filenames -F _infoplane infoplane\n");
}

/* Read as a file of $fpath, it runs as the completion that was asked for: it has to answer. */
static void zsh(void)
{
    printf("#compdef infoplane\nautoload -U +X bashcompinit && bashcompinit\n");
    bash();
    printf("if [ \"$funcstack[1]\" = _infoplane ]; then\n"
           "    _bash_complete -o filenames -F _infoplane\nfi\n");
}

/* A string of fish's in single quotes. */
static void fish_quoted(const char *text)
{
    (void)putchar('\'');
    for (; *text != '\0'; text++)
        printf("%s%c", *text == '\'' || *text == '\\' ? "\\" : "", *text);
    (void)putchar('\'');
}

static void fish_option(const ipl_command *cmd, const ipl_opt *row)
{
    printf("complete -c infoplane -n '__fish_seen_subcommand_from %s' -l %s", cmd->name,
           row->name);
    if (row->type != IPL_OPT_BOOL && !row->bare)
        printf(" -r");
    if (row->type == IPL_OPT_CHOICE) {
        printf(" -x -a '");
        for (size_t k = 0; row->choices[k]; k++)
            printf("%s%s", k ? " " : "", row->choices[k]);
        printf("'");
    }
    printf(" -d ");
    fish_quoted(row->help);
    printf("\n");
}

static void fish(void)
{
    for (size_t i = 0; ipl_command_table[i]; i++) {
        printf("complete -c infoplane -n __fish_use_subcommand -f -a %s -d ",
               ipl_command_table[i]->name);
        fish_quoted(ipl_command_table[i]->summary);
        printf("\n");
    }
    for (size_t i = 0; ipl_command_table[i]; i++)
        for_options(ipl_command_table[i], fish_option);
}

static ipl_status run_completion(void *self, const ipl_args *args, ipl_error *err)
{
    const char *shell = args->words[0];

    (void)self;
    if (strcmp(shell, "fish") == 0) {
        fish();
    } else if (strcmp(shell, "bash") == 0) {
        bash();
    } else if (strcmp(shell, "zsh") == 0) {
        zsh();
    } else {
        return ipl_fail(err, IPL_E_ARG, "no completion for '%.40s': bash, zsh or fish",
                        shell);
    }
    return IPL_OK;
}

const ipl_command ipl_cmd_completion = {
    .name = "completion",
    .summary = "print what makes a shell complete commands and options",
    .usage = "bash|zsh|fish",
    .details = "example:\n  infoplane completion bash >~/.local/share/bash-completion/"
               "completions/infoplane\n",
    .min_words = 1,
    .max_words = 1,
    .run = run_completion,
};
