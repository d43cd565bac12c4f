#include "run/axis.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An axis is cut where the next layer starts above CUT times all before it, */
#define CUT 1.8
/* and all before it would be left with less than this share of the axis. */
#define CROWDED 0.35
/* Layers whose maxima differ by more than this need a logarithm, when no cut helps. */
#define WIDE 30.0
/* Logarithmic axes end this far below their maximum, whole ones where doubles tell no more. */
#define DEPTH 1e5
#define DEPTH_WHOLE 1e15
/* Share of a cut axis that a piece has at least, and that a cut takes. */
#define NARROW 0.2
#define GAP 0.05

static int by_upper_end(const void *a, const void *b)
{
    const ipl_range *p = a, *q = b;

    return (p->hi > q->hi) - (p->hi < q->hi);
}

static bool usable(ipl_range r)
{
    return isfinite(r.lo) && isfinite(r.hi) && r.lo <= r.hi;
}

/* Values of a linear piece, widened so that they do not touch its ends. */
static ipl_range widen(ipl_range r)
{
    const double size = fmax(fabs(r.lo), fabs(r.hi));
    double pad = 0.06 * (r.hi - r.lo);

    if (r.hi - r.lo <= 1e-9 * size)
        pad = size > 0.0 ? 0.05 * size : 0.5;
    if (r.lo >= 0.0 && r.lo < 0.35 * r.hi)
        return (ipl_range){0.0, r.hi + pad};
    return (ipl_range){r.lo - pad, r.hi + pad};
}

/* Cut sorted ranges; number of pieces, 0 when more than IPL_AXIS_PIECES are needed. */
static size_t cut(ipl_range *pieces, size_t *members, const ipl_range *sorted, size_t n)
{
    size_t k = 0;

    pieces[0] = sorted[0];
    members[0] = 1;
    for (size_t i = 1; i < n; i++) {
        double next = sorted[i].lo;

        for (size_t j = i + 1; j < n; j++)
            next = fmin(next, sorted[j].lo);
        if (next > CUT * pieces[k].hi && pieces[k].hi > 0.0 &&
            pieces[k].hi < CROWDED * sorted[n - 1].hi) {
            if (++k == IPL_AXIS_PIECES)
                return 0;
            pieces[k] = sorted[i];
            members[k] = 1;
            continue;
        }
        pieces[k].lo = fmin(pieces[k].lo, sorted[i].lo);
        pieces[k].hi = fmax(pieces[k].hi, sorted[i].hi);
        members[k]++;
    }
    return k + 1;
}

static void make_linear(ipl_axis *axis, ipl_range all)
{
    *axis = (ipl_axis){.n = 1};
    axis->piece[0].data = axis->piece[0].place = widen(all);
}

/* Lay the pieces side by side on 0 ... 1, each as wide as it has members. */
static void make_cut(ipl_axis *axis, const ipl_range *pieces, const size_t *members,
                     size_t n)
{
    double weight[IPL_AXIS_PIECES], sum = 0.0, at = 0.0, members_sum = 0.0;

    *axis = (ipl_axis){.n = n};
    for (size_t i = 0; i < n; i++)
        members_sum += (double)members[i];
    for (size_t i = 0; i < n; i++) {
        weight[i] = fmax(NARROW, (double)members[i] / members_sum);
        sum += weight[i];
    }
    for (size_t i = 0; i < n; i++) {
        const double size = weight[i] / sum * (1.0 - GAP * (double)(n - 1));

        axis->piece[i].data = widen(pieces[i]);
        axis->piece[i].place = (ipl_range){at, at + size};
        at += size + GAP;
    }
}

void ipl_axis_values_add(ipl_axis_values *values, double value)
{
    if (!isfinite(value))
        return;
    if (value > 0.0)
        values->least = values->least > 0.0 ? fmin(values->least, value) : value;
    else
        values->zero = true;
}

/* The values of ranges that are known by their ends alone. */
static ipl_axis_values values_of(const ipl_range *ranges, size_t n)
{
    ipl_axis_values values = {0};

    for (size_t i = 0; i < n; i++) {
        ipl_axis_values_add(&values, ranges[i].lo);
        ipl_axis_values_add(&values, ranges[i].hi);
    }
    return values;
}

/*
 * Logarithmic from the smallest positive value, or so far below the maximum, to the maximum.
 * Zero, and what is positive below that, has a place of its own.
 */
static void make_log(ipl_axis *axis, double most, ipl_axis_values values, double depth)
{
    const double least = values.least > 0.0 ? values.least : most;
    const double lo = log10(fmax(least, most / depth)), hi = log10(most);

    *axis = (ipl_axis){.log = true,
                       .zero = values.zero,
                       .below = least < most / depth,
                       .floor = lo,
                       .n = 1};
    axis->zero_at = lo - fmax(0.15, 0.1 * (hi - lo));
    axis->piece[0].data = (ipl_range){axis->zero || axis->below ? axis->zero_at : lo, hi};
    axis->piece[0].place = axis->piece[0].data;
}

/* Margins of a logarithmic axis, and a width for a single value. */
static void pad_log(ipl_axis *axis)
{
    ipl_range *r = &axis->piece[0].data;
    const double pad = r->hi - r->lo > 1e-9 ? 0.04 * (r->hi - r->lo) : 0.2;

    *r = (ipl_range){r->lo - pad, r->hi + pad};
    axis->piece[0].place = *r;
}

static bool wide(const ipl_range *sorted, size_t n)
{
    return n > 0 && sorted[0].hi > 0.0 && sorted[n - 1].hi > WIDE * sorted[0].hi;
}

void ipl_axis_fit(ipl_axis *axis, const ipl_range *ranges, size_t n, ipl_scale scale)
{
    ipl_axis_fit_values(axis, ranges, n, scale, NULL);
}

void ipl_axis_fit_values(ipl_axis *axis, const ipl_range *ranges, size_t n, ipl_scale scale,
                         const ipl_axis_values *values)
{
    enum { MOST = 1024 };
    ipl_range sorted[MOST], pieces[IPL_AXIS_PIECES], all = {HUGE_VAL, -HUGE_VAL};
    size_t members[IPL_AXIS_PIECES], n_pieces, kept = 0;
    const bool whole = scale == IPL_SCALE_WHOLE;

    for (size_t i = 0; i < n; i++) {
        if (!usable(ranges[i]))
            continue;
        all = (ipl_range){fmin(all.lo, ranges[i].lo), fmax(all.hi, ranges[i].hi)};
        if (kept < MOST)
            sorted[kept++] = ranges[i];
    }
    if (kept == 0) {
        make_linear(axis, (ipl_range){0.0, 1.0});
        return;
    }
    qsort(sorted, kept, sizeof *sorted, by_upper_end);
    n_pieces =
        scale == IPL_SCALE_LINEAR || all.lo < 0.0 ? 1 : cut(pieces, members, sorted, kept);
    if (all.hi > 0.0 && all.lo >= 0.0 &&
        (scale == IPL_SCALE_LOG || whole || n_pieces == 0 ||
         (scale == IPL_SCALE_AUTO && n_pieces == 1 && wide(sorted, kept)))) {
        make_log(axis, all.hi, values ? *values : values_of(sorted, kept),
                 whole ? DEPTH_WHOLE : DEPTH);
        pad_log(axis);
    } else if (n_pieces > 1 && scale != IPL_SCALE_LOG && !whole) {
        make_cut(axis, pieces, members, n_pieces);
    } else {
        make_linear(axis, all);
    }
}

void ipl_axis_fit_epochs(ipl_axis *axis, const double *epochs, size_t n)
{
    ipl_range r = {HUGE_VAL, -HUGE_VAL};
    bool zero = false;
    double last;

    for (size_t i = 0; i < n; i++) {
        if (epochs[i] > 0.0)
            r = (ipl_range){fmin(r.lo, epochs[i]), fmax(r.hi, epochs[i])};
        zero = zero || epochs[i] == 0.0;
    }
    if (!usable(r))
        r = (ipl_range){1.0, 1.0};
    last = r.hi;
    *axis = (ipl_axis){.log = true, .zero = zero, .floor = log10(r.lo), .n = 1};
    r = (ipl_range){log10(r.lo), log10(r.hi)};
    if (zero)
        r.lo -= fmax(0.25, 0.12 * (r.hi - r.lo));
    else if (r.hi - r.lo < 0.1)
        r = (ipl_range){r.lo - 0.1, r.hi + 0.1};
    axis->last = last;
    axis->zero_at = r.lo;
    axis->piece[0].data = axis->piece[0].place = r;
}

double ipl_axis_place(const ipl_axis *axis, double value)
{
    size_t i = 0;

    if (isnan(value))
        return (double)NAN;
    if (axis->log) {
        if (value <= 0.0)
            return axis->zero || axis->below ? axis->zero_at : axis->piece[0].data.lo;
        if (log10(value) < axis->floor - 1e-9)
            return axis->below ? axis->zero_at : axis->floor;
        return log10(value);
    }
    while (i + 1 < axis->n && value > axis->piece[i].data.hi)
        i++;
    {
        const ipl_range d = axis->piece[i].data, p = axis->piece[i].place;

        if (i > 0 && value < d.lo)
            return p.lo; /* in a cut */
        return p.lo + (value - d.lo) * ((p.hi - p.lo) / (d.hi - d.lo));
    }
}

ipl_range ipl_axis_range(const ipl_axis *axis)
{
    return (ipl_range){axis->piece[0].place.lo, axis->piece[axis->n - 1].place.hi};
}

ipl_range ipl_axis_padded(const ipl_axis *axis, double margin)
{
    const ipl_range r = ipl_axis_range(axis);
    const double pad = margin * (r.hi - r.lo);

    return (ipl_range){r.lo - pad, r.hi + pad};
}

/* 1, 2 or 5 times a power of ten, near `size`. */
static double nice(double size)
{
    const double power = pow(10.0, floor(log10(size)));
    const double q = size / power;

    return (q < 1.5 ? 1.0 : q < 3.5 ? 2.0 : q < 7.5 ? 5.0 : 10.0) * power;
}

/* Where the tics go. */
typedef struct tic_list {
    ipl_tic_visit visit;
    void *self;
    ipl_tic_style style;
} tic_list;

static void add_tic(const tic_list *list, const char *label, double place, bool minor)
{
    list->visit(list->self, list->style.labels ? label : "", place, minor);
}

#define TIC_GAP 0.06 /* inches between labels that hardly have room */

/* Inches that so many characters take along the axis. */
static double letters(ipl_tic_style style, double characters)
{
    return style.upright ? 0.1 : 0.055 * characters;
}

/* The same of a label with air around it. */
static double room(ipl_tic_style style, double characters)
{
    return letters(style, characters) + (style.upright ? 0.08 : 0.1);
}

/* A multiple of a step, with the decimals that the step needs. */
static void print_multiple(char *out, size_t size, double value, double step)
{
    const double decimals = fmax(0.0, -floor(log10(step) + 1e-9));

    if (decimals <= 4.0 && fabs(value) < 1e6)
        (void)snprintf(out, size, "%.*f", (int)decimals, value + 0.0);
    else
        (void)snprintf(out, size, "%.5g", value + 0.0);
}

/* Multiples of a step in a range, first and last. */
static ipl_range multiples(ipl_range r, double step)
{
    return (ipl_range){ceil(r.lo / step - 1e-9), floor(r.hi / step + 1e-9)};
}

/* Characters of the longer label among the first and the last multiple of a step. */
static double longest_label(ipl_range d, double step)
{
    const ipl_range k = multiples(d, step);
    char a[32], b[32];

    print_multiple(a, sizeof a, k.lo * step, step);
    print_multiple(b, sizeof b, k.hi * step, step);
    return (double)(strlen(a) > strlen(b) ? strlen(a) : strlen(b));
}

/* Whether the labels of all multiples of a step have room with air around them. */
static bool fits(ipl_range d, double step, double inches, ipl_tic_style style)
{
    const ipl_range k = multiples(d, step);

    return (k.hi - k.lo + 1.0) * room(style, longest_label(d, step)) <= inches;
}

/* Whether there is a gap at least between them. */
static bool apart(ipl_range d, double step, double inches, ipl_tic_style style)
{
    return step / (d.hi - d.lo) * inches >=
           letters(style, longest_label(d, step)) + TIC_GAP;
}

/* The finest step whose labels have room; a last two may stand closer than more of them. */
static double choose_step(ipl_range d, double inches, ipl_tic_style style)
{
    double step = nice((d.hi - d.lo) / 12.0);

    for (int i = 0; i < 12 && !fits(d, step, inches, style); i++) {
        const ipl_range next = multiples(d, nice(2.1 * step));

        if (next.hi < next.lo || (next.hi < next.lo + 1.0 && apart(d, step, inches, style)))
            break;
        step = nice(2.1 * step);
    }
    return step;
}

/* The first tic of a piece has no label where it would touch the last one of the piece before,
 * which ends *used inches along the axis, and there is another one. */
static void linear_tics(const tic_list *list, const ipl_axis *axis, size_t piece,
                        double *used)
{
    const ipl_range d = axis->piece[piece].data, p = axis->piece[piece].place;
    const ipl_range all = ipl_axis_range(axis);
    const double scale = list->style.inches / (all.hi - all.lo);
    const double step = choose_step(d, scale * (p.hi - p.lo), list->style);
    const ipl_range k = multiples(d, step);

    for (long i = 0; (double)i <= k.hi - k.lo; i++) {
        const double value = (k.lo + (double)i) * step, place = ipl_axis_place(axis, value);
        const double at = scale * (place - all.lo);
        char label[32];
        double half;

        print_multiple(label, sizeof label, value, step);
        half = 0.5 * letters(list->style, (double)strlen(label));
        if (i == 0 && piece > 0 && k.hi > k.lo && at - half < *used + TIC_GAP)
            label[0] = '\0';
        add_tic(list, label, place, false);
        *used = at + half;
    }
}

static void print_power(char *label, size_t size, double value, int power)
{
    if (power < -3 || power > 4)
        (void)snprintf(label, size, "10^{%d}", power);
    else
        (void)snprintf(label, size, "%g", value);
}

/* Whether the two greatest multiples of a step, the closest on a logarithmic axis, have room. */
static bool fits_at_end(const tic_list *list, ipl_range d, double step,
                        double inches_per_decade)
{
    const double last = multiples(d, step).hi;
    char label[32];

    print_multiple(label, sizeof label, last * step, step);
    return last < 2.0 || log10(last / (last - 1.0)) * inches_per_decade >=
                             room(list->style, (double)strlen(label));
}

/* Labels of less than half a decade: equal steps, placed by their logarithms. */
static void short_log_tics(const tic_list *list, const ipl_axis *axis, double lo, double hi)
{
    const ipl_range d = {pow(10.0, lo), pow(10.0, hi)};
    const double whole = hi - (axis->zero || axis->below ? axis->zero_at : lo);
    double step = choose_step(d, list->style.inches, list->style);
    ipl_range k;

    if (axis->last > 0.0 && d.hi - d.lo > 1.0 && step < 1.0)
        step = 1.0; /* whole epochs */
    while (!fits_at_end(list, d, step, list->style.inches / whole))
        step = nice(2.1 * step);
    k = multiples(d, step);
    for (long i = 0; (double)i <= k.hi - k.lo; i++) {
        const double value = (k.lo + (double)i) * step;
        char label[32];

        print_multiple(label, sizeof label, value, step);
        if (value > 0.0)
            add_tic(list, label, log10(value), false);
    }
}

/* Label of the last epoch, unless another one stands too near: the decade before it. */
static void last_tic(const tic_list *list, const ipl_axis *axis, double inches_per_decade)
{
    const double place = log10(axis->last), before = floor(place - 1e-9);
    char label[32];

    (void)snprintf(label, sizeof label, "%g", axis->last);
    if ((place - before) * inches_per_decade >=
        room(list->style, 0.5 + (double)strlen(label)))
        add_tic(list, label, place, false);
}

/* Labels at the decades, or at 1, 2, 5 when there is room; ticks at all their multiples. */
static void log_tics(const tic_list *list, const ipl_axis *axis)
{
    const double hi = axis->piece[0].data.hi + 1e-9;
    const bool bottom = axis->zero || axis->below;
    const double lo = (bottom ? axis->floor : axis->piece[0].data.lo) - 1e-9;
    const double decades = hi - lo;
    const double whole = axis->piece[0].data.hi - axis->piece[0].data.lo;
    const double fit = list->style.inches / room(list->style, fmax(3.0, floor(hi) + 1.0));
    const int stride = whole > fit ? (int)ceil(whole / fit) : 1;
    const bool more = decades < 1.7 && 3.0 * whole < fit;

    char least[32] = "0";

    if (axis->below)
        (void)snprintf(least, sizeof least, "<%.0e", pow(10.0, axis->floor));
    if (bottom)
        add_tic(list, least, axis->zero_at, false);
    if (decades < 0.5 && decades > 1e-6) {
        short_log_tics(list, axis, lo, hi);
        return;
    }
    for (int power = (int)floor(lo); power <= (int)ceil(hi); power++)
        for (int m = 1; m < 10; m++) {
            const double value = m * pow(10.0, power), place = log10(value);
            const bool shown = m == 1 ? power % stride == 0 : more && (m == 2 || m == 5);
            char label[32] = "";

            if (place < lo || place > hi)
                continue;
            if (shown)
                print_power(label, sizeof label, value, m == 1 ? power : 0);
            add_tic(list, label, place, !shown);
        }
    if (axis->last > 0.0 && !more)
        last_tic(list, axis, list->style.inches / whole);
}

void ipl_axis_each_tic(const ipl_axis *axis, ipl_tic_style style, ipl_tic_visit visit,
                       void *self)
{
    const tic_list list = {.visit = visit, .self = self, .style = style};

    double used = 0.0;

    if (axis->log)
        log_tics(&list, axis);
    for (size_t i = 0; !axis->log && i < axis->n; i++)
        linear_tics(&list, axis, i, &used);
}

/* A list of tics as gnuplot reads it. */
typedef struct tic_text {
    ipl_text *out;
    bool any;
} tic_text;

static void print_tic(void *self, const char *label, double place, bool minor)
{
    tic_text *list = self;
    char number[32];

    ipl_number_print(number, sizeof number, place);
    ipl_text_add(list->out, "%s\"%s\" %s%s", list->any ? ", " : "", label, number,
                 minor ? " 1" : "");
    list->any = true;
}

void ipl_axis_print_tics(ipl_text *out, const ipl_axis *axis, ipl_tic_style style)
{
    tic_text list = {.out = out};

    ipl_text_add(out, "(");
    ipl_axis_each_tic(axis, style, print_tic, &list);
    ipl_text_add(out, ")");
}

void ipl_axis_print_breaks(ipl_text *out, const ipl_axis *axis)
{
    for (size_t i = 0; i + 1 < axis->n; i++) {
        char number[32];

        ipl_number_print(number, sizeof number,
                         (axis->piece[i].place.hi + axis->piece[i + 1].place.lo) / 2.0);
        ipl_text_add(out, "%s%s", i ? " " : "", number);
    }
}
