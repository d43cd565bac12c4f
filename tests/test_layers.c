#include "test.h"

#include "base/alloc.h"
#include "nn/layer.h"

#include <string.h>

enum { MAX_ROWS = 4 };

static const ipl_shape shapes[] = {{2, 3, 3}, {1, 1, 1}, {5, 1, 1}};

/* A layer with all its buffers. */
typedef struct bench {
    const ipl_layer_ops *ops;
    void *self;
    ipl_shape in, out;
    size_t nx, ny, nw;
    float *x, *y, *dy, *dx, *w, *dw, *keep, *scratch, *running;
    double *sums;
    ipl_pass pass;
} bench;

static float *floats(size_t n)
{
    float *p = ipl_array(1, n, sizeof *p, NULL);

    assert_non_null(p);
    return p;
}

/* Numbers 0.2 ... 0.9 and 1.1 ... 1.8 with random sign: away from every kink. */
static void fill(float *x, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = 0.2f + 0.7f * (float)(seed >> 9) / 8388608.0f;
        if (seed & 64u)
            x[i] += 0.9f;
        if (seed & 256u)
            x[i] = -x[i];
    }
}

static size_t count(size_t (*size)(const void *), const void *self)
{
    return size ? size(self) : 0;
}

static size_t count_values(bool (*array)(ipl_param *, const void *, size_t),
                           const void *self)
{
    ipl_param param;
    size_t n = 0;

    for (size_t k = 0; array && array(&param, self, k); k++)
        n += ipl_param_size(&param);
    return n;
}

/* Buffers of a layer whose sizes are fixed. */
static void make_buffers(bench *b, size_t rows)
{
    const ipl_layer_ops *ops = b->ops;

    b->nw = count_values(ops->param, b->self);
    b->nx = rows * ipl_shape_size(b->in);
    b->ny = rows * ipl_shape_size(b->out);
    b->x = floats(b->nx);
    b->dx = floats(b->nx);
    b->y = floats(b->ny);
    b->dy = floats(b->ny);
    b->w = floats(b->nw);
    b->dw = floats(b->nw);
    b->keep = floats(rows * count(ops->n_keep, b->self));
    b->scratch = floats(count(ops->n_scratch, b->self));
    b->running = floats(count_values(ops->running, b->self));
    b->sums = ipl_array(2, count(ops->n_sums, b->self), sizeof *b->sums, NULL);
    assert_non_null(b->sums);
}

/* False: the layer does not take this input, and nothing is set up. */
static bool try_set_up(bench *b, const ipl_layer_ops *ops, const char *options,
                       ipl_shape in, size_t rows)
{
    ipl_status st = IPL_OK;

    *b = (bench){.ops = ops, .in = in, .out = in};
    b->self = ipl_array(1, 1, ops->row.size, NULL);
    assert_non_null(b->self);
    if (ops->row.opts)
        ipl_opt_init(b->self, ops->row.opts);
    assert_int_equal(ipl_opt_parse(b->self, ops->row.opts, options, NULL), IPL_OK);
    if (ops->bind)
        st = ops->bind(b->self, in, &b->out, NULL);
    if (st != IPL_OK) {
        assert_int_equal(st, IPL_E_SHAPE);
        ipl_free(b->self);
        return false;
    }
    make_buffers(b, rows);
    fill(b->x, b->nx, 1);
    fill(b->dy, b->ny, 2);
    fill(b->w, b->nw, 3);
    b->pass = (ipl_pass){.rows = rows,
                         .training = true,
                         .seed = 5,
                         .step = 7,
                         .layer = 1,
                         .x = b->x,
                         .y = b->y,
                         .dy = b->dy,
                         .dx = b->dx,
                         .w = b->w,
                         .dw = b->dw,
                         .keep = b->keep,
                         .scratch = b->scratch,
                         .batch = rows,
                         .sums = b->sums,
                         .running = b->running};
    return true;
}

static void set_up(bench *b, const ipl_layer_ops *ops, const char *options, ipl_shape in,
                   size_t rows)
{
    assert_true(try_set_up(b, ops, options, in, rows));
}

static void tear_down(bench *b)
{
    float *all[] = {b->x, b->dx, b->y, b->dy, b->w, b->dw, b->keep, b->scratch, b->running};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        ipl_free(all[i]);
    ipl_free(b->sums);
    ipl_free(b->self);
}

static void forward(bench *b)
{
    const size_t n = count(b->ops->n_sums, b->self);

    if (n > 0) {
        memset(b->sums, 0, n * sizeof *b->sums);
        b->ops->sum_forward(b->self, b->sums, &b->pass);
    }
    ipl_layer_forward(b->ops, b->self, b->in, b->out, &b->pass);
}

static void backward(bench *b)
{
    const size_t n = count(b->ops->n_sums, b->self);

    if (n > 0) {
        memset(b->sums + n, 0, n * sizeof *b->sums);
        b->ops->sum_backward(b->self, b->sums + n, &b->pass);
    }
    ipl_layer_backward(b->ops, b->self, b->in, b->out, &b->pass);
}

static void gradient(bench *b)
{
    const size_t n = count(b->ops->n_tiles, b->self);

    for (size_t t = 0; t < n; t++)
        b->ops->gradient(b->self, t, &b->pass);
    if (b->ops->adds && b->ops->adds(b->self)) {
        memset(b->dw, 0, b->nw * sizeof *b->dw);
        b->ops->add_gradient(b->self, &b->pass);
    }
}

/* L = <dy, y>, in double. */
static double loss(bench *b)
{
    double sum = 0.0;

    forward(b);
    for (size_t i = 0; i < b->ny; i++)
        sum += (double)b->dy[i] * (double)b->y[i];
    return sum;
}

/* Compare a gradient with central differences of L, number by number. */
static void check(bench *b, float *at, const float *grad, size_t n)
{
    const float step = 1.0f / 64.0f;

    for (size_t i = 0; i < n; i++) {
        const float kept = at[i];
        double up, down;

        at[i] = kept + step;
        up = loss(b);
        at[i] = kept - step;
        down = loss(b);
        at[i] = kept;
        assert_close((double)grad[i], (up - down) / (2.0 * (double)step), 2e-3);
    }
}

/* False: the layer does not take this input. */
static bool check_gradient(const ipl_layer_ops *ops, const char *options, ipl_shape in,
                           size_t rows)
{
    bench b;

    if (!try_set_up(&b, ops, options, in, rows))
        return false;
    /* The contract: both are overwritten. */
    for (size_t i = 0; i < b.nx; i++)
        b.dx[i] = NAN;
    for (size_t i = 0; i < b.nw; i++)
        b.dw[i] = NAN;
    forward(&b);
    backward(&b);
    gradient(&b);
    check(&b, b.x, b.dx, b.nx);
    check(&b, b.w, b.dw, b.nw);
    tear_down(&b);
    return true;
}

static void every_layer_has_the_right_gradient(void **state)
{
    (void)state;
    for (size_t r = 0; ipl_layer_table[r]; r++) {
        const ipl_layer_ops *ops = ipl_layer_table[r];
        size_t taken = 0;

        if (ops->role != IPL_LAYER_PLAIN)
            continue; /* residual blocks need a net: tests/test_net_spatial.c */
        for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
            taken += check_gradient(ops, ops->example, shapes[s], MAX_ROWS);
            taken += check_gradient(ops, ops->example, shapes[s], 1);
        }
        assert_true(taken >= 2);
    }
}

static void every_row_has_what_it_needs(void **state)
{
    (void)state;
    for (size_t r = 0; ipl_layer_table[r]; r++) {
        const ipl_layer_ops *ops = ipl_layer_table[r];

        assert_ptr_equal(ipl_layer_row(r), &ops->row);
        assert_non_null(ops->row.name);
        assert_non_null(ops->row.summary);
        assert_non_null(ops->example);
        assert_true((ops->value != NULL) == (ops->slope != NULL));
        assert_true(ipl_layer_gives_input(ops) ||
                    (ops->value != NULL) != (ops->forward != NULL));
        assert_true(ops->role != IPL_LAYER_PLAIN || ops->value || ops->backward);
        assert_true((ops->n_sums != NULL) == (ops->sum_forward != NULL));
        assert_true((ops->n_sums != NULL) == (ops->sum_backward != NULL));
        assert_true((ops->running != NULL) == (ops->remember != NULL));
        assert_true((ops->adds != NULL) == (ops->add_gradient != NULL));
        assert_true((ops->param != NULL) == (ops->gradient != NULL));
        assert_true((ops->param != NULL) == (ops->n_tiles != NULL));
        assert_false(ops->low == 0.0 && ops->high == 0.0);
    }
}

static void outputs_stay_within_the_bounds_of_their_row(void **state)
{
    enum { N = 2001 };
    float x[N], y[N];

    (void)state;
    for (size_t i = 0; i < N; i++)
        x[i] = ((float)i - 1000.0f) / 20.0f;
    for (size_t r = 0; ipl_layer_table[r]; r++) {
        const ipl_layer_ops *ops = ipl_layer_table[r];
        bench b;

        if (!ops->value)
            continue;
        set_up(&b, ops, ops->example, shapes[0], 1);
        ops->value(b.self, y, x, N);
        for (size_t i = 0; i < N; i++)
            assert_false((double)y[i] < ops->low || (double)y[i] > ops->high);
        tear_down(&b);
    }
}

static void nan_passes_every_activation(void **state)
{
    const float nan = NAN;

    (void)state;
    for (size_t r = 0; ipl_layer_table[r]; r++) {
        const ipl_layer_ops *ops = ipl_layer_table[r];
        float y = 0.0f;
        bench b;

        if (!ops->value)
            continue;
        set_up(&b, ops, ops->example, shapes[0], 1);
        ops->value(b.self, &y, &nan, 1);
        assert_true(isnan(y));
        tear_down(&b);
    }
}

/* Values and slopes at a point, from closed forms evaluated in double. */
static void activation_is(const char *name, float x, double value, double slope)
{
    float y, g = 1.0f;
    ipl_spec spec;

    assert_int_equal(ipl_spec_create(&spec, "layer", ipl_layer_row, name, NULL), IPL_OK);
    ipl_layer_table[spec.index]->value(spec.self, &y, &x, 1);
    ipl_layer_table[spec.index]->slope(spec.self, &g, &x, &y, 1);
    assert_close((double)y, value, 1e-6);
    assert_close((double)g, slope, 1e-6);
    ipl_spec_release(&spec);
}

static void activations_have_their_closed_forms(void **state)
{
    (void)state;
    for (int i = -25; i <= 25; i++) {
        const float point = (float)i / 8.0f + 0.01f;
        const double x = (double)point, s = 1.0 / (1.0 + exp(-x)), t = tanh(x);
        const double cdf = 0.5 * erfc(-x / sqrt(2.0));
        const double pdf = exp(-x * x / 2.0) / sqrt(2.0 * 3.14159265358979323846);
        const double d = 1.0 + fabs(x);

        activation_is("identity", point, x, 1.0);
        activation_is("tanh", point, t, 1.0 - t * t);
        activation_is("relu", point, x > 0.0 ? x : 0.0, x > 0.0);
        activation_is("leaky-relu", point, x > 0.0 ? x : 0.01 * x, x > 0.0 ? 1.0 : 0.01);
        activation_is("leaky-relu:slope=0.2", point, x > 0.0 ? x : 0.2 * x,
                      x > 0.0 ? 1.0 : 0.2);
        activation_is("sigmoid", point, s, s * (1.0 - s));
        activation_is("softplus", point, log1p(exp(x)), s);
        activation_is("softsign", point, x / d, 1.0 / (d * d));
        activation_is("elu", point, x > 0.0 ? x : expm1(x), x > 0.0 ? 1.0 : exp(x));
        activation_is("gelu", point, x * cdf, cdf + x * pdf);
        activation_is("silu", point, x * s, s * (1.0 + x * (1.0 - s)));
        activation_is("hard-tanh", point, fmin(fmax(x, -1.0), 1.0), fabs(x) < 1.0);
    }
}

static void slopes_at_kinks_are_those_of_pytorch(void **state)
{
    (void)state;
    activation_is("relu", 0.0f, 0.0, 0.0);
    activation_is("leaky-relu", 0.0f, 0.0, 0.01);
    activation_is("hard-tanh", 1.0f, 1.0, 0.0);
    activation_is("hard-tanh", -1.0f, -1.0, 0.0);
    activation_is("elu", 0.0f, 0.0, 1.0);
}

static void an_activation_goes_back_in_place(void **state)
{
    (void)state;
    for (size_t r = 0; ipl_layer_table[r]; r++) {
        bench b;

        if (!ipl_layer_table[r]->slope)
            continue;
        set_up(&b, ipl_layer_table[r], ipl_layer_table[r]->example, (ipl_shape){300, 1, 1},
               2);
        forward(&b);
        ipl_layer_backward(b.ops, b.self, b.in, b.out, &b.pass);
        b.pass.dx = b.dy;
        ipl_layer_backward(b.ops, b.self, b.in, b.out, &b.pass);
        assert_memory_equal(b.dx, b.dy, b.nx * sizeof *b.dx);
        tear_down(&b);
    }
}

/* Enough inputs for several tiles, one of them smaller. */
static void tiles_of_a_dense_layer_cover_its_gradient(void **state)
{
    const size_t D = 4000, U = 70, N = 3;
    bench b;

    (void)state;
    set_up(&b, &ipl_layer_dense, "units=70", (ipl_shape){D, 1, 1}, N);
    assert_true(b.ops->n_tiles(b.self) >= 3);
    for (size_t i = 0; i < b.nw; i++)
        b.dw[i] = NAN;
    gradient(&b);
    for (size_t u = 0; u < U; u++) {
        double bias = 0.0;

        for (size_t d = 0; d < D; d++) {
            double want = 0.0;

            for (size_t n = 0; n < N; n++)
                want += (double)b.dy[n * U + u] * (double)b.x[n * D + d];
            assert_close((double)b.dw[u * D + d], want, 1e-5);
        }
        for (size_t n = 0; n < N; n++)
            bias += (double)b.dy[n * U + u];
        assert_close((double)b.dw[U * D + u], bias, 1e-6);
    }
    tear_down(&b);
}

static void a_dense_layer_too_large_for_blas_is_a_shape_error(void **state)
{
    const ipl_layer_ops *ops = &ipl_layer_dense;
    ipl_spec spec;
    ipl_shape out;

    (void)state;
    assert_int_equal(
        ipl_spec_create(&spec, "layer", ipl_layer_row, "dense:units=65536", NULL), IPL_OK);
    assert_int_equal(ops->bind(spec.self, (ipl_shape){32767, 1, 1}, &out, NULL),
                     IPL_E_SHAPE);
    assert_int_equal(ops->bind(spec.self, (ipl_shape){32766, 1, 1}, &out, NULL), IPL_OK);
    assert_int_equal(ops->bind(spec.self, (ipl_shape){SIZE_MAX, 1, 1}, &out, NULL),
                     IPL_E_SHAPE);
    ipl_spec_release(&spec);
}

static void dropout_does_not_depend_on_shards(void **state)
{
    const size_t d = 18, rows = 4;
    float whole[18 * 4];
    bench b;

    (void)state;
    set_up(&b, &ipl_layer_dropout, "p=0.5", shapes[0], rows);
    forward(&b);
    memcpy(whole, b.y, sizeof whole);
    b.pass.rows = 1;
    for (size_t r = rows; r-- > 0;) {
        b.pass.first = r;
        b.pass.x = b.x + r * d;
        b.pass.y = b.y + r * d;
        forward(&b);
    }
    assert_memory_equal(whole, b.y, sizeof whole);
    tear_down(&b);
}

static void dropout_draws_anew_each_step_layer_and_row(void **state)
{
    const size_t d = 18;
    float before[18];
    bench b;

    (void)state;
    set_up(&b, &ipl_layer_dropout, "p=0.5", shapes[0], 1);
    for (size_t i = 0; i < d; i++)
        b.x[i] = 1.0f;
    forward(&b);
    memcpy(before, b.y, sizeof before);
    b.pass.step++;
    forward(&b);
    assert_memory_not_equal(before, b.y, sizeof before);
    b.pass.step--;
    b.pass.layer++;
    forward(&b);
    assert_memory_not_equal(before, b.y, sizeof before);
    b.pass.layer--;
    b.pass.first++;
    forward(&b);
    assert_memory_not_equal(before, b.y, sizeof before);
    b.pass.first--;
    b.pass.seed++;
    forward(&b);
    assert_memory_not_equal(before, b.y, sizeof before);
    tear_down(&b);
}

/* Share of zeros p and mean 1, within five standard errors. */
static void dropout_keeps_the_mean(void **state)
{
    const double p = 0.3, n = 40000.0;
    double zeros = 0.0, sum = 0.0;
    bench b;

    (void)state;
    set_up(&b, &ipl_layer_dropout, "p=0.3", (ipl_shape){10000, 1, 1}, 4);
    for (size_t i = 0; i < b.nx; i++)
        b.x[i] = 1.0f;
    forward(&b);
    for (size_t i = 0; i < b.ny; i++) {
        zeros += b.y[i] == 0.0f;
        sum += (double)b.y[i];
    }
    assert_close(zeros / n, p, 5.0 * sqrt(p * (1.0 - p) / n));
    assert_close(sum / n, 1.0, 5.0 * sqrt(p / (1.0 - p) / n));
    tear_down(&b);
}

static void dropout_does_nothing_in_evaluation_mode_or_with_p_0(void **state)
{
    bench b;

    (void)state;
    set_up(&b, &ipl_layer_dropout, "p=0.5", shapes[0], MAX_ROWS);
    b.pass.training = false;
    forward(&b);
    assert_memory_equal(b.x, b.y, b.nx * sizeof *b.x);
    tear_down(&b);
    set_up(&b, &ipl_layer_dropout, "p=0", shapes[0], MAX_ROWS);
    forward(&b);
    assert_memory_equal(b.x, b.y, b.nx * sizeof *b.x);
    tear_down(&b);
}

static void dropout_with_p_1_drops_everything(void **state)
{
    bench b;

    (void)state;
    set_up(&b, &ipl_layer_dropout, "p=1", shapes[0], MAX_ROWS);
    forward(&b);
    for (size_t i = 0; i < b.ny; i++)
        assert_true(b.y[i] == 0.0f);
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_has_the_right_gradient),
        cmocka_unit_test(every_row_has_what_it_needs),
        cmocka_unit_test(outputs_stay_within_the_bounds_of_their_row),
        cmocka_unit_test(nan_passes_every_activation),
        cmocka_unit_test(activations_have_their_closed_forms),
        cmocka_unit_test(slopes_at_kinks_are_those_of_pytorch),
        cmocka_unit_test(an_activation_goes_back_in_place),
        cmocka_unit_test(tiles_of_a_dense_layer_cover_its_gradient),
        cmocka_unit_test(a_dense_layer_too_large_for_blas_is_a_shape_error),
        cmocka_unit_test(dropout_does_not_depend_on_shards),
        cmocka_unit_test(dropout_draws_anew_each_step_layer_and_row),
        cmocka_unit_test(dropout_keeps_the_mean),
        cmocka_unit_test(dropout_does_nothing_in_evaluation_mode_or_with_p_0),
        cmocka_unit_test(dropout_with_p_1_drops_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
