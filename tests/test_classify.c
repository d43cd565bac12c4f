/* A picture or a sample shown to a net: what it takes it for, and what is written of it. */
#include "world.h"

#include "base/alloc.h"
#include "data/png.h"
#include "run/classify.h"

enum { SIDE = 4, PIXELS = SIDE * SIDE, EACH = 4 };

static uint8_t pixel_of(unsigned image, unsigned k)
{
    return (uint8_t)((image % 2 ? 20 : 180) + (image * 13 + k * 5) % 60);
}

/* Two classes of pictures, grey or in colour: bright ones are even, dark ones odd. */
static void write_data(void **state, size_t channels)
{
    for (unsigned i = 0; i < 4 * EACH; i++) {
        uint8_t pixels[3 * PIXELS];
        char folder[32], name[64];

        for (unsigned k = 0; k < PIXELS * channels; k++)
            pixels[k] = pixel_of(i, k);
        (void)snprintf(folder, sizeof folder, "%s/%s", i < 2 * EACH ? "train" : "test",
                       i % 2 ? "dark" : "bright");
        assert_int_equal(ipl_folder_create(scratch_path(state, folder), NULL), IPL_OK);
        (void)snprintf(name, sizeof name, "%s/%02u.png", folder, i);
        assert_int_equal(
            ipl_png_write(scratch_path(state, name), pixels, SIDE, SIDE, channels, NULL),
            IPL_OK);
    }
}

static world open_pictures(void **state, size_t channels, const char *net, const char *loss,
                           ipl_scaling scaling)
{
    write_data(state, channels);
    return open_png_world(state, net, loss, scaling);
}

/* The test part is sorted by class: row 0 is the first bright picture of it. */
static void a_picture_is_scaled_as_the_samples_are(void **state)
{
    uint16_t values[3 * PIXELS];
    const unsigned first = 2 * EACH;

    for (size_t channels = 1; channels <= 3; channels += 2) {
        for (size_t c = 0; c < channels; c++)
            for (unsigned i = 0; i < PIXELS; i++)
                values[c * PIXELS + i] =
                    (uint16_t)(257 * pixel_of(first, (unsigned)(i * channels + c)));
        for (int scaling = IPL_SCALE_UNIT; scaling <= IPL_SCALE_FEATURE; scaling++) {
            world w = open_pictures(state, channels, "flatten dense:units=2",
                                    "cross-entropy", (ipl_scaling)scaling);
            float sample[3 * PIXELS], own[3 * PIXELS];

            ipl_dataset_gather(sample, NULL, w.ds, IPL_TEST, NULL, 0, 1);
            ipl_dataset_scale(own, w.ds, values);
            assert_memory_equal(own, sample, channels * PIXELS * sizeof *own);
            close_world(&w);
        }
        assert_int_equal(ipl_folder_remove(scratch_path(state, "train"), NULL), IPL_OK);
        assert_int_equal(ipl_folder_remove(scratch_path(state, "test"), NULL), IPL_OK);
    }
}

/* z_0 = sum of x, z_1 = -z_0: p_0 = 1 / (1 + exp(-2 z_0)). */
static void probabilities_are_the_softmax_of_the_outputs(void **state)
{
    world w = open_pictures(state, 1, "16-2", "cross-entropy", IPL_SCALE_UNIT);
    const unsigned image = 2 * EACH;
    double z = 0.0;
    ipl_param_view view;
    ipl_classified seen;

    assert_true(ipl_net_param(&view, w.net, 0));
    for (size_t i = 0; i < 32; i++)
        view.data[i] = i < 16 ? 0.125f : -0.125f;
    assert_true(ipl_net_param(&view, w.net, 1));
    view.data[0] = view.data[1] = 0.0f;
    for (unsigned k = 0; k < PIXELS; k++)
        z += 0.125 * pixel_of(image, k) / 255.0;
    assert_int_equal(ipl_classify(&seen, w.net, w.ds,
                                  scratch_path(state, "test/bright/08.png"), false, NULL),
                     IPL_OK);
    assert_true(seen.shares);
    assert_int_equal(seen.best, 0);
    assert_close(seen.p[0], 1.0 / (1.0 + exp(-2.0 * z)), 1e-6);
    assert_close(seen.p[0] + seen.p[1], 1.0, 1e-12);
    assert_string_equal(seen.name, "08");
    ipl_classified_release(&seen);
    /* Inverted, every pixel is 255 minus itself. */
    z = 0.125 * PIXELS - z;
    assert_int_equal(ipl_classify(&seen, w.net, w.ds,
                                  scratch_path(state, "test/bright/08.png"), true, NULL),
                     IPL_OK);
    assert_close(seen.p[0], 1.0 / (1.0 + exp(-2.0 * z)), 1e-6);
    assert_close((double)seen.pixels[0], 1.0 - pixel_of(image, 0) / 255.0, 1e-6);
    ipl_classified_release(&seen);
    close_world(&w);
}

static void outputs_that_would_overflow_have_probabilities(void **state)
{
    world w = open_pictures(state, 1, "16-2", "cross-entropy", IPL_SCALE_RAW);
    ipl_param_view view;
    ipl_classified seen;

    assert_true(ipl_net_param(&view, w.net, 0));
    for (size_t i = 0; i < 32; i++)
        view.data[i] = i < 16 ? -1000.0f : 1000.0f;
    assert_int_equal(ipl_classify(&seen, w.net, w.ds,
                                  scratch_path(state, "test/bright/08.png"), false, NULL),
                     IPL_OK);
    assert_int_equal(seen.best, 1);
    assert_close(seen.p[1], 1.0, 0.0);
    assert_close(seen.p[0], 0.0, 0.0);
    ipl_classified_release(&seen);
    close_world(&w);
}

static void outputs_of_another_loss_stay_what_they_are(void **state)
{
    world w = open_pictures(state, 1, "16-2", "mse", IPL_SCALE_UNIT);
    ipl_classified seen;

    assert_int_equal(ipl_classify(&seen, w.net, w.ds,
                                  scratch_path(state, "test/dark/09.png"), false, NULL),
                     IPL_OK);
    assert_false(seen.shares);
    for (size_t k = 0; k < 2; k++)
        assert_close(seen.p[k], (double)seen.maps.output[k], 0.0);
    ipl_classified_release(&seen);
    close_world(&w);
}

/* Refused with a message that has all of these words. */
static void assert_refused(ipl_status want, world *w, const char *path,
                           const char *const *words)
{
    ipl_error err = {0};
    ipl_classified seen;

    assert_int_equal(ipl_classify(&seen, w->net, w->ds, path, false, &err), want);
    for (; *words; words++)
        if (!strstr(err.msg, *words))
            fail_msg("no '%s' in: %s", *words, err.msg);
    ipl_classified_release(&seen);
}

static void a_picture_of_another_shape_is_refused_with_both(void **state)
{
    static const uint8_t pixels[3 * 5 * 7];
    world w = open_pictures(state, 1, "16-2", "cross-entropy", IPL_SCALE_UNIT);
    const char *path = scratch_path(state, "other.png");
    const char *const size[] = {"other.png", "5 x 7 in grey", "4 x 4 in grey", NULL};
    const char *const colour[] = {"4 x 4 in colour", "4 x 4 in grey", NULL};
    const char *const missing[] = {"none.png", NULL};
    const char *const damaged[] = {"text.png", NULL};

    assert_int_equal(ipl_png_write(path, pixels, 5, 7, 1, NULL), IPL_OK);
    assert_refused(IPL_E_SHAPE, &w, path, size);
    assert_int_equal(ipl_png_write(path, pixels, SIDE, SIDE, 3, NULL), IPL_OK);
    assert_refused(IPL_E_SHAPE, &w, path, colour);
    assert_refused(IPL_E_NOINPUT, &w, scratch_path(state, "none.png"), missing);
    scratch_write(scratch_path(state, "text.png"), "no picture", 10);
    assert_refused(IPL_E_FORMAT, &w, scratch_path(state, "text.png"), damaged);
    close_world(&w);
}

static void nets_without_classes_or_pictures_are_refused(void **state)
{
    const char *const rebuilds[] = {"mse:target=input", "names no classes", NULL};
    const char *const numbers[] = {"szt", "no pictures", NULL};
    world w = open_pictures(state, 1, "16-3-16", "mse:target=input", IPL_SCALE_UNIT);

    assert_refused(IPL_E_ARG, &w, scratch_path(state, "test/dark/09.png"), rebuilds);
    close_world(&w);
    w = open_world("szt", "12-3-2", "cross-entropy", IPL_SCALE_UNIT);
    assert_refused(IPL_E_ARG, &w, scratch_path(state, "test/dark/09.png"), numbers);
    close_world(&w);
}

/* Pictures of the layers: one of all, one of each; what is not measured has none. */
static void the_layers_are_written_as_pictures(void **state)
{
    static const char *const names[] = {"maps/09-maps.png", "maps/09-conv1.png",
                                        "maps/09-logits.png"};
    world w = open_pictures(state, 1, "conv2d:filters=2,size=3 tanh flatten dense:units=2",
                            "cross-entropy", IPL_SCALE_UNIT);
    ipl_classified seen;

    assert_int_equal(ipl_classify(&seen, w.net, w.ds,
                                  scratch_path(state, "test/dark/09.png"), false, NULL),
                     IPL_OK);
    assert_int_equal(seen.maps.n, 2);
    assert_int_equal(ipl_shape_size(seen.maps.layers[0].shape), 2 * 2 * 2);
    assert_int_equal(ipl_classified_write(&seen, w.ds, scratch_path(state, "maps"), NULL),
                     IPL_OK);
    for (size_t i = 0; i < 3; i++) {
        ipl_picture p;

        assert_int_equal(ipl_png_read(&p, scratch_path(state, names[i]), NULL), IPL_OK);
        ipl_picture_release(&p);
    }
    ipl_classified_release(&seen);
    close_world(&w);
}

/* The maps of a sample are the activations that a probe of the data set sees. */
static void fill(float *x, int32_t *y, const void *source, size_t first, size_t n)
{
    const ipl_dataset *ds = source;

    ipl_dataset_gather(x, y, ds, IPL_TEST, NULL, first, n);
}

static void the_maps_are_what_a_probe_sees(void **state)
{
    world w = open_pictures(state, 1, "16-5-2", "cross-entropy", IPL_SCALE_CHANNEL);
    const ipl_batch batch = {.n = 1, .fill = fill, .source = w.ds};
    float hidden[5], logits[2];
    float *taps[8] = {0};
    ipl_classified seen;

    assert_true(ipl_net_n_layers(w.net) <= 8);
    taps[ipl_net_n_layers(w.net) - 2] = hidden; /* tanh */
    taps[ipl_net_n_layers(w.net) - 1] = logits;
    ipl_net_probe(taps, w.net, &batch);
    assert_int_equal(ipl_classify(&seen, w.net, w.ds,
                                  scratch_path(state, "test/bright/08.png"), false, NULL),
                     IPL_OK);
    assert_int_equal(seen.maps.n, 2);
    assert_memory_equal(seen.maps.layers[0].x, hidden, sizeof hidden);
    assert_memory_equal(seen.maps.output, logits, sizeof logits);
    ipl_classified_release(&seen);
    close_world(&w);
}

static void every_lost_allocation_is_a_clean_error(void **state)
{
    world w = open_pictures(state, 1, "16-5-2", "cross-entropy", IPL_SCALE_CHANNEL);
    char path[128], maps[128];
    ipl_status st = IPL_E_NOMEM;

    (void)snprintf(path, sizeof path, "%s/test/bright/08.png", (const char *)*state);
    (void)snprintf(maps, sizeof maps, "%s/maps", (const char *)*state);
    for (long n = 0; st != IPL_OK; n++) {
        const int fd = next_descriptor();
        ipl_classified seen;

        assert_true(n < 200);
        ipl_alloc_fail_after(n);
        st = ipl_classify(&seen, w.net, w.ds, path, false, NULL);
        if (st == IPL_OK)
            st = ipl_classified_write(&seen, w.ds, maps, NULL);
        ipl_alloc_fail_after(-1);
        assert_true(st == IPL_OK || st == IPL_E_NOMEM);
        assert_int_equal(next_descriptor(), fd);
        ipl_classified_release(&seen);
    }
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(a_picture_is_scaled_as_the_samples_are),
        IN_SCRATCH(probabilities_are_the_softmax_of_the_outputs),
        IN_SCRATCH(outputs_that_would_overflow_have_probabilities),
        IN_SCRATCH(outputs_of_another_loss_stay_what_they_are),
        IN_SCRATCH(a_picture_of_another_shape_is_refused_with_both),
        IN_SCRATCH(nets_without_classes_or_pictures_are_refused),
        IN_SCRATCH(the_layers_are_written_as_pictures),
        IN_SCRATCH(the_maps_are_what_a_probe_sees),
        IN_SCRATCH(every_lost_allocation_is_a_clean_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
