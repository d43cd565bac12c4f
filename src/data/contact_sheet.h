/** Contact sheet: equal pictures in rows and columns, with grey lines between them. */
#ifndef IPL_CONTACT_SHEET_H
#define IPL_CONTACT_SHEET_H

#include "ipl/matrix.h"
#include "ipl/status.h"

#include <stdbool.h>
#include <stdint.h>

/** A sheet being filled. */
typedef struct ipl_contact_sheet {
    uint8_t *pixels; /* (height, width, channels) owned */
    size_t height, width;
    ipl_shape shape; /* of one picture, channels 1 or 3 */
    size_t zoom;     /* sides of the square that shows one pixel */
} ipl_contact_sheet;

/** Whether samples of this shape can be seen: more than a line, in grey or colour. */
bool ipl_shape_is_image(ipl_shape shape);

/**
 * An empty sheet, all grey; small pictures are enlarged by a whole number.
 *
 * owner   out owns its pixels, for ipl_contact_sheet_release()
 * errors  IPL_E_SHAPE  shape is no image, or the sheet is larger than a PNG may be
 *         IPL_E_NOMEM
 */
ipl_status ipl_contact_sheet_init(ipl_contact_sheet *out, size_t rows, size_t cols,
                                  ipl_shape shape, ipl_error *err) IPL_NODISCARD;

/**
 * Place a picture; its values low ... high become black ... white, beyond is cut off.
 *
 * shapes  x (c, h, w) of the sheet's shape
 */
void ipl_contact_sheet_place(ipl_contact_sheet *sheet, size_t row, size_t col,
                             const float *x, double low, double high);

/** Free the pixels and leave sheet empty; an empty sheet is allowed. */
void ipl_contact_sheet_release(ipl_contact_sheet *sheet);

#endif /* IPL_CONTACT_SHEET_H */
