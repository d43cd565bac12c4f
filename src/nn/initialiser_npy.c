/* Parameters from the files of a folder: see ipl_net_read_params(). */
#include "base/file.h"
#include "nn/initialiser.h"

typedef struct npy {
    char folder[IPL_PATH_MAX];
} npy;

static const ipl_opt npy_opts[] = {
    IPL_OPT_STRING(npy, folder, "folder", "", "holds <i>.weight.npy and <i>.bias.npy"),
    IPL_OPT_END,
};

static const char *npy_folder(const void *self)
{
    return ((const npy *)self)->folder;
}

const ipl_initialiser_ops ipl_initialiser_npy = {
    .row = {.name = "npy",
            .summary = "npy:FOLDER, arrays <i>.weight.npy and <i>.bias.npy of layer i",
            .size = sizeof(npy),
            .opts = npy_opts},
    .folder = npy_folder,
};
