/* Scripts that let other engines run a study: plain files, to be read, edited and submitted. */
#include "run/study.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { JOB_NAME_MAX = 60 };

/* NAME=value, as a shell reads it */
static void add_variable(ipl_text *out, const char *name, const char *value)
{
    ipl_text_add(out, "%s=", name);
    ipl_text_add_shell_word(out, value, strlen(value));
    ipl_text_add(out, "\n");
}

/* Append the lines of jobs that are not done: "1 2 3 7", or as ranges "1-3,7". */
static void add_lines(ipl_text *out, const ipl_study *study, bool ranges)
{
    size_t first = 0, last = 0; /* the range that is open; 0: none */

    for (size_t i = 0; i <= study->n; i++) {
        const ipl_study_job *job = i < study->n ? &study->jobs[i] : NULL;

        if (job && !ipl_study_is_open(study, job))
            continue;
        if (job && ranges && first > 0 && job->line == last + 1) {
            last = job->line;
            continue;
        }
        if (first > 0)
            ipl_text_add(out, "%zu", first);
        if (last > first)
            ipl_text_add(out, "-%zu", last);
        if (first > 0 && job)
            ipl_text_add(out, ranges ? "," : " ");
        first = last = job ? job->line : 0;
    }
}

static void print_job(ipl_text *out, const ipl_study *study, const char *from,
                      const char *program)
{
    ipl_text_add(
        out, "#!/bin/sh\n"
             "# Run job NUMBER of jobs.txt, or go on with it; nothing when it is done:\n"
             "#   sh job.sh NUMBER [options of infoplane train]\n");
    add_variable(out, "folder", study->path);
    add_variable(out, "program", program);
    ipl_text_add(out, "cd ");
    ipl_text_add_shell_word(out, from, strlen(from));
    ipl_text_add(
        out,
        " || exit 1 # paths in the experiments start here\n"
        "name=$(sed -n \"${1}p\" \"$folder/jobs.txt\")\n"
        "if [ -z \"$name\" ]; then\n"
        "    echo \"job.sh: $folder/jobs.txt has no line $1\" >&2\n"
        "    exit 66\n"
        "fi\n"
        "shift\n"
        "%s"
        "exec \"${INFOPLANE:-$program}\" train \"$folder/experiments/$name.ini\" "
        "--out \"$folder/$name\" %s \"$@\"\n",
        study->force
            ? ""
            : "if grep -qs '^  \"state\": \"done\"' \"$folder/$name/run.json\"; then\n"
              "    exit 0\n"
              "fi\n",
        study->force ? "--force" : IPL_STUDY_RESUME);
}

/* The path of job.sh for GNU parallel, which hands it to a shell of its own. */
static void add_job(ipl_text *out, const ipl_study *study, const char *from)
{
    ipl_text path = {0}, word = {0};

    if (*study->path != '/')
        ipl_text_add(&path, "%s/", from);
    ipl_text_add(&path, "%s/job.sh", study->path);
    if (!path.failed)
        ipl_text_add_shell_word(&word, path.s, path.len);
    if (!word.failed && word.len > 0)
        ipl_text_add_shell_word(out, word.s, word.len);
    out->failed = out->failed || path.failed || word.failed;
    ipl_text_release(&word);
    ipl_text_release(&path);
}

static void print_parallel(ipl_text *out, const ipl_study *study, const char *from,
                           const ipl_engine_opts *opts)
{
    ipl_text_add(
        out, "#!/bin/sh\n"
             "# Run the jobs that were not done when this was written with GNU parallel;\n"
             "# its exit status is the number of jobs that failed. Options for it may "
             "follow:\n"
             "#   sh parallel.sh --sshlogin 4/alpha,8/beta\n"
             "# Other hosts need this folder and the program under the same paths.\n");
    ipl_text_add(out, "cd ");
    ipl_text_add_shell_word(out, from, strlen(from));
    ipl_text_add(out, " || exit 1\n");
    add_variable(out, "folder", study->path);
    ipl_text_add(out, "exec parallel --will-cite --termseq TERM,3600000,KILL,25 --joblog "
                      "\"$folder/parallel.log\" --jobs ");
    if (opts->at_once > 0)
        ipl_text_add(out, "%zu", opts->at_once);
    else
        ipl_text_add(out, "100%%");
    for (const char *s = opts->options; *(s += strspn(s, " ")) != '\0';) {
        const size_t len = strcspn(s, " ");

        ipl_text_add(out, " ");
        ipl_text_add_shell_word(out, s, len);
        s += len;
    }
    ipl_text_add(out, " \"$@\" \\\n    sh ");
    add_job(out, study, from);
    ipl_text_add(out,
                 " {} --threads %zu --quiet ::: ", opts->threads > 0 ? opts->threads : 1);
    add_lines(out, study, false);
    ipl_text_add(out, "\n");
}

/* Append characters of a value of sbatch that stands in double quotes; those of a file name
 * have patterns like %a, unless their '%' is doubled. */
static void add_directive(ipl_text *out, const char *value, size_t len, bool file)
{
    for (size_t i = 0; i < len && value[i] != '\0'; i++) {
        if (value[i] == '"' || value[i] == '\\')
            ipl_text_add(out, "\\");
        if (file && value[i] == '%')
            ipl_text_add(out, "%%");
        ipl_text_add(out, "%c", value[i]);
    }
}

static void print_slurm(ipl_text *out, const ipl_study *study, const char *from,
                        const ipl_engine_opts *opts)
{
    const char *slash = strrchr(study->path, '/');

    ipl_text_add(out, "#!/bin/sh\n"
                      "#SBATCH --job-name=\"");
    add_directive(out, slash ? slash + 1 : study->path, JOB_NAME_MAX, false);
    ipl_text_add(out, "\"\n#SBATCH --array=");
    add_lines(out, study, true);
    if (opts->at_once > 0)
        ipl_text_add(out, "%%%zu", opts->at_once);
    ipl_text_add(out,
                 "\n#SBATCH --cpus-per-task=%zu\n"
                 "#SBATCH --requeue\n"
                 "#SBATCH --open-mode=append\n"
                 "#SBATCH --signal=B:USR1@90\n",
                 opts->threads > 0 ? opts->threads : 1);
    ipl_text_add(out, "#SBATCH --chdir=\"");
    add_directive(out, from, strlen(from), false);
    ipl_text_add(out, "\"\n#SBATCH --output=\"");
    add_directive(out, study->path, strlen(study->path), true);
    ipl_text_add(out, "/logs/slurm-%%a.log\"\n");
    for (const char *s = opts->options; *(s += strspn(s, " ")) != '\0';) {
        const size_t len = strcspn(s, " ");

        ipl_text_add(out, "#SBATCH %.*s\n", (int)len, s);
        s += len;
    }
    ipl_text_add(
        out, "#\n"
             "# An array of the jobs that were not done when this was written: sbatch "
             "slurm.sh\n"
             "# 90 s before the time limit Slurm sends USR1: the run writes a checkpoint "
             "and ends, the\n"
             "# job goes back into the queue, and goes on from there. TERM (scancel, "
             "preemption) ends it\n"
             "# in the same way; Slurm itself says whether it comes back.\n");
    add_variable(out, "folder", study->path);
    ipl_text_add(
        out,
        "signal=\n"
        "for name in USR1 USR2 XCPU HUP TERM; do\n"
        "    trap \"signal=$name; kill -$name \\\"\\$run\\\" 2>/dev/null\" $name\n"
        "done\n"
        "sh \"$folder/job.sh\" \"$SLURM_ARRAY_TASK_ID\" --threads "
        "\"${SLURM_CPUS_PER_TASK:-1}\" --quiet &\n"
        "run=$!\n"
        "wait \"$run\"\n"
        "status=$?\n"
        "while kill -0 \"$run\" 2>/dev/null; do # a signal interrupts wait, every time\n"
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
        "exit \"$status\"\n");
}

ipl_status ipl_study_write_scripts(const ipl_study *study, const ipl_engine_opts *opts,
                                   ipl_error *err)
{
    char from[IPL_PATH_MAX], logs[IPL_PATH_MAX];
    ipl_text text = {0};
    ipl_status st = ipl_path_join(logs, study->path, "logs", err);

    if (st == IPL_OK && !getcwd(from, sizeof from))
        st = ipl_fail(err, IPL_E_IO, "current folder: %s", strerror(errno));
    /* Comments of a script that are read end with their line. */
    if (st == IPL_OK && (strchr(from, '\n') || strchr(study->path, '\n')))
        st = ipl_fail(err, IPL_E_ARG, "%s: a study needs a path without line breaks",
                      study->path);
    if (st == IPL_OK)
        st = ipl_folder_create(logs, err);
    if (st != IPL_OK)
        return st;
    print_job(&text, study, from, opts->program);
    st = ipl_file_write_text(&text, study->path, "job.sh", err);
    ipl_text_clear(&text);
    print_parallel(&text, study, from, opts);
    if (st == IPL_OK)
        st = ipl_file_write_text(&text, study->path, "parallel.sh", err);
    ipl_text_clear(&text);
    print_slurm(&text, study, from, opts);
    if (st == IPL_OK)
        st = ipl_file_write_text(&text, study->path, "slurm.sh", err);
    ipl_text_release(&text);
    return st;
}
