/* .npy files: reading, mapping and the shape alone agree. */
#include "fuzz.h"

#include "base/alloc.h"
#include "math/npy.h"
#include "math/npy_view.h"

static const char *const pieces[] = {"\x93NUMPY\x01",
                                     "{'descr': ",
                                     "'<f4'",
                                     "'>f8'",
                                     "'|u1'",
                                     "'<i8'",
                                     "'|b1'",
                                     "'<f2'",
                                     "'|O'",
                                     "'<c8'",
                                     "True",
                                     "False",
                                     "(3, 4)",
                                     "(3,)",
                                     "()",
                                     "'shape': ",
                                     "[('a',",
                                     "}",
                                     "'descr': '|",
                                     "(1L, 1)",
                                     ", ",
                                     "'fortran_order': ",
                                     NULL};

const fuzz_format fuzz_target = {.name = "npy", .pieces = pieces};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);
    ipl_error err = {0}, err2 = {0};
    ipl_npy a;
    ipl_npy_view view;
    size_t rows = 0, cols = 0;
    const ipl_status st = ipl_npy_read(&a, path, &err);
    ipl_status shape;

    fuzz_check(st, &err, FUZZ_OK_OR_FORMAT);
    shape = ipl_npy_shape(&rows, &cols, path, &err2);
    fuzz_check(shape, &err2, FUZZ_OK_OR_FORMAT);
    fuzz_check(ipl_npy_view_open(&view, path, &err2), &err2, FUZZ_OK_OR_FORMAT);
    if (st == IPL_OK) {
        int32_t *y = ipl_array(a.rows, 1, sizeof *y, NULL);

        fuzz_require(shape == IPL_OK && rows == a.rows && cols == a.cols &&
                         view.rows.rows == rows && view.rows.cols == cols,
                     "all readers agree on the shape");
        fuzz_require((ipl_npy_check_finite(&a, path, &err2) == IPL_OK) ==
                         (ipl_npy_view_check_finite(&view, path, &err2) == IPL_OK),
                     "all readers agree on NaN and Inf");
        if (y)
            fuzz_check(ipl_npy_labels(y, &a, path, &err2), &err2, FUZZ_OK_OR_FORMAT);
        ipl_free(y);
    } else {
        fuzz_require(!a.data, "nothing is left after a fault");
    }
    ipl_npy_view_close(&view);
    ipl_npy_release(&a);
    return 0;
}
