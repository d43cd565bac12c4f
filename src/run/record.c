#include "run/record.h"

#include "base/clock.h"
#include "run/provenance.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void ipl_record_flush(ipl_run *r)
{
    ipl_error why = {0};

    r->write_failed = false;
    for (int t = 0; t < IPL_TABLE_COUNT; t++) {
        if (ipl_run_dir_append(&r->dir, (ipl_run_table)t, &r->rows[t], &why) == IPL_OK)
            ipl_text_clear(&r->rows[t]);
        else
            r->write_failed = true;
    }
    if (r->write_failed)
        ipl_run_tell_fault(r, &why);
}

void ipl_record_when(char *out, size_t size, const ipl_run *r)
{
    char epoch[32];

    ipl_number_print(epoch, sizeof epoch, (double)r->step / (double)r->steps);
    (void)snprintf(out, size, "%s,%zu", epoch, r->step);
}

static void print_cell(ipl_text *out, double value)
{
    ipl_text_add(out, ",");
    ipl_text_add_number(out, value);
}

void ipl_record_rows(ipl_text *out, const char *when, const ipl_net *net,
                     const ipl_probe *probe, const ipl_measures *m)
{
    const size_t n_est = ipl_probe_n_estimators(probe);

    for (size_t l = 0; l < ipl_probe_n_layers(probe); l++) {
        const ipl_layer_info *layer = ipl_net_layer(net, ipl_probe_layer(probe, l));
        const ipl_layer_row row = {.when = when,
                                   .split = ipl_probe_name(probe),
                                   .layer = l + 1,
                                   .name = layer->name,
                                   .width = ipl_shape_size(layer->out)};

        ipl_run_dir_print_layer(out, &row, ipl_probe_plane(probe), m + l * n_est, n_est);
    }
}

/* Weights of a block: of the layers after the measured layer before, up to layer l. */
static void block_gradient(double *mean, double *sd, double *norm, const ipl_net *net,
                           size_t first, size_t last)
{
    double mean2 = 0.0, var = 0.0, norm2 = 0.0;
    bool any = false;

    for (size_t i = first; i <= last; i++) {
        const double w = ipl_net_weight_norm(net, i);
        double m, s;

        if (isnan(w))
            continue;
        any = true;
        ipl_net_gradient(&m, &s, net, i);
        mean2 += m * m;
        var += s * s;
        norm2 += w * w;
    }
    *mean = any ? sqrt(mean2) : (double)NAN;
    *sd = any ? sqrt(var) : (double)NAN;
    *norm = any ? sqrt(norm2) : (double)NAN;
}

void ipl_record_layers(ipl_run *r, const ipl_run_measurement *m, const ipl_probe *probe)
{
    ipl_text *out = &r->rows[IPL_TABLE_LAYERS];
    size_t first = 0;

    for (size_t l = 0; l < ipl_probe_n_layers(probe); l++) {
        const size_t at = ipl_probe_layer(probe, l);
        const ipl_layer_info *layer = ipl_net_layer(m->net, at);
        ipl_activity act;
        double mean, sd, norm;

        ipl_probe_activity(&act, probe, l);
        block_gradient(&mean, &sd, &norm, m->net, first, at);
        if (!m->whole)
            mean = sd = (double)NAN;
        first = at + 1;
        ipl_text_add(out, "%s,%zu,", m->when, l + 1);
        ipl_text_add_field(out, layer->name);
        ipl_text_add(out, ",%zu", ipl_shape_size(layer->out));
        print_cell(out, norm);
        print_cell(out, mean);
        print_cell(out, sd);
        print_cell(out, sd > 0.0 ? mean / sd : (double)NAN);
        print_cell(out, act.mean);
        print_cell(out, act.sd);
        print_cell(out, act.saturated);
        print_cell(out, act.dead);
        print_cell(out, act.effective_rank);
        ipl_text_add(out, "\n");
    }
}

void ipl_record_training(ipl_run *r, const ipl_epoch_report *e)
{
    ipl_text *out = &r->rows[IPL_TABLE_TRAINING];

    ipl_text_add(out, "%zu,%zu", e->epoch, e->step);
    print_cell(out, e->loss[IPL_TRAIN]);
    print_cell(out, e->accuracy[IPL_TRAIN]);
    print_cell(out, e->loss[IPL_TEST]);
    print_cell(out, e->accuracy[IPL_TEST]);
    print_cell(out, e->lr);
    ipl_text_add(out, ",%.6f,%.6f\n", e->train_seconds, e->measure_seconds);
}

static void print_files(ipl_text *out, const ipl_data_info *data)
{
    ipl_text_add(out, "  \"data\": [");
    for (size_t i = 0; i < data->n_files; i++) {
        ipl_text_add(out, "%s\n    {\"path\": ", i ? "," : "");
        ipl_text_add_json(out, data->files[i].path);
        ipl_text_add(out, ", \"sha256\": \"%s\"}", data->files[i].sha256);
    }
    ipl_text_add(out, "%s],\n", data->n_files ? "\n  " : "");
}

/* Names of the classes in the order of their numbers; nothing where they have none. */
static void print_classes(ipl_text *out, const ipl_data_info *data)
{
    if (!data->class_names)
        return;
    ipl_text_add(out, "  \"classes\": [");
    for (size_t k = 0; k < data->n_classes; k++) {
        ipl_text_add(out, "%s", k ? ", " : "");
        ipl_text_add_json(out, data->class_names[k]);
    }
    ipl_text_add(out, "],\n");
}

/* What the run is made of. */
static void print_setup(ipl_text *out, const ipl_run *r)
{
    const ipl_data_info *data = ipl_dataset_info(r->ds);

    ipl_text_add(out,
                 "  \"seed\": %llu,\n  \"threads\": %zu,\n"
                 "  \"threads_from\": \"%s\",\n",
                 (unsigned long long)r->exp->seed, ipl_pool_threads(r->pool),
                 ipl_threads_for(r->opts->threads).from);
    ipl_text_add(out, "  \"shard\": %zu,\n  \"parameters\": %zu,\n", ipl_net_shard(r->net),
                 ipl_net_n_params(r->net));
    ipl_text_add(out, "  \"net\": ");
    ipl_text_add_json(out, ipl_net_text(r->net));
    ipl_text_add(out, ",\n  \"train_samples\": %zu,\n  \"test_samples\": %zu,\n",
                 data->n[IPL_TRAIN], data->n[IPL_TEST]);
    print_classes(out, data);
    print_files(out, data);
    if (*data->note != '\0') {
        ipl_text_add(out, "  \"data_note\": ");
        ipl_text_add_json(out, data->note);
        ipl_text_add(out, ",\n");
    }
    ipl_text_add(out, "  \"probes\": [");
    for (size_t p = 0; p < r->n_probes; p++)
        ipl_text_add(out, "%s{\"split\": \"%s\", \"n\": %zu}", p ? ", " : "",
                     ipl_probe_name(r->probes[p]), ipl_probe_n(r->probes[p]));
    ipl_text_add(out, "],\n  \"argv\": [");
    for (int i = 0; i < r->opts->argc; i++) {
        ipl_text_add(out, "%s", i ? ", " : "");
        ipl_text_add_json(out, r->opts->argv[i]);
    }
    ipl_text_add(out, "],\n");
}

void ipl_record_segments(ipl_text *out, const ipl_run *r)
{
    const ipl_run_segment *from = &r->segment;
    const double seconds = r->train_seconds - from->train_seconds;
    const size_t samples = r->samples - from->samples;
    char now[32];

    ipl_clock_stamp(now, sizeof now);
    if (r->segments.len > 0)
        ipl_text_add(out, "%s,\n", r->segments.s);
    ipl_text_add(out, "    {\"start\": \"%s\", \"end\": \"%s\", ", r->start, now);
    ipl_text_add(out, "\"first_step\": %zu, \"steps\": %zu, ", from->step,
                 r->step - from->step);
    ipl_text_add(out, "\"train_seconds\": %.3f, \"measure_seconds\": %.3f, ", seconds,
                 r->measure_seconds - from->measure_seconds);
    ipl_text_add(out, "\"checkpoints\": %zu, \"checkpoint_seconds\": %.3f, ",
                 r->checkpoints.written, r->checkpoints.seconds);
    ipl_text_add(out, "\"images_per_second\": %.0f, \"peak_memory_bytes\": %zu",
                 seconds > 0.0 ? (double)samples / seconds : 0.0,
                 ipl_provenance_peak_memory());
    if (r->not_written.len > 0)
        ipl_text_add(out, ", \"not_written\": [%s]", r->not_written.s);
    ipl_text_add(out, "}");
}

ipl_status ipl_record_provenance(const ipl_run *r, const char *state, const ipl_error *why,
                                 ipl_error *err)
{
    char path[IPL_PATH_MAX];
    ipl_text out = {0};
    ipl_status st = ipl_path_join(path, r->dir.path, "run.json", err);

    if (st != IPL_OK)
        return st;
    ipl_text_add(&out, "{\n");
    ipl_provenance_print(&out);
    ipl_text_add(&out, "  \"lock\": \"%s\",\n",
                 r->dir.lock.kind ? r->dir.lock.kind : "none");
    print_setup(&out, r);
    ipl_text_add(&out, "  \"state\": \"%s\",\n", state);
    if (strcmp(state, "running") != 0)
        ipl_text_add(&out, "  \"exit_status\": %d,\n",
                     ipl_run_stopping(r) ? 128 + (int)*r->opts->stop
                                         : ipl_status_exit(why ? why->status : IPL_OK));
    if (why && why->status != IPL_OK) {
        ipl_text_add(&out, "  \"fault\": ");
        ipl_text_add_json(&out, why->msg);
        ipl_text_add(&out, ",\n");
    }
    ipl_text_add(&out, "  \"segments\": [\n");
    ipl_record_segments(&out, r);
    ipl_text_add(&out, "\n  ]\n}\n");
    st = ipl_text_status(&out, err);
    if (st == IPL_OK)
        st = ipl_file_replace(path, out.s, out.len, err);
    ipl_text_release(&out);
    return st;
}
