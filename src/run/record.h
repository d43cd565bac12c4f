/** What a run writes down: rows of its tables, and run.json. */
#ifndef IPL_RECORD_H
#define IPL_RECORD_H

#include "run/run.h"

/** Write "epoch,step" as the tables have it; an epoch is a fraction between its ends. */
void ipl_record_when(char *out, size_t size, const ipl_run *r);

/** Add a row of training.csv. */
void ipl_record_training(ipl_run *r, const ipl_epoch_report *e);

/** Append the rows of one probe as information.csv has them; when is "epoch,step". */
void ipl_record_rows(ipl_text *out, const char *when, const ipl_net *net,
                     const ipl_probe *probe, const ipl_measures *m);

/** Add the rows of one probe to layers.csv. */
void ipl_record_layers(ipl_run *r, const ipl_run_measurement *m, const ipl_probe *probe);

/**
 * Write the rows that wait. A full disk does not stop training: they wait for the next try,
 * r->write_failed is set, and the watcher is told.
 */
void ipl_record_flush(ipl_run *r);

/** Append the members of "segments" in run.json: those before, and this one up to now. */
void ipl_record_segments(ipl_text *out, const ipl_run *r);

/**
 * Write run.json.
 *
 * state   "running", "done", "stopped", "diverged" or "failed"
 * why     the fault, if there was one; NULL or status IPL_OK: none
 * errors  IPL_E_IO, IPL_E_CANTCREATE, IPL_E_NOMEM
 */
ipl_status ipl_record_provenance(const ipl_run *r, const char *state, const ipl_error *why,
                                 ipl_error *err) IPL_NODISCARD;

#endif /* IPL_RECORD_H */
