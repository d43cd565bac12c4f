/*
 * A target without libFuzzer: what `make check` runs.
 *
 *     fuzz_npy                                the corpus, cuts, flips and 3000 mutations
 *     fuzz_npy --mutations 1000000 --seed 2   more of them, other ones
 *     fuzz_npy FILE...                        these inputs only
 *
 * Files of the corpus that are called seed-... are cut at every byte and have every bit
 * flipped. Each stage is a process of its own: a signal, a second of processor time for one
 * input, 64 MB of memory, an open file or a leak (under AddressSanitizer) makes it fail, and
 * the input is kept.
 */
/* For wait4() and memory without a file. */
#define _DEFAULT_SOURCE /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#include "fuzz.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    FILES_MAX = 4096,
    MUTATIONS = 3000,
    HANG_SECONDS = 60, /* of the clock: the machine may be busy */
    MEMORY_KB = 64 << 10
};

typedef struct input {
    char name[IPL_PATH_MAX];
    uint8_t *bytes;
    size_t size;
} input;

static input corpus[FILES_MAX];
static size_t n_corpus;
static uint64_t first_seed = 1;
static size_t n_mutations = MUTATIONS;

/* Shared with the processes of the stages. */
typedef struct shared {
    size_t runs;
    double slowest; /* seconds of processor time */
    size_t size;    /* of the input that runs */
    uint8_t bytes[FUZZ_MAX];
} shared;

static shared *now;

#if defined(__SANITIZE_ADDRESS__)
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "max_allocation_size_mb=50:allocator_may_return_null=1:quarantine_size_mb=8";
}
#endif

/* An allocation of more than the allowance fails, and no target allows "out of memory". */
static void limit_memory(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(__linux__)
    FILE *fp = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;
    struct rlimit limit;

    if (!fp)
        return;
    if (fscanf(fp, "%lu", &pages) ==
        1) { /* NOLINT(cert-err34-c): the system's own number */
        limit.rlim_cur = limit.rlim_max =
            pages * (rlim_t)sysconf(_SC_PAGESIZE) + (rlim_t)MEMORY_KB * 1024;
        (void)setrlimit(RLIMIT_AS, &limit);
    }
    (void)fclose(fp);
#endif
}

static double processor_seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Run one input, remembered for the case that it is the last. */
static void run(const uint8_t *bytes, size_t size)
{
    const double start = processor_seconds();
    double seconds;

    now->size = size < FUZZ_MAX ? size : FUZZ_MAX;
    if (now->size > 0)
        memmove(now->bytes, bytes, now->size);
    (void)alarm(HANG_SECONDS);
    (void)LLVMFuzzerTestOneInput(now->bytes, now->size);
    seconds = processor_seconds() - start;
    if (seconds > now->slowest)
        now->slowest = seconds;
    now->runs++;
    fuzz_require(seconds < 1.0, "an input takes less than a second");
}

/* ---- stages ---- */

static void run_corpus(void)
{
    for (size_t i = 0; i < n_corpus; i++)
        run(corpus[i].bytes, corpus[i].size);
}

static bool is_seed(const input *in)
{
    return strncmp(in->name, "seed-", 5) == 0;
}

static void run_cuts(void)
{
    for (size_t i = 0; i < n_corpus; i++)
        for (size_t keep = 0; is_seed(&corpus[i]) && keep < corpus[i].size; keep++)
            run(corpus[i].bytes, keep);
}

static void run_flips(void)
{
    for (size_t i = 0; i < n_corpus; i++) {
        const input *in = &corpus[i];
        size_t n = fuzz_target.flips && fuzz_target.flips < 8 * in->size ? fuzz_target.flips
                                                                         : 8 * in->size;

        for (size_t bit = 0; is_seed(in) && bit < n; bit++) {
            in->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            run(in->bytes, in->size);
            in->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static void run_mutations(void)
{
    static uint8_t bytes[FUZZ_MAX];

    for (size_t k = 0; k < n_mutations && n_corpus > 0; k++) {
        uint64_t state = first_seed * 0x10000001b3u + k;
        const input *in = &corpus[fuzz_random(&state) % n_corpus];
        const input *other = &corpus[fuzz_random(&state) % n_corpus];

        memcpy(bytes, in->bytes, in->size);
        run(bytes,
            fuzz_mutate(bytes, in->size, other->bytes, other->size, fuzz_random(&state)));
    }
}

static void run_nothing(void)
{
}

/* ---- processes ---- */

static int next_descriptor(void)
{
    const int fd = dup(STDERR_FILENO);

    (void)close(fd);
    return fd;
}

static void stage_child(void (*stage)(void))
{
    const uint8_t nothing = 0;
    int before;

    (void)LLVMFuzzerTestOneInput(&nothing, 0); /* opens what stays open */
    if (!fuzz_target.unlimited)
        limit_memory();
    before = next_descriptor();
    stage();
    fuzz_require(next_descriptor() == before, "every file is closed");
    exit(0); /* the leak checker looks now */
}

static int keep_input(char *path, size_t size)
{
    FILE *fp;

    (void)snprintf(path, size, "/tmp/fuzz_%s.failed", fuzz_target.name);
    fp = fopen(path, "wb");
    if (!fp)
        return -1;
    (void)fwrite(now->bytes, 1, now->size, fp);
    return fclose(fp);
}

/* Run a stage; *peak = its memory in KB. */
static bool run_stage(long *peak, const char *name, void (*stage)(void))
{
    struct rusage usage;
    char path[64];
    int status;
    pid_t child;

    now->runs = 0;
    now->slowest = 0;
    (void)fflush(stdout);
    child = fork();
    if (child == 0)
        stage_child(stage);
    if (child < 0 || wait4(child, &status, 0, &usage) != child) {
        printf("not ok %s: no process\n", name);
        return false;
    }
    *peak = usage.ru_maxrss;
    if (status == 0)
        return true;
    (void)keep_input(path, sizeof path);
    printf("not ok %s: %s %d at input %zu, kept in %s\n", name,
           WIFSIGNALED(status) ? "signal" : "exit status",
           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), now->runs, path);
    return false;
}

/* The stage must not need more memory than a process that does nothing, and 64 MB. */
static bool test_stage(const char *what, void (*stage)(void))
{
    char name[128];
    long base = 0, peak = 0;

    (void)snprintf(name, sizeof name, "%s: %s", fuzz_target.name, what);
    if (!run_stage(&base, name, run_nothing) || !run_stage(&peak, name, stage))
        return false;
    if (peak - base > MEMORY_KB) {
        printf("not ok %s: %ld MB of memory\n", name, (peak - base) / 1024);
        return false;
    }
    printf("ok %s\n# %s: %zu inputs, the slowest %.1f ms, %.1f MB of memory\n", name, name,
           now->runs, 1e3 * now->slowest, (double)(peak - base) / 1024);
    return true;
}

/* ---- the corpus ---- */

static bool add_input(const char *path)
{
    const char *slash = strrchr(path, '/');
    input *in = &corpus[n_corpus];
    ipl_error err = {0};
    char *bytes;

    if (n_corpus == FILES_MAX ||
        ipl_file_read(&bytes, &in->size, path, FUZZ_MAX, &err) != IPL_OK) {
        (void)fprintf(stderr, "%s\n", n_corpus == FILES_MAX ? "too many files" : err.msg);
        return false;
    }
    in->bytes = (uint8_t *)bytes;
    (void)snprintf(in->name, sizeof in->name, "%s", slash ? slash + 1 : path);
    n_corpus++;
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const input *)a)->name, ((const input *)b)->name);
}

static bool add_folder(void)
{
    char folder[128], path[IPL_PATH_MAX];
    const struct dirent *entry;
    bool good = true;
    DIR *dir;

    (void)snprintf(folder, sizeof folder, "tests/fuzz/corpus/%s", fuzz_target.name);
    dir = opendir(folder);
    if (!dir) {
        (void)fprintf(stderr, "%s: no such folder; start it at the top of the project\n",
                      folder);
        return false;
    }
    while (good && (entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            good = ipl_path_join(path, folder, entry->d_name, NULL) == IPL_OK &&
                   add_input(path);
    (void)closedir(dir);
    qsort(corpus, n_corpus, sizeof *corpus, by_name);
    return good;
}

static bool read_count(uint64_t *out, const char *text)
{
    return text && ipl_count_parse(out, text);
}

int main(int argc, char **argv)
{
    uint64_t count = MUTATIONS;
    bool good;

    now =
        mmap(NULL, sizeof *now, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (now == MAP_FAILED)
        return 1;
    for (int i = 1; i < argc; i++) {
        if ((strcmp(argv[i], "--mutations") == 0 && read_count(&count, argv[i + 1])) ||
            (strcmp(argv[i], "--seed") == 0 && read_count(&first_seed, argv[i + 1])))
            i++;
        else if (argv[i][0] == '-' || !add_input(argv[i]))
            return 2;
    }
    n_mutations = (size_t)count;
    if (n_corpus > 0) { /* given on the command line */
        run_corpus();
        printf("%zu inputs\n", n_corpus);
        return 0;
    }
    if (!add_folder() || n_corpus == 0)
        return 1;
    good = test_stage("the corpus is read or refused", run_corpus);
    good = test_stage("seeds are cut at every byte", run_cuts) && good;
    good = test_stage("every bit of the seeds is flipped", run_flips) && good;
    good = test_stage("seeds are mutated", run_mutations) && good;
    for (size_t i = 0; i < n_corpus; i++)
        ipl_free(corpus[i].bytes);
    return !good;
}
