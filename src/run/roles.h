/**
 * What the layers of a net do, in words: who compresses, and whose transmission capacity
 * I(T_{l-1};T_l) grows or falls, from the first layers (shallow) to the last (deep).
 */
#ifndef IPL_ROLES_H
#define IPL_ROLES_H

#include "base/text.h"

/** Changes below this share of the largest value count as none. */
#define IPL_ROLE_STILL 0.005

/** What is at most this share below its maximum has not turned: it is at it still. */
#define IPL_ROLE_TURNED 0.01

/** What a layer does. */
typedef struct ipl_role {
    const char *name;
    int ends_below; /* I(X;T) at the end: 1 below its maximum, 0 at it, -1 not defined */
    int capacity;   /* I(T_prev;T): 1 grows, -1 falls, 0 stays; 2 not defined */
} ipl_role;

/** The role of a layer from the numbers of its summary; NaN: not defined. */
ipl_role ipl_role_of(const char *name, double x_max, double x_end, double prev_first,
                     double prev_end);

/**
 * Append one or two sentences about n layers from shallow to deep, with a line break:
 *
 *     I(X;T) ends below its maximum in fc2, fc3, not in fc1. I(T_prev;T) falls in fc1, fc2
 *     and grows in fc3: shallow layers lose capacity, deep ones gain it.
 *
 * The last clause stands only when it is true of every layer: all that fall lie before all
 * that grow, or the other way round.
 */
void ipl_roles_print(ipl_text *out, const ipl_role *roles, size_t n);

#endif /* IPL_ROLES_H */
