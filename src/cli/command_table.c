#include "cli/command.h"

extern const ipl_command ipl_command_plot;

const ipl_command *const ipl_command_table[] = {
    &ipl_command_plot,
    NULL,
};
