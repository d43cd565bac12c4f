#include "run/report.h"

#include "base/alloc.h"
#include "base/program.h"
#include "run/report_pictures.h"
#include "run/report_run.h"
#include "run/version.h"

#include <stdio.h>
#include <string.h>

/*
 * Room of a report: the page takes some 55 kB, a number one or two characters, and pictures
 * what is left.
 */
enum {
    REPORT_BYTES = 295000,
    PAGE_BYTES = 55000,
    NUMBERS_MAX = 100000,
    PICTURE_BYTES_MIN = 60000,
    EPOCHS_MAX = 240, /* more cannot be told apart */
    EPOCHS_MIN = 20,
    TEXTS_MAX = 24, /* runs whose experiment, provenance and summary are in the file */
    PAGE_BYTES_MAX = 1 << 20
};

/* Everything a report is made of. */
typedef struct report {
    ipl_html_run *runs;
    ipl_html_album *albums;
    size_t n;
} report;

static void release(report *r)
{
    for (size_t i = 0; r->albums && i < r->n; i++)
        ipl_html_album_release(&r->albums[i]);
    for (size_t i = 0; r->runs && i < r->n; i++)
        ipl_html_run_release(&r->runs[i]);
    ipl_free(r->albums);
    ipl_free(r->runs);
    *r = (report){0};
}

static ipl_status read_runs(report *r, const char *const *runs, size_t n, ipl_error *err)
{
    ipl_status st = IPL_OK;

    r->n = n;
    r->runs = ipl_array(n, 1, sizeof *r->runs, err);
    r->albums = ipl_array(n, 1, sizeof *r->albums, err);
    if (!r->runs || !r->albums)
        return IPL_E_NOMEM;
    for (size_t i = 0; st == IPL_OK && i < n; i++) {
        st = ipl_html_run_read(&r->runs[i], runs[i], i < TEXTS_MAX, err);
        if (st == IPL_OK)
            st = ipl_html_album_find(&r->albums[i], runs[i], err);
    }
    return st;
}

/* Leave out what does not fit, and note how much that is. */
static ipl_status fit(report *r, ipl_html_report_notes *notes, ipl_error *err)
{
    size_t width = 0, limit = EPOCHS_MAX;
    ipl_status st = IPL_OK;

    for (size_t i = 0; i < r->n; i++) {
        const size_t epochs = ipl_html_run_epochs(&r->runs[i], false);

        width += ipl_html_run_width(&r->runs[i]);
        notes->epochs = epochs > notes->epochs ? epochs : notes->epochs;
        notes->pictures += ipl_html_album_count(&r->albums[i], false);
    }
    if (width * limit > NUMBERS_MAX)
        limit = NUMBERS_MAX / width > EPOCHS_MIN ? NUMBERS_MAX / width : EPOCHS_MIN;
    for (size_t i = 0; st == IPL_OK && i < r->n; i++) {
        size_t shown;

        st = ipl_html_run_thin(&r->runs[i], limit, err);
        shown = ipl_html_run_epochs(&r->runs[i], true);
        notes->shown = shown > notes->shown ? shown : notes->shown;
    }
    return st;
}

/* Choose pictures for the room that the numbers of all runs leave. */
static void choose_pictures(report *r, ipl_html_report_notes *notes, const ipl_text *runs)
{
    size_t used = PAGE_BYTES;

    for (size_t i = 0; i < r->n; i++)
        used += runs[i].len;
    ipl_html_albums_choose(r->albums, r->n,
                           used + PICTURE_BYTES_MIN < REPORT_BYTES ? REPORT_BYTES - used
                                                                   : PICTURE_BYTES_MIN);
    for (size_t i = 0; i < r->n; i++)
        notes->drawn += ipl_html_album_count(&r->albums[i], true);
}

/* Append JSON as it may stand inside HTML: "<" is within strings only, and may be escaped. */
static void add_embedded(ipl_text *out, const char *json)
{
    while (*json != '\0') {
        const size_t len = strcspn(json, "<");

        ipl_text_add(out, "%.*s", (int)len, json);
        json += len;
        if (*json == '<') {
            ipl_text_add(out, "\\u003c");
            json++;
        }
    }
}

/* The whole as JSON. */
static ipl_status print(ipl_text *out, report *r, const char *title,
                        ipl_html_report_notes *notes, ipl_error *err)
{
    ipl_text *runs = ipl_array(r->n, 1, sizeof *runs, err);
    ipl_status st = runs ? IPL_OK : IPL_E_NOMEM;

    if (!runs)
        return st;
    for (size_t i = 0; st == IPL_OK && i < r->n; i++) {
        ipl_html_run_print(&runs[i], &r->runs[i]);
        st = ipl_text_status(&runs[i], err);
    }
    if (st != IPL_OK)
        goto done;
    choose_pictures(r, notes, runs);
    ipl_text_add(out, "{\"version\":");
    ipl_text_add_json(out, IPL_VERSION);
    ipl_text_add(out, ",\"title\":");
    ipl_text_add_json(out, title);
    ipl_text_add(out, ",\"pictures\":[%zu,%zu],\"runs\":[", notes->drawn, notes->pictures);
    for (size_t i = 0; st == IPL_OK && i < r->n; i++) {
        ipl_text_add(out, "%s{%s,\n\"pictures\":", i ? "," : "", runs[i].s);
        st = ipl_html_album_print(out, &r->albums[i], err);
        ipl_text_add(out, "}\n");
    }
    ipl_text_add(out, "]}");
    st = st == IPL_OK ? ipl_text_status(out, err) : st;
done:
    for (size_t i = 0; i < r->n; i++)
        ipl_text_release(&runs[i]);
    ipl_free(runs);
    return st;
}

ipl_status ipl_html_report_print(ipl_text *out, const char *title, const char *const *runs,
                                 size_t n_runs, ipl_html_report_notes *notes,
                                 ipl_error *err)
{
    report r = {0};
    ipl_text json = {0};
    ipl_status st;

    *notes = (ipl_html_report_notes){0};
    if (n_runs == 0)
        return ipl_fail(err, IPL_E_ARG, "report: no run");
    st = read_runs(&r, runs, n_runs, err);
    if (st == IPL_OK)
        st = fit(&r, notes, err);
    if (st == IPL_OK)
        st = print(&json, &r, title, notes, err);
    if (st == IPL_OK) {
        add_embedded(out, json.s);
        st = ipl_text_status(out, err);
    }
    ipl_text_release(&json);
    release(&r);
    return st;
}

/* ---- the page ---- */

/* A file of scripts/, for ipl_free(). */
static ipl_status read_part(char **out, const char *name, ipl_error *err)
{
    char path[IPL_PATH_MAX];
    size_t len;
    ipl_status st = ipl_share_find(path, name, err);

    return st == IPL_OK ? ipl_file_read(out, &len, path, PAGE_BYTES_MAX, err) : st;
}

/* Append the page, its three places filled in: a line @STYLE@, @DATA@ or @SCRIPT@. */
static ipl_status fill_page(ipl_text *out, const char *page, const char *style,
                            const char *data, const char *script, ipl_error *err)
{
    const struct {
        const char *mark, *text;
    } places[] = {{"@STYLE@", style}, {"@DATA@", data}, {"@SCRIPT@", script}};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const char *at = strstr(page, places[i].mark);

        if (!at)
            return ipl_fail(err, IPL_E_FORMAT, "report.html: no %s", places[i].mark);
        ipl_text_add(out, "%.*s%s", (int)(at - page), page, places[i].text);
        page = at + strlen(places[i].mark);
    }
    ipl_text_add(out, "%s", page);
    return ipl_text_status(out, err);
}

ipl_status ipl_html_report_write(const char *path, const char *title,
                                 const char *const *runs, size_t n_runs,
                                 ipl_html_report_notes *notes, ipl_error *err)
{
    char *page = NULL, *style = NULL, *script = NULL;
    ipl_text data = {0}, out = {0};
    ipl_status st = read_part(&page, "report.html", err);

    if (st == IPL_OK)
        st = read_part(&style, "report.css", err);
    if (st == IPL_OK)
        st = read_part(&script, "report.js", err);
    if (st == IPL_OK)
        st = ipl_html_report_print(&data, title, runs, n_runs, notes, err);
    if (st == IPL_OK)
        st = fill_page(&out, page, style, data.s, script, err);
    if (st == IPL_OK) {
        notes->bytes = out.len;
        st = ipl_file_replace(path, out.s, out.len, err);
    }
    ipl_text_release(&out);
    ipl_text_release(&data);
    ipl_free(script);
    ipl_free(style);
    ipl_free(page);
    return st;
}
