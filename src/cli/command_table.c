#include "cli/command.h"

/* clang-format off */
const ipl_command *const ipl_command_table[] = {
    &ipl_cmd_demo,
    &ipl_cmd_train,
    &ipl_cmd_sweep,
    &ipl_cmd_collect,
    &ipl_cmd_plot,
    &ipl_cmd_report,
    &ipl_cmd_analyze,
    &ipl_cmd_estimate,
    &ipl_cmd_pictures,
    &ipl_cmd_classify,
    &ipl_cmd_data,
    &ipl_cmd_list,
    &ipl_cmd_info,
    &ipl_cmd_export,
    &ipl_cmd_verify,
    &ipl_cmd_selftest,
    &ipl_cmd_man,
    &ipl_cmd_completion,
    NULL,
};
/* clang-format on */
