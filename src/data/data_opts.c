#include "data/data_opts.h"

const char *const ipl_scaling_words[] = {
    [IPL_SCALE_UNIT] = "unit",       [IPL_SCALE_RAW] = "raw",
    [IPL_SCALE_CHANNEL] = "channel", [IPL_SCALE_FEATURE] = "feature",
    [IPL_SCALE_FEATURE + 1] = NULL,
};
