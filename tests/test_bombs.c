/*
 * Small inputs that ask for much: each is refused by name, within a second of processor time
 * and 64 MB of memory. Every one runs in a process of its own, whose memory is compared with
 * that of one that does nothing.
 */
#define _DEFAULT_SOURCE /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#include "scratch.h"

#include "base/alloc.h"
#include "base/gzip.h"
#include "data/idx.h"
#include "data/png.h"
#include "data/source.h"
#include "ipl/estimator.h"
#include "ipl/net.h"
#include "math/npy_view.h"
#include "run/estimator_texts.h"
#include "run/experiment.h"
#include "run/table.h"
#include "run/track.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <zlib.h>

enum { MEMORY_KB = 64 << 10, MEGABYTE = 1 << 20 };

#if defined(__SANITIZE_ADDRESS__)
/* What is freed is not to be kept from use for long: it would count as memory. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=8";
}
#endif

typedef ipl_status (*bomb)(const char *path, ipl_error *err);

/* What a process leaves behind. */
typedef struct result {
    ipl_status status;
    ipl_error err;
    double seconds;
} result;

static ipl_status nothing(const char *path, ipl_error *err)
{
    (void)path;
    (void)err;
    return IPL_OK;
}

/* Run in a child; returns its memory in KB. */
static long explode(result *out, bomb fn, const char *path)
{
    result *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct rusage usage;
    int status;
    pid_t child;

    assert_true(shared != MAP_FAILED);
    (void)fflush(NULL); /* or the child writes it too */
    child = fork();
    if (child == 0) {
        struct timespec t;

        (void)alarm(60);
        shared->status = fn(path, &shared->err);
        (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        shared->seconds = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
        exit(0); /* the leak checker looks now */
    }
    assert_true(child > 0);
    assert_int_equal(wait4(child, &status, 0, &usage), child);
    assert_int_equal(status, 0); /* no signal */
    *out = *shared;
    assert_int_equal(munmap(shared, sizeof *shared), 0);
    return usage.ru_maxrss;
}

/* The bomb is refused with this status and a message that has the words. */
static void refuses(void **state, bomb fn, ipl_status want, const char *words)
{
    const char *path = scratch_path(state, "bomb");
    result r;
    const long base = explode(&r, nothing, path), peak = explode(&r, fn, path);

    if (r.status != want || !strstr(r.err.msg, words))
        fail_msg("want '%s', '%s': got '%s', '%s'", ipl_status_name(want), words,
                 ipl_status_name(r.status), r.err.msg);
    if (peak - base > MEMORY_KB)
        fail_msg("%ld MB of memory", (peak - base) / 1024);
    if (r.seconds > 1.0)
        fail_msg("%g seconds", r.seconds);
}

/* A file made by a child: no assertions of cmocka there. */
static void write_file(const char *path, const void *bytes, size_t len)
{
    FILE *fp = fopen(path, "wb");

    if (!fp || fwrite(bytes, 1, len, fp) != len || fclose(fp) != 0)
        _exit(9);
}

/* ---- IDX and gzip ---- */

static ipl_status read_idx(const char *path, size_t n_dims, ipl_error *err)
{
    ipl_idx idx;
    const ipl_status st = ipl_idx_read(&idx, path, n_dims, err);

    ipl_idx_release(&idx);
    return st;
}

static ipl_status idx_of_ten_gigabytes(const char *path, ipl_error *err)
{
    static const unsigned char header[16] = {0, 0, 8,    3,    0, 0, 0x28, 0,
                                             0, 0, 0x10, 0x00, 0, 0, 0x01, 0};

    write_file(path, header, sizeof header);
    return read_idx(path, 3, err);
}

static ipl_status idx_of_three_gigabytes(const char *path, ipl_error *err)
{
    static const unsigned char header[8] = {0, 0, 8, 1, 0xc0, 0, 0, 0};

    write_file(path, header, sizeof header);
    return read_idx(path, 1, err);
}

/* gzip of an IDX header for `says` bytes and `zeros` of them. */
static ipl_status packed_idx(const char *path, unsigned says, size_t zeros, ipl_error *err)
{
    static const unsigned char block[1 << 16];
    const unsigned char header[8] = {0,
                                     0,
                                     8,
                                     1,
                                     (unsigned char)(says >> 24),
                                     (unsigned char)(says >> 16),
                                     (unsigned char)(says >> 8),
                                     (unsigned char)says};
    gzFile fp = gzopen(path, "wb1");

    if (!fp || gzwrite(fp, header, sizeof header) != (int)sizeof header)
        _exit(9);
    for (; zeros > 0; zeros -= sizeof block)
        if (gzwrite(fp, block, sizeof block) != (int)sizeof block)
            _exit(9);
    if (gzclose(fp) != Z_OK)
        _exit(9);
    return read_idx(path, 1, err);
}

static ipl_status gzip_that_unpacks_a_thousandfold(const char *path, ipl_error *err)
{
    return packed_idx(path, 16, (size_t)50 * MEGABYTE, err);
}

static ipl_status gzip_with_less_than_its_header_says(const char *path, ipl_error *err)
{
    return packed_idx(path, 100u * MEGABYTE, (size_t)72 * MEGABYTE, err);
}

static ipl_status small_gzip_of_four_gigabytes(const char *path, ipl_error *err)
{
    return packed_idx(path, 0xffffffffu, MEGABYTE, err);
}

static void a_header_cannot_ask_for_memory(void **state)
{
    refuses(state, idx_of_ten_gigabytes, IPL_E_FORMAT, "more than 4 GiB");
    refuses(state, idx_of_three_gigabytes, IPL_E_FORMAT, "truncated");
    refuses(state, small_gzip_of_four_gigabytes, IPL_E_FORMAT, "truncated");
}

static void a_gzip_file_that_unpacks_a_thousandfold_is_not_kept(void **state)
{
    refuses(state, gzip_that_unpacks_a_thousandfold, IPL_E_FORMAT, "more data than");
    refuses(state, gzip_with_less_than_its_header_says, IPL_E_FORMAT, "truncated");
}

/* ---- NumPy ---- */

static ipl_status read_npy(const char *path, ipl_error *err)
{
    ipl_npy a;
    const ipl_status st = ipl_npy_read(&a, path, err);

    ipl_npy_release(&a);
    return st;
}

static ipl_status npy_of_ten_gigabytes(const char *path, ipl_error *err)
{
    static const char bytes[] =
        "\x93NUMPY\x01\x00\x46\x00{'descr': '<f8', 'fortran_order': "
        "False, 'shape': (1250000, 1000), }     \n        ";

    write_file(path, bytes, sizeof bytes - 1);
    return read_npy(path, err);
}

static ipl_status npy_with_a_header_of_a_megabyte(const char *path, ipl_error *err)
{
    static const char start[12] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 2, 0, 0, 0, 16, 0};
    char *bytes = ipl_array(2, MEGABYTE, 1, err);

    if (!bytes)
        return IPL_E_NOMEM;
    memset(bytes, '(', 2 * MEGABYTE);
    memcpy(bytes, start, sizeof start);
    write_file(path, bytes, 2 * MEGABYTE);
    ipl_free(bytes);
    return read_npy(path, err);
}

static void an_array_is_as_large_as_its_file(void **state)
{
    refuses(state, npy_of_ten_gigabytes, IPL_E_FORMAT, "truncated");
    refuses(state, npy_with_a_header_of_a_megabyte, IPL_E_FORMAT,
            "header of 1048576 bytes");
}

/* ---- PNG ---- */

static size_t add_chunk(unsigned char *to, const char *name, const void *data, size_t len)
{
    uint32_t crc;

    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(len >> (24 - 8 * i));
    memcpy(to + 4, name, 4);
    if (len > 0)
        memcpy(to + 8, data, len);
    crc = ipl_crc32(0, to + 4, len + 4);
    for (int i = 0; i < 4; i++)
        to[8 + len + (size_t)i] = (unsigned char)(crc >> (24 - 8 * i));
    return len + 12;
}

/* A picture of one colour that says its sides; `name` is a chunk with `data` before its end. */
static ipl_status read_png(const char *path, unsigned side, const char *name,
                           const void *data, size_t len, ipl_error *err)
{
    const unsigned char head[13] = {0, 0, (unsigned char)(side >> 8), (unsigned char)side,
                                    0, 0, (unsigned char)(side >> 8), (unsigned char)side,
                                    1, 0};
    static const unsigned char signature[8] = {0x89, 'P', 'N', 'G', 13, 10, 26, 10};
    unsigned char *bytes = ipl_array(1, len + 256, 1, err);
    size_t at = 8;
    ipl_picture picture;
    ipl_status st;

    if (!bytes)
        return IPL_E_NOMEM;
    memcpy(bytes, signature, sizeof signature);
    at += add_chunk(bytes + at, "IHDR", head, sizeof head);
    at += add_chunk(bytes + at, name, data, len);
    at += add_chunk(bytes + at, "IEND", NULL, 0);
    write_file(path, bytes, at);
    ipl_free(bytes);
    st = ipl_png_read(&picture, path, err);
    ipl_picture_release(&picture);
    return st;
}

static ipl_status png_of_four_billion_pixels(const char *path, ipl_error *err)
{
    return read_png(path, 65535, "IDAT", "", 0, err);
}

/* 16384 x 16384 in enough bytes for it to be true. */
static ipl_status png_of_268_million_pixels(const char *path, ipl_error *err)
{
    static const unsigned char noise[1 << 18];

    return read_png(path, 16384, "IDAT", noise, sizeof noise, err);
}

/* A text chunk of half a megabyte that unpacks to 500. */
static ipl_status png_with_a_text_that_unpacks(const char *path, ipl_error *err)
{
    static unsigned char packed[1 << 19], block[1 << 16];
    z_stream z = {.next_out = packed + 3, .avail_out = sizeof packed - 3};

    packed[0] = 'a';
    if (deflateInit(&z, 1) != Z_OK)
        _exit(9);
    while (z.avail_out > 4096) {
        z.next_in = block;
        z.avail_in = sizeof block;
        if (deflate(&z, Z_NO_FLUSH) != Z_OK)
            _exit(9);
    }
    (void)deflateEnd(&z);
    return read_png(path, 1, "zTXt", packed, z.total_out, err);
}

/* The length of a chunk: 2 GB. */
static ipl_status png_with_a_chunk_of_two_gigabytes(const char *path, ipl_error *err)
{
    static const unsigned char bytes[] =
        "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0\x3a\x7e\x9b\x55"
        "\x7f\xff\xff\xfftEXta\0b\0\0\0\0";
    ipl_picture picture;
    ipl_status st;

    write_file(path, bytes, sizeof bytes);
    st = ipl_png_read(&picture, path, err);
    ipl_picture_release(&picture);
    return st;
}

static void a_picture_cannot_unpack_to_gigabytes(void **state)
{
    refuses(state, png_of_four_billion_pixels, IPL_E_FORMAT, "damaged PNG");
    refuses(state, png_of_268_million_pixels, IPL_E_FORMAT, "at most 16777216");
    refuses(state, png_with_a_text_that_unpacks, IPL_E_FORMAT, "damaged PNG");
}

static void a_chunk_of_a_picture_is_within_its_file(void **state)
{
    refuses(state, png_with_a_chunk_of_two_gigabytes, IPL_E_FORMAT, "truncated PNG");
}

/* ---- texts ---- */

/* `text` n times, for ipl_free(). */
static char *repeat(const char *text, size_t n)
{
    const size_t len = strlen(text);
    char *out = ipl_array(n, len, 1, NULL);

    if (!out)
        _exit(9);
    for (size_t i = 0; i < n; i++)
        memcpy(out + i * len, text, len);
    out[n * len - 1] = '\0';
    return out;
}

static ipl_status build(const char *text, ipl_error *err)
{
    const ipl_net_opts opts = {.text = text,
                               .activation = "tanh",
                               .loss = "cross-entropy",
                               .optimiser = "sgd:lr=0.1",
                               .init = "default",
                               .input = {1, 8, 8},
                               .n_classes = 10,
                               .batch = 4};
    ipl_net *net;
    const ipl_status st = ipl_net_create(&net, &opts, err);

    ipl_net_destroy(net);
    return st;
}

static ipl_status net_of_a_million_layers(const char *path, ipl_error *err)
{
    char *text = repeat("relu ", MEGABYTE);
    const ipl_status st = build(text, err);

    (void)path;
    ipl_free(text);
    return st;
}

static ipl_status short_net_of_a_million_layers(const char *path, ipl_error *err)
{
    char *text = repeat("64-", MEGABYTE);
    const ipl_status st = build(text, err);

    (void)path;
    ipl_free(text);
    return st;
}

static ipl_status layer_with_a_name_of_a_megabyte(const char *path, ipl_error *err)
{
    char *text = repeat("x", MEGABYTE);
    const ipl_status st = build(text, err);

    (void)path;
    ipl_free(text);
    return st;
}

static ipl_status net_of_a_quadrillion_weights(const char *path, ipl_error *err)
{
    (void)path;
    return build("64-16777216-16777216-10", err);
}

static void a_net_cannot_be_endless(void **state)
{
    refuses(state, net_of_a_million_layers, IPL_E_FORMAT, "at most 256");
    refuses(state, short_net_of_a_million_layers, IPL_E_FORMAT, "more than 256 layers");
    refuses(state, layer_with_a_name_of_a_megabyte, IPL_E_FORMAT, "characters");
    refuses(state, net_of_a_quadrillion_weights, IPL_E_SHAPE, "at most 2147483647");
}

static ipl_status expand(const char *unit, size_t n, ipl_error *err)
{
    char *text = repeat(unit, n);
    ipl_estimator_texts out;
    const ipl_status st = ipl_estimator_texts_create(&out, text, err);

    ipl_estimator_texts_release(&out);
    ipl_free(text);
    return st;
}

static ipl_status a_million_estimators(const char *path, ipl_error *err)
{
    (void)path;
    return expand("logdet ", MEGABYTE, err);
}

static ipl_status braces_of_a_million_texts(const char *path, ipl_error *err)
{
    (void)path;
    return expand("{1,2}", 1000, err);
}

static void estimators_cannot_be_endless(void **state)
{
    refuses(state, a_million_estimators, IPL_E_FORMAT, "more than 64");
    refuses(state, braces_of_a_million_texts, IPL_E_FORMAT, "more than 64");
}

static ipl_status read_experiment(const char *path, const char *unit, size_t n,
                                  ipl_error *err)
{
    static ipl_experiment exp;
    char *text = repeat(unit, n);

    write_file(path, text, strlen(text));
    ipl_free(text);
    ipl_opt_init(&exp, ipl_experiment_opts);
    return ipl_experiment_read(&exp, path, err);
}

static ipl_status key_of_a_megabyte(const char *path, ipl_error *err)
{
    return read_experiment(path, "k", MEGABYTE - 1, err);
}

static ipl_status estimators_in_many_lines(const char *path, ipl_error *err)
{
    return read_experiment(path, "estimator = kde\n", MEGABYTE / 16, err);
}

static ipl_status experiment_of_ten_megabytes(const char *path, ipl_error *err)
{
    return read_experiment(path, "# comment\n", MEGABYTE, err);
}

static void an_experiment_cannot_be_endless(void **state)
{
    refuses(state, key_of_a_megabyte, IPL_E_FORMAT, "line of 1048574 characters");
    refuses(state, estimators_in_many_lines, IPL_E_FORMAT, "characters, at most");
    refuses(state, experiment_of_ten_megabytes, IPL_E_FORMAT, "at most 1048576");
}

/* ---- tables ---- */

/* 256 columns and a million empty lines. */
static ipl_status table_of_blank_lines(const char *path, ipl_error *err)
{
    ipl_table *table;
    FILE *fp = fopen(path, "wb");
    ipl_status st;

    if (!fp)
        _exit(9);
    for (int j = 0; j < 256; j++)
        (void)fprintf(fp, "%sc%d", j ? "," : "", j);
    for (int i = 0; i < MEGABYTE; i++)
        (void)fputc('\n', fp);
    if (fclose(fp) != 0)
        _exit(9);
    st = ipl_table_read(&table, path, err);
    ipl_table_destroy(table);
    return st;
}

/* A hundred thousand epochs of one layer, and one row that says layer 1000. */
static ipl_status track_of_a_thousand_layers(const char *path, ipl_error *err)
{
    static const char *const fields[] = {"x"};
    const ipl_track_query query = {.fields = fields, .n_fields = 1, .layers = true};
    ipl_table *table;
    ipl_track track;
    FILE *fp = fopen(path, "wb");
    ipl_status st;

    if (!fp)
        _exit(9);
    (void)fprintf(fp, "epoch,layer,name,x\n0,1000,a,1\n");
    for (int i = 0; i < 100000; i++)
        (void)fprintf(fp, "%d,1,a,1\n", i);
    if (fclose(fp) != 0)
        _exit(9);
    st = ipl_table_read(&table, path, err);
    if (st == IPL_OK)
        st = ipl_track_read(&track, table, &query, err);
    ipl_table_destroy(table);
    return st;
}

static void a_table_takes_the_memory_of_its_rows(void **state)
{
    refuses(state, table_of_blank_lines, IPL_E_FORMAT, ":2: 1 fields, the header has 256");
    refuses(state, track_of_a_thousand_layers, IPL_E_FORMAT, "most of them are missing");
}

/* ---- CIFAR ---- */

static ipl_status cifar_with_names_of_a_megabyte(const char *path, ipl_error *err)
{
    static const char row[3073];
    char *names = repeat("n", MEGABYTE), file[IPL_PATH_MAX], text[IPL_PATH_MAX + 32];
    ipl_samples samples = {0};
    ipl_spec spec;
    ipl_status st;

    (void)remove(path);
    st = ipl_folder_create(path, err);
    if (st == IPL_OK)
        st = ipl_path_join(file, path, "data_batch_1.bin", err);
    if (st != IPL_OK)
        _exit(9);
    write_file(file, row, sizeof row);
    memcpy(strrchr(file, '/'), "/test_batch.bin", 16);
    write_file(file, row, sizeof row);
    memcpy(strrchr(file, '/'), "/batches.meta.txt", 18);
    write_file(file, names, MEGABYTE - 1);
    ipl_free(names);
    (void)snprintf(text, sizeof text, "cifar10:path=%s", path);
    st = ipl_spec_create(&spec, "data", ipl_source_row, text, err);
    if (st == IPL_OK)
        st = ipl_source_cifar.load(&samples, spec.self, 0, err);
    ipl_samples_release(&samples);
    ipl_spec_release(&spec);
    (void)!ipl_folder_remove(path, NULL);
    return st;
}

static void names_of_classes_are_short(void **state)
{
    refuses(state, cifar_with_names_of_a_megabyte, IPL_E_FORMAT, "at most 65536");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_cannot_ask_for_memory),
        cmocka_unit_test(a_gzip_file_that_unpacks_a_thousandfold_is_not_kept),
        cmocka_unit_test(an_array_is_as_large_as_its_file),
        cmocka_unit_test(a_picture_cannot_unpack_to_gigabytes),
        cmocka_unit_test(a_chunk_of_a_picture_is_within_its_file),
        cmocka_unit_test(a_net_cannot_be_endless),
        cmocka_unit_test(estimators_cannot_be_endless),
        cmocka_unit_test(an_experiment_cannot_be_endless),
        cmocka_unit_test(a_table_takes_the_memory_of_its_rows),
        cmocka_unit_test(names_of_classes_are_short),
    };

    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
