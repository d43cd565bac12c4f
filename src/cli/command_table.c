#include "cli/command.h"

const ipl_command *const ipl_command_table[] = {
    &ipl_cmd_estimate,
    NULL,
};
