#include "run/report_pictures.h"

#include "base/alloc.h"
#include "base/file.h"
#include "data/png.h"
#include "math/stats.h"
#include "run/series.h"
#include "run/track.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PICTURE_BYTES_MAX = 4 << 20, SHOWN_MAX = 24, FOUND_MAX = 1 << 20 };

/* Epoch of "<word>-<epoch>.png"; false for any other name. */
static bool parse_name(double *epoch, const char *name, const char *word)
{
    const size_t len = strlen(word), all = strlen(name);
    char number[24];
    uint64_t value;

    if (strncmp(name, word, len) != 0 || name[len] != '-' || all < len + 6 ||
        strcmp(name + all - 4, ".png") != 0 || all - len - 5 >= sizeof number)
        return false;
    memcpy(number, name + len + 1, all - len - 5);
    number[all - len - 5] = '\0';
    if (!ipl_count_parse(&value, number))
        return false;
    *epoch = (double)value;
    return true;
}

/* Path of a picture: run/figures/<word>-<epoch>.png */
static ipl_status picture_path(char *out, const char *run, size_t kind, double epoch,
                               ipl_error *err)
{
    char name[80];

    (void)snprintf(name, sizeof name, "figures/%s-%.0f.png", ipl_picture_words[kind],
                   epoch);
    return ipl_path_join(out, run, name, err);
}

/* Call for every picture in the folder: count them, or note their epochs. */
static ipl_status scan(ipl_html_album *album, size_t room[IPL_PICTURE_COUNT], bool count,
                       ipl_error *err)
{
    char folder[IPL_PATH_MAX];
    const struct dirent *entry;
    DIR *dir;
    ipl_status st = ipl_path_join(folder, album->run, "figures", err);

    if (st != IPL_OK || !ipl_file_is_folder(folder))
        return st;
    dir = ipl_folder_open(folder);
    if (!dir)
        return ipl_fail(err, IPL_E_IO, "%s: %s", folder, strerror(errno));
    while ((entry = readdir(dir)))
        for (size_t k = 0; k < IPL_PICTURE_COUNT; k++) {
            ipl_html_pictures *s = &album->kinds[k];
            double epoch;

            if (!parse_name(&epoch, entry->d_name, ipl_picture_words[k]))
                continue;
            if (count && room[k] < FOUND_MAX)
                room[k]++;
            else if (!count && s->n < room[k])
                s->epochs[s->n++] = epoch;
        }
    (void)closedir(dir);
    return IPL_OK;
}

ipl_status ipl_html_album_find(ipl_html_album *out, const char *run, ipl_error *err)
{
    size_t room[IPL_PICTURE_COUNT] = {0};
    ipl_status st;

    *out = (ipl_html_album){.run = run};
    st = scan(out, room, true, err);
    for (size_t k = 0; st == IPL_OK && k < IPL_PICTURE_COUNT; k++) {
        ipl_html_pictures *s = &out->kinds[k];

        s->epochs = ipl_array(room[k] + 1, 1, sizeof *s->epochs, err);
        s->bytes = ipl_array(room[k] + 1, 1, sizeof *s->bytes, err);
        s->keep = ipl_array(room[k] + 1, 1, sizeof *s->keep, err);
        if (!s->epochs || !s->bytes || !s->keep)
            st = IPL_E_NOMEM;
    }
    if (st == IPL_OK)
        st = scan(out, room, false, err);
    for (size_t k = 0; st == IPL_OK && k < IPL_PICTURE_COUNT; k++) {
        ipl_html_pictures *s = &out->kinds[k];

        ipl_sort(s->epochs, s->n);
        for (size_t i = 0; st == IPL_OK && i < s->n; i++) {
            char path[IPL_PATH_MAX];
            struct stat about;

            st = picture_path(path, run, k, s->epochs[i], err);
            if (st == IPL_OK && stat(path, &about) == 0 && about.st_size > 0)
                s->bytes[i] = (size_t)about.st_size;
        }
    }
    return st;
}

/* Mark at most `limit` pictures of a kind; returns about their bytes, packed and in base 64. */
static size_t mark(ipl_html_pictures *s, size_t limit)
{
    size_t bytes = 0;

    if (s->n == 0)
        return 0;
    memset(s->keep, 0, s->n * sizeof *s->keep);
    if (limit > 1)
        ipl_track_spread(s->keep, s->epochs, s->n, limit);
    s->keep[s->n - 1] = limit > 0;
    for (size_t i = 0; i < s->n; i++)
        bytes += s->keep[i] ? s->bytes[i] * 3 / 4 : 0;
    return bytes;
}

/* The same for every album. */
static size_t mark_kind(ipl_html_album *albums, size_t n, size_t kind, size_t limit)
{
    size_t bytes = 0;

    for (size_t i = 0; i < n; i++)
        bytes += mark(&albums[i].kinds[kind], limit);
    return bytes;
}

void ipl_html_albums_choose(ipl_html_album *albums, size_t n, size_t limit)
{
    size_t most[IPL_PICTURE_COUNT], bytes[IPL_PICTURE_COUNT], used = 0;

    for (size_t k = 0; k < IPL_PICTURE_COUNT; k++) {
        most[k] = k == IPL_PICTURE_WRONG ? 0 : SHOWN_MAX;
        bytes[k] = mark_kind(albums, n, k, most[k]);
        used += bytes[k];
    }
    while (used > limit) { /* fewer of the kind that takes most */
        size_t largest = IPL_PICTURE_COUNT;

        for (size_t k = 0; k < IPL_PICTURE_COUNT; k++)
            if (most[k] > 1 && (largest == IPL_PICTURE_COUNT || bytes[k] > bytes[largest]))
                largest = k;
        if (largest == IPL_PICTURE_COUNT)
            return;
        used -= bytes[largest];
        bytes[largest] = mark_kind(albums, n, largest, --most[largest]);
        used += bytes[largest];
    }
    if (used + mark_kind(albums, n, IPL_PICTURE_WRONG, 1) > limit)
        (void)mark_kind(albums, n, IPL_PICTURE_WRONG, 0);
}

size_t ipl_html_album_count(const ipl_html_album *album, bool shown)
{
    size_t n = 0;

    for (size_t k = 0; k < IPL_PICTURE_COUNT; k++)
        for (size_t i = 0; i < album->kinds[k].n; i++)
            n += !shown || album->kinds[k].keep[i];
    return n;
}

/* [epoch,"base64"], nothing for a file that is no PNG: one that is being written, perhaps. */
static ipl_status print_picture(ipl_text *out, bool *any, const ipl_html_album *album,
                                size_t kind, size_t i, ipl_error *err)
{
    const double epoch = album->kinds[kind].epochs[i];
    char path[IPL_PATH_MAX], *bytes = NULL;
    ipl_picture picture = {0};
    size_t len;
    ipl_status st = picture_path(path, album->run, kind, epoch, err);

    if (st == IPL_OK)
        st = ipl_png_read(&picture, path, err);
    if (st != IPL_OK)
        return st == IPL_E_FORMAT ? IPL_OK : st;
    st = ipl_png_pack(&bytes, &len, &picture, err);
    if (st == IPL_OK) {
        ipl_text_add(out, "%s[%.0f,\"", *any ? "," : "", epoch);
        ipl_base64_add(out, bytes, len);
        ipl_text_add(out, "\"]");
        *any = true;
    }
    ipl_free(bytes);
    ipl_picture_release(&picture);
    return st;
}

ipl_status ipl_html_album_print(ipl_text *out, const ipl_html_album *album, ipl_error *err)
{
    ipl_status st = IPL_OK;

    ipl_text_add(out, "{");
    for (size_t k = 0; k < IPL_PICTURE_COUNT; k++) {
        bool any = false;

        ipl_text_add(out, "%s\"%s\":[", k ? "," : "", ipl_picture_words[k]);
        for (size_t i = 0; st == IPL_OK && i < album->kinds[k].n; i++)
            if (album->kinds[k].keep[i])
                st = print_picture(out, &any, album, k, i, err);
        ipl_text_add(out, "]");
    }
    ipl_text_add(out, "}");
    return st;
}

void ipl_html_album_release(ipl_html_album *album)
{
    for (size_t k = 0; k < IPL_PICTURE_COUNT; k++) {
        ipl_free(album->kinds[k].keep);
        ipl_free(album->kinds[k].bytes);
        ipl_free(album->kinds[k].epochs);
    }
    *album = (ipl_html_album){0};
}
