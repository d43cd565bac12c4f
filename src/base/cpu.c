/* Linux alone can say which processors this process may use. */
#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#include "base/cpu.h"

#include "base/file.h"

#include <math.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_LENGTH = 4096 };

/* ---- quotas ---- */

/* The first line of ROOT/FOLDER/GROUP/FILE; false when there is none. */
static bool read_line(char out[LINE_LENGTH], const char *root, const char *folder,
                      const char *group, const char *file)
{
    char path[2 * IPL_PATH_MAX];
    FILE *fp;
    bool read;

    (void)snprintf(path, sizeof path, "%s%s%s/%s", root, folder, group, file);
    if (ipl_file_stream(&fp, path, NULL) != IPL_OK)
        return false;
    read = fgets(out, LINE_LENGTH, fp) != NULL;
    (void)fclose(fp); /* read only: nothing to lose */
    return read;
}

/* Processors of a quota and a period in microseconds; no quota is -1 or "max". */
static double processors_of(const char *quota, const char *period)
{
    const double q = strtod(quota, NULL), p = strtod(period, NULL);

    return q > 0.0 && p > 0.0 ? q / p : (double)INFINITY;
}

/* What one group grants. */
static double quota_of(const char *root, const char *folder, const char *group, bool second)
{
    char line[LINE_LENGTH], period[LINE_LENGTH], *blank;

    if (second) {
        if (!read_line(line, root, folder, group, "cpu.max"))
            return (double)INFINITY;
        blank = strchr(line, ' ');
        return blank ? processors_of(line, blank) : (double)INFINITY;
    }
    if (!read_line(line, root, folder, group, "cpu.cfs_quota_us") ||
        !read_line(period, root, folder, group, "cpu.cfs_period_us"))
        return (double)INFINITY;
    return processors_of(line, period);
}

/* The least of a group and those above it. Its name is cut from behind. */
static double least_quota(const char *root, const char *folder, char *group, bool second)
{
    double least = quota_of(root, folder, "", second);

    while (*group != '\0' && strcmp(group, "/") != 0) {
        least = fmin(least, quota_of(root, folder, group, second));
        *strrchr(group, '/') = '\0';
    }
    return least;
}

/* Whether "cpu" is one of the words of "cpu,cpuacct". */
static bool has_cpu(const char *controllers, size_t len)
{
    for (const char *at = controllers; at < controllers + len;) {
        const size_t n = strcspn(at, ",:");

        if (n == 3 && strncmp(at, "cpu", 3) == 0)
            return true;
        at += n + 1;
    }
    return false;
}

/* A line "4:cpu,cpuacct:/group" or "0::/group" of /proc/self/cgroup. */
static double quota_of_line(const char *root, char *line)
{
    char folder[LINE_LENGTH], *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    size_t len;

    if (!group)
        return (double)INFINITY;
    controllers++;
    len = (size_t)(group - controllers);
    group++;
    group[strcspn(group, "\n")] = '\0';
    if (*group != '/')
        return (double)INFINITY;
    if (len == 0)
        return least_quota(root, "/sys/fs/cgroup", group, true);
    if (!has_cpu(controllers, len))
        return (double)INFINITY;
    (void)snprintf(folder, sizeof folder, "/sys/fs/cgroup/%.*s", (int)len, controllers);
    return least_quota(root, folder, group, false);
}

double ipl_cpu_quota(const char *root)
{
    char path[IPL_PATH_MAX], line[LINE_LENGTH];
    double least = (double)INFINITY;
    FILE *fp;

    (void)snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    if (ipl_file_stream(&fp, path, NULL) != IPL_OK)
        return least;
    while (fgets(line, sizeof line, fp))
        least = fmin(least, quota_of_line(root, line));
    (void)fclose(fp); /* read only: nothing to lose */
    return least;
}

/* ---- processors ---- */

static size_t affinity(void)
{
#ifdef __linux__
    cpu_set_t allowed;

    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        return (size_t)CPU_COUNT(&allowed);
#endif
    {
        const long n = sysconf(_SC_NPROCESSORS_ONLN);

        return n < 1 ? 1 : (size_t)n;
    }
}

size_t ipl_cpu_count(void)
{
    const size_t n = affinity();
    const double quota = ceil(ipl_cpu_quota(""));

    return quota < (double)n ? (size_t)quota : n; /* a quota is above 0 */
}

/* The number that a variable begins with; false when it is none from 1. */
static bool from_environment(size_t *out, const char *variable)
{
    const char *text = getenv(variable);
    char first[32];
    uint64_t n;

    if (!text ||
        ipl_text_copy(first, sizeof first, text, strcspn(text, ","), variable, NULL) !=
            IPL_OK ||
        !ipl_count_parse(&n, first) || n == 0 || n > SIZE_MAX)
        return false;
    *out = (size_t)n;
    return true;
}

ipl_threads ipl_threads_for(size_t wanted)
{
    static const char *const variables[] = {"SLURM_CPUS_PER_TASK", "OMP_NUM_THREADS"};
    const size_t most = ipl_cpu_count();
    size_t n;

    if (wanted > 0)
        return (ipl_threads){wanted, "--threads"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        if (from_environment(&n, variables[i]))
            return (ipl_threads){n < most ? n : most, variables[i]};
    return (ipl_threads){most, "processors"};
}

void ipl_cpu_name(char *out, size_t size)
{
    char line[256];
    FILE *fp = fopen("/proc/cpuinfo", "r");

    (void)snprintf(out, size, "unknown");
    if (!fp)
        return;
    while (fgets(line, sizeof line, fp)) {
        const char *colon = strstr(line, ": ");

        if (colon && strncmp(line, "model name", 10) == 0) {
            line[strcspn(line, "\n")] = '\0';
            (void)snprintf(out, size, "%s", colon + 2);
            break;
        }
    }
    (void)fclose(fp); /* read only: nothing to lose */
}
