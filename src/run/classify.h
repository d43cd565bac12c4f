/**
 * A picture of one's own shown to a trained net.
 *
 *     ipl_classified seen;
 *
 *     st = ipl_classify(&seen, net, ds, "three.png", false, &err);
 *     ... seen.p[k] for each class ...
 *     st = ipl_classified_write(&seen, ds, "maps", &err);
 *     ipl_classified_release(&seen);
 */
#ifndef IPL_CLASSIFY_H
#define IPL_CLASSIFY_H

#include "ipl/dataset.h"
#include "run/feature_maps.h"

typedef struct ipl_classified {
    double *p;        /* (n_classes) owned */
    size_t n_classes; /* K */
    bool alpha;       /* the picture is not opaque everywhere */
    bool shares;      /* p are probabilities; else outputs of a net without them */
    size_t best;      /* class of the largest */
    float *pixels;    /* (c, h, w) 0 ... 1 as read, or inverted; owned */
    char name[128];   /* of the file, without folder and .png */
    ipl_feature_maps maps;
} ipl_classified;

/** Whether the outputs of a net are one number for each class of its data. */
bool ipl_net_classifies(const ipl_net *net, const ipl_dataset *ds);

/**
 * Read a picture, with alpha over the background of the data set, scale it as the training
 * samples were, and run the net on it:
 *
 *     p_k = exp(z_k) / sum_j exp(z_j)   for a net trained by cross-entropy
 *     p_k = z_k                         for any other loss
 *
 * invert  turn white into black first: MNIST is white on black
 * owner   out, for ipl_classified_release(); also on error
 * errors  IPL_E_ARG    the net does not name classes, or its samples are no pictures
 *         IPL_E_SHAPE  the picture has another size or other channels; both are named
 *         those of ipl_png_read_over()
 */
ipl_status ipl_classify(ipl_classified *out, ipl_net *net, const ipl_dataset *ds,
                        const char *path, bool invert, ipl_error *err) IPL_NODISCARD;

/** Name of the files of a picture: last part of its path, without ".png". */
void ipl_classified_name(char *out, size_t size, const char *path);

/**
 * Write folder/<name>-maps.png, the picture and all measured layers, and for each of these
 * folder/<name>-<layer>.png; errors of ipl_canvas_write() and ipl_picture_features().
 */
ipl_status ipl_classified_write(const ipl_classified *seen, const ipl_dataset *ds,
                                const char *folder, ipl_error *err) IPL_NODISCARD;

/** Name of class k; its number when it has none. */
void ipl_class_name(char *out, size_t size, const ipl_dataset *ds, size_t k);

/** Free what is owned; an empty one is allowed. */
void ipl_classified_release(ipl_classified *seen);

#endif /* IPL_CLASSIFY_H */
