/* Pictures of a net: filters, features, the confusion, and what is wrong. */
#include "world.h"

#include "base/alloc.h"
#include "data/png.h"
#include "run/pictures.h"

enum { SIDE = 4, EACH = 6, TESTS = 2 * EACH };

static const ipl_pictures_opts first_image = {.batch = 5};

/* Two classes of grey pictures, six of each for training and for testing. */
static void write_data(void **state)
{
    static const char *const folders[] = {"train", "train/bright", "train/dark",
                                          "test",  "test/bright",  "test/dark"};

    for (size_t i = 0; i < 6; i++)
        assert_int_equal(ipl_folder_create(scratch_path(state, folders[i]), NULL), IPL_OK);
    for (unsigned i = 0; i < 4 * EACH; i++) {
        const bool bright = i % 2 == 0;
        uint8_t pixels[SIDE * SIDE];
        char name[64];

        for (unsigned k = 0; k < sizeof pixels; k++)
            pixels[k] = (uint8_t)((bright ? 200 : 20) + (i * 7 + k * 5) % 40);
        (void)snprintf(name, sizeof name, "%s/%s/%02u.png", i < 2 * EACH ? "train" : "test",
                       bright ? "bright" : "dark", i);
        assert_int_equal(
            ipl_png_write(scratch_path(state, name), pixels, SIDE, SIDE, 1, NULL), IPL_OK);
    }
}

static world open_images(void **state, const char *net, const char *loss)
{
    write_data(state);
    return open_png_world(state, net, loss, IPL_SCALE_CHANNEL);
}

/* Whether folder/name is a picture. */
static bool is_picture(void **state, const char *name)
{
    ipl_picture p;
    const bool read = ipl_png_read(&p, scratch_path(state, name), NULL) == IPL_OK;

    ipl_picture_release(&p);
    return read;
}

static void a_net_on_images_gives_all_four_pictures(void **state)
{
    world w = open_images(state, "16-3-2", "cross-entropy");
    bool written[IPL_PICTURE_COUNT];

    assert_int_equal(ipl_pictures_write(written, scratch_path(state, "figures"), w.net,
                                        w.ds, 7, &first_image, NULL),
                     IPL_OK);
    for (size_t k = 0; k < IPL_PICTURE_COUNT; k++)
        assert_true(written[k]);
    assert_true(is_picture(state, "figures/filters-7.png"));
    assert_true(is_picture(state, "figures/features-7.png"));
    assert_true(is_picture(state, "figures/confusion-7.png"));
    assert_true(is_picture(state, "figures/wrong-7.png"));
    close_world(&w);
}

static void samples_that_are_no_images_have_a_confusion_only(void **state)
{
    world w = open_world("szt", "12-3-2", "cross-entropy", IPL_SCALE_CHANNEL);
    bool written[IPL_PICTURE_COUNT];

    assert_int_equal(ipl_pictures_write(written, scratch_path(state, "figures"), w.net,
                                        w.ds, 0, &first_image, NULL),
                     IPL_OK);
    for (int k = 0; k < IPL_PICTURE_COUNT; k++)
        assert_int_equal(written[k], k == IPL_PICTURE_CONFUSION);
    assert_false(is_picture(state, "figures/filters-0.png"));
    assert_true(is_picture(state, "figures/confusion-0.png"));
    close_world(&w);
}

static void a_net_that_rebuilds_its_input_has_no_confusion(void **state)
{
    world w = open_images(state, "16-3-16", "mse:target=input");
    bool written[IPL_PICTURE_COUNT];

    assert_int_equal(ipl_pictures_write(written, scratch_path(state, "figures"), w.net,
                                        w.ds, 1, &first_image, NULL),
                     IPL_OK);
    assert_true(written[IPL_PICTURE_FILTERS]);
    assert_true(written[IPL_PICTURE_FEATURES]);
    assert_false(written[IPL_PICTURE_CONFUSION]);
    assert_false(written[IPL_PICTURE_WRONG]);
    close_world(&w);
}

/*
 * Pixels of the confusion matrix that are red and blue, when the mean of the samples decides:
 * equal weights of a sign for one class and of the other sign for the other.
 */
static void count_colours(size_t *red, size_t *blue, void **state, float sign)
{
    world w = open_images(state, "16-2", "cross-entropy");
    ipl_param_view view;
    ipl_picture p;

    assert_true(ipl_net_param(&view, w.net, 0));
    for (size_t i = 0; i < 32; i++)
        view.data[i] = i < 16 ? sign : -sign;
    assert_int_equal(ipl_pictures_write(NULL, scratch_path(state, "figures"), w.net, w.ds,
                                        2, &first_image, NULL),
                     IPL_OK);
    assert_int_equal(ipl_png_read(&p, scratch_path(state, "figures/confusion-2.png"), NULL),
                     IPL_OK);
    *red = *blue = 0;
    for (size_t i = 0; i < p.height * p.width; i++) {
        *red += p.pixels[3 * i] > p.pixels[3 * i + 2];
        *blue += p.pixels[3 * i] < p.pixels[3 * i + 2];
    }
    ipl_picture_release(&p);
    close_world(&w);
}

static void a_net_that_is_right_has_no_red_and_one_that_is_wrong_no_blue(void **state)
{
    size_t red, blue;

    count_colours(&red, &blue, state, 1.0f);
    assert_int_equal(red, 0);
    assert_true(blue > 1000);
    count_colours(&red, &blue, state, -1.0f);
    assert_int_equal(blue, 0);
    assert_true(red > 1000);
}

static void an_image_past_the_last_is_refused(void **state)
{
    world w = open_images(state, "16-3-2", "cross-entropy");
    const ipl_pictures_opts last = {.image = TESTS - 1, .batch = 5},
                            past = {.image = TESTS, .batch = 5};
    ipl_error err = {0};

    assert_int_equal(
        ipl_pictures_write(NULL, scratch_path(state, "a"), w.net, w.ds, 0, &last, NULL),
        IPL_OK);
    assert_int_equal(
        ipl_pictures_write(NULL, scratch_path(state, "b"), w.net, w.ds, 0, &past, &err),
        IPL_E_ARG);
    assert_non_null(strstr(err.msg, "image 12: there are 12 test samples"));
    assert_false(ipl_file_exists(scratch_path(state, "b")));
    close_world(&w);
}

static void batches_of_one_and_of_five_give_the_same_bytes(void **state)
{
    static const char *const names[] = {"confusion-0.png", "wrong-0.png"};
    const ipl_pictures_opts one = {0};
    world w = open_images(state, "16-3-2", "cross-entropy");
    char a[IPL_PATH_MAX], b[IPL_PATH_MAX], sum[2][65];

    (void)snprintf(a, sizeof a, "%s", scratch_path(state, "a"));
    (void)snprintf(b, sizeof b, "%s", scratch_path(state, "b"));
    assert_int_equal(ipl_pictures_write(NULL, a, w.net, w.ds, 0, &one, NULL), IPL_OK);
    assert_int_equal(ipl_pictures_write(NULL, b, w.net, w.ds, 0, &first_image, NULL),
                     IPL_OK);
    for (size_t i = 0; i < 2; i++) {
        char path[IPL_PATH_MAX];

        assert_int_equal(ipl_path_join(path, a, names[i], NULL), IPL_OK);
        assert_int_equal(ipl_file_sha256(sum[0], path, NULL), IPL_OK);
        assert_int_equal(ipl_path_join(path, b, names[i], NULL), IPL_OK);
        assert_int_equal(ipl_file_sha256(sum[1], path, NULL), IPL_OK);
        assert_string_equal(sum[0], sum[1]);
    }
    close_world(&w);
}

static void drawing_changes_no_parameter(void **state)
{
    world w = open_images(state, "16-3-2", "cross-entropy");
    ipl_param_view view;
    float before[48];

    assert_true(ipl_net_param(&view, w.net, 0));
    memcpy(before, view.data, sizeof before);
    assert_int_equal(ipl_pictures_write(NULL, scratch_path(state, "figures"), w.net, w.ds,
                                        0, &first_image, NULL),
                     IPL_OK);
    for (size_t i = 0; i < 48; i++)
        assert_true(view.data[i] == before[i]);
    close_world(&w);
}

static void every_failed_allocation_is_reported_and_nothing_leaks(void **state)
{
    world w = open_images(state, "16-3-2", "cross-entropy");
    const int before = next_descriptor();
    ipl_status st = IPL_E_NOMEM;

    for (long n = 0; st != IPL_OK; n += 3) { /* every file is flushed to the disk */
        assert_true(n < 500);
        ipl_alloc_fail_after(n);
        st = ipl_pictures_write(NULL, scratch_path(state, "figures"), w.net, w.ds, 0,
                                &first_image, NULL);
        ipl_alloc_fail_after(-1);
        assert_true(st == IPL_OK || st == IPL_E_NOMEM);
    }
    assert_int_equal(next_descriptor(), before);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(a_net_on_images_gives_all_four_pictures),
        IN_SCRATCH(samples_that_are_no_images_have_a_confusion_only),
        IN_SCRATCH(a_net_that_rebuilds_its_input_has_no_confusion),
        IN_SCRATCH(a_net_that_is_right_has_no_red_and_one_that_is_wrong_no_blue),
        IN_SCRATCH(an_image_past_the_last_is_refused),
        IN_SCRATCH(batches_of_one_and_of_five_give_the_same_bytes),
        IN_SCRATCH(drawing_changes_no_parameter),
        IN_SCRATCH(every_failed_allocation_is_reported_and_nothing_leaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
