/* Pools, norms and flatten against their definitions, over sizes, strides and paddings. */
#include "test.h"

#include "base/alloc.h"
#include "math/npy.h"
#include "nn/layer.h"

#include <string.h>

/* A layer made by text, for N samples of one shape; values are channels last. */
typedef struct bench {
    ipl_spec spec;
    const ipl_layer_ops *ops;
    ipl_shape in, out;
    size_t N, D, U;
    float *x, *y, *dy, *dx, *keep;
    ipl_pass pass;
} bench;

static float *floats(size_t n)
{
    float *p = ipl_array(1, n, sizeof *p, NULL);

    assert_non_null(p);
    return p;
}

/* Different numbers, so that no two are equal under a window. */
static void fill(float *x, size_t n, size_t step)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(i * step % 1009) / 500.0f - 1.0f;
}

static ipl_status bind(bench *b, const char *text, ipl_shape in, ipl_error *err)
{
    *b = (bench){.in = in, .out = in};
    assert_int_equal(ipl_spec_create(&b->spec, "layer", ipl_layer_row, text, NULL), IPL_OK);
    b->ops = ipl_layer_table[b->spec.index];
    return b->ops->bind(b->spec.self, in, &b->out, err);
}

static void set_up(bench *b, const char *text, ipl_shape in, size_t N)
{
    assert_int_equal(bind(b, text, in, NULL), IPL_OK);
    b->N = N;
    b->D = ipl_shape_size(in);
    b->U = ipl_shape_size(b->out);
    b->x = floats(N * b->D);
    b->dx = floats(N * b->D);
    b->y = floats(N * b->U);
    b->dy = floats(N * b->U);
    b->keep = floats(N * (b->ops->n_keep ? b->ops->n_keep(b->spec.self) : 0));
    fill(b->x, N * b->D, 601);
    fill(b->dy, N * b->U, 467);
    b->pass = (ipl_pass){.rows = N,
                         .training = true,
                         .x = b->x,
                         .y = b->y,
                         .dy = b->dy,
                         .dx = b->dx,
                         .keep = b->keep,
                         .batch = N};
}

static void tear_down(bench *b)
{
    ipl_spec_release(&b->spec);
    ipl_free(b->x);
    ipl_free(b->dx);
    ipl_free(b->y);
    ipl_free(b->dy);
    ipl_free(b->keep);
}

static void run(bench *b)
{
    ipl_layer_forward(b->ops, b->spec.self, b->in, b->out, &b->pass);
    for (size_t i = 0; i < b->N * b->D; i++)
        b->dx[i] = NAN; /* has to be overwritten */
    ipl_layer_backward(b->ops, b->spec.self, b->in, b->out, &b->pass);
}

/* Index of a value in a buffer of samples. */
static size_t at(ipl_shape s, size_t n, size_t c, size_t i, size_t j)
{
    return ((n * s.h + i) * s.w + j) * s.c + c;
}

typedef struct window {
    size_t size, stride, padding;
} window;

/* Definition: y and dx of one place of a pool, added up in double. */
static void pool_place(double *y, double *dx, const bench *b, window k, bool largest,
                       size_t n, size_t c, size_t oi, size_t oj)
{
    const double dy = (double)b->dy[at(b->out, n, c, oi, oj)];
    const double share = 1.0 / (double)(k.size * k.size);
    double most = -HUGE_VAL, sum = 0.0;
    size_t best = 0;

    for (size_t u = 0; u < k.size; u++)
        for (size_t v = 0; v < k.size; v++) {
            const size_t i = oi * k.stride + u - k.padding;
            const size_t j = oj * k.stride + v - k.padding;
            size_t place;

            if (i >= b->in.h || j >= b->in.w) /* wraps below zero */
                continue;
            place = at(b->in, n, c, i, j);
            sum += (double)b->x[place] * share;
            if ((double)b->x[place] > most) {
                most = (double)b->x[place];
                best = place;
            }
            if (!largest)
                dx[place] += dy * share;
        }
    if (largest)
        dx[best] += dy;
    *y = largest ? most : sum;
}

static void compare_pool(const char *kind, window k, ipl_shape in, size_t N)
{
    const bool largest = strcmp(kind, "maxpool") == 0;
    ipl_text text = {0};
    double *dx;
    bench b;

    ipl_text_add(&text, "%s:size=%zu,stride=%zu,padding=%zu", kind, k.size, k.stride,
                 k.padding);
    set_up(&b, text.s, in, N);
    assert_int_equal(b.out.h, (in.h + 2 * k.padding - k.size) / k.stride + 1);
    assert_int_equal(b.out.w, (in.w + 2 * k.padding - k.size) / k.stride + 1);
    dx = ipl_array(N, b.D, sizeof *dx, NULL);
    assert_non_null(dx);
    run(&b);
    for (size_t n = 0; n < N; n++)
        for (size_t p = 0; p < b.U; p++) {
            const size_t c = p % in.c, i = p / in.c / b.out.w, j = p / in.c % b.out.w;
            double y;

            pool_place(&y, dx, &b, k, largest, n, c, i, j);
            assert_close((double)b.y[n * b.U + p], y, 1e-6);
        }
    for (size_t i = 0; i < N * b.D; i++)
        assert_close((double)b.dx[i], dx[i], 2e-6);
    ipl_free(dx);
    tear_down(&b);
    ipl_text_release(&text);
}

static void pools_follow_their_definition(void **state)
{
    static const window windows[] = {{1, 1, 0}, {2, 2, 0}, {3, 2, 0}, {3, 2, 1},
                                     {2, 1, 1}, {3, 1, 1}, {2, 3, 0}, {5, 4, 2}};
    static const ipl_shape maps[] = {{1, 5, 5},  {3, 7, 6},  {4, 5, 8}, {6, 5, 9},
                                     {8, 6, 5},  {9, 11, 5}, {6, 8, 6}, {16, 6, 6},
                                     {19, 6, 5}, {40, 5, 6}};

    (void)state;
    for (size_t k = 0; k < sizeof windows / sizeof windows[0]; k++)
        for (size_t m = 0; m < sizeof maps / sizeof maps[0]; m++)
            for (size_t N = 1; N <= 3; N += 2) {
                compare_pool("maxpool", windows[k], maps[m], N);
                compare_pool("avgpool", windows[k], maps[m], N);
            }
}

/* Maps enough that most do not lie at the end of the arrays. */
enum { MAPS = 20 };

static void the_gradient_goes_to_the_first_of_equal_maxima(void **state)
{
    (void)state;
    for (size_t c = 1; c <= 17; c++) {
        bench b;

        set_up(&b, "maxpool:size=2", (ipl_shape){c, 2, 2}, MAPS);
        for (size_t i = 0; i < MAPS * 4 * c; i++)
            b.x[i] = i % (4 * c) < c ? 0.0f : 1.0f; /* pixel 0 is less, the others equal */
        run(&b);
        for (size_t i = 0; i < MAPS * 4 * c; i++)
            assert_true(b.dx[i] == (i / c % 4 == 1 ? b.dy[i / (4 * c) * c + i % c] : 0.0f));
        tear_down(&b);
    }
}

static void nan_wins_over_every_number(void **state)
{
    (void)state;
    for (size_t c = 1; c <= 17; c++)
        for (size_t bad = 0; bad < 9; bad++) {
            bench b;

            set_up(&b, "maxpool:size=3", (ipl_shape){c, 3, 3}, MAPS);
            for (size_t n = 0; n < MAPS; n++)
                b.x[n * b.D + bad * c] = n % 2 == 0 ? NAN : -NAN;
            run(&b);
            for (size_t i = 0; i < MAPS * c; i++)
                assert_true(isnan(b.y[i]) == (i % c == 0));
            tear_down(&b);
        }
}

static void padding_never_wins(void **state)
{
    bench b;

    (void)state;
    set_up(&b, "maxpool:size=3,stride=2,padding=1", (ipl_shape){5, 4, 3}, 1);
    for (size_t i = 0; i < b.D; i++)
        b.x[i] -= 100.0f;
    run(&b);
    for (size_t i = 0; i < b.U; i++)
        assert_true(b.y[i] < -90.0f);
    tear_down(&b);
}

/* y and dx of adaptive pooling from its cells. */
static void compare_adaptive(size_t size, ipl_shape in)
{
    enum { N = 2 };
    ipl_text text = {0};
    double *dx;
    bench b;

    ipl_text_add(&text, "adaptiveavgpool:size=%zu", size);
    set_up(&b, text.s, in, N);
    dx = ipl_array(N, b.D, sizeof *dx, NULL);
    assert_non_null(dx);
    run(&b);
    for (size_t n = 0; n < N; n++)
        for (size_t p = 0; p < b.U; p++) {
            const size_t c = p % in.c, i = p / in.c / size, j = p / in.c % size;
            const size_t i0 = i * in.h / size, i1 = ((i + 1) * in.h + size - 1) / size;
            const size_t j0 = j * in.w / size, j1 = ((j + 1) * in.w + size - 1) / size;
            const double cells = (double)((i1 - i0) * (j1 - j0));
            double mean = 0.0;

            for (size_t u = i0; u < i1; u++)
                for (size_t v = j0; v < j1; v++) {
                    mean += (double)b.x[at(in, n, c, u, v)] / cells;
                    dx[at(in, n, c, u, v)] += (double)b.dy[n * b.U + p] / cells;
                }
            assert_close((double)b.y[n * b.U + p], mean, 1e-6);
        }
    for (size_t i = 0; i < N * b.D; i++)
        assert_close((double)b.dx[i], dx[i], 1e-5);
    ipl_free(dx);
    tear_down(&b);
    ipl_text_release(&text);
}

static void adaptive_pools_average_their_cells(void **state)
{
    (void)state;
    compare_adaptive(1, (ipl_shape){3, 4, 5});
    compare_adaptive(2, (ipl_shape){2, 5, 7});
    compare_adaptive(3, (ipl_shape){9, 7, 4});
    compare_adaptive(6, (ipl_shape){4, 6, 6});
    compare_adaptive(6, (ipl_shape){3, 1, 1});
    compare_adaptive(4, (ipl_shape){1, 3, 2});
}

static void a_global_pool_is_an_adaptive_one_of_size_1(void **state)
{
    bench a, b;

    (void)state;
    set_up(&a, "globalavgpool", (ipl_shape){70, 5, 3}, 2);
    set_up(&b, "adaptiveavgpool:size=1", (ipl_shape){70, 5, 3}, 2);
    run(&a);
    run(&b);
    assert_int_equal(a.U, 70);
    for (size_t i = 0; i < a.N * a.U; i++)
        assert_close((double)a.y[i], (double)b.y[i], 1e-6);
    for (size_t i = 0; i < a.N * a.D; i++)
        assert_close((double)a.dx[i], (double)b.dx[i], 1e-7);
    tear_down(&a);
    tear_down(&b);
}

static void flatten_puts_channels_first_and_back(void **state)
{
    bench b;

    (void)state;
    set_up(&b, "flatten", (ipl_shape){2, 3, 4}, 2);
    run(&b);
    for (size_t n = 0; n < 2; n++)
        for (size_t c = 0; c < 2; c++)
            for (size_t p = 0; p < 12; p++) {
                assert_true(b.y[n * 24 + c * 12 + p] == b.x[n * 24 + p * 2 + c]);
                assert_true(b.dx[n * 24 + p * 2 + c] == b.dy[n * 24 + c * 12 + p]);
            }
    tear_down(&b);
}

static void refused(const char *text, ipl_shape in, const char *word)
{
    ipl_error err = {0};
    bench b;

    assert_int_equal(bind(&b, text, in, &err), IPL_E_SHAPE);
    assert_non_null(strstr(err.msg, word));
    ipl_spec_release(&b.spec);
}

static void a_window_larger_than_the_map_is_a_shape_error(void **state)
{
    (void)state;
    refused("maxpool:size=3,stride=2", (ipl_shape){32, 1, 1}, "32x0x0");
    refused("avgpool:size=3", (ipl_shape){4, 5, 2}, "4x1x0");
    refused("maxpool:size=3,padding=2", (ipl_shape){4, 5, 5}, "padding 2");
}

/* Layer normalisation of values around 5 with a deviation of 1e-3 (tests/golden). */
static void load(ipl_npy *out, const char *name)
{
    ipl_text path = {0};
    ipl_error err = {0};

    ipl_text_add(&path, "tests/golden/train/op_layernorm_small_variance/%s.npy", name);
    if (ipl_npy_read(out, path.s, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    ipl_text_release(&path);
}

/* Turn (N, C, H, W) into what a layer works on. */
static void turn(float *out, const ipl_npy *a, ipl_shape shape)
{
    float *values = floats(a->rows * a->cols);

    for (size_t i = 0; i < a->rows * a->cols; i++)
        values[i] = (float)a->data[i];
    ipl_channels_last(out, values, shape, a->rows);
    ipl_free(values);
}

static double largest_difference(const float *got, const ipl_npy *want, ipl_shape shape)
{
    float *values = floats(want->rows * want->cols);
    double most = 0.0, scale = 0.0;

    ipl_channels_first(values, got, shape, want->rows);
    for (size_t i = 0; i < want->rows * want->cols; i++) {
        most = fmax(most, fabs((double)values[i] - want->data[i]));
        scale = fmax(scale, fabs(want->data[i]));
    }
    ipl_free(values);
    return most / scale;
}

static void a_small_variance_beside_a_large_mean_keeps_its_digits(void **state)
{
    ipl_npy x = {0}, out = {0}, dout = {0}, dx = {0};
    ipl_shape shape;
    double rounding = 0.0;
    bench b;

    (void)state;
    load(&x, "x");
    load(&out, "out");
    load(&dout, "dout");
    load(&dx, "dx");
    shape = (ipl_shape){x.dims[1], x.dims[2], x.dims[3]};
    set_up(&b, "layernorm", shape, x.rows);
    turn(b.x, &x, shape);
    turn(b.dy, &dout, shape);
    run(&b);
    /* What a float can hold of x, seen through 1 / sqrt(v + eps). */
    for (size_t i = 0; i < x.rows * x.cols; i++)
        rounding = fmax(rounding, fabs(x.data[i] - (double)(float)x.data[i]));
    rounding /= sqrt(1e-6 + 1e-5);
    assert_true(largest_difference(b.y, &out, shape) < 2e-5 + 4.0 * rounding);
    assert_true(largest_difference(b.dx, &dx, shape) < 2e-5 + 4.0 * rounding);
    tear_down(&b);
    ipl_npy_release(&x);
    ipl_npy_release(&out);
    ipl_npy_release(&dout);
    ipl_npy_release(&dx);
}

static void a_constant_sample_is_normalised_to_zero(void **state)
{
    bench b;

    (void)state;
    set_up(&b, "layernorm", (ipl_shape){3, 5, 5}, 1);
    for (size_t i = 0; i < b.D; i++)
        b.x[i] = 1e6f / 3.0f;
    run(&b);
    for (size_t i = 0; i < b.D; i++)
        assert_true(b.y[i] == 0.0f);
    tear_down(&b);
}

static void turned_parameters_come_back(void **state)
{
    ipl_param dense = {.n_dims = 2, .dims = {5, 24}};
    ipl_param conv = {
        .n_dims = 4, .dims = {5, 2, 3, 4}, .axes = {5, 2, 3, 4}, .order = {2, 3, 1, 0}};
    float values[120], stored[120], back[120];

    (void)state;
    ipl_param_turn(&dense, 5, (ipl_shape){2, 3, 4});
    fill(values, 120, 601);
    ipl_param_store(stored, values, &dense);
    /* unit 4, channel 1, line 2, column 3 */
    assert_true(stored[4 * 24 + (2 * 4 + 3) * 2 + 1] ==
                values[4 * 24 + 1 * 12 + 2 * 4 + 3]);
    ipl_param_load(back, stored, &dense);
    assert_memory_equal(back, values, sizeof values);
    ipl_param_store(stored, values, &conv);
    /* output 3, input 1, line 2, column 0 */
    assert_true(stored[((2 * 4 + 0) * 2 + 1) * 5 + 3] == values[((3 * 2 + 1) * 3 + 2) * 4]);
    ipl_param_load(back, stored, &conv);
    assert_memory_equal(back, values, sizeof values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pools_follow_their_definition),
        cmocka_unit_test(the_gradient_goes_to_the_first_of_equal_maxima),
        cmocka_unit_test(nan_wins_over_every_number),
        cmocka_unit_test(padding_never_wins),
        cmocka_unit_test(adaptive_pools_average_their_cells),
        cmocka_unit_test(a_global_pool_is_an_adaptive_one_of_size_1),
        cmocka_unit_test(flatten_puts_channels_first_and_back),
        cmocka_unit_test(a_window_larger_than_the_map_is_a_shape_error),
        cmocka_unit_test(a_small_variance_beside_a_large_mean_keeps_its_digits),
        cmocka_unit_test(a_constant_sample_is_normalised_to_zero),
        cmocka_unit_test(turned_parameters_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
