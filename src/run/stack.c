#include "run/stack.h"

#include "base/alloc.h"
#include "base/text.h"
#include "run/activations.h"
#include "run/table.h"

#include <stdio.h>
#include <string.h>

void ipl_stack_release(ipl_stack *stack)
{
    for (size_t i = 0; stack->files && i < stack->n_epochs * stack->n_layers; i++)
        ipl_free(stack->files[i]);
    ipl_free(stack->files);
    ipl_free(stack->names);
    ipl_free(stack->when);
    ipl_free(stack->epochs);
    ipl_text_release(&stack->notes);
    *stack = (ipl_stack){0};
}

ipl_status ipl_stack_allocate(ipl_stack *stack, size_t n_epochs, size_t n_layers,
                              ipl_error *err)
{
    stack->n_epochs = n_epochs;
    stack->n_layers = n_layers;
    stack->epochs = ipl_array(n_epochs, 1, sizeof *stack->epochs, err);
    stack->when = ipl_array(n_epochs, 1, sizeof *stack->when, err);
    stack->names = ipl_array(n_layers, 1, sizeof *stack->names, err);
    stack->files = ipl_array(n_epochs, n_layers, sizeof *stack->files, err);
    return stack->epochs && stack->when && stack->names && stack->files ? IPL_OK
                                                                        : IPL_E_NOMEM;
}

static ipl_status copy_path(char **out, const char *path, ipl_error *err)
{
    const size_t size = strlen(path) + 1;

    *out = ipl_array(size, 1, 1, err);
    if (!*out)
        return IPL_E_NOMEM;
    memcpy(*out, path, size);
    return IPL_OK;
}

/* Names that a stack may be made of, for choosing and for messages. */
typedef struct known {
    const char **names;
    size_t n;
} known;

static ipl_status no_layer(const known *have, const char *word, size_t len, ipl_error *err)
{
    ipl_text names = {0};
    ipl_status st;

    for (size_t i = 0; i < have->n; i++)
        ipl_text_add(&names, "%s%s", i ? ", " : "", have->names[i]);
    st = ipl_fail(err, IPL_E_FORMAT, "layers: no layer '%.*s'; choose from %.300s",
                  (int)(len < 60 ? len : 60), word, names.s ? names.s : "none");
    ipl_text_release(&names);
    return st;
}

/* Indices of the layers that the text names, all for ""; out has room for have->n. */
static ipl_status choose(size_t *out, size_t *n, const known *have, const char *text,
                         ipl_error *err)
{
    *n = 0;
    for (size_t i = 0; *text == '\0' && i < have->n; i++)
        out[(*n)++] = i;
    while (*text != '\0') {
        const size_t len = strcspn(text, ",");
        size_t i = 0;

        while (i < have->n &&
               (strlen(have->names[i]) != len || strncmp(have->names[i], text, len) != 0))
            i++;
        if (i == have->n)
            return no_layer(have, text, len, err);
        for (size_t k = 0; k < *n; k++)
            if (out[k] == i)
                return ipl_fail(err, IPL_E_FORMAT, "layers: '%.60s' is given twice",
                                have->names[i]);
        out[(*n)++] = i;
        text += len;
        if (*text == ',' && *++text == '\0')
            return ipl_fail(err, IPL_E_FORMAT, "layers: nothing after the last comma");
    }
    return IPL_OK;
}

/* ---- a run ---- */

static ipl_status read_table(ipl_table **out, const char *folder, const char *name,
                             ipl_error *err)
{
    char path[IPL_PATH_MAX];
    const ipl_status st = ipl_path_join(path, folder, name, err);

    return st == IPL_OK ? ipl_table_read(out, path, err) : st;
}

/* Files of one probe of the run; y is "" when there is none. */
static ipl_status find_samples(ipl_stack *stack, const char *folder, const char *run,
                               const char *split, ipl_error *err)
{
    char name[32];
    ipl_status st = ipl_text_copy(stack->split, sizeof stack->split, split, strlen(split),
                                  "split", err);

    if (st != IPL_OK)
        return st;
    (void)snprintf(name, sizeof name, "%s-x.npy", stack->split);
    st = ipl_path_join(stack->x, folder, name, err);
    if (st == IPL_OK && !ipl_file_exists(stack->x))
        st = ipl_fail(err, IPL_E_NOINPUT, "%s: no %s probe was recorded", run, split);
    (void)snprintf(name, sizeof name, "%s-y.npy", stack->split);
    if (st == IPL_OK)
        st = ipl_path_join(stack->y, folder, name, err);
    if (st == IPL_OK && !ipl_file_exists(stack->y))
        stack->y[0] = '\0';
    return st;
}

/* Names and files of the chosen layers at every epoch of the index. */
static ipl_status fill_from_tables(ipl_stack *stack, const char *folder,
                                   const ipl_table *index, const known *have,
                                   const size_t *chosen, ipl_error *err)
{
    double *epochs = NULL;
    size_t epoch = 0, step = 0;
    ipl_status st = ipl_table_column(&epoch, index, "epoch", err);

    if (st == IPL_OK)
        st = ipl_table_column(&step, index, "step", err);
    if (st == IPL_OK)
        st = ipl_table_numbers(&epochs, index, "epoch", err);
    for (size_t l = 0; l < stack->n_layers && st == IPL_OK; l++)
        st = ipl_text_copy(stack->names[l], IPL_STACK_NAME_MAX, have->names[chosen[l]],
                           strlen(have->names[chosen[l]]), "layer", err);
    for (size_t i = 0; i < stack->n_epochs && st == IPL_OK; i++) {
        const char *text = ipl_table_text(index, i, epoch);

        stack->epochs[i] = epochs[i];
        (void)snprintf(stack->when[i], IPL_STACK_WHEN_MAX, "%.31s,%.31s", text,
                       ipl_table_text(index, i, step));
        for (size_t l = 0; l < stack->n_layers && st == IPL_OK; l++) {
            char name[256], path[IPL_PATH_MAX];

            (void)snprintf(name, sizeof name, "epoch-%.31s/%s-%s.npy", text, stack->split,
                           stack->names[l]);
            st = ipl_path_join(path, folder, name, err);
            if (st == IPL_OK)
                st = copy_path(&stack->files[i * stack->n_layers + l], path, err);
        }
    }
    ipl_free(epochs);
    return st;
}

ipl_status ipl_stack_of_run(ipl_stack *out, const char *run, const char *split,
                            const char *layers, ipl_error *err)
{
    char folder[IPL_PATH_MAX];
    ipl_stack stack = {0};
    ipl_table *index = NULL, *table = NULL;
    size_t *chosen = NULL, column, n_chosen;
    known have = {0};
    ipl_status st = ipl_path_join(folder, run, IPL_ACTIVATIONS, err);

    *out = (ipl_stack){0};
    if (st != IPL_OK)
        return st;
    if (!ipl_file_is_folder(folder))
        return ipl_fail(
            err, IPL_E_NOINPUT,
            "%s: no activations were recorded; train with --record activations or "
            "--checkpoint every:1min,keep=measured",
            run);
    st = find_samples(&stack, folder, run, split, err);
    if (st == IPL_OK)
        st = read_table(&table, folder, IPL_ACTIVATIONS_LAYERS, err);
    if (st == IPL_OK)
        st = ipl_table_column(&column, table, "name", err);
    if (st == IPL_OK)
        st = read_table(&index, folder, IPL_ACTIVATIONS_INDEX, err);
    if (st == IPL_OK && (ipl_table_rows(index) == 0 || ipl_table_rows(table) == 0))
        st = ipl_fail(err, IPL_E_FORMAT, "%s: nothing recorded yet", folder);
    if (st != IPL_OK)
        goto done;
    have.n = ipl_table_rows(table);
    have.names = ipl_array(have.n, 1, sizeof *have.names, err);
    chosen = ipl_array(have.n, 1, sizeof *chosen, err);
    st = have.names && chosen ? IPL_OK : IPL_E_NOMEM;
    if (st != IPL_OK)
        goto done;
    for (size_t l = 0; l < have.n; l++)
        have.names[l] = ipl_table_text(table, l, column);
    st = choose(chosen, &n_chosen, &have, layers, err);
    if (st == IPL_OK)
        st = ipl_stack_allocate(&stack, ipl_table_rows(index), n_chosen, err);
    if (st == IPL_OK)
        st = fill_from_tables(&stack, folder, index, &have, chosen, err);
    if (st != IPL_OK)
        goto done;
    *out = stack;
    stack = (ipl_stack){0}; /* now the caller's */
done:
    ipl_free(chosen);
    ipl_free(have.names);
    ipl_table_destroy(index);
    ipl_table_destroy(table);
    ipl_stack_release(&stack);
    return st;
}
