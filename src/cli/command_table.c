#include "cli/command.h"

extern const ipl_command ipl_cmd_train;
extern const ipl_command ipl_cmd_info;
extern const ipl_command ipl_cmd_export;
extern const ipl_command ipl_cmd_list;

const ipl_command *const ipl_command_table[] = {
    &ipl_cmd_train, &ipl_cmd_info, &ipl_cmd_export, &ipl_cmd_list, NULL,
};
