/* Long tables in pieces of whole rows, and the numbers that are written into them. */
#include "scratch.h"

#include "base/alloc.h"
#include "base/text.h"
#include "run/table.h"

#include <float.h>

static const char rows[] = "epoch,name,v\n"
                           "0,plain,1\n"
                           "1,\"two\nlines, and a \"\"quote\"\"\",2\n"
                           "2,\"\",3\n"
                           "3,a long name that does not fit into a block of few bytes,4\n"
                           "4,last,5\n";

/* All pieces of a file with one size of block; the rows as one text. */
static ipl_status read_all(ipl_text *out, const char *folder, const char *name,
                           size_t block, ipl_error *err)
{
    ipl_table_reader reader;
    ipl_table *piece;
    ipl_status st = ipl_table_reader_init(&reader, folder, name, block, err);

    while (st == IPL_OK && (st = ipl_table_reader_next(&piece, &reader, err)) == IPL_OK &&
           piece) {
        for (size_t i = 0; i < ipl_table_rows(piece); i++)
            ipl_text_add(out, "%zu|%s|%s|%s\n", ipl_table_line(piece, i),
                         ipl_table_text(piece, i, 0), ipl_table_text(piece, i, 1),
                         ipl_table_text(piece, i, 2));
        ipl_table_destroy(piece);
    }
    ipl_table_reader_release(&reader);
    return st;
}

static void put(void **state, const char *text, size_t len)
{
    scratch_write(scratch_path(state, "t.csv"), text, len);
}

static void pieces_of_every_size_hold_the_same_rows(void **state)
{
    static const char want[] = "2|0|plain|1\n"
                               "3|1|two\nlines, and a \"quote\"|2\n"
                               "5|2||3\n"
                               "6|3|a long name that does not fit into a block of few "
                               "bytes|4\n"
                               "7|4|last|5\n";
    ipl_error err = {0};

    put(state, rows, strlen(rows));
    for (size_t block = 1; block < strlen(rows) + 5; block++) {
        ipl_text got = {0};

        if (read_all(&got, *state, "t.csv", block, &err) != IPL_OK)
            fail_msg("%zu: %s", block, err.msg);
        assert_string_equal(got.s, want);
        ipl_text_release(&got);
    }
}

static void a_byte_order_mark_is_skipped(void **state)
{
    ipl_text got = {0};

    put(state,
        "\xEF\xBB\xBF"
        "epoch,name,v\n0,a,1\n",
        23);
    assert_int_equal(read_all(&got, *state, "t.csv", 8, NULL), IPL_OK);
    assert_string_equal(got.s, "2|0|a|1\n");
    ipl_text_release(&got);
}

/* A run that is being written: its last row has no line break yet, its table no row. */
static void what_is_not_written_yet_is_left_out(void **state)
{
    for (size_t len = 0; len < strlen(rows); len++) {
        ipl_text got = {0};
        ipl_error err = {0};
        ipl_status st;

        put(state, rows, len);
        st = read_all(&got, *state, "t.csv", 16, &err);
        /* Cut inside of a quoted text with a line break: that looks like an open quote. */
        if (st != IPL_OK)
            assert_non_null(strstr(err.msg, "t.csv:3: a quote is opened"));
        else if (len < 23)
            assert_null(got.s);
        else
            assert_memory_equal(got.s, "2|0|plain|1\n", 12);
        ipl_text_release(&got);
    }
    {
        ipl_text got = {0};

        assert_int_equal(read_all(&got, *state, "missing.csv", 16, NULL), IPL_OK);
        assert_null(got.s);
    }
}

static void a_fault_in_a_later_piece_has_its_line(void **state)
{
    ipl_text text = {0}, got = {0};
    ipl_error err = {0};

    ipl_text_add(&text, "epoch,name,v\n");
    for (int i = 0; i < 100; i++)
        ipl_text_add(&text, "%d,x,%s1\n", i, i == 77 ? "2,3," : "");
    put(state, text.s, text.len);
    assert_int_equal(read_all(&got, *state, "t.csv", 64, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "t.csv:79: 5 fields, the header has 3"));
    ipl_text_release(&got);
    ipl_text_release(&text);
}

static void lack_of_memory_is_reported(void **state)
{
    put(state, rows, strlen(rows));
    for (long n = 0;; n++) {
        ipl_text got = {0};
        ipl_status st;

        ipl_alloc_fail_after(n);
        st = read_all(&got, *state, "t.csv", 32, NULL);
        if (st == IPL_OK)
            st = ipl_text_status(&got, NULL);
        ipl_alloc_fail_after(-1);
        ipl_text_release(&got);
        assert_true(n < 200);
        if (st == IPL_OK)
            break;
        assert_int_equal(st, IPL_E_NOMEM);
    }
}

/* Digits that a number needs to read back, found by trying all. */
static void shortest(char *out, size_t size, double value)
{
    for (int digits = 6; digits <= 17; digits++) {
        (void)snprintf(out, size, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            return;
    }
}

static void numbers_have_the_fewest_digits_that_read_back(void **state)
{
    static const double values[] = {0.0,      -0.0,    1.0,      0.1,     1.0 / 3.0,
                                    123456.0, 1234567, 1e22,     DBL_MAX, DBL_MIN,
                                    5e-324,   0.3,     2.0 / 3,  1e-5,    1e15 / 3,
                                    2.5e300,  -1e100,  100000.5, 1e17,    1e16 + 2};
    char got[32], want[40];

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        ipl_number_print(got, sizeof got, values[i]);
        shortest(want, sizeof want, values[i]);
        assert_string_equal(got, want);
    }
    for (uint64_t i = 0; i < 20000; i++) {
        uint64_t bits = i * 0x9E3779B97F4A7C15u;
        double v;

        bits ^= bits >> 29;
        memcpy(&v, &bits, sizeof v);
        if (!isfinite(v))
            continue;
        ipl_number_print(got, sizeof got, v);
        assert_true(strtod(got, NULL) == v);
        shortest(want, sizeof want, v);
        assert_int_equal(strlen(got), strlen(want));
        v = (double)(i % 1000) / 1000.0;
        ipl_number_print(got, sizeof got, v);
        shortest(want, sizeof want, v);
        assert_string_equal(got, want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(pieces_of_every_size_hold_the_same_rows),
        IN_SCRATCH(a_byte_order_mark_is_skipped),
        IN_SCRATCH(what_is_not_written_yet_is_left_out),
        IN_SCRATCH(a_fault_in_a_later_piece_has_its_line),
        IN_SCRATCH(lack_of_memory_is_reported),
        cmocka_unit_test(numbers_have_the_fewest_digits_that_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
