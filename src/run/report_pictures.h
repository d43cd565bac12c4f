/** The pictures of a run that a report shows: figures/filters-12.png and the like. */
#ifndef IPL_REPORT_PICTURES_H
#define IPL_REPORT_PICTURES_H

#include "base/text.h"
#include "run/pictures.h"

/** Pictures of one kind; paths are made from folder and epoch. */
typedef struct ipl_html_pictures {
    double *epochs; /* (n) ascending, owned */
    size_t *bytes;  /* (n) of the files, owned */
    bool *keep;     /* (n) which of them are shown, owned */
    size_t n;
} ipl_html_pictures;

typedef struct ipl_html_album {
    const char *run; /* borrowed */
    ipl_html_pictures kinds[IPL_PICTURE_COUNT];
} ipl_html_album;

/**
 * Find the pictures of a run; none is no error.
 *
 * owner   out, for ipl_html_album_release(); also on error
 * errors  IPL_E_IO, IPL_E_NOMEM
 */
ipl_status ipl_html_album_find(ipl_html_album *out, const char *run,
                               ipl_error *err) IPL_NODISCARD;

/**
 * Choose what is shown: filters, features and confusion matrices over epochs, spread over their
 * logarithm, as many as have room but at least the last; and the last of the most wrong
 * samples if there is room left.
 *
 * limit   bytes that all albums together may take in base 64
 */
void ipl_html_albums_choose(ipl_html_album *albums, size_t n, size_t limit);

/** Pictures found, or only those that are shown. */
size_t ipl_html_album_count(const ipl_html_album *album, bool shown);

/** Append {"filters":[[epoch,"base64"],...],...}; errors of ipl_file_read(). */
ipl_status ipl_html_album_print(ipl_text *out, const ipl_html_album *album,
                                ipl_error *err) IPL_NODISCARD;

/** Free what an album owns; an empty one is allowed. */
void ipl_html_album_release(ipl_html_album *album);

#endif /* IPL_REPORT_PICTURES_H */
