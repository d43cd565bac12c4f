/**
 * Learning-rate schedules: a factor of the optimiser's rate as a function of time.
 *
 *     st = ipl_spec_create(&spec, "schedule", ipl_schedule_row, "cosine:warmup=5", err);
 *     lr = ipl_net_learning_rate(net) * ipl_schedule_factor(&spec, epoch, epochs);
 *
 * Time is counted in epochs and may be fractional. With per=epoch, the default, the factor is
 * that of the whole epochs done, so that it stays the same throughout an epoch: PyTorch's StepLR
 * (step), CosineAnnealingLR with T_max = epochs and eta_min = min * lr (cosine) and ExponentialLR
 * (exponential), stepped once per epoch. With per=step it is that of the very time: the same
 * schedulers with T_max = epochs * steps or gamma = factor^(1 / steps), stepped once per batch.
 *
 * With warmup=w the factor grows linearly with every step from 0 at the start to 1 after w
 * epochs, and the schedule proper begins there: its clock starts at w, as with PyTorch's
 * SequentialLR.
 */
#ifndef IPL_SCHEDULE_H
#define IPL_SCHEDULE_H

#include "base/opt.h"

/** Row i of the table, NULL past the last. */
const ipl_row *ipl_schedule_row(size_t i);

/**
 * Factor of the learning rate at a time.
 *
 * epoch  0 ... total_epochs: epochs done, with the part of the present one
 */
double ipl_schedule_factor(const ipl_spec *spec, double epoch, double total_epochs);

#endif /* IPL_SCHEDULE_H */
