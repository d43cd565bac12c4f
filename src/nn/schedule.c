#include "nn/schedule.h"

#include <float.h>
#include <math.h>

#define PI 3.14159265358979323846

/* Options of all schedules; each reads its own. */
typedef struct schedule {
    double warmup, every, factor, min;
    int per;
} schedule;

enum { PER_EPOCH, PER_STEP };
static const char *const per_names[] = {[PER_EPOCH] = "epoch", [PER_STEP] = "step", NULL};

typedef struct schedule_ops {
    ipl_row row;
    /* Factor at time e of a schedule that lasts to time total. */
    double (*factor)(const schedule *s, double e, double total);
} schedule_ops;

#define WARMUP                                                                             \
    IPL_OPT_NUMBER(schedule, warmup, "warmup", 0, DBL_MAX, 0,                              \
                   "epochs of linear growth from 0, a little with every step")
#define PER                                                                                \
    IPL_OPT_WORD(schedule, per, "per", per_names, PER_EPOCH,                               \
                 "set the rate once per epoch, as PyTorch's schedulers, or at every step")

static const ipl_opt constant_opts[] = {
    WARMUP,
    IPL_OPT_END,
};

static const ipl_opt step_opts[] = {
    IPL_OPT_NUMBER(schedule, every, "every", 1, DBL_MAX, 30, "epochs between two steps"),
    IPL_OPT_NUMBER(schedule, factor, "factor", 0, 1, 0.1, "of the rate at each step"),
    PER,
    WARMUP,
    IPL_OPT_END,
};

static const ipl_opt cosine_opts[] = {
    IPL_OPT_NUMBER(schedule, min, "min", 0, 1, 0, "share of the rate at the end"),
    PER,
    WARMUP,
    IPL_OPT_END,
};

static const ipl_opt exponential_opts[] = {
    IPL_OPT_NUMBER(schedule, factor, "factor", 0, 1, 0.95, "of the rate each epoch"),
    PER,
    WARMUP,
    IPL_OPT_END,
};

static double constant_factor(const schedule *s, double e, double total)
{
    (void)s;
    (void)e;
    (void)total;
    return 1.0;
}

/* factor^floor(e / every) */
static double step_factor(const schedule *s, double e, double total)
{
    (void)total;
    return pow(s->factor, floor(e / s->every));
}

/* min + (1 - min) (1 + cos(pi e / total)) / 2 */
static double cosine_factor(const schedule *s, double e, double total)
{
    const double done = e < total ? e / total : 1.0;

    return s->min + (1.0 - s->min) * (1.0 + cos(PI * done)) / 2.0;
}

/* factor^e */
static double exponential_factor(const schedule *s, double e, double total)
{
    (void)total;
    return pow(s->factor, e);
}

static const schedule_ops schedules[] = {
    {{"constant", "the same rate throughout", NULL, sizeof(schedule), constant_opts},
     constant_factor},
    {{"step", "a lower rate every so many epochs (StepLR)", NULL, sizeof(schedule),
      step_opts},
     step_factor},
    {{"cosine", "half a cosine from the rate to its minimum (CosineAnnealingLR)",
      "Loshchilov and Hutter, ICLR 2017", sizeof(schedule), cosine_opts},
     cosine_factor},
    {{"exponential", "a power of the factor, epoch by epoch (ExponentialLR)", NULL,
      sizeof(schedule), exponential_opts},
     exponential_factor},
};

const ipl_row *ipl_schedule_row(size_t i)
{
    return i < sizeof schedules / sizeof schedules[0] ? &schedules[i].row : NULL;
}

double ipl_schedule_factor(const ipl_spec *spec, double epoch, double total_epochs)
{
    const schedule *s = spec->self;

    if (epoch < s->warmup)
        return epoch / s->warmup;
    epoch -= s->warmup;
    return schedules[spec->index].factor(s, s->per == PER_EPOCH ? floor(epoch) : epoch,
                                         total_epochs - s->warmup);
}
