/* Scripts for sbatch: an array of jobs each, of as many as Slurm takes. */
#include "run/study.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { JOB_NAME_MAX = 60 };

/* An array: jobs of the lines offset + 1 ... offset + size. */
typedef struct array {
    const ipl_study *study;
    const char *from; /* folder that it starts in */
    const ipl_engine_opts *opts;
    size_t index, of; /* of how many */
    size_t offset, size;
} array;

void ipl_study_slurm_name(char out[IPL_SLURM_NAME_MAX], size_t k)
{
    if (k == 0)
        (void)snprintf(out, IPL_SLURM_NAME_MAX, "slurm.sh");
    else
        (void)snprintf(out, IPL_SLURM_NAME_MAX, "slurm-%zu.sh", k + 1);
}

/* Whether a job is in an array, and to be run. */
static bool has_job(const array *a, const ipl_study_job *job)
{
    return job->line > a->offset && job->line - a->offset <= a->size &&
           ipl_study_is_open(a->study, job);
}

static bool is_empty(const array *a)
{
    for (size_t i = 0; i < a->study->n; i++)
        if (has_job(a, &a->study->jobs[i]))
            return false;
    return true;
}

/* Append the indices of an array as ranges: "1-3,7". */
static void add_indices(ipl_text *out, const array *a)
{
    size_t first = 0, last = 0; /* the range that is open; 0: none */
    const char *between = "";

    for (size_t i = 0; i <= a->study->n; i++) {
        const ipl_study_job *job = i < a->study->n ? &a->study->jobs[i] : NULL;
        const size_t index = job ? job->line - a->offset : 0;

        if (job && !has_job(a, job))
            continue;
        if (job && first > 0 && index == last + 1) {
            last = index;
            continue;
        }
        if (first > 0) {
            ipl_text_add(out, "%s%zu", between, first);
            between = ",";
        }
        if (last > first)
            ipl_text_add(out, "-%zu", last);
        first = last = index;
    }
}

/* Append characters of a word of sbatch that stands in double quotes; those of a file name
 * have patterns like %a, unless their '%' is doubled. */
static void add_quoted(ipl_text *out, const char *value, size_t len, bool file)
{
    for (size_t i = 0; i < len && value[i] != '\0'; i++) {
        if (value[i] == '"' || value[i] == '\\')
            ipl_text_add(out, "\\");
        if (file && value[i] == '%')
            ipl_text_add(out, "%%");
        ipl_text_add(out, "%c", value[i]);
    }
}

/*
 * Where the output of a job goes. sbatch joins a relative name and the folder and looks for
 * patterns in both, so the whole path is given. With a backslash in it sbatch looks for none
 * at all: then the script itself opens its log.
 */
static void add_log(ipl_text *out, const array *a, bool *by_script)
{
    const char *path = a->study->path, *from = *path == '/' ? "" : a->from;

    *by_script = strchr(path, '\\') || strchr(from, '\\');
    if (*by_script) {
        ipl_text_add(out, "#SBATCH --output=/dev/null\n");
        return;
    }
    ipl_text_add(out, "#SBATCH --output=\"");
    add_quoted(out, from, strlen(from), true);
    ipl_text_add(out, "%s", *path == '/' ? "" : "/");
    add_quoted(out, path, strlen(path), true);
    ipl_text_add(out, "/logs/slurm");
    if (a->index > 0)
        ipl_text_add(out, "-%zu", a->index + 1);
    ipl_text_add(out, "-%%a.log\"\n");
}

/* A word for sbatch, as it stands or in double quotes. */
static void add_word(ipl_text *out, const ipl_text *word)
{
    const bool plain = word->len > 0 && !strpbrk(word->s, " \t\"'\\#");

    ipl_text_add(out, plain ? "" : "\"");
    add_quoted(out, word->s, word->len, false);
    ipl_text_add(out, plain ? "" : "\"");
}

/* Words of the user, a line for each option with its value. */
static ipl_status add_options(ipl_text *out, const char *options, ipl_error *err)
{
    const char *before = "";
    ipl_text word = {0};
    bool more = true;
    ipl_status st = IPL_OK;

    while (more && st == IPL_OK) {
        ipl_text_clear(&word);
        st = ipl_text_take_shell_word(&word, &more, &options, err);
        if (st != IPL_OK || !more || word.failed)
            break;
        if (*before != '\0' && *word.s != '-')
            ipl_text_add(out, " ");
        else
            ipl_text_add(out, "%s#SBATCH ", before);
        add_word(out, &word);
        before = "\n";
    }
    ipl_text_add(out, "%s", before);
    out->failed = out->failed || word.failed;
    ipl_text_release(&word);
    return st;
}

static void add_directives(ipl_text *out, const array *a, bool *by_script)
{
    const ipl_engine_opts *opts = a->opts;
    const char *path = a->study->path, *slash = strrchr(path, '/');

    ipl_text_add(out, "#!/bin/sh\n#SBATCH --job-name=\"");
    add_quoted(out, slash ? slash + 1 : path, JOB_NAME_MAX, false);
    ipl_text_add(out, "\"\n#SBATCH --array=");
    add_indices(out, a);
    if (opts->at_once > 0) /* the arrays share them */
        ipl_text_add(out, "%%%zu", opts->at_once > a->of ? opts->at_once / a->of : 1);
    ipl_text_add(out,
                 "\n#SBATCH --cpus-per-task=%zu\n"
                 "#SBATCH --requeue\n"
                 "#SBATCH --open-mode=append\n"
                 "#SBATCH --signal=B:USR1@90\n",
                 opts->threads > 0 ? opts->threads : 1);
    ipl_text_add(out, "#SBATCH --chdir=\"");
    add_quoted(out, a->from, strlen(a->from), false);
    ipl_text_add(out, "\"\n");
    add_log(out, a, by_script);
}

/* What runs on the node: the job, and the signals that Slurm sends before it kills. */
static void add_commands(ipl_text *out, const array *a, bool by_script)
{
    ipl_text_add(
        out, "#\n"
             "# An array of the jobs that were not done when this was written: sbatch "
             "slurm.sh,\n"
             "# and slurm-2.sh and so on, where there are more than an array may have.\n"
             "# 90 s before the time limit Slurm sends USR1: the run writes a checkpoint "
             "and ends, the\n"
             "# job goes back into the queue, and goes on from there. TERM (scancel, "
             "preemption) ends it\n"
             "# in the same way; Slurm itself says whether it comes back.\n");
    ipl_study_add_folder(out, "folder", a->study->path);
    if (by_script)
        ipl_text_add(out,
                     "exec >>\"$folder/logs/slurm-%zu-$SLURM_ARRAY_TASK_ID.log\" "
                     "2>&1\n",
                     a->index + 1);
    ipl_text_add(out,
                 "signal=\n"
                 "for name in USR1 USR2 XCPU HUP TERM; do\n"
                 "    trap \"signal=$name; kill -$name \\\"\\$run\\\" 2>/dev/null\" $name\n"
                 "done\n"
                 "sh \"$folder/job.sh\" $((%zu + SLURM_ARRAY_TASK_ID)) --threads "
                 "\"${SLURM_CPUS_PER_TASK:-1}\" --quiet &\n"
                 "run=$!\n"
                 "wait \"$run\"\n"
                 "status=$?\n"
                 "while kill -0 \"$run\" 2>/dev/null; do # a signal interrupts wait, every "
                 "time\n"
                 "    wait \"$run\"\n"
                 "    status=$?\n"
                 "done\n"
                 "case $signal in\n"
                 "USR1 | USR2)\n"
                 "    if [ \"$status\" -ne 0 ]; then\n"
                 "        trap '' TERM # that of the requeueing itself\n"
                 "        scontrol requeue \"$SLURM_JOB_ID\"\n"
                 "        exit 0\n"
                 "    fi\n"
                 "    ;;\n"
                 "esac\n"
                 "exit \"$status\"\n",
                 a->offset);
}

static ipl_status write_array(const array *a, ipl_error *err)
{
    char name[IPL_SLURM_NAME_MAX];
    ipl_text text = {0};
    bool by_script;
    ipl_status st;

    ipl_study_slurm_name(name, a->index);
    add_directives(&text, a, &by_script);
    st = add_options(&text, a->opts->slurm, err);
    add_commands(&text, a, by_script);
    if (st == IPL_OK)
        st = ipl_file_write_text(&text, a->study->path, name, err);
    ipl_text_release(&text);
    return st;
}

/* Remove the scripts of arrays that are not needed any more. */
static ipl_status remove_further(const ipl_study *study, size_t arrays, ipl_error *err)
{
    for (size_t k = arrays > 0 ? arrays : 1;; k++) {
        char name[IPL_SLURM_NAME_MAX], path[IPL_PATH_MAX];
        ipl_status st;

        ipl_study_slurm_name(name, k);
        st = ipl_path_join(path, study->path, name, err);
        if (st != IPL_OK)
            return st;
        if (unlink(path) != 0)
            return errno == ENOENT
                       ? IPL_OK
                       : ipl_fail(err, IPL_E_CANTCREATE, "%s: %s", path, strerror(errno));
    }
}

ipl_status ipl_study_write_slurm(size_t *arrays, const ipl_study *study, const char *from,
                                 const ipl_engine_opts *opts, ipl_error *err)
{
    array a = {.study = study, .from = from, .opts = opts, .size = opts->array_end - 1};
    size_t lines = 0;
    ipl_status st = IPL_OK;

    *arrays = 0;
    if (opts->array_end < 2)
        return ipl_fail(err, IPL_E_ARG,
                        "slurm: MaxArraySize is %zu here, so that there are no arrays; "
                        "choose another --engine",
                        opts->array_end);
    for (size_t i = 0; i < study->n; i++)
        if (study->jobs[i].line > lines)
            lines = study->jobs[i].line;
    for (; a.offset < lines; a.offset += a.size)
        a.of += !is_empty(&a);
    for (a.offset = 0; a.offset < lines && st == IPL_OK; a.offset += a.size)
        if (!is_empty(&a)) {
            st = write_array(&a, err);
            a.index++;
        }
    *arrays = a.index;
    return st == IPL_OK ? remove_further(study, a.index, err) : st;
}
