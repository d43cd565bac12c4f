/**
 * Commands of the program: rows of a table, like everything else that can be chosen.
 *
 * main() finds the row, reads the command line by its option rows, runs it, prints what went
 * wrong and turns the status into an exit status. A command prints its result on stdout.
 */
#ifndef IPL_COMMAND_H
#define IPL_COMMAND_H

#include "base/opt.h"

/** An option given on the command line that the command applies itself. */
typedef struct ipl_assignment {
    const ipl_opt *row;
    const char *value;
} ipl_assignment;

/** What stood on the command line besides the command's own options. */
typedef struct ipl_args {
    const char *const *words; /* positional arguments */
    size_t n_words;
    const ipl_assignment *later; /* options found in command->later, in their order */
    size_t n_later;
    int argc; /* the whole command line, for the record */
    char *const *argv;
} ipl_args;

typedef struct ipl_command {
    const char *name;
    const char *summary; /* one line for `infoplane --help` */
    const char *usage;   /* positional arguments: "RUN..." */
    const char *details; /* lines after the options in --help, examples first; NULL: none */
    size_t min_words, max_words;
    size_t size;          /* bytes of the options struct */
    const ipl_opt *opts;  /* its rows; a flag (bool) takes no value; NULL: none */
    const ipl_opt *later; /* rows checked by name only, applied by run(); NULL: none */
    /** opts points to the struct, defaults and command line applied. */
    ipl_status (*run)(void *opts, const ipl_args *args, ipl_error *err);
} ipl_command;

extern const ipl_command ipl_cmd_train;
extern const ipl_command ipl_cmd_sweep;
extern const ipl_command ipl_cmd_collect;
extern const ipl_command ipl_cmd_plot;
extern const ipl_command ipl_cmd_report;
extern const ipl_command ipl_cmd_classify;
extern const ipl_command ipl_cmd_estimate;
extern const ipl_command ipl_cmd_data;
extern const ipl_command ipl_cmd_list;
extern const ipl_command ipl_cmd_info;
extern const ipl_command ipl_cmd_export;
extern const ipl_command ipl_cmd_analyze;
extern const ipl_command ipl_cmd_pictures;
extern const ipl_command ipl_cmd_verify;
extern const ipl_command ipl_cmd_demo;
extern const ipl_command ipl_cmd_selftest;
extern const ipl_command ipl_cmd_man;
extern const ipl_command ipl_cmd_completion;

/** NULL-terminated; to add a command, write cmd_<name>.c and add one row. */
extern const ipl_command *const ipl_command_table[];

#endif /* IPL_COMMAND_H */
