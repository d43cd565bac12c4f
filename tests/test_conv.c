#include "base/alloc.h"
#include "math/conv.h"
#include "math/conv_parts.h"
#include "nn/layer.h"
#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- numbers, and buffers between two pages that must not be touched ---- */

static uint32_t dice = 1;

static uint32_t roll(uint32_t n)
{
    dice = dice * 1664525u + 1013904223u;
    return (dice >> 8) % n;
}

static void fill(float *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (float)roll(1u << 16) / 65536.0f - 0.5f;
}

static void fill_nan(float *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = NAN;
}

typedef struct guarded {
    char *map;
    size_t size;
} guarded;

/* n floats that end at a forbidden page, or begin behind one. */
static float *guard(guarded *g, size_t n, int at_end)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = n * sizeof(float);
    const size_t inner = (bytes + page - 1) / page * page;
    const int zero = open("/dev/zero", O_RDWR);

    g->size = inner + 2 * page;
    assert_true(zero >= 0);
    g->map = mmap(NULL, g->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
    close(zero);
    assert_true(g->map != MAP_FAILED);
    assert_int_equal(mprotect(g->map, page, PROT_NONE), 0);
    assert_int_equal(mprotect(g->map + page + inner, page, PROT_NONE), 0);
    return (float *)(void *)(g->map + page + (at_end ? inner - bytes : 0));
}

enum { X, Y, DX, DY, W, B, DW, DB, SCRATCH, BUFFERS };

/* All arrays of one convolution; what the kernels write is NaN, the rest random. */
typedef struct arrays {
    guarded guards[BUFFERS];
    float *p[BUFFERS];
    float *ref[BUFFERS]; /* for what is written */
    size_t n[BUFFERS];
} arrays;

static void set_up(arrays *a, const ipl_conv *g, size_t n, int at_end)
{
    const size_t D = n * g->c * g->h * g->w, U = n * ipl_shape_size(ipl_conv_out(g));
    const size_t K = g->kh * g->kw * g->c;
    const size_t sizes[BUFFERS] = {D,
                                   U,
                                   D,
                                   U,
                                   K * g->filters,
                                   g->filters,
                                   K * g->filters,
                                   g->filters,
                                   ipl_conv_scratch(g)};

    for (int i = 0; i < BUFFERS; i++) {
        a->n[i] = sizes[i];
        a->p[i] = guard(&a->guards[i], sizes[i], at_end);
        a->ref[i] = ipl_array(sizes[i], 1, sizeof(float), NULL);
        assert_non_null(a->ref[i]);
        if (i == X || i == DY || i == W || i == B)
            fill(a->p[i], sizes[i]);
        else
            fill_nan(a->p[i], sizes[i]);
    }
}

static void tear_down(arrays *a)
{
    for (int i = 0; i < BUFFERS; i++) {
        munmap(a->guards[i].map, a->guards[i].size);
        ipl_free(a->ref[i]);
    }
}

/* Sums of `terms` products of numbers below 1/2 agree. */
static void assert_near(const float *got, const float *want, size_t n, size_t terms)
{
    const double tol = 1e-7 * (4.0 + (double)terms);

    for (size_t i = 0; i < n; i++)
        assert_close((double)got[i], (double)want[i], tol);
}

static void run_ref(const arrays *a, const ipl_conv *g, size_t n)
{
    ipl_conv_forward_ref(a->ref[Y], a->p[X], a->p[W], a->p[B], g, n);
    ipl_conv_backward_ref(a->ref[DX], a->p[DY], a->p[W], g, n);
    ipl_conv_gradient_ref(a->ref[DW], a->ref[DB], a->p[X], a->p[DY], g, n);
}

static void run_fast(const arrays *a, const ipl_conv *g, size_t n)
{
    ipl_conv_forward(a->p[Y], a->p[X], a->p[W], a->p[B], a->p[SCRATCH], g, n);
    fill_nan(a->p[SCRATCH], a->n[SCRATCH]);
    ipl_conv_backward(a->p[DX], a->p[DY], a->p[W], a->p[SCRATCH], g, n);
    fill_nan(a->p[SCRATCH], a->n[SCRATCH]);
    ipl_conv_gradient(a->p[DW], a->p[DB], a->p[X], a->p[DY], a->p[SCRATCH], g, n, 0,
                      g->kh * g->kw * g->c);
}

/* The gradient added to what is there, a one. */
static void check_added(const arrays *a, const ipl_conv *g, size_t n)
{
    const ipl_shape out = ipl_conv_out(g);

    for (int i = DW; i <= DB; i++)
        for (size_t k = 0; k < a->n[i]; k++)
            a->p[i][k] = 1.0f;
    fill_nan(a->p[SCRATCH], a->n[SCRATCH]);
    ipl_conv_add_gradient(a->p[DW], a->p[DB], a->p[X], a->p[DY], a->p[SCRATCH], g, n);
    ipl_conv_gradient_ref(a->ref[DW], a->ref[DB], a->p[X], a->p[DY], g, n);
    for (int i = DW; i <= DB; i++) {
        for (size_t k = 0; k < a->n[i]; k++)
            a->p[i][k] -= 1.0f;
        assert_near(a->p[i], a->ref[i], a->n[i], n * out.h * out.w);
    }
}

static void check(const ipl_conv *g, size_t n, int at_end)
{
    const ipl_shape out = ipl_conv_out(g);
    arrays a;

    set_up(&a, g, n, at_end);
    run_ref(&a, g, n);
    run_fast(&a, g, n);
    assert_near(a.p[Y], a.ref[Y], a.n[Y], g->kh * g->kw * g->c);
    assert_near(a.p[DX], a.ref[DX], a.n[DX], g->kh * g->kw * g->filters);
    assert_near(a.p[DW], a.ref[DW], a.n[DW], n * out.h * out.w);
    assert_near(a.p[DB], a.ref[DB], a.n[DB], n * out.h * out.w);
    check_added(&a, g, n);
    tear_down(&a);
}

static int fits(const ipl_conv *g)
{
    return g->h + 2 * g->pad >= g->kh && g->w + 2 * g->pad >= g->kw;
}

/* ---- the naive twins ---- */

static void the_naive_twin_agrees_with_sums_by_hand(void **state)
{
    /* One channel, 2 x 3 map, kernel 2 x 2, padding 1, stride 2: y is 2 x 2. */
    const ipl_conv g = {
        .c = 1, .h = 2, .w = 3, .filters = 1, .kh = 2, .kw = 2, .stride = 2, .pad = 1};
    const float x[] = {1, 2, 3, 4, 5, 6}, w[] = {10, 20, 30, 40}, b[] = {7};
    const float want[] = {40 * 1 + 7, 30 * 2 + 40 * 3 + 7, 20 * 4 + 7, 10 * 5 + 20 * 6 + 7};
    float y[4];

    (void)state;
    ipl_conv_forward_ref(y, x, w, b, &g, 1);
    for (size_t i = 0; i < 4; i++)
        assert_close((double)y[i], (double)want[i], 0.0);
}

static void channels_lie_last_and_filters_innermost(void **state)
{
    /* Two channels, one pixel, three filters, kernel 1. */
    const ipl_conv g = {
        .c = 2, .h = 1, .w = 1, .filters = 3, .kh = 1, .kw = 1, .stride = 1, .pad = 0};
    const float x[] = {2, 3}, w[] = {1, 10, 100, 4, 40, 400}, b[] = {0, 0, 1};
    float y[3];

    (void)state;
    ipl_conv_forward_ref(y, x, w, b, &g, 1);
    assert_close((double)y[0], 2 + 12, 0.0);
    assert_close((double)y[1], 20 + 120, 0.0);
    assert_close((double)y[2], 200 + 1200 + 1, 0.0);
}

/* L = sum of dy y, which is linear in x, w and b: differences are exact but for rounding. */
static double loss(const arrays *a, const ipl_conv *g, size_t n)
{
    double sum = 0.0;

    ipl_conv_forward_ref(a->p[Y], a->p[X], a->p[W], a->p[B], g, n);
    for (size_t i = 0; i < a->n[Y]; i++)
        sum += (double)a->p[Y][i] * (double)a->p[DY][i];
    return sum;
}

static void check_slopes(const arrays *a, const ipl_conv *g, size_t n, int of, int slope)
{
    for (size_t i = 0; i < a->n[of]; i++) {
        const float old = a->p[of][i];
        double rise;

        a->p[of][i] = old + 1.0f;
        rise = loss(a, g, n);
        a->p[of][i] = old - 1.0f;
        rise = (rise - loss(a, g, n)) / 2.0;
        a->p[of][i] = old;
        assert_close((double)a->ref[slope][i], rise, 1e-5);
    }
}

static void gradients_of_the_naive_twin_are_differences_of_its_output(void **state)
{
    (void)state;
    for (size_t stride = 1; stride <= 3; stride++)
        for (size_t pad = 0; pad <= 2; pad++) {
            const ipl_conv g = {.c = 2,
                                .h = 5,
                                .w = 4,
                                .filters = 3,
                                .kh = 3,
                                .kw = 2,
                                .stride = stride,
                                .pad = pad};
            arrays a;

            set_up(&a, &g, 2, 1);
            run_ref(&a, &g, 2);
            check_slopes(&a, &g, 2, X, DX);
            check_slopes(&a, &g, 2, W, DW);
            check_slopes(&a, &g, 2, B, DB);
            tear_down(&a);
        }
}

/* ---- the fast kernels ---- */

static void fast_kernels_agree_with_their_naive_twins(void **state)
{
    static const size_t channels[] = {1, 3, 6, 8, 13, 16, 32, 70},
                        kernels[] = {1, 3, 5, 11};

    (void)state;
    for (int i = 0; i < 700; i++) {
        ipl_conv g = {.c = channels[roll(8)],
                      .h = 1 + roll(13),
                      .w = 1 + roll(13),
                      .filters = channels[roll(8)],
                      .kh = kernels[roll(4)],
                      .stride = 1 + roll(4),
                      .pad = roll(3)};

        g.kw = roll(3) > 0 ? g.kh : kernels[roll(4)];
        if (fits(&g) && g.c * g.filters * g.kh * g.kw < 20000)
            check(&g, 1 + roll(5), i % 2);
    }
}

static void shapes_of_known_nets_agree_with_the_naive_twins(void **state)
{
    static const ipl_conv shapes[] = {
        {3, 32, 32, 8, 3, 3, 1, 0},  {8, 14, 14, 16, 3, 3, 1, 0},
        {16, 5, 5, 32, 3, 3, 1, 0},  {1, 28, 28, 6, 5, 5, 1, 2},
        {6, 14, 14, 16, 5, 5, 1, 0}, {3, 32, 32, 64, 11, 11, 4, 2},
        {16, 5, 5, 12, 5, 5, 1, 0},  {64, 2, 2, 64, 3, 3, 1, 1},
        {32, 8, 8, 64, 1, 1, 2, 0},  {32, 16, 16, 96, 3, 3, 2, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        check(&shapes[i], 2, i % 2);
}

/* The weights of one output channel group do not fit one panel: sums go on in y. */
static void kernels_larger_than_a_panel_agree_with_the_naive_twins(void **state)
{
    const ipl_conv runs = {600, 2, 2, 65, 3, 3, 1, 1},
                   pieces = {2100, 1, 2, 20, 1, 2, 1, 0};

    (void)state;
    check(&runs, 1, 1);
    check(&pieces, 2, 1);
}

/* More images than are worked on together. */
static void many_small_images_agree_with_the_naive_twins(void **state)
{
    const ipl_conv dot = {3, 1, 1, 5, 1, 1, 1, 0}, small = {2, 3, 3, 6, 3, 3, 1, 1};

    (void)state;
    check(&dot, 1100, 1);
    check(&small, 150, 1);
}

static void bytes_do_not_depend_on_how_images_are_cut_into_calls(void **state)
{
    enum { N = 7 };

    (void)state;
    for (int i = 0; i < 60; i++) {
        const ipl_conv g = {1 + roll(9), 3 + roll(9), 3 + roll(9), 1 + roll(70),
                            3,           3,           1 + roll(2), roll(3)};
        const size_t cut = 1 + roll(N - 1), D = g.c * g.h * g.w;
        const size_t U = ipl_shape_size(ipl_conv_out(&g));
        arrays a;

        set_up(&a, &g, N, 1);
        run_fast(&a, &g, N);
        memcpy(a.ref[Y], a.p[Y], N * U * sizeof(float));
        memcpy(a.ref[DX], a.p[DX], N * D * sizeof(float));
        for (size_t first = 0, n; first < N; first += n) {
            n = first == 0 ? cut : N - cut;
            ipl_conv_forward(a.p[Y] + first * U, a.p[X] + first * D, a.p[W], a.p[B],
                             a.p[SCRATCH], &g, n);
            ipl_conv_backward(a.p[DX] + first * D, a.p[DY] + first * U, a.p[W],
                              a.p[SCRATCH], &g, n);
        }
        assert_memory_equal(a.p[Y], a.ref[Y], N * U * sizeof(float));
        assert_memory_equal(a.p[DX], a.ref[DX], N * D * sizeof(float));
        tear_down(&a);
    }
}

static void rows_of_the_weight_gradient_can_be_made_apart(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++) {
        const ipl_conv g = {1 + roll(9), 4, 5, 1 + roll(40), 3, 3, 1, roll(2)};
        const size_t K = 9 * g.c, cut = 1 + roll((uint32_t)K - 1);
        arrays a;

        set_up(&a, &g, 3, 1);
        run_fast(&a, &g, 3);
        memcpy(a.ref[DW], a.p[DW], a.n[DW] * sizeof(float));
        fill_nan(a.p[DW], a.n[DW]);
        ipl_conv_gradient(a.p[DW], NULL, a.p[X], a.p[DY], a.p[SCRATCH], &g, 3, cut,
                          K - cut);
        for (size_t k = 0; k < cut * g.filters; k++)
            assert_true(isnan(a.p[DW][k]));
        ipl_conv_gradient(a.p[DW], NULL, a.p[X], a.p[DY], a.p[SCRATCH], &g, 3, 0, cut);
        assert_memory_equal(a.p[DW], a.ref[DW], a.n[DW] * sizeof(float));
        tear_down(&a);
    }
}

static void without_a_bias_sums_start_at_zero(void **state)
{
    const ipl_conv g = {3, 6, 6, 10, 3, 3, 1, 1};
    arrays a;

    (void)state;
    set_up(&a, &g, 2, 1);
    ipl_conv_forward_ref(a.ref[Y], a.p[X], a.p[W], NULL, &g, 2);
    ipl_conv_forward(a.p[Y], a.p[X], a.p[W], NULL, a.p[SCRATCH], &g, 2);
    assert_near(a.p[Y], a.ref[Y], a.n[Y], 27);
    tear_down(&a);
}

static void a_nan_reaches_the_outputs_that_see_it_and_no_other(void **state)
{
    const ipl_conv g = {2, 8, 8, 9, 3, 3, 1, 1};
    arrays a;

    (void)state;
    set_up(&a, &g, 1, 1);
    a.p[X][(3 * 8 + 4) * 2] = NAN;
    ipl_conv_forward(a.p[Y], a.p[X], a.p[W], a.p[B], a.p[SCRATCH], &g, 1);
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++)
            for (int f = 0; f < 9; f++)
                assert_int_equal(isnan(a.p[Y][(i * 8 + j) * 9 + f]),
                                 abs(i - 3) <= 1 && abs(j - 4) <= 1);
    tear_down(&a);
}

/* ---- inner loops of every instruction set ---- */

static int is_supported(const conv_kernels *k)
{
#if defined(__GNUC__) && defined(__x86_64__)
    if (k && k == ipl_conv_avx512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl");
    if (k && k == ipl_conv_avx2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return k != NULL;
}

enum { TAPS = 2, SPAN = 5, IMAGES = 2, ROWS = 2, PAD = 64 };

/* Two images of 2 x cols pixels of 3 numbers; taps 3 cols apart. */
static void check_kernel(const conv_kernel *k, size_t cols, size_t count)
{
    const size_t C = 3, row = (cols + 1) * C, image = (ROWS + 1) * row;
    const size_t pixels = IMAGES * ROWS * cols, K = TAPS * SPAN;
    float *x = ipl_array(IMAGES * image + PAD, 1, sizeof *x, NULL);
    float *w = ipl_array(K, k->width, sizeof *w, NULL);
    float *y = ipl_array(pixels + 1, k->width, sizeof *y, NULL);
    float *dw = ipl_array(K + 1, k->width, sizeof *dw, NULL);
    conv_sweep s = {.y = y,
                    .x = x,
                    .at_y = {ROWS * cols * count, cols * count, count},
                    .at_x = {image, row, C},
                    .images = IMAGES,
                    .rows = ROWS,
                    .cols = cols,
                    .taps = TAPS,
                    .tap = row,
                    .span = SPAN,
                    .panel = w,
                    .panel_tap = SPAN * k->width,
                    .bias = w,
                    .count = count};
    conv_fold f = {.dw = dw,
                   .x = x,
                   .dy = y,
                   .at_x = s.at_x,
                   .at_dy = s.at_y,
                   .images = IMAGES,
                   .rows = ROWS,
                   .cols = cols,
                   .taps = TAPS,
                   .tap = row,
                   .span = SPAN,
                   .dw_row = count,
                   .count = count};

    assert_true(x && w && y && dw);
    fill(x, IMAGES * image + PAD);
    fill(w, K * k->width);
    y[pixels * count] = 12.0f;
    dw[K * count] = 12.0f;
    k->sweep(&s);
    s.bias = NULL; /* twice the sum */
    k->sweep(&s);
    k->fold(&f);
    k->fold(&f);
    assert_true(y[pixels * count] == 12.0f && dw[K * count] == 12.0f);
    for (size_t p = 0; p < pixels; p++)
        for (size_t o = 0; o < count; o++) {
            double sum = 0.0;

            for (size_t i = 0; i < K; i++)
                sum += (double)w[i * k->width + o] *
                       (double)x[p / (ROWS * cols) * image + p / cols % ROWS * row +
                                 p % cols * C + i / SPAN * row + i % SPAN];
            assert_close((double)y[p * count + o], (double)w[o] + 2.0 * sum, 1e-5);
        }
    for (size_t i = 0; i < K; i++)
        for (size_t o = 0; o < count; o++) {
            double sum = 0.0;

            for (size_t p = 0; p < pixels; p++)
                sum += (double)y[p * count + o] *
                       (double)x[p / (ROWS * cols) * image + p / cols % ROWS * row +
                                 p % cols * C + i / SPAN * row + i % SPAN];
            assert_close((double)dw[i * count + o], 2.0 * sum, 1e-4);
        }
    memset(dw, 0, count * sizeof *dw);
    k->total(&f);
    for (size_t o = 0; o < count; o++) {
        double sum = 0.0;

        for (size_t p = 0; p < pixels; p++)
            sum += (double)y[p * count + o];
        assert_close((double)dw[o], sum, 1e-4);
    }
    ipl_free(x);
    ipl_free(w);
    ipl_free(y);
    ipl_free(dw);
}

static void inner_loops_of_every_instruction_set_sum_what_they_say(void **state)
{
    const conv_kernels *const sets[] = {ipl_conv_plain, ipl_conv_avx2, ipl_conv_avx512};

    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        if (!is_supported(sets[i])) {
            print_message("SKIPPED: instruction set %zu of convolutions\n", i);
            continue;
        }
        for (size_t k = 0; k < sets[i]->n; k++)
            for (size_t count = 1; count <= sets[i]->list[k].width; count += 1 + count / 9)
                check_kernel(&sets[i]->list[k], 1 + count % 7, count);
    }
}

/* ---- the layer ---- */

static const ipl_row *layer_row(size_t i)
{
    return ipl_layer_row(i);
}

static ipl_status make_layer(ipl_spec *spec, const char *text, ipl_shape in, ipl_shape *out,
                             ipl_error *err)
{
    assert_int_equal(ipl_spec_create(spec, "layer", layer_row, text, err), IPL_OK);
    return ipl_layer_conv2d.bind(spec->self, in, out, err);
}

static void assert_message(const char *text, ipl_shape in, const char *want)
{
    ipl_spec spec;
    ipl_shape out;
    ipl_error err = {0};

    assert_int_equal(make_layer(&spec, text, in, &out, &err), IPL_E_SHAPE);
    assert_string_equal(err.msg, want);
    ipl_spec_release(&spec);
}

static void a_map_smaller_than_its_kernel_is_a_shape_error_with_both(void **state)
{
    (void)state;
    assert_message("conv2d:size=3", (ipl_shape){8, 2, 2},
                   "2x2 map is smaller than its 3x3 kernel");
    assert_message("conv2d:size=11,padding=1", (ipl_shape){1, 30, 8},
                   "30x8 map with padding 1 is smaller than its 11x11 kernel");
}

static void more_weights_than_an_int_counts_are_a_shape_error(void **state)
{
    (void)state;
    assert_message("conv2d:filters=65536,size=64", (ipl_shape){1024, 64, 64},
                   "65536 x 1024 x 64 x 64 weights: at most 2147483647 parameters");
}

static void options_give_the_output_shape_of_pytorch(void **state)
{
    ipl_spec spec;
    ipl_shape out;
    ipl_error err = {0};

    (void)state;
    assert_int_equal(make_layer(&spec, "conv2d:filters=64,size=11,stride=4,padding=2",
                                (ipl_shape){3, 224, 200}, &out, &err),
                     IPL_OK);
    assert_int_equal(out.c, 64);
    assert_int_equal(out.h, 55);
    assert_int_equal(out.w, 49);
    assert_close(ipl_layer_conv2d.flops(spec.self), 2.0 * 363 * 64 * 55 * 49, 0.0);
    ipl_spec_release(&spec);
}

static void parameters_are_counted_with_and_without_bias(void **state)
{
    ipl_spec spec;
    ipl_shape out;
    ipl_param param;
    ipl_error err = {0};

    (void)state;
    assert_int_equal(make_layer(&spec, "conv2d:filters=5,size=3,bias=no",
                                (ipl_shape){4, 6, 6}, &out, &err),
                     IPL_OK);
    assert_true(ipl_layer_conv2d.param(&param, spec.self, 0));
    assert_int_equal(param.n_dims, 4);
    assert_int_equal(param.dims[0] * param.dims[1] * param.dims[2] * param.dims[3], 180);
    assert_int_equal(param.fan_in, 36);
    assert_int_equal(param.fan_out, 45);
    assert_false(ipl_layer_conv2d.param(&param, spec.self, 1));
    ipl_spec_release(&spec);
    assert_int_equal(
        make_layer(&spec, "conv2d:filters=5", (ipl_shape){4, 6, 6}, &out, &err), IPL_OK);
    assert_true(ipl_layer_conv2d.param(&param, spec.self, 1));
    assert_int_equal(param.dims[0], 5);
    assert_false(ipl_layer_conv2d.param(&param, spec.self, 2));
    ipl_spec_release(&spec);
}

/* dw by tiles, in a strange order, or added up. */
static void check_layer(const char *text, const ipl_conv *g, size_t n, int bias)
{
    const ipl_layer_ops *ops = &ipl_layer_conv2d;
    ipl_spec spec;
    ipl_shape out;
    ipl_error err = {0};
    arrays a;
    float *w, *dw;
    ipl_pass p;
    size_t n_w, tiles;

    assert_int_equal(make_layer(&spec, text, (ipl_shape){g->c, g->h, g->w}, &out, &err),
                     IPL_OK);
    set_up(&a, g, n, 1);
    if (!bias)
        memset(a.p[B], 0, a.n[B] * sizeof(float));
    run_ref(&a, g, n);
    n_w = a.n[W] + (bias ? a.n[B] : 0);
    tiles = ops->n_tiles(spec.self);
    w = ipl_array(n_w, 1, sizeof *w, NULL);
    dw = ipl_array(n_w, 1, sizeof *dw, NULL);
    assert_true(w && dw);
    memcpy(w, a.p[W], a.n[W] * sizeof *w);
    if (bias)
        memcpy(w + a.n[W], a.p[B], a.n[B] * sizeof *w);
    fill_nan(dw, n_w);
    p = (ipl_pass){.rows = n,
                   .x = a.p[X],
                   .y = a.p[Y],
                   .dy = a.p[DY],
                   .dx = a.p[DX],
                   .w = w,
                   .dw = dw,
                   .scratch = a.p[SCRATCH]};
    assert_int_equal(ops->n_scratch(spec.self), a.n[SCRATCH]);
    ops->forward(spec.self, (ipl_shape){g->c, g->h, g->w}, out, &p);
    ops->backward(spec.self, (ipl_shape){g->c, g->h, g->w}, out, &p);
    for (size_t t = 0; t < tiles; t++)
        ops->gradient(spec.self, t % 2 ? t : (tiles - 1) / 2 * 2 - t, &p);
    assert_true((tiles == 0) == ops->adds(spec.self));
    if (tiles == 0) {
        memset(dw, 0, n_w * sizeof *dw);
        ops->add_gradient(spec.self, &p);
    }
    assert_near(a.p[Y], a.ref[Y], a.n[Y], g->kh * g->kw * g->c);
    assert_near(a.p[DX], a.ref[DX], a.n[DX], g->kh * g->kw * g->filters);
    assert_near(dw, a.ref[DW], a.n[DW], n * out.h * out.w);
    if (bias)
        assert_near(dw + a.n[W], a.ref[DB], a.n[DB], n * out.h * out.w);
    ipl_free(w);
    ipl_free(dw);
    tear_down(&a);
    ipl_spec_release(&spec);
}

static void a_layer_gives_what_the_naive_twins_give(void **state)
{
    const ipl_conv small = {3, 7, 6, 10, 3, 3, 2, 1}, few = {1, 4, 4, 2, 1, 1, 1, 0};
    const ipl_conv large = {120, 3, 3, 64, 3, 3, 1, 1}, wide = {2, 1, 1, 40000, 1, 1, 1, 0};

    (void)state;
    check_layer("conv2d:filters=10,size=3,stride=2,padding=1", &small, 19, 1);
    check_layer("conv2d:filters=10,size=3,stride=2,padding=1,bias=no", &small, 3, 0);
    check_layer("conv2d:filters=2,size=1", &few, 5, 1);
    check_layer("conv2d:filters=64,size=3,padding=1", &large, 2, 1);
    check_layer("conv2d:filters=40000,size=1,bias=no", &wide, 2, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_naive_twin_agrees_with_sums_by_hand),
        cmocka_unit_test(channels_lie_last_and_filters_innermost),
        cmocka_unit_test(gradients_of_the_naive_twin_are_differences_of_its_output),
        cmocka_unit_test(fast_kernels_agree_with_their_naive_twins),
        cmocka_unit_test(shapes_of_known_nets_agree_with_the_naive_twins),
        cmocka_unit_test(kernels_larger_than_a_panel_agree_with_the_naive_twins),
        cmocka_unit_test(many_small_images_agree_with_the_naive_twins),
        cmocka_unit_test(bytes_do_not_depend_on_how_images_are_cut_into_calls),
        cmocka_unit_test(rows_of_the_weight_gradient_can_be_made_apart),
        cmocka_unit_test(without_a_bias_sums_start_at_zero),
        cmocka_unit_test(a_nan_reaches_the_outputs_that_see_it_and_no_other),
        cmocka_unit_test(inner_loops_of_every_instruction_set_sum_what_they_say),
        cmocka_unit_test(a_map_smaller_than_its_kernel_is_a_shape_error_with_both),
        cmocka_unit_test(more_weights_than_an_int_counts_are_a_shape_error),
        cmocka_unit_test(options_give_the_output_shape_of_pytorch),
        cmocka_unit_test(parameters_are_counted_with_and_without_bias),
        cmocka_unit_test(a_layer_gives_what_the_naive_twins_give),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
