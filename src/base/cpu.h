/** Processors: how many this process may use, and how many threads that makes. */
#ifndef IPL_CPU_H
#define IPL_CPU_H

#include <stddef.h>

/**
 * Processors this process may use, at least 1: those of its affinity mask, and no more than
 * the quota of its control groups (a container's --cpus, a batch system's), rounded up.
 */
size_t ipl_cpu_count(void);

/**
 * Processors that the control groups of this process grant, cgroup version 1 (cpu.cfs_quota_us
 * by cpu.cfs_period_us) or 2 (cpu.max): the least of its own and of those above it.
 *
 * root     folder that holds proc/ and sys/, for tests; "" for the system's own
 * returns  infinity when there is no limit, or it is not known
 */
double ipl_cpu_quota(const char *root);

/** A number of threads, and what it comes from, for the record of a run. */
typedef struct ipl_threads {
    size_t n;
    const char
        *from; /* "--threads", "SLURM_CPUS_PER_TASK", "OMP_NUM_THREADS", "processors" */
} ipl_threads;

/**
 * Threads for a command: `wanted` when it is not 0, else what the environment says, capped by
 * ipl_cpu_count(), else that number. What is no number from 1 in the environment is passed
 * over; of a list, as OMP_NUM_THREADS may be, the first counts.
 */
ipl_threads ipl_threads_for(size_t wanted);

/** Model name of the processor, "unknown" where the system does not say; size >= 8. */
void ipl_cpu_name(char *out, size_t size);

#endif /* IPL_CPU_H */
