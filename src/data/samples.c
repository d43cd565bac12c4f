/* What every source builds up: the pieces of ipl_samples. */
#include "base/alloc.h"
#include "data/source.h"

#include <string.h>

char *ipl_string_copy(const char *s, ipl_error *err)
{
    const size_t len = strlen(s);
    char *copy = ipl_array(1, len + 1, 1, err);

    if (copy)
        memcpy(copy, s, len + 1);
    return copy;
}

void ipl_names_free(char **names, size_t n)
{
    for (size_t i = 0; names && i < n; i++)
        ipl_free(names[i]);
    ipl_free(names);
}

static void release_store(ipl_store *store)
{
    ipl_free(store->bytes);
    ipl_free(store->values);
    ipl_free(store->labels);
}

void ipl_samples_release(ipl_samples *samples)
{
    for (size_t i = 0; i < samples->n_files; i++)
        ipl_free(samples->files[i].path);
    ipl_free(samples->files);
    ipl_names_free(samples->class_names, samples->n_classes);
    release_store(&samples->part[IPL_TRAIN]);
    release_store(&samples->part[IPL_TEST]);
    ipl_text_release(&samples->note);
    *samples = (ipl_samples){0};
}

ipl_status ipl_samples_add_file(ipl_samples *samples, const char *path, ipl_error *err)
{
    const size_t n = samples->n_files;
    char *copy = ipl_string_copy(path, err);
    ipl_data_file *grown;

    if (!copy)
        return IPL_E_NOMEM;
    grown = ipl_array(n + 1, 1, sizeof *grown, err);
    if (!grown) {
        ipl_free(copy);
        return IPL_E_NOMEM;
    }
    if (n > 0)
        memcpy(grown, samples->files, n * sizeof *grown);
    grown[n].path = copy;
    ipl_free(samples->files);
    samples->files = grown;
    samples->n_files = n + 1;
    return IPL_OK;
}

ipl_text *ipl_samples_note(ipl_samples *samples)
{
    if (samples->note.len > 0)
        ipl_text_add(&samples->note, "; ");
    return &samples->note;
}

ipl_status ipl_samples_name_classes(ipl_samples *samples, const char *const *names,
                                    ipl_error *err)
{
    samples->class_names =
        ipl_array(samples->n_classes, 1, sizeof *samples->class_names, err);
    if (!samples->class_names)
        return IPL_E_NOMEM;
    for (size_t i = 0; i < samples->n_classes; i++) {
        samples->class_names[i] = ipl_string_copy(names[i], err);
        if (!samples->class_names[i])
            return IPL_E_NOMEM;
    }
    return IPL_OK;
}
