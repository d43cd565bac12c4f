#include "run/experiment.h"

#include "base/alloc.h"
#include "base/program.h"
#include "data/augment.h"
#include "data/data_opts.h"
#include "ipl/estimator.h"

#include <dirent.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 20, LINE_MAX_LENGTH = 16384, PRESETS_MAX = 256 };

static const char *const probe_words[] = {"class", "first", "random", "pooled", NULL};
static const char *const unit_words[] = {"natural", "nats", "bits", NULL};

#define NUMBER(field, word, lo, hi, value, in, line)                                       \
    {                                                                                      \
        .name = (word), IPL_OPT_FIELD(ipl_experiment, field),                              \
        .type = _Generic(((ipl_experiment *)0)->field, double                              \
                         : IPL_OPT_F64, size_t                                             \
                         : IPL_OPT_SIZE),                                                  \
        .min = (lo), .max = (hi), .init = (value), .group = (in), .help = (line)           \
    }
#define TEXT(field, word, value, again, in, line)                                          \
    {                                                                                      \
        .name = (word), IPL_OPT_FIELD(ipl_experiment, field), .type = IPL_OPT_TEXT,        \
        .text = (value), .repeat = (again), .group = (in), .help = (line)                  \
    }
#define WORD(field, word, words, value, in, line)                                          \
    {                                                                                      \
        .name = (word), IPL_OPT_FIELD(ipl_experiment, field), .type = IPL_OPT_CHOICE,      \
        .choices = (words), .init = (value), .group = (in), .help = (line)                 \
    }

const ipl_opt ipl_experiment_opts[] = {
    TEXT(name, "name", "", false, "data",
         "name of the run, in results/NAME-seedSEED; default: preset or data, "
         "and activation"),
    TEXT(data, "data", "mnist", false, "data",
         "data set: mnist, fashion-mnist, szt, npy:x=X.npy,y=y.npy, ..."),
    IPL_DATA_OPT_ROWS(ipl_experiment),
    IPL_AUGMENT_OPT_ROWS(ipl_experiment),

    TEXT(net, "net", "784-1024-20-20-20-10", true, "net",
         "layers: 784-100-10, or dense:units=100 tanh dense:units=10"),
    TEXT(activation, "activation", "tanh", false, "net",
         "activation between the layers of the short form"),
    TEXT(init, "init", "default", false, "net",
         "initial parameters: default, glorot, he, ..., npy:FOLDER"),

    TEXT(loss, "loss", "cross-entropy", false, "training", "cross-entropy or mse"),
    TEXT(optimiser, "optimiser", "sgd:lr=0.01,momentum=0.9", false, "training",
         "sgd, adam, adamw or rmsprop with options"),
    TEXT(schedule, "schedule", "constant", false, "training",
         "learning rate over the epochs: constant, step, cosine, exponential"),
    NUMBER(batch, "batch", 1, 1 << 24, 128, "training", "samples of a step"),
    NUMBER(epochs, "epochs", 0, 1 << 30, 20, "training",
           "passes over the training samples"),
    {.name = "shuffle",
     IPL_OPT_FIELD(ipl_experiment, shuffle),
     .type = IPL_OPT_BOOL,
     .init = 1,
     .group = "training",
     .help = "new order of the samples in every epoch"},
    NUMBER(shard, "shard", 0, 1 << 24, 0, "training",
           "samples a thread takes at once; 0: chosen from batch"),
    TEXT(checkpoint, "checkpoint", "every:1min", false, "training",
         "what --resume starts from: none, or every:5 (epochs), every:200steps, "
         "every:10min; "
         ",keep=10 keeps the parameters of every 10th epoch, ,keep=measured of measured "
         "ones"),

    TEXT(estimator, "estimator", "logdet", true, "measuring",
         "estimator text; may be given several times"),
    TEXT(measure, "measure", "every", false, "measuring",
         "epochs to measure: every, every:N, log:N, 0,1,10 or none"),
    NUMBER(early_steps, "early-steps", 0, 1 << 30, 0, "measuring",
           "measure also every so many steps in the first epochs; 0: no"),
    NUMBER(early_epochs, "early-epochs", 0, 1 << 30, 1, "measuring",
           "how many epochs early-steps reaches"),
    WORD(probe, "probe", probe_words, IPL_PROBE_CLASS, "measuring",
         "rows to measure: a draw by class, the first or random ones of each part, or "
         "pooled: both parts as one"),
    NUMBER(probe_train, "probe-train", 0, 1 << 30, 0, "measuring",
           "training samples to measure; 0: 3000 or what there is, pooled: all"),
    NUMBER(probe_test, "probe-test", 0, 1 << 30, 0, "measuring",
           "test samples to measure; 0: 3000 or what there is, pooled: all"),
    TEXT(measure_layers, "measure-layers", "default", false, "measuring",
         "default (output of each block), all, or names and numbers: fc1,4"),
    NUMBER(null_repeats, "null", 0, 100000, 0, "measuring",
           "shuffles of the null baseline, columns .._null; 0: none"),
    WORD(unit, "unit", unit_words, IPL_UNIT_NATURAL, "measuring",
         "unit of entropies; natural: the estimator's own"),
    TEXT(record, "record", "none", false, "measuring",
         "none, or activations[=float32|float16][,layers=fc1+fc2]: keep them for analyze"),
    TEXT(pictures, "pictures", "none", false, "measuring",
         "epochs to draw filters, features, confusion and errors: every:5, as for measure"),
    IPL_OPT_END,
};

enum { N_OPTS = sizeof ipl_experiment_opts / sizeof ipl_experiment_opts[0] - 1 };

/* Cut white space off both ends, in place. */
static char *trim(char *s)
{
    size_t len;

    s += strspn(s, " \t");
    len = strlen(s);
    while (len > 0 && strchr(" \t\r", s[len - 1]))
        s[--len] = '\0';
    return s;
}

/* Reading of one file. */
typedef struct reader {
    const char *path;
    size_t line;
    char section[64]; /* "": before the first section line */
    bool seen[N_OPTS];
} reader;

static ipl_status read_section(reader *r, char *line, ipl_error *err)
{
    const size_t len = strlen(line);

    if (line[len - 1] != ']')
        return ipl_fail(err, IPL_E_FORMAT, "%s:%zu: section without ']'", r->path, r->line);
    line[len - 1] = '\0';
    for (size_t i = 0; i < N_OPTS; i++)
        if (strcmp(ipl_experiment_opts[i].group, line + 1) == 0)
            return ipl_text_copy(r->section, sizeof r->section, line + 1, len - 2,
                                 "section", err);
    return ipl_fail(err, IPL_E_FORMAT,
                    "%s:%zu: no section '%.40s'; want data, net, training or measuring",
                    r->path, r->line, line + 1);
}

static ipl_status read_key(ipl_experiment *exp, reader *r, char *line, ipl_error *err)
{
    char *eq = strchr(line, '='), *key, *value, hint[96];
    const ipl_opt *row;
    ipl_error why = {0};
    bool again;
    ipl_status st;

    if (!eq)
        return ipl_fail(err, IPL_E_FORMAT, "%s:%zu: '%.40s' is not key = value", r->path,
                        r->line, line);
    *eq = '\0';
    key = trim(line);
    value = trim(eq + 1);
    row = ipl_opt_find(ipl_experiment_opts, key);
    if (!row) {
        ipl_opt_suggest(hint, sizeof hint, ipl_experiment_opts, key);
        return ipl_fail(err, IPL_E_FORMAT, "%s:%zu: unknown key '%.40s'%s", r->path,
                        r->line, key, hint);
    }
    if (r->section[0] != '\0' && strcmp(r->section, row->group) != 0)
        return ipl_fail(err, IPL_E_FORMAT, "%s:%zu: '%s' belongs to section [%s]", r->path,
                        r->line, key, row->group);
    again = r->seen[row - ipl_experiment_opts];
    if (again && !row->repeat)
        return ipl_fail(err, IPL_E_FORMAT, "%s:%zu: '%s' is given twice", r->path, r->line,
                        key);
    r->seen[row - ipl_experiment_opts] = true;
    st = again ? ipl_opt_append(exp, row, value, &why) : ipl_opt_set(exp, row, value, &why);
    if (st != IPL_OK) /* a file with a bad value is a bad file */
        return ipl_fail(err, st == IPL_E_ARG ? IPL_E_FORMAT : st, "%s:%zu: %s", r->path,
                        r->line, why.msg);
    return IPL_OK;
}

ipl_status ipl_experiment_read(ipl_experiment *exp, const char *path, ipl_error *err)
{
    reader r = {.path = path};
    char *bytes = NULL, *next;
    size_t len;
    ipl_status st = ipl_file_read_text(&bytes, &len, path, FILE_MAX, err);

    if (st != IPL_OK)
        return st;
    if (memchr(bytes, '\0', len)) {
        st = ipl_fail(err, IPL_E_FORMAT, "%s: not a text file", path);
        goto done;
    }
    for (char *line = bytes; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        r.line++;
        if (strlen(line) > LINE_MAX_LENGTH) {
            st = ipl_fail(err, IPL_E_FORMAT, "%s:%zu: line of %zu characters", path, r.line,
                          strlen(line));
            goto done;
        }
        line = trim(line);
        if (*line == '\0' || *line == '#' || *line == ';')
            continue;
        st = *line == '[' ? read_section(&r, line, err) : read_key(exp, &r, line, err);
        if (st != IPL_OK)
            goto done;
    }
done:
    ipl_free(bytes);
    return st;
}

/* "key = value"; a long text that may repeat goes on in further lines of the same key. */
static void print_key(ipl_text *out, const ipl_experiment *exp, const ipl_opt *row)
{
    enum { WIDTH = 88 };
    const char *word = (const char *)exp + row->offset;
    size_t column = 0;

    if (!row->repeat) {
        ipl_text_add(out, "%s = ", row->name);
        ipl_opt_print(out, exp, row);
        ipl_text_add(out, "\n");
        return;
    }
    if (word[strspn(word, " ")] == '\0')
        ipl_text_add(out, "%s =", row->name); /* empty, which need not be the default */
    while (*(word += strspn(word, " ")) != '\0') {
        const size_t len = strcspn(word, " ");

        if (column == 0 || column + len + 1 > WIDTH) {
            ipl_text_add(out, "%s%s =", column > 0 ? "\n" : "", row->name);
            column = strlen(row->name) + 2;
        }
        ipl_text_add(out, " %.*s", (int)len, word);
        column += len + 1;
        word += len;
    }
    ipl_text_add(out, "\n");
}

void ipl_experiment_print(ipl_text *out, const ipl_experiment *exp)
{
    const char *group = "";

    for (const ipl_opt *row = ipl_experiment_opts; row->name; row++) {
        if (strcmp(group, row->group) != 0)
            ipl_text_add(out, "%s[%s]\n", *group ? "\n" : "", row->group);
        group = row->group;
        print_key(out, exp, row);
    }
}

void ipl_experiment_print_result(ipl_text *out, const ipl_experiment *exp)
{
    static const char *const others[] = {"name", "pictures", "checkpoint"};

    for (const ipl_opt *row = ipl_experiment_opts; row->name; row++) {
        bool decides = true;

        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
            decides = decides && strcmp(row->name, others[i]) != 0;
        if (decides)
            print_key(out, exp, row);
    }
}

/* Whether name ends in "-" and a word of m characters. */
static bool ends_in(const char *name, const char *word, size_t m)
{
    const size_t n = strlen(name);

    return n > m && name[n - m - 1] == '-' && strncmp(name + n - m, word, m) == 0;
}

ipl_status ipl_experiment_name(ipl_experiment *exp, const char *preset, ipl_error *err)
{
    const char *base = preset ? preset : exp->data;
    const int len = (int)(preset ? strlen(preset) : strcspn(base, ":"));
    const size_t word = strcspn(exp->activation, ":");
    ipl_text name = {0};
    ipl_status st;

    if (exp->name[0] != '\0') {
        if (exp->name[0] == '.' || strchr(exp->name, '/'))
            return ipl_fail(err, IPL_E_ARG,
                            "name: '%s' must be the name of a folder; use --out for a path",
                            exp->name);
        return IPL_OK;
    }
    ipl_text_add(&name, "%.*s", len, base);
    if (name.s && strcmp(exp->net, "") != 0 && !strchr(exp->net, ':') &&
        !ends_in(name.s, exp->activation, word))
        ipl_text_add(&name, "-%.*s", (int)word, exp->activation);
    st = ipl_text_status(&name, err);
    if (st == IPL_OK)
        st = ipl_text_copy(exp->name, sizeof exp->name, name.s, name.len, "name", err);
    ipl_text_release(&name);
    return st;
}

/* Value of a comment line "# key: value", "" when the file has none. */
static void read_remark(char *out, size_t size, const char *bytes, const char *key)
{
    char mark[32];
    const char *at;

    (void)snprintf(mark, sizeof mark, "# %s: ", key);
    out[0] = '\0';
    at = strstr(bytes, mark);
    if (at) {
        at += strlen(mark);
        (void)snprintf(out, size, "%.*s", (int)strcspn(at, "\r\n"), at);
    }
}

static int by_name(const void *a, const void *b)
{
    const ipl_preset *p = a, *q = b;

    return strcmp(p->name, q->name);
}

/* Read the remarks of one file of the folder; files that are no presets are passed over. */
static ipl_status add_preset(ipl_preset *list, size_t *n, const char *folder,
                             const char *file, ipl_error *err)
{
    const size_t len = strlen(file);
    char path[IPL_PATH_MAX], *bytes;
    ipl_preset *preset = &list[*n];
    size_t size;
    ipl_status st;

    if (len < 5 || len - 4 >= sizeof preset->name || strcmp(file + len - 4, ".ini") != 0)
        return IPL_OK;
    if (*n == PRESETS_MAX)
        return ipl_fail(err, IPL_E_FORMAT, "%s: more than %d presets; take some out",
                        folder, PRESETS_MAX);
    st = ipl_path_join(path, folder, file, err);
    if (st == IPL_OK)
        st = ipl_file_read_text(&bytes, &size, path, FILE_MAX, err);
    if (st != IPL_OK)
        return st;
    memcpy(preset->name, file, len - 4);
    preset->name[len - 4] = '\0';
    read_remark(preset->about, sizeof preset->about, bytes, "about");
    read_remark(preset->source, sizeof preset->source, bytes, "source");
    read_remark(preset->time, sizeof preset->time, bytes, "time");
    ipl_free(bytes);
    ++*n;
    return IPL_OK;
}

ipl_status ipl_preset_list(ipl_preset **out, size_t *n, ipl_error *err)
{
    char folder[IPL_PATH_MAX];
    struct dirent *entry;
    ipl_preset *list = NULL;
    DIR *dir = NULL;
    ipl_status st = ipl_share_find(folder, "presets", err);

    *out = NULL;
    *n = 0;
    if (st != IPL_OK)
        return st;
    list = ipl_array(PRESETS_MAX, 1, sizeof *list, err);
    if (!list)
        return IPL_E_NOMEM;
    dir = opendir(folder);
    if (!dir) {
        st = ipl_fail(err, IPL_E_NOINPUT, "%s: cannot be read", folder);
        goto done;
    }
    while (st == IPL_OK && (entry = readdir(dir)))
        st = add_preset(list, n, folder, entry->d_name, err);
    if (st != IPL_OK)
        goto done;
    qsort(list, *n, sizeof *list, by_name);
    *out = list;
    list = NULL; /* now the caller's */
done:
    if (dir)
        (void)closedir(dir);
    ipl_free(list);
    return st;
}

/* The name nearest to a word, NULL when none is near. */
static const char *nearest_preset(const ipl_preset *list, size_t n, const char *name)
{
    const char *nearest = NULL;
    size_t best = 4;

    for (size_t i = 0; i < n; i++) {
        const size_t d = ipl_text_distance(list[i].name, name, best);

        if (d < best) {
            best = d;
            nearest = list[i].name;
        }
    }
    return nearest;
}

ipl_status ipl_preset_find(char *path, const char *name, ipl_error *err)
{
    char file[IPL_PRESET_NAME_MAX + 16];
    ipl_preset *list;
    const char *nearest;
    size_t n;
    ipl_status st = ipl_preset_list(&list, &n, err);

    if (st != IPL_OK)
        return st;
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0) {
            (void)snprintf(file, sizeof file, "presets/%s.ini", list[i].name);
            st = ipl_share_find(path, file, err);
            goto done;
        }
    nearest = nearest_preset(list, n, name);
    st = nearest ? ipl_fail(err, IPL_E_ARG, "no preset '%.60s'; did you mean '%s'?", name,
                            nearest)
                 : ipl_fail(err, IPL_E_ARG,
                            "no preset '%.60s'; see 'infoplane list presets'", name);
done:
    ipl_free(list);
    return st;
}
