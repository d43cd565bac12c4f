/* What gnuplot draws: pictures with ink and colours, and movies that move and stay small. */
#include "fake_run.h"

#include "base/alloc.h"
#include "run/gnuplot.h"

#include <png.h>

/* ---- pictures ---- */

static bool have_gnuplot(void)
{
    static const char *const argv[] = {"/dev/null", NULL};
    ipl_text said = {0};
    bool missing = true;
    const ipl_status st = ipl_gnuplot(&missing, &said, top, argv, NULL);

    ipl_text_release(&said);
    if (st == IPL_OK && !missing)
        return true;
    print_message("SKIPPED: gnuplot is not installed; no picture was drawn\n");
    return false;
}

/* Different colours in a PNG file, and the share of pixels that are not white. */
static size_t count_colours(double *drawn, const char *path)
{
    static bool seen[1 << 15];
    png_image image = {.version = PNG_IMAGE_VERSION};
    size_t n = 0, ink = 0, pixels;
    png_byte *rgb;

    assert_int_not_equal(png_image_begin_read_from_file(&image, path), 0);
    image.format = PNG_FORMAT_RGB;
    rgb = malloc(PNG_IMAGE_SIZE(image));
    assert_non_null(rgb);
    assert_int_not_equal(png_image_finish_read(&image, NULL, rgb, 0, NULL), 0);
    pixels = (size_t)image.width * image.height;
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < pixels; i++) {
        const png_byte *c = rgb + 3 * i;
        const size_t k = (size_t)(c[0] >> 3) << 10 | (size_t)(c[1] >> 3) << 5 | c[2] >> 3;

        n += !seen[k];
        seen[k] = true;
        ink += c[0] + c[1] + c[2] < 600;
    }
    free(rgb);
    *drawn = (double)ink / (double)pixels;
    return n;
}

static void every_figure_is_a_picture_with_many_colours(void **state)
{
    const ipl_plot_opts opts = {0};
    char run[IPL_PATH_MAX];
    const char *const runs[] = {write_fake(run, &plain)};
    static const char *const kinds[] = {"plane", "grid", "ltc", "curves", "dashboard"};
    ipl_error err = {0};
    heard h = {0};

    (void)state;
    if (!have_gnuplot())
        return;
    if (ipl_plot_runs(&opts, runs, 1, listen, &h, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(h.figures, 5);
    if (h.notes > 0 && !strstr(h.last_note, ".bak"))
        fail_msg("%s", h.last_note);
    for (size_t k = 0; k < 5; k++) {
        char path[IPL_PATH_MAX];
        double drawn;
        size_t colours;

        (void)snprintf(path, sizeof path, "%.4000s/figures/%s.png", run, kinds[k]);
        colours = count_colours(&drawn, path);
        assert_true(colours > 100);
        assert_true(drawn > 0.003 && drawn < 0.3);
    }
}

static void pdf_and_svg_come_from_the_same_scripts(void **state)
{
    static const char *const magic[] = {"\x89PNG", "%PDF", "<?xm"};
    char run[IPL_PATH_MAX];
    const char *const runs[] = {write_fake(run, &plain)};

    (void)state;
    if (!have_gnuplot())
        return;
    for (int format = 1; format < 3; format++) {
        const ipl_plot_opts opts = {.kind = IPL_PLOT_PLANE, .format = format};
        heard h = {0};
        char *text;
        size_t len;

        assert_int_equal(ipl_plot_runs(&opts, runs, 1, listen, &h, NULL), IPL_OK);
        assert_int_equal(ipl_file_read(&text, &len, h.last_figure, 1 << 24, NULL), IPL_OK);
        assert_memory_equal(text, magic[format], 4);
        assert_true(len > 4000);
        ipl_free(text);
    }
}

/* ---- movies ---- */

/* What a GIF file has, read by its blocks (CompuServe's GIF89a). */
typedef struct gif {
    size_t frames, bytes;
    bool blue, orange, violet; /* of the first two layers and of the first epoch */
} gif;

static void note_colours(gif *out, const unsigned char *table, size_t n)
{
    for (size_t i = 0; i < n; i++, table += 3) {
        out->blue = out->blue || memcmp(table, "\x00\x72\xB2", 3) == 0;
        out->orange = out->orange || memcmp(table, "\xD5\x5E\x00", 3) == 0;
        out->violet = out->violet || memcmp(table, "\x44\x01\x54", 3) == 0;
    }
}

/* Past the sub-blocks that start at `at`. */
static size_t skip_blocks(const unsigned char *s, size_t at)
{
    while (s[at] != 0)
        at += (size_t)s[at] + 1;
    return at + 1;
}

static gif read_gif(const char *path)
{
    gif out = {0};
    char *text;
    const unsigned char *s;
    size_t at = 13;

    assert_int_equal(ipl_file_read(&text, &out.bytes, path, 1 << 24, NULL), IPL_OK);
    assert_memory_equal(text, "GIF89a", 6);
    s = (const unsigned char *)text;
    if (s[10] & 0x80) {
        note_colours(&out, s + at, (size_t)2 << (s[10] & 7));
        at += 3 * ((size_t)2 << (s[10] & 7));
    }
    while (s[at] != 0x3B) {
        assert_true(at < out.bytes && (s[at] == 0x21 || s[at] == 0x2C));
        if (s[at] == 0x21) {
            at = skip_blocks(s, at + 2);
            continue;
        }
        out.frames++;
        at += 10;
        if (s[at - 1] & 0x80) {
            const size_t n = (size_t)2 << (s[at - 1] & 7);

            note_colours(&out, s + at, n);
            at += 3 * n;
        }
        at = skip_blocks(s, at + 1);
    }
    ipl_free(text);
    return out;
}

static void a_movie_moves_in_colour_and_is_small(void **state)
{
    static const fake twin = {"twin", "b", 1, 12, 4, 10.0, 0.3, NULL, "fc"};
    const ipl_plot_opts opts = {.kind = IPL_PLOT_MOVIE};
    char run[2][IPL_PATH_MAX];
    const char *const runs[] = {write_fake(run[0], &plain), write_fake(run[1], &twin)};
    ipl_error err = {0};

    (void)state;
    if (!have_gnuplot())
        return;
    for (size_t n = 1; n <= 2; n++) {
        heard h = {0};
        gif movie;

        if (ipl_plot_runs(&opts, runs, n, listen, &h, &err) != IPL_OK)
            fail_msg("%s", err.msg);
        assert_int_equal(h.figures, 1);
        if (h.notes > 0 && !strstr(h.last_note, ".bak"))
            fail_msg("%s", h.last_note);
        assert_non_null(strstr(h.last_figure, "/movie.gif"));
        movie = read_gif(h.last_figure);
        assert_within(movie.frames, 13, 24); /* 12 epochs, and the last for a while */
        assert_within(movie.bytes, 20000, 1500000);
        assert_true(movie.blue && movie.orange && movie.violet);
    }
}

static void a_long_movie_of_many_runs_stays_small(void **state)
{
    fake runs_made[6];
    static const char *const names[] = {"m1", "m2", "m3", "m4", "m5", "m6", "m7"};
    const ipl_plot_opts opts = {.kind = IPL_PLOT_MOVIE};
    char run[7][IPL_PATH_MAX];
    const char *runs[7];
    ipl_error err = {0};
    heard h = {0};
    char *settings;
    gif movie;

    (void)state;
    for (size_t i = 0; i < 7; i++) {
        runs_made[i % 6] = plain;
        runs_made[i % 6].name = runs_made[i % 6].net = names[i];
        runs_made[i % 6].epochs = 300;
        runs[i] = write_fake(run[i], &runs_made[i % 6]);
    }
    assert_int_equal(ipl_plot_runs(&opts, runs, 7, listen, &h, &err), IPL_E_ARG);
    assert_non_null(strstr(err.msg, "7 runs"));
    /* Frames are spread over the logarithm of the epochs: the first ten are all there. */
    assert_int_equal(plot_data(&opts, runs, 1, &h, &err), IPL_OK);
    settings = slurp(run[0], "figures/movie-settings.gp");
    assert_non_null(strstr(settings, "EPOCH[10] = 9;"));
    assert_non_null(strstr(settings, "EPOCH_NAME[1] = '0'"));
    assert_non_null(strstr(settings, " = 299; EPOCH_NAME"));
    ipl_free(settings);
    if (!have_gnuplot())
        return;
    if (ipl_plot_runs(&opts, runs, 6, listen, &h, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    movie = read_gif(h.last_figure);
    assert_within(movie.frames, 20, 40);
    assert_within(movie.bytes, 20000, 1500000);
}

/* A gnuplot that writes 60 kB for every frame: 40 are too many, 26 too, 17 fit. */
static void a_movie_too_large_is_drawn_again_with_fewer_frames(void **state)
{
    static const fake twins[] = {{"large1", "a", 1, 240, 4, 20.0, 0.4, NULL, "fc"},
                                 {"large2", "b", 1, 240, 4, 20.0, 0.4, NULL, "fc"}};
    const ipl_plot_opts opts = {.kind = IPL_PLOT_MOVIE};
    char run[2][IPL_PATH_MAX], *drawn;
    const char *const runs[] = {write_fake(run[0], &twins[0]),
                                write_fake(run[1], &twins[1])};
    ipl_error err = {0};
    heard h = {0};
    size_t len;
    ipl_status st;

    (void)state;
    fake_gnuplot("large", "#!/bin/sh\nn=$(sed -n 's/^FRAMES = //p' movie-settings.gp)\n"
                          "head -c $((n * 60000)) /dev/zero >movie.gif\n");
    st = ipl_plot_runs(&opts, runs, 2, listen, &h, &err);
    restore_path();
    if (st != IPL_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(h.figures, 1);
    assert_int_equal(ipl_file_read(&drawn, &len, h.last_figure, 1 << 24, NULL), IPL_OK);
    assert_within(len, 600000, 1500000);
    ipl_free(drawn);
}

static void a_movie_is_a_gif_and_nothing_else(void **state)
{
    const ipl_plot_opts opts = {.kind = IPL_PLOT_MOVIE, .format = 1};
    const ipl_plot_opts good = {.kind = IPL_PLOT_MOVIE};
    char run[IPL_PATH_MAX], *text;
    const char *const runs[] = {write_fake(run, &plain)};
    ipl_error err = {0};
    heard h;

    (void)state;
    assert_int_equal(plot_data(&opts, runs, 1, &h, &err), IPL_E_ARG);
    assert_non_null(strstr(err.msg, "--format pdf"));
    assert_int_equal(plot_data(&good, runs, 1, &h, &err), IPL_OK);
    text = slurp(run, "figures/plot.sh");
    assert_non_null(strstr(text, "gnuplot -d -c movie.gp movie gif\n"));
    ipl_free(text);
}

static void runs_with_nothing_to_show_are_drawn_without_a_warning(void **state)
{
    static const fake odd[] = {
        {"one-epoch", "a", 1, 1, 3, 9.0, 0.3, NULL, "fc"},
        {"one_layer", "a", 1, 5, 1, 9.0, 0.3, NULL, "fc"},
        {"undefined", "a", 1, 4, 2, 9.0, 0.3, "NaN", "fc"},
        {"zero", "a", 1, 4, 2, 9.0, 0.3, "0", "fc"},
        {"constant", "a", 1, 4, 2, 9.0, 0.3, "7.25", "a_very_long_name_^of_a_layer_"},
        {"negative", "a", 1, 4, 2, -1e-9, 0.3, NULL, "fc"},
    };

    (void)state;
    if (!have_gnuplot())
        return;
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        for (size_t k = 0; k < 3; k++) {
            static const int kinds[] = {IPL_PLOT_GRID, IPL_PLOT_DASHBOARD, IPL_PLOT_MOVIE};
            const int kind = kinds[k];
            const ipl_plot_opts opts = {.kind = kind};
            char run[IPL_PATH_MAX];
            const char *const runs[] = {write_fake(run, &odd[i])};
            ipl_error err = {0};
            heard h = {0};
            double drawn;

            if (ipl_plot_runs(&opts, runs, 1, listen, &h, &err) != IPL_OK)
                fail_msg("%s: %s", odd[i].name, err.msg);
            if (h.notes > 0)
                fail_msg("%s: %s", odd[i].name, h.last_note);
            if (kind == IPL_PLOT_MOVIE) {
                assert_true(read_gif(h.last_figure).frames > 1);
                continue;
            }
            assert_true(count_colours(&drawn, h.last_figure) > 5);
            assert_true(drawn > 0.001);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_figure_is_a_picture_with_many_colours),
        cmocka_unit_test(pdf_and_svg_come_from_the_same_scripts),
        cmocka_unit_test(a_movie_moves_in_colour_and_is_small),
        cmocka_unit_test(a_long_movie_of_many_runs_stays_small),
        cmocka_unit_test(a_movie_too_large_is_drawn_again_with_fewer_frames),
        cmocka_unit_test(a_movie_is_a_gif_and_nothing_else),
        cmocka_unit_test(runs_with_nothing_to_show_are_drawn_without_a_warning),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
