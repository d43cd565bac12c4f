#include "scratch.h"

#include "base/gzip.h"
#include "ipl/dataset.h"

#include <stdbool.h>

enum { BITS = 12, PATTERNS = 1 << BITS };

/* The icosahedron once more, independently written: neighbours and antipode of each vertex. */
static const int near[BITS][5] = {{1, 3, 5, 10, 11}, {0, 2, 3, 4, 11}, {1, 3, 4, 8, 9},
                                  {0, 1, 2, 8, 10},  {1, 2, 6, 9, 11}, {0, 6, 7, 10, 11},
                                  {4, 5, 7, 9, 11},  {5, 6, 8, 9, 10}, {2, 3, 7, 9, 10},
                                  {2, 4, 6, 7, 8},   {0, 3, 5, 7, 8},  {0, 1, 4, 5, 6}};
static const int opposite[BITS] = {9, 7, 5, 6, 10, 2, 3, 1, 11, 0, 4, 8};

static int32_t label[PATTERNS]; /* of pattern i, column 0 the most significant bit */

/* Open the set as one part and fill label[] in counting order. */
static int open_szt(void **state)
{
    const ipl_data_opts opts = {.text = "szt", .train_share = 1.0, .seed = 3};
    ipl_dataset *ds;
    int status = 0;

    (void)state;
    if (ipl_dataset_open(&ds, &opts, NULL) != IPL_OK)
        return -1;
    for (uint32_t i = 0; i < PATTERNS; i++) {
        float x[BITS];
        int32_t y;
        size_t pattern = 0;

        ipl_dataset_gather(x, &y, ds, IPL_TRAIN, &i, 0, 1);
        for (size_t k = 0; k < BITS; k++)
            pattern = 2 * pattern + (x[k] != 0.0f);
        if (pattern != i) /* undivided, the stored order is counting order */
            status = -1;
        label[pattern] = y;
    }
    ipl_dataset_destroy(ds);
    return status;
}

static int bit(size_t pattern, int column)
{
    return (int)(pattern >> (BITS - 1 - column) & 1);
}

static bool are_near(int a, int b)
{
    for (int i = 0; i < 5; i++)
        if (near[a][i] == b)
            return true;
    return false;
}

static void the_set_is_every_pattern_once_in_two_classes(void **state)
{
    const ipl_data_opts opts = {.text = "szt"};
    ipl_dataset *ds;
    const ipl_data_info *info;

    (void)state;
    assert_int_equal(ipl_dataset_open(&ds, &opts, NULL), IPL_OK);
    info = ipl_dataset_info(ds);
    assert_int_equal(info->n[IPL_TRAIN] + info->n[IPL_TEST], PATTERNS);
    assert_int_equal(info->n[IPL_TRAIN], 3277);
    assert_int_equal(info->n_classes, 2);
    assert_int_equal(ipl_shape_size(info->shape), BITS);
    assert_int_equal(info->n_files, 0);
    assert_false(info->pixels);
    ipl_dataset_destroy(ds);
}

static void there_are_2118_ones_and_the_entropy_is_as_published(void **state)
{
    double p, ones = 0.0;

    (void)state;
    for (size_t i = 0; i < PATTERNS; i++)
        ones += label[i];
    p = ones / PATTERNS;
    assert_close(ones, 2118.0, 0.0);
    assert_close(-p * log2(p) - (1.0 - p) * log2(1.0 - p), 0.99916, 5e-6);
}

static void the_labels_have_the_checksum_of_the_published_file(void **state)
{
    unsigned char packed[PATTERNS / 8] = {0};

    (void)state;
    for (size_t i = 0; i < PATTERNS; i++)
        packed[i / 8] |= (unsigned char)(label[i] << (7 - i % 8));
    assert_int_equal(ipl_crc32(0, packed, sizeof packed), 0x5f7ca051);
}

/* y = 1 iff k >= 8, or 2 e1 - e3 >= 14, 12, 15 for k = 5, 6, 7. */
static void the_rule_by_cases_agrees(void **state)
{
    static const int least[] = {99, 99, 99, 99, 99, 14, 12, 15};

    (void)state;
    for (size_t p = 0; p < PATTERNS; p++) {
        int k = 0, e1 = 0, e3 = 0;

        for (int a = 0; a < BITS; a++) {
            k += bit(p, a);
            for (int b = 0; b < a; b++)
                if (bit(p, a) && bit(p, b)) {
                    e1 += are_near(a, b);
                    e3 += opposite[a] == b;
                }
        }
        assert_int_equal(label[p], k >= 8 || 2 * e1 - e3 >= least[k]);
    }
}

/* Whether every pattern has the label of its image under the permutation. */
static bool leaves_labels_alone(const int *image)
{
    for (size_t p = 0; p < PATTERNS; p++) {
        size_t q = 0;

        for (int a = 0; a < BITS; a++)
            q |= (size_t)bit(p, a) << (BITS - 1 - image[a]);
        if (label[p] != label[q])
            return false;
    }
    return true;
}

/* Whether vertex n may go to image[n] after those before it: edges go to edges. */
static bool fits(const int *image, int n)
{
    for (int a = 0; a < n; a++)
        if (image[a] == image[n] || are_near(a, n) != are_near(image[a], image[n]))
            return false;
    return true;
}

/* All automorphisms of the graph by backtracking over the images of 0, 1, ..., 11. */
static void all_120_symmetries_of_the_icosahedron_leave_the_labels_alone(void **state)
{
    int image[BITS] = {-1}, all = 0, n = 0;

    (void)state;
    while (n >= 0) {
        if (++image[n] == BITS) {
            n--;
        } else if (fits(image, n) && n + 1 < BITS) {
            image[++n] = -1;
        } else if (fits(image, n)) {
            assert_true(leaves_labels_alone(image));
            all++;
        }
    }
    assert_int_equal(all, 120);
}

/* The published order, split without shuffling, has 43.7 % ones; a shuffle must not. */
static void the_split_is_shuffled(void **state)
{
    const ipl_data_opts opts = {.text = "szt", .seed = 1};
    ipl_dataset *ds;
    double share[2] = {0.0, 0.0};

    (void)state;
    assert_int_equal(ipl_dataset_open(&ds, &opts, NULL), IPL_OK);
    for (unsigned part = IPL_TRAIN; part <= IPL_TEST; part++) {
        const size_t n = ipl_dataset_info(ds)->n[part];

        for (size_t i = 0; i < n; i++)
            share[part] += ipl_dataset_label(ds, (ipl_split)part, i) / (double)n;
    }
    assert_close(share[IPL_TRAIN], 2118.0 / PATTERNS, 0.03);
    assert_close(share[IPL_TEST], 2118.0 / PATTERNS, 0.06);
    ipl_dataset_destroy(ds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_set_is_every_pattern_once_in_two_classes),
        cmocka_unit_test(there_are_2118_ones_and_the_entropy_is_as_published),
        cmocka_unit_test(the_labels_have_the_checksum_of_the_published_file),
        cmocka_unit_test(the_rule_by_cases_agrees),
        cmocka_unit_test(all_120_symmetries_of_the_icosahedron_leave_the_labels_alone),
        cmocka_unit_test(the_split_is_shuffled),
    };

    return cmocka_run_group_tests(tests, open_szt, NULL);
}
