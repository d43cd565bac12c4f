/*
 * A linear teacher with noise, whose inputs may be partly irrelevant.
 *
 *     x (d), every entry N(0, 1) and independent;  y = 1 iff w x + e / sqrt(snr) > 0
 *
 * with e ~ N(0, 1) and a teacher w of length 1 that is drawn from the seed, its first
 * `relevant` entries as directions are uniform, the others 0. In nats, H(y) = ln 2 and
 *
 *     I(x;y) = I(relevant x;y) = ln 2 - E[h(Phi(sqrt(snr) g))],  g ~ N(0, 1),
 *     I(irrelevant x;y) = 0.
 *
 * Saxe et al. let the student learn w x + e itself; data sets have classes here, so it learns
 * its sign. With Gaussian inputs the best linear fit to the sign is a multiple of w, and the
 * information that a linear layer keeps of x has a closed form either way.
 */
#include "base/alloc.h"
#include "base/rng.h"
#include "data/sign_information.h"
#include "data/source.h"

#include <math.h>

#define LN_2 0.69314718055994530942

/* Streams of IPL_RNG_DATA: one for each sample, and one for the teacher. */
enum { SAMPLES, TEACHER };

typedef struct teacher {
    size_t n, d, relevant;
    double snr;
} teacher;

static const ipl_opt teacher_opts[] = {
    IPL_OPT_NUMBER(teacher, n, "n", 2.0, 1e7, 5000.0, "samples, before the split"),
    IPL_OPT_NUMBER(teacher, d, "d", 1.0, 1e4, 100.0, "inputs"),
    IPL_OPT_NUMBER(teacher, relevant, "relevant", 0.0, 1e4, 0.0,
                   "the teacher sees the first so many inputs; 0: all"),
    IPL_OPT_NUMBER(teacher, snr, "snr", 1e-6, 600.0, 1.0,
                   "variance of the teacher's answer over that of its noise"),
    IPL_OPT_END,
};

/* The teacher's weights, of length 1: w (relevant). */
static void draw_teacher(double *w, size_t relevant, uint64_t seed)
{
    ipl_rng rng = ipl_rng_at(seed, IPL_RNG_DATA, TEACHER, 0);
    double squares = 0.0;

    for (size_t i = 0; i < relevant; i++) {
        w[i] = ipl_rng_normal(&rng);
        squares += w[i] * w[i];
    }
    for (size_t i = 0; i < relevant; i++)
        w[i] /= sqrt(squares);
}

static ipl_status load_teacher(ipl_samples *out, const void *self, uint64_t seed,
                               ipl_error *err)
{
    const teacher *t = self;
    const size_t relevant = t->relevant > 0 ? t->relevant : t->d;
    const double noise = 1.0 / sqrt(t->snr);
    ipl_store *part = &out->part[IPL_TRAIN];
    double *w;

    if (relevant > t->d)
        return ipl_fail(err, IPL_E_FORMAT, "teacher: relevant=%zu of d=%zu inputs",
                        relevant, t->d);
    out->shape = (ipl_shape){t->d, 1, 1};
    out->n_classes = 2;
    part->values = ipl_array(t->n, t->d, sizeof *part->values, err);
    part->labels = ipl_array(t->n, 1, sizeof *part->labels, err);
    w = ipl_array(relevant, 1, sizeof *w, err);
    if (!part->values || !part->labels || !w) {
        ipl_free(w);
        return IPL_E_NOMEM;
    }
    part->n = t->n;
    draw_teacher(w, relevant, seed);
    for (size_t i = 0; i < t->n; i++) { /* a stream per row: row i is the same for any n */
        ipl_rng rng = ipl_rng_at(seed, IPL_RNG_DATA, SAMPLES, (uint32_t)i);
        float *x = part->values + i * t->d;
        double answer = 0.0;

        for (size_t k = 0; k < t->d; k++) {
            x[k] = (float)ipl_rng_normal(&rng);
            answer += k < relevant ? w[k] * (double)x[k] : 0.0;
        }
        part->labels[i] = answer + noise * ipl_rng_normal(&rng) > 0.0;
    }
    ipl_free(w);
    ipl_text_add(&out->note,
                 "in nats: H(y) = %.6g, I(x;y) = %.6g, all of it from the first %zu of %zu "
                 "inputs",
                 LN_2, ipl_sign_information(sqrt(t->snr)), relevant, t->d);
    return ipl_text_status(&out->note, err);
}

const ipl_source_ops ipl_source_teacher = {
    .row = {.name = "teacher",
            .summary = "Gaussian inputs, the sign of a noisy linear teacher (generated)",
            .source = "Saxe et al., ICLR 2018, student and teacher",
            .size = sizeof(teacher),
            .opts = teacher_opts},
    .load = load_teacher,
};
