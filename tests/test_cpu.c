/* Processors that control groups grant, and the number of threads that follows. */
#include "scratch.h"

#include "base/cpu.h"

static void put(void **state, const char *file, const char *text)
{
    char path[512], *slash;

    (void)snprintf(path, sizeof path, "%s/%s", (const char *)*state, file);
    slash = strrchr(path, '/');
    *slash = '\0';
    assert_int_equal(ipl_folder_create(path, NULL), IPL_OK);
    *slash = '/';
    scratch_write(path, text, strlen(text));
}

static void no_group_is_no_quota(void **state)
{
    assert_true(isinf(ipl_cpu_quota(*state)));
    put(state, "proc/self/cgroup", "0::/\n");
    assert_true(isinf(ipl_cpu_quota(*state)));
    put(state, "sys/fs/cgroup/cpu.max", "max 100000\n");
    assert_true(isinf(ipl_cpu_quota(*state)));
    put(state, "proc/self/cgroup", "nonsense\n0:\n1:cpu:relative\n");
    assert_true(isinf(ipl_cpu_quota(*state)));
}

static void version_2_the_least_of_a_group_and_those_above(void **state)
{
    put(state, "proc/self/cgroup", "0::/batch/job_7/step_0\n");
    put(state, "sys/fs/cgroup/batch/job_7/step_0/cpu.max", "800000 100000\n");
    put(state, "sys/fs/cgroup/batch/job_7/cpu.max", "150000 100000\n");
    put(state, "sys/fs/cgroup/batch/cpu.max", "max 100000\n");
    assert_close(ipl_cpu_quota(*state), 1.5, 0.0);
    put(state, "sys/fs/cgroup/cpu.max", "50000 100000\n"); /* of a container: its root */
    assert_close(ipl_cpu_quota(*state), 0.5, 0.0);
}

static void version_1_quota_by_period(void **state)
{
    put(state, "proc/self/cgroup", "9:memory:/m\n4:cpu,cpuacct:/docker/abc\n0::/\n");
    put(state, "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "-1\n");
    put(state, "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
    assert_true(isinf(ipl_cpu_quota(*state)));
    put(state, "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "250000\n");
    assert_close(ipl_cpu_quota(*state), 2.5, 0.0);
}

static ipl_threads threads_with(const char *slurm, const char *omp, size_t wanted)
{
    if (!slurm || setenv("SLURM_CPUS_PER_TASK", slurm, 1) != 0)
        unsetenv("SLURM_CPUS_PER_TASK");
    if (!omp || setenv("OMP_NUM_THREADS", omp, 1) != 0)
        unsetenv("OMP_NUM_THREADS");
    return ipl_threads_for(wanted);
}

static void the_option_then_slurm_then_openmp_then_the_processors(void **state)
{
    static const struct {
        const char *slurm, *omp;
        size_t wanted, n;
        const char *from;
    } cases[] = {{"1", "1", 7, 7, "--threads"},
                 {"1", "2", 0, 1, "SLURM_CPUS_PER_TASK"},
                 {NULL, "1", 0, 1, "OMP_NUM_THREADS"},
                 {NULL, "1,4", 0, 1, "OMP_NUM_THREADS"},
                 {"none", "1", 0, 1, "OMP_NUM_THREADS"},
                 {"0", "-3", 0, 0, "processors"},
                 {"", "2x", 0, 0, "processors"},
                 {"100000", NULL, 0, 0, "SLURM_CPUS_PER_TASK"},
                 {NULL, NULL, 0, 0, "processors"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const ipl_threads got = threads_with(cases[i].slurm, cases[i].omp, cases[i].wanted);

        assert_string_equal(got.from, cases[i].from);
        assert_int_equal(got.n, cases[i].n > 0 ? cases[i].n : ipl_cpu_count());
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(no_group_is_no_quota),
        IN_SCRATCH(version_2_the_least_of_a_group_and_those_above),
        IN_SCRATCH(version_1_quota_by_period),
        cmocka_unit_test(the_option_then_slurm_then_openmp_then_the_processors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
