/* Scripts that let other engines run a study: plain files, to be read, edited and submitted. */
#include "run/study.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void ipl_study_add_folder(ipl_text *out, const char *name, const char *path)
{
    ipl_text value = {0};

    /* A word that begins with '-' is an option, one with '+' to parallel a log to append. */
    ipl_text_add(&value, "%s%s", *path == '-' || *path == '+' ? "./" : "", path);
    ipl_text_add(out, "%s=", name);
    if (!value.failed)
        ipl_text_add_shell_word(out, value.s, value.len);
    ipl_text_add(out, "\n");
    out->failed = out->failed || value.failed;
    ipl_text_release(&value);
}

static void print_job(ipl_text *out, const ipl_study *study, const char *from,
                      const char *program)
{
    ipl_text_add(
        out, "#!/bin/sh\n"
             "# Run job NUMBER of jobs.txt, or go on with it; nothing when it is done:\n"
             "#   sh job.sh NUMBER [options of infoplane train]\n");
    ipl_study_add_folder(out, "folder", study->path);
    ipl_study_add_folder(out, "program", program);
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

/* Append a text with '' behind each brace, which is nothing to a shell within single quotes,
 * so that GNU parallel sees none of its replacement strings, {} or {#}. */
static void add_braces(ipl_text *out, const char *quoted)
{
    for (; *quoted != '\0'; quoted++)
        ipl_text_add(out, *quoted == '{' ? "{''" : "%c", *quoted);
}

/* The path of job.sh for GNU parallel, which hands it to a shell of its own. */
static void add_job(ipl_text *out, const ipl_study *study, const char *from)
{
    ipl_text path = {0}, word = {0}, safe = {0};

    if (*study->path != '/')
        ipl_text_add(&path, "%s/", from);
    ipl_text_add(&path, "%s/job.sh", study->path);
    if (!path.failed)
        ipl_text_add_shell_word(&word, path.s, path.len);
    if (!word.failed && word.len > 0)
        add_braces(&safe, word.s);
    if (!safe.failed && safe.len > 0)
        ipl_text_add_shell_word(out, safe.s, safe.len);
    out->failed = out->failed || path.failed || word.failed || safe.failed;
    ipl_text_release(&safe);
    ipl_text_release(&word);
    ipl_text_release(&path);
}

/* The open jobs of a study, "1 2 3 7". */
static void add_lines(ipl_text *out, const ipl_study *study)
{
    const char *between = "";

    for (size_t i = 0; i < study->n; i++)
        if (ipl_study_is_open(study, &study->jobs[i])) {
            ipl_text_add(out, "%s%zu", between, study->jobs[i].line);
            between = " ";
        }
}

/* Words of the user for parallel. */
static ipl_status add_options(ipl_text *out, const char *options, ipl_error *err)
{
    ipl_text word = {0};
    bool more = true;
    ipl_status st = IPL_OK;

    while (more && st == IPL_OK) {
        ipl_text_clear(&word);
        st = ipl_text_take_shell_word(&word, &more, &options, err);
        if (st != IPL_OK || !more || word.failed)
            break;
        ipl_text_add(out, " ");
        ipl_text_add_shell_word(out, word.s, word.len);
    }
    out->failed = out->failed || word.failed;
    ipl_text_release(&word);
    return st;
}

static ipl_status print_parallel(ipl_text *out, const ipl_study *study, const char *from,
                                 const ipl_engine_opts *opts, ipl_error *err)
{
    ipl_status st;

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
    ipl_study_add_folder(out, "folder", study->path);
    ipl_text_add(out, "exec parallel --will-cite --termseq TERM,3600000,KILL,25 --joblog "
                      "\"$folder/parallel.log\" --jobs ");
    if (opts->at_once > 0)
        ipl_text_add(out, "%zu", opts->at_once);
    else
        ipl_text_add(out, "100%%");
    st = add_options(out, opts->parallel, err);
    ipl_text_add(out, " \"$@\" \\\n    sh ");
    add_job(out, study, from);
    ipl_text_add(out,
                 " {} --threads %zu --quiet ::: ", opts->threads > 0 ? opts->threads : 1);
    add_lines(out, study);
    ipl_text_add(out, "\n");
    return st;
}

/* The current folder, by the name under which the user knows it, where that is one. */
static ipl_status find_folder(char *out, ipl_error *err)
{
    const char *name = getenv("PWD");
    struct stat here, there;

    if (name && *name == '/' && stat(".", &here) == 0 && stat(name, &there) == 0 &&
        here.st_dev == there.st_dev && here.st_ino == there.st_ino)
        return ipl_text_copy(out, IPL_PATH_MAX, name, strlen(name), "current folder", err);
    return getcwd(out, IPL_PATH_MAX)
               ? IPL_OK
               : ipl_fail(err, IPL_E_IO, "current folder: %s", strerror(errno));
}

ipl_status ipl_study_write_scripts(size_t *arrays, const ipl_study *study,
                                   const ipl_engine_opts *opts, ipl_error *err)
{
    char from[IPL_PATH_MAX], logs[IPL_PATH_MAX];
    ipl_text text = {0};
    ipl_status st = ipl_path_join(logs, study->path, "logs", err);

    *arrays = 0;
    if (st == IPL_OK)
        st = find_folder(from, err);
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
    if (st == IPL_OK)
        st = print_parallel(&text, study, from, opts, err);
    if (st == IPL_OK)
        st = ipl_file_write_text(&text, study->path, "parallel.sh", err);
    ipl_text_release(&text);
    return st == IPL_OK ? ipl_study_write_slurm(arrays, study, from, opts, err) : st;
}
