/* Tables of a run, and the tracks that figures are drawn from. */
#include "fuzz.h"

#include "base/alloc.h"
#include "run/table.h"
#include "run/track.h"

#include <string.h>

static const char *const pieces[] = {
    "epoch,", "layer,", "name,",          "split,", "estimator,", "I_XT",
    "NaN",    "\"\"",   "\",\"",          "train",  "logdet",     "\r\n",
    "\n",     ",,",     "1,1,fc1,train,", "1e300",  "1000,",      NULL};

const fuzz_format fuzz_target = {.name = "csv", .pieces = pieces};

static void read_track(const ipl_table *table, const ipl_track_query *query)
{
    ipl_error err = {0};
    ipl_track track;

    fuzz_check(ipl_track_read(&track, table, query, &err), &err, FUZZ_OK_OR_FORMAT);
    if (track.n_epochs > 1)
        fuzz_require(track.epochs[0] < track.epochs[1], "epochs ascend");
    ipl_track_release(&track);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const fields[] = {"I_XT"};
    ipl_error err = {0};
    ipl_table *table;
    double *numbers;
    size_t column, sum = 0;
    const ipl_status st = ipl_table_read(&table, fuzz_file(data, size), &err);

    fuzz_check(st, &err, FUZZ_OK_OR_FORMAT);
    if (st != IPL_OK)
        return 0;
    fuzz_check(ipl_table_numbers(&numbers, table, "epoch", &err), &err, FUZZ_OK_OR_FORMAT);
    ipl_free(numbers);
    if (ipl_table_column(&column, table, "name", &err) == IPL_OK)
        for (size_t i = 0; i < ipl_table_rows(table); i++)
            sum += strlen(ipl_table_text(table, i, column)) + 1;
    fuzz_require(sum <= size, "fields are parts of the file");
    read_track(table, &(ipl_track_query){.fields = fields, .n_fields = 1});
    read_track(table, &(ipl_track_query){.fields = fields, .n_fields = 1, .layers = true});
    read_track(table, &(ipl_track_query){.fields = fields,
                                         .n_fields = 1,
                                         .layers = true,
                                         .split = "train",
                                         .estimator = "logdet"});
    ipl_table_destroy(table);
    return 0;
}
