/* Checkpoints of a run as the parameters after some epochs. */
#include "base/alloc.h"
#include "nn/net_state.h"
#include "run/checkpoint.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* Which name to take when several files hold an epoch; kept ones go first. */
static int rank_of(const char *name)
{
    static const char *const order[] = {"best", "last", "previous"};

    for (int i = 0; i < 3; i++)
        if (strcmp(name, order[i]) == 0)
            return i + 1;
    return 0;
}

static int by_epoch(const void *a, const void *b)
{
    const ipl_checkpoint_place *p = a, *q = b;

    if (p->epoch != q->epoch)
        return p->epoch < q->epoch ? -1 : 1;
    return rank_of(p->name) - rank_of(q->name);
}

static bool is_name(const char *name)
{
    return strncmp(name, "epoch-", 6) == 0 || rank_of(name) > 0;
}

/* Whether a file of the folder is a place. */
static bool look(ipl_checkpoint_place *out, const char *run, const char *name)
{
    char path[IPL_PATH_MAX];
    ipl_position at;

    *out = (ipl_checkpoint_place){0};
    if (!is_name(name) ||
        ipl_text_copy(out->name, sizeof out->name, name, strlen(name), "name", NULL) !=
            IPL_OK ||
        ipl_checkpoint_path(path, run, name, NULL) != IPL_OK ||
        ipl_checkpoint_peek(&at, path, NULL) != IPL_OK || at.batch != 0)
        return false;
    out->epoch = (size_t)at.epoch;
    out->step = (size_t)at.step;
    return true;
}

static size_t count_entries(DIR *dir)
{
    size_t n = 0;

    while (readdir(dir))
        n++;
    rewinddir(dir);
    return n;
}

ipl_status ipl_checkpoint_list(ipl_checkpoint_place **out, size_t *n, const char *run,
                               ipl_error *err)
{
    char folder[IPL_PATH_MAX];
    ipl_checkpoint_place *list = NULL;
    struct dirent *entry;
    size_t room, found = 0;
    DIR *dir = NULL;
    ipl_status st = ipl_path_join(folder, run, IPL_CHECKPOINT_FOLDER, err);

    *out = NULL;
    *n = 0;
    if (st == IPL_OK)
        dir = ipl_folder_open(folder);
    if (!dir)
        return st; /* none */
    room = count_entries(dir);
    list = ipl_array(room, 1, sizeof *list, err);
    while (list && found < room && (entry = readdir(dir)))
        found += look(&list[found], run, entry->d_name);
    (void)closedir(dir);
    if (!list)
        return IPL_E_NOMEM;
    qsort(list, found, sizeof *list, by_epoch);
    for (size_t i = 0; i < found; i++)
        if (*n == 0 || list[*n - 1].epoch != list[i].epoch)
            list[(*n)++] = list[i];
    *out = list;
    return IPL_OK;
}

/* Load a place from the file of that name; IPL_E_NOINPUT when it holds another one. */
static ipl_status load_from(const char *name, ipl_net *net, const char *run,
                            const ipl_checkpoint_place *place, const ipl_experiment *exp,
                            ipl_error *err)
{
    const size_t size = ipl_net_state_size(net, IPL_NET_LEARNED);
    char path[IPL_PATH_MAX];
    ipl_checkpoint c = {0};
    ipl_error why = {0};
    ipl_status st = ipl_checkpoint_path(path, run, name, err);

    if (st == IPL_OK)
        st = ipl_checkpoint_read(&c, path, ipl_checkpoint_limit(net), err);
    if (st == IPL_OK && (c.at.epoch != place->epoch || c.at.step != place->step))
        st = ipl_fail(err, IPL_E_NOINPUT,
                      "%s: the run went on and replaced its checkpoint after epoch %zu",
                      run, place->epoch);
    if (st == IPL_OK)
        st = ipl_checkpoint_fits(&c, path, exp, err);
    if (st == IPL_OK) { /* what was learned stands at the front */
        st = ipl_net_load(net, IPL_NET_LEARNED, c.state,
                          c.state_size < size || !c.whole ? c.state_size : size, &why);
        if (st != IPL_OK)
            st = ipl_fail(err, IPL_E_FORMAT, "%s: %s", path, why.msg);
    }
    ipl_checkpoint_release(&c);
    return st;
}

ipl_status ipl_checkpoint_load(ipl_net *net, const char *run,
                               const ipl_checkpoint_place *place, const ipl_experiment *exp,
                               ipl_error *err)
{
    ipl_error why = {0};
    const ipl_status st = load_from(place->name, net, run, place, exp, &why);

    if (st == IPL_OK || (st == IPL_E_NOINPUT &&
                         load_from("previous", net, run, place, exp, NULL) == IPL_OK))
        return IPL_OK;
    return ipl_fail(err, st, "%s", why.msg);
}
