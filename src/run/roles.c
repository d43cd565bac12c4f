#include "run/roles.h"

#include <math.h>
#include <stdbool.h>

ipl_role ipl_role_of(const char *name, double x_max, double x_end, double prev_first,
                     double prev_end)
{
    const double still = IPL_ROLE_STILL * fmax(fabs(prev_first), fabs(prev_end));
    ipl_role role = {.name = name, .ends_below = -1, .capacity = 2};

    if (isfinite(x_max) && isfinite(x_end))
        role.ends_below = x_max - x_end > IPL_ROLE_TURNED * fabs(x_max);
    if (isfinite(prev_first) && isfinite(prev_end))
        role.capacity = prev_end - prev_first > still   ? 1
                        : prev_first - prev_end > still ? -1
                                                        : 0;
    return role;
}

/* Append "fc1, fc3", the names of the layers that are chosen; how many there are. */
static size_t list(ipl_text *out, const ipl_role *roles, size_t n, bool by_capacity,
                   int wanted, const char *before)
{
    size_t found = 0;

    for (size_t l = 0; l < n; l++)
        if ((by_capacity ? roles[l].capacity : roles[l].ends_below) == wanted)
            ipl_text_add(out, "%s%s", found++ ? ", " : before, roles[l].name);
    return found;
}

/* Whether all layers with one capacity come before all with another, and both are there. */
static bool divided(const ipl_role *roles, size_t n, int shallow, int deep)
{
    bool any = false, crossed = false;

    for (size_t l = 0; l < n; l++) {
        if (roles[l].capacity == deep)
            crossed = true;
        if (roles[l].capacity != shallow)
            continue;
        if (crossed)
            return false;
        any = true;
    }
    return any && crossed;
}

static void print_capacity(ipl_text *out, const ipl_role *roles, size_t n)
{
    size_t parts = 0;

    parts += list(out, roles, n, true, -1, " I(T_prev;T) falls in ") > 0;
    parts += list(out, roles, n, true, 1,
                  parts ? " and grows in " : " I(T_prev;T) grows in ") > 0;
    parts += list(out, roles, n, true, 0,
                  parts ? " and stays in " : " I(T_prev;T) stays in ") > 0;
    if (parts == 0)
        return;
    if (divided(roles, n, -1, 1))
        ipl_text_add(out, ": shallow layers lose capacity, deep ones gain it");
    else if (divided(roles, n, 1, -1))
        ipl_text_add(out, ": shallow layers gain capacity, deep ones lose it");
    ipl_text_add(out, ".");
}

void ipl_roles_print(ipl_text *out, const ipl_role *roles, size_t n)
{
    if (list(out, roles, n, false, 1, "I(X;T) ends below its maximum in ") > 0)
        (void)list(out, roles, n, false, 0, ", not in ");
    else if (list(out, roles, n, false, 0, "I(X;T) ends at its maximum in ") == 0)
        ipl_text_add(out, "I(X;T) is not defined at the end");
    ipl_text_add(out, ".");
    print_capacity(out, roles, n);
    ipl_text_add(out, "\n");
}
