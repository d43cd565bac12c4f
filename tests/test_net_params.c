/* Parameters in files: written, read back, and those that do not fit. */
#include "scratch.h"
#include "vector_net.h"

#include "math/npy.h"

static void written_parameters_are_read_back_exactly(void **state)
{
    const char *folder = *state;
    char init[80] = "npy:";
    ipl_net_opts opts = options(DEEP);
    ipl_net *trained = create(&opts), *other, *started;

    (void)train(trained, 2);
    assert_int_equal(ipl_net_write_params(trained, folder, NULL), IPL_OK);
    opts.seed = 4;
    other = create(&opts);
    assert_int_equal(ipl_net_read_params(other, folder, NULL), IPL_OK);
    assert_same_params(trained, other);
    opts.init = strcat(init, folder); /* NOLINT(clang-analyzer-security*) */
    started = create(&opts);
    assert_same_params(trained, started);
    ipl_net_destroy(trained);
    ipl_net_destroy(other);
    ipl_net_destroy(started);
}

/* Replace one file of a folder and read it: the fault must be named, nothing changed. */
static void reading_fails(ipl_net *net, const char *folder, const float *data,
                          const size_t *dims, size_t n_dims, ipl_status want,
                          const char *part)
{
    ipl_net *kept = create_text("64-20-10");
    ipl_error err = {0};
    char path[IPL_PATH_MAX];

    assert_int_equal(ipl_path_join(path, folder, "2.weight.npy", NULL), IPL_OK);
    if (data)
        assert_int_equal(ipl_npy_write_f32(path, data, dims, n_dims, NULL), IPL_OK);
    else
        assert_int_equal(remove(path), 0);
    assert_int_equal(ipl_net_read_params(net, folder, &err), want);
    if (!strstr(err.msg, part) || !strstr(err.msg, "2.weight.npy"))
        fail_msg("'%s' is not in '%s'", part, err.msg);
    assert_same_params(net, kept);
    ipl_net_destroy(kept);
}

static void bad_parameter_files_change_nothing(void **state)
{
    ipl_net_opts opts = options("64-20-10");
    ipl_net *net = create(&opts), *source;
    float data[200] = {0};
    const char *folder = *state;

    opts.seed = 9;
    source = create(&opts);
    assert_int_equal(ipl_net_write_params(source, folder, NULL), IPL_OK);
    reading_fails(net, folder, data, (const size_t[]){20, 10}, 2, IPL_E_SHAPE,
                  "shape 20x10, layer 2 wants 10x20");
    reading_fails(net, folder, data, (const size_t[]){200}, 1, IPL_E_SHAPE, "shape 200");
    data[7] = NAN;
    reading_fails(net, folder, data, (const size_t[]){10, 20}, 2, IPL_E_FORMAT, "value 7");
    reading_fails(net, folder, NULL, NULL, 0, IPL_E_NOINPUT, "");
    ipl_net_destroy(net);
    ipl_net_destroy(source);
}

static void a_double_that_fits_no_float_is_a_format_error(void **state)
{
    ipl_net *net = create_text("64-10");
    double bias[10] = {1e39};
    ipl_error err = {0};
    const char *folder = *state;
    char path[IPL_PATH_MAX];

    assert_int_equal(ipl_net_write_params(net, folder, NULL), IPL_OK);
    assert_int_equal(ipl_path_join(path, folder, "0.bias.npy", NULL), IPL_OK);
    assert_int_equal(ipl_npy_write_f64(path, bias, (const size_t[]){10}, 1, NULL), IPL_OK);
    assert_int_equal(ipl_net_read_params(net, folder, &err), IPL_E_FORMAT);
    assert_non_null(strstr(err.msg, "1e+39"));
    ipl_net_destroy(net);
}

static void an_init_folder_that_is_missing_is_named(void **state)
{
    ipl_net_opts opts = options("64-10");

    (void)state;
    opts.init = "npy:/nowhere/at/all";
    create_fails(&opts, IPL_E_NOINPUT, "/nowhere/at/all/0.weight.npy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(written_parameters_are_read_back_exactly),
        IN_SCRATCH(bad_parameter_files_change_nothing),
        IN_SCRATCH(a_double_that_fits_no_float_is_a_format_error),
        cmocka_unit_test(an_init_folder_that_is_missing_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
