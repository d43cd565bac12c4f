/** Data sets opened by a text, or refused with the words that say why. */
#ifndef IPL_OPEN_DATA_H
#define IPL_OPEN_DATA_H

#include "scratch.h"

#include "base/alloc.h"
#include "ipl/dataset.h"

static inline ipl_dataset *open_or_fail(const ipl_data_opts *opts)
{
    ipl_dataset *ds;
    ipl_error err = {0};

    if (ipl_dataset_open(&ds, opts, &err) != IPL_OK)
        fail_msg("%s: %s", opts->text, err.msg);
    return ds;
}

/* Open must fail with this status and a message that has this text. */
static inline void open_must_fail(const ipl_data_opts *opts, ipl_status status,
                                  const char *part)
{
    ipl_dataset *ds;
    ipl_error err = {0};
    const ipl_status st = ipl_dataset_open(&ds, opts, &err);

    if (st != status || !strstr(err.msg, part))
        fail_msg("%s: %s: %s; want %s: %s", opts->text, ipl_status_name(st), err.msg,
                 ipl_status_name(status), part);
    assert_null(ds);
}

/* Fail each allocation of opening in turn, until it opens: nothing else goes wrong. */
static inline void fail_each_allocation(const ipl_data_opts *opts)
{
    const int before = next_descriptor();
    ipl_status st = IPL_E_NOMEM;
    long n;

    for (n = 0; st != IPL_OK; n++) {
        ipl_dataset *ds;

        assert_true(n < 500);
        ipl_alloc_fail_after(n);
        st = ipl_dataset_open(&ds, opts, NULL);
        ipl_alloc_fail_after(-1);
        assert_int_equal(st, ds ? IPL_OK : IPL_E_NOMEM);
        ipl_dataset_destroy(ds);
    }
    assert_true(n > 10);
    assert_int_equal(next_descriptor(), before);
}

#endif /* IPL_OPEN_DATA_H */
