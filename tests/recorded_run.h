/** Short runs that may record their activations. */
#ifndef IPL_RECORDED_RUN_H
#define IPL_RECORDED_RUN_H

#include "trial.h"

#include "run/trainer.h"

static inline void small_experiment(const char *record)
{
    ipl_opt_init(&trial, ipl_experiment_opts);
    strcpy(trial.name, "test");
    strcpy(trial.data, "szt");
    strcpy(trial.net, "dense:units=9 tanh dense:units=5 tanh dense:units=2");
    strcpy(trial.estimator, "logdet:beta=rd logdet:scale=corr,beta=own");
    (void)snprintf(trial.record, sizeof trial.record, "%s", record);
    trial.train_samples = 400;
    trial.test_samples = 200;
    trial.batch = 256;
    trial.epochs = 3;
    trial.early_steps = 1;
    trial.probe_train = 200;
    trial.probe_test = 100;
}

static inline ipl_status train(const char *name, ipl_train_watcher watcher, ipl_error *err)
{
    const ipl_train_opts opts = {
        .exp = &trial, .path = in(name), .threads = 2, .watcher = watcher};

    return ipl_train(&opts, err);
}

static inline void train_ok(const char *name)
{
    ipl_error err = {0};

    if (train(name, (ipl_train_watcher){0}, &err) != IPL_OK)
        fail_msg("%s", err.msg);
}

#endif /* IPL_RECORDED_RUN_H */
