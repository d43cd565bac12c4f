#include "test.h"

#include "base/alloc.h"
#include "base/text_columns.h"
#include "run/axis.h"
#include "run/text_canvas.h"
#include "run/text_plane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS = 6, EPOCHS = 5, LAYERS = 3 };

/* Runs as the figures see them, without files. */
typedef struct fake {
    double info[GROUPS][EPOCHS][LAYERS][IPL_INFO_FIELDS];
    double training[GROUPS][EPOCHS][IPL_TRAINING_FIELDS];
    double epochs[EPOCHS];
    char names[LAYERS][IPL_TRACK_NAME_MAX];
    ipl_plot_run runs[GROUPS];
    const ipl_plot_run *members[GROUPS];
    ipl_plot_group groups[GROUPS];
    char experiment[64];
    ipl_plot_data data;
} fake;

/* Layer l goes from (10 - 4 l, 0) up and to the left: the deeper, the higher it ends. */
static ipl_plot_data *make(fake *f, size_t n_groups)
{
    static const char *const names[LAYERS] = {"fc1", "fc2", "logits"};

    *f = (fake){.data = {.runs = f->runs,
                         .n_runs = n_groups,
                         .groups = f->groups,
                         .n_groups = n_groups}};
    (void)snprintf(f->experiment, sizeof f->experiment, "[training]\nepochs = 400\n");
    for (size_t e = 0; e < EPOCHS; e++)
        f->epochs[e] = (double)(100 * e);
    for (size_t l = 0; l < LAYERS; l++)
        (void)snprintf(f->names[l], sizeof f->names[l], "%s", names[l]);
    for (size_t g = 0; g < n_groups; g++) {
        ipl_plot_group *group = &f->groups[g];

        for (size_t e = 0; e < EPOCHS; e++) {
            for (size_t l = 0; l < LAYERS; l++) {
                f->info[g][e][l][IPL_INFO_XT] = 10.0 - 4.0 * (double)l - 0.2 * (double)e;
                f->info[g][e][l][IPL_INFO_TY] = (double)(e * (l + 1));
            }
            f->training[g][e][IPL_TRAINING_LOSS] = 0.25;
            f->training[g][e][IPL_TRAINING_ACCURACY] = 0.982;
            f->training[g][e][IPL_TRAINING_ACCURACY + 1] = 0.951;
        }
        (void)snprintf(f->runs[g].label, sizeof f->runs[g].label, "run%zu", g);
        (void)snprintf(f->runs[g].estimator, IPL_ESTIMATOR_MAX, "logdet:scale=cov,beta=rd");
        (void)snprintf(f->runs[g].unit, sizeof f->runs[g].unit, "nats");
        f->runs[g].experiment =
            (ipl_text){.s = f->experiment, .len = strlen(f->experiment)};
        f->members[g] = &f->runs[g];
        *group = (ipl_plot_group){.n_members = 1, .members = &f->members[g]};
        (void)snprintf(group->label, sizeof group->label, "run%zu", g);
        group->mean.info = (ipl_track){.n_epochs = EPOCHS,
                                       .n_layers = LAYERS,
                                       .n_fields = IPL_INFO_FIELDS,
                                       .epochs = f->epochs,
                                       .values = &f->info[g][0][0][0],
                                       .names = f->names};
        group->mean.training = (ipl_track){.n_epochs = EPOCHS,
                                           .n_layers = 1,
                                           .n_fields = IPL_TRAINING_FIELDS,
                                           .epochs = f->epochs,
                                           .values = &f->training[g][0][0]};
        f->runs[g].own.info = group->mean.info;
    }
    return &f->data;
}

static const ipl_plot_opts linear = {
    .kind = IPL_PLOT_PLANE, .xscale = IPL_SCALE_LINEAR, .yscale = IPL_SCALE_LINEAR};

/* A frame of a fake; the caller releases it. */
static ipl_text frame_of(const ipl_plot_data *data, ipl_text_style style)
{
    ipl_text frame = {0};
    ipl_error err = {0};

    if (ipl_text_plane(&frame, data, &linear, &style, &err) != IPL_OK)
        fail_msg("%s", err.msg);
    return frame;
}

/* Row and column, in characters, of a sign on the planes of a frame; false: it is not there. */
static bool find(size_t *row, size_t *column, const ipl_text *frame, char sign,
                 size_t columns, size_t rows)
{
    const char *s = frame->s;

    for (size_t r = 0; r < rows; r++, s += *s == '\n')
        for (size_t c = 0; *s != '\n' && *s != '\0'; c++) {
            if (*s == sign && r > 0 && r + 5 <= rows && c >= 7 && c < columns) {
                *row = r;
                *column = c;
                return true;
            }
            for (s++; ((unsigned char)*s & 0xC0) == 0x80;)
                s++;
        }
    return false;
}

static void a_dot_is_a_bit_of_braille(void **state)
{
    ipl_text_canvas canvas;
    ipl_text out = {0};

    (void)state;
    assert_int_equal(ipl_text_canvas_init(&canvas, 3, 1, true, 0, NULL), IPL_OK);
    ipl_text_canvas_line(&canvas, 0, 0, 0, 0, 1);
    ipl_text_canvas_line(&canvas, 2, 0, 2, 3, 1);
    ipl_text_canvas_line(&canvas, 4, 3, 5, 3, 1);
    ipl_text_canvas_line(&canvas, -5, 0, -5, 9, 1); /* outside */
    ipl_text_canvas_print(&out, &canvas);
    /* U+2801, U+2847 and U+28C0 */
    assert_string_equal(out.s, "\xE2\xA0\x81\xE2\xA1\x87\xE2\xA3\x80\n");
    ipl_text_release(&out);
    ipl_text_canvas_release(&canvas);
}

static void a_line_has_no_hole_in_any_direction(void **state)
{
    (void)state;
    for (long x = -6; x <= 6; x++)
        for (long y = -3; y <= 3; y++) {
            ipl_text_canvas a;
            size_t there = 0;

            assert_int_equal(ipl_text_canvas_init(&a, 20, 10, false, 0, NULL), IPL_OK);
            ipl_text_canvas_line(&a, 9, 5, 9 + x, 5 + y, 1);
            assert_true(a.cells[5 * 20 + 9].dots != 0);
            assert_true(a.cells[(5 + y) * 20 + 9 + x].dots != 0);
            for (size_t i = 0; i < 200; i++)
                there += a.cells[i].dots != 0;
            assert_int_equal(there, 1 + (labs(x) > labs(y) ? labs(x) : labs(y)));
            ipl_text_canvas_release(&a);
        }
}

static void a_frame_fits_its_terminal(void **state)
{
    static const size_t columns[] = {40, 79, 80, 132}, rows[] = {12, 23, 40};
    fake f;

    (void)state;
    for (size_t g = 1; g <= GROUPS; g++)
        for (size_t k = 0; k < 24; k++) {
            const ipl_text_style style = {
                .columns = columns[k % 4], .rows = rows[k / 4 % 3], .braille = k / 12 > 0};
            ipl_text frame = frame_of(make(&f, g), style);
            size_t lines = 0;

            for (char *line = strtok(frame.s, "\n"); line; line = strtok(NULL, "\n")) {
                assert_true(ipl_columns(line) <= style.columns);
                lines++;
            }
            assert_true(lines <= style.rows && lines + 2 >= style.rows);
            ipl_text_release(&frame);
        }
}

static void without_braille_a_frame_is_ascii(void **state)
{
    const ipl_text_style style = {.columns = 80, .rows = 24};
    fake f;
    ipl_plot_data *data = make(&f, 2);
    ipl_text frame;

    (void)state;
    (void)snprintf(f.groups[0].label, IPL_LABEL_MAX,
                   "na\xC3\xAFve\033[31m\x7f\x9b\xC2\x9b");
    frame = frame_of(data, style);
    for (size_t i = 0; i < frame.len; i++)
        assert_true(frame.s[i] == '\n' || (frame.s[i] >= ' ' && frame.s[i] <= '~'));
    ipl_text_release(&frame);
}

/* Remove escape sequences "\033[...m" in place. */
static void strip(char *s)
{
    char *to = s;

    while (*s != '\0')
        if (*s == '\033')
            s += strcspn(s, "m") + 1;
        else
            *to++ = *s++;
    *to = '\0';
}

static void colours_change_nothing_but_colours(void **state)
{
    static const int colours[] = {8, 256};
    fake f;
    ipl_plot_data *data = make(&f, 2);
    const ipl_text_style style = {.columns = 80, .rows = 24, .braille = true};
    ipl_text plain = frame_of(data, style);

    (void)state;
    assert_null(strchr(plain.s, '\033'));
    for (size_t i = 0; i < 2; i++) {
        ipl_text_style other = style;
        ipl_text frame;

        other.colours = colours[i];
        frame = frame_of(data, other);
        assert_non_null(strchr(frame.s, '\033'));
        strip(frame.s);
        assert_string_equal(frame.s, plain.s);
        ipl_text_release(&frame);
    }
    ipl_text_release(&plain);
}

static void a_layer_stands_where_its_last_epoch_is(void **state)
{
    fake f;
    ipl_plot_data *data = make(&f, 1);

    (void)state;
    for (int braille = 0; braille < 2; braille++) {
        const ipl_text_style style = {.columns = 80, .rows = 24, .braille = braille > 0};
        ipl_text frame = frame_of(data, style);
        size_t row[LAYERS], column[LAYERS];

        for (size_t l = 0; l < LAYERS; l++)
            assert_true(find(&row[l], &column[l], &frame, (char)('1' + l), 80, 24));
        /* I(X;T) at the end is 9.2, 5.2, 1.2 and I(T;Y) 4, 8, 12: equal steps on both axes. */
        assert_true(column[0] > column[1] && column[1] > column[2]);
        assert_true(row[0] > row[1] && row[1] > row[2]);
        assert_true(labs((long)(column[0] + column[2]) - 2 * (long)column[1]) <= 2);
        assert_true(labs((long)(row[0] + row[2]) - 2 * (long)row[1]) <= 2);
        ipl_text_release(&frame);
    }
}

static void a_layer_without_values_is_left_out(void **state)
{
    const ipl_text_style style = {.columns = 80, .rows = 24, .braille = true};
    fake f;
    ipl_plot_data *data = make(&f, 1);
    size_t row, column;
    ipl_text frame;

    (void)state;
    for (size_t e = 0; e < EPOCHS; e++)
        f.info[0][e][1][IPL_INFO_XT] = (double)NAN;
    f.info[0][EPOCHS - 1][2][IPL_INFO_TY] = (double)INFINITY;
    frame = frame_of(data, style);
    assert_true(find(&row, &column, &frame, '1', 80, 24));
    assert_false(find(&row, &column, &frame, '2', 80, 24));
    assert_true(find(&row, &column, &frame, '3', 80, 24));
    ipl_text_release(&frame);
}

static void runs_without_room_are_counted(void **state)
{
    const ipl_text_style style = {.columns = 80, .rows = 24};
    fake f;
    ipl_text frame = frame_of(make(&f, GROUPS), style);

    (void)state;
    assert_non_null(strstr(frame.s, "run1"));
    assert_null(strstr(frame.s, "run5"));
    assert_non_null(strstr(frame.s, "4 more"));
    ipl_text_release(&frame);
}

static void the_state_of_a_run_fits_and_keeps_its_epoch(void **state)
{
    fake f;
    ipl_plot_data *data = make(&f, 1);

    (void)state;
    for (size_t room = 20; room < 90; room++) {
        ipl_text text = {0};

        ipl_text_group_state(&text, &data->groups[0], room);
        assert_true(ipl_columns(text.s) <= room);
        assert_non_null(strstr(text.s, "epoch 400/400"));
        if (room > 60)
            assert_string_equal(text.s, "run0  epoch 400/400  train 98.2 test 95.1 %");
        ipl_text_release(&text);
    }
}

static void without_accuracy_the_loss_is_told(void **state)
{
    fake f;
    ipl_plot_data *data = make(&f, 1);
    ipl_text text = {0};

    (void)state;
    f.training[0][EPOCHS - 1][IPL_TRAINING_ACCURACY] = (double)NAN;
    f.training[0][EPOCHS - 1][IPL_TRAINING_ACCURACY + 1] = (double)NAN;
    ipl_text_group_state(&text, &data->groups[0], 79);
    assert_string_equal(text.s, "run0  epoch 400/400  loss 0.25");
    ipl_text_release(&text);
}

static void no_failed_allocation_goes_unnoticed(void **state)
{
    const ipl_text_style style = {.columns = 80, .rows = 24, .braille = true};
    fake f;
    const ipl_plot_data *data = make(&f, 2);

    (void)state;
    for (long n = 0;; n++) {
        ipl_text frame = {0};
        ipl_status st;

        ipl_alloc_fail_after(n);
        st = ipl_text_plane(&frame, data, &linear, &style, NULL);
        ipl_alloc_fail_after(-1);
        ipl_text_release(&frame);
        assert_true(n < 200);
        if (st == IPL_OK)
            break;
        assert_int_equal(st, IPL_E_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dot_is_a_bit_of_braille),
        cmocka_unit_test(a_line_has_no_hole_in_any_direction),
        cmocka_unit_test(a_frame_fits_its_terminal),
        cmocka_unit_test(without_braille_a_frame_is_ascii),
        cmocka_unit_test(colours_change_nothing_but_colours),
        cmocka_unit_test(a_layer_stands_where_its_last_epoch_is),
        cmocka_unit_test(a_layer_without_values_is_left_out),
        cmocka_unit_test(runs_without_room_are_counted),
        cmocka_unit_test(the_state_of_a_run_fits_and_keeps_its_epoch),
        cmocka_unit_test(without_accuracy_the_loss_is_told),
        cmocka_unit_test(no_failed_allocation_goes_unnoticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
